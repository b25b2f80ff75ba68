"""The Train tab: a run begins, is found again after a reload, and its model opens on the canvas."""

import io
import zipfile

import pytest
from PIL import Image

from tests.tiny import draw_picture

pytestmark = pytest.mark.slow


def zip_of(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for seed, name in enumerate(names):
            picture = io.BytesIO()
            Image.fromarray(draw_picture(seed, 64, 64)).save(picture, "PNG")
            archive.writestr(name, picture.getvalue())
    return file.getvalue()


def open_tab(bench):
    bench.page.get_by_role("tab", name="Train", exact=True).click()
    trainer = bench.page.locator(".trainer")
    trainer.locator("[data-told]").wait_for()
    return trainer


def wait_for(trainer, words):
    trainer.page.wait_for_function(
        "words => document.querySelector('.trainer [data-told]').textContent.includes(words)", arg=words
    )


def send(trainer, name, data):
    trainer.locator("[name=set]").select_option("")
    trainer.locator("[data-files]").set_input_files({"name": name, "mimeType": "", "buffer": data})
    trainer.locator("[data-train]").click()


def test_a_zip_is_trained_on_found_after_a_reload_and_opened(open_bench):
    bench = open_bench()
    trainer = open_tab(bench)
    send(trainer, "mine.zip", zip_of("a.png", "../b.png"))
    wait_for(trainer, "safe to unpack")
    for name, value in (("downsampling", "8"), ("codebook_size", "16"), ("code_dim", "4")):
        (trainer.locator(f"select[name={name}]").select_option if name != "code_dim" else trainer.locator(f"[name={name}]").fill)(value)
    send(trainer, "mine.zip", zip_of(*(f"{i}.png" for i in range(12))))
    wait_for(trainer, "tokenizer of 12 pictures")
    bench.page.reload()
    bench.wait_for_size("tokens")
    trainer = open_tab(bench)
    wait_for(trainer, "The best of it is kept")
    assert trainer.locator("[data-sheet]").is_visible() and trainer.locator("polyline[points]").count() >= 5
    trainer.locator("[data-act=open_model]").click()
    wait_for(trainer, "on the canvas")
    bench.wait_for_size("64 × 64 px, 8 × 8 tokens")
    assert bench.document()["model"].startswith("trained-") and bench.tokens().max() < 16
