"""A workspace that an event in Python answers: its new documents are opened, the others stay as they are."""

from dataclasses import replace
from zlib import crc32

import gradio as gr
import numpy as np
import pytest

from demo import models
from demo.canvas.view import TokenCanvas
from demo.document import Workspace


def flipped(document):
    return replace(document, grids=(document.grids[0][::-1].copy(),), name="flipped", id="", original=None)


def add_flipped(workspace: Workspace) -> Workspace:
    """The shown picture once more, upside down; its own entry in the answer is not what it was."""
    document = workspace.documents[workspace.active]
    changed = replace(document, grids=(np.zeros_like(document.grids[0]),))
    return Workspace((changed, flipped(document)), 1, (None, None))


def add_many(workspace: Workspace) -> Workspace:
    document = workspace.documents[workspace.active]
    return Workspace((document, *[flipped(document)] * 12), 0, (None,) * 13)


def digest(workspace: Workspace) -> str:
    """What tells whether Python knows the shown picture as it is."""
    return str(crc32(workspace.documents[workspace.active].grids[0].astype("<u2").tobytes()))


def show_first(workspace: Workspace) -> Workspace:
    return replace(workspace, active=0)


@pytest.fixture(scope="module")
def address(tiny_folder):
    """A page with the canvas and buttons that answer it a workspace."""
    patch = pytest.MonkeyPatch()
    patch.setattr(models, "DEFAULT", str(tiny_folder))
    patch.setattr(models, "PRIORS", "")
    caches = (models._load, models._priors)
    for cache in caches:
        cache.cache_clear()
    with gr.Blocks(analytics_enabled=False) as blocks:
        canvas = TokenCanvas(elem_id="token-canvas")
        canvas.change(digest, canvas, gr.Textbox(elem_id="known"), show_progress="hidden")
        for name, answer in (("Add", add_flipped), ("Many", add_many), ("First", show_first)):
            gr.Button(name).click(answer, canvas, canvas, show_progress="hidden")
    _, url, _ = blocks.launch(prevent_thread_lock=True, quiet=True)
    yield url
    blocks.close()
    patch.undo()
    for cache in caches:
        cache.cache_clear()


@pytest.fixture
def bench(open_page, address):
    return open_page(address)


def press(bench, name):
    shown = str(crc32(bench.tokens().astype("<u2").tobytes()))
    bench.page.wait_for_function("shown => document.querySelector('#known textarea').value === shown", arg=shown)
    bench.page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.slow
def test_a_new_document_joins_the_filmstrip_and_the_others_keep_tokens_and_history(bench):
    before = bench.tokens()
    bench.choose(int(before[3, 3] + 5) % 64)
    bench.use("paint")
    bench.click_token(3, 3)
    painted = bench.tokens()
    press(bench, "Add")
    bench.page.wait_for_selector("[aria-label='Show flipped'][aria-pressed=true]")
    assert (bench.tokens() == painted[::-1]).all()
    assert bench.page.locator(".segments [data-layer=original]").is_disabled()
    press(bench, "First")
    bench.page.wait_for_selector("[aria-label='Show chelsea'][aria-pressed=true]")
    assert (bench.tokens() == painted).all()
    bench.act("undo")
    assert (bench.tokens() == before).all()
    assert bench.page.locator(".frames .frame").count() == 2


@pytest.mark.slow
def test_a_full_filmstrip_takes_no_document_from_python(bench):
    press(bench, "Many")
    full = bench.page.locator(".messages [role=alert]").last
    full.get_by_text("holds 12 pictures. “chelsea” is the oldest that was not edited.").wait_for()
    assert bench.page.locator(".frames .frame").count() == 12
    full.get_by_role("button", name="Drop it").click()
    bench.page.wait_for_selector(".frame:last-child [aria-pressed=true]")
    assert bench.page.locator(".frames .frame").count() == 12


def test_without_a_prior_the_canvas_offers_none(bench):
    assert bench.page.locator("[data-part=write]").is_hidden()
    assert bench.page.locator(".segments [data-layer=surprise]").is_hidden()
    bench.page.locator(".stage").focus()
    bench.page.keyboard.press("5")
    assert bench.page.locator(".bench").get_attribute("data-shows") == "side"
