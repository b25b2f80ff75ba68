"""The same tokens through either of two decoders."""

import pytest
import torch

import vqcore
from vqcore.tokenizers.second_decoder import save_second_decoder, second_decoder


@pytest.fixture
def pale(tmp_path):
    """A second decoder of photos-small, with half of its contrast."""
    model = second_decoder(vqcore.load("photos-small"), "pale")
    with torch.no_grad():
        for parameter in model.decoder.write.parameters():
            parameter.mul_(0.5)
    save_second_decoder(model, "photos-small", tmp_path / "pale")
    return tmp_path / "pale"


def contrast(pixels):
    return pixels.std(axis=(0, 1)).mean()


def test_what_was_edited_is_seen_through_both_and_taken_back_in_either(bench, pale):
    assert not bench.page.locator("[data-part=decoders]").is_visible()
    bench.show_tab("Models")
    bench.page.locator("#models-folder input[type=file]").set_input_files(str(pale))
    own, second = (bench.page.locator("[data-part=decoders]").get_by_role("button", name=name) for name in ("Faithful", "Sharp"))
    second.and_(bench.page.locator("[aria-pressed=true]")).wait_for()
    untouched = bench.tokens()
    bench.choose((int(untouched[14, 4]) + 1) % 512)
    bench.use("paint")
    bench.click_token(14, 4)
    edited, through_second = bench.tokens(), bench.pixels()
    assert edited[14, 4] != untouched[14, 4]

    own.click()
    own.and_(bench.page.locator("[aria-pressed=true]")).wait_for()
    assert (bench.tokens() == edited).all() and bench.document()["model"] == "photos-small"
    assert contrast(bench.pixels()) > 1.5 * contrast(through_second)
    bench.act("undo")
    assert (bench.tokens() == untouched).all()

    second.click()
    second.and_(bench.page.locator("[aria-pressed=true]")).wait_for()
    assert "trained on tokens of photos-small" in bench.page.locator("[data-prior=why]").text_content()
    assert (bench.tokens() == untouched).all() and contrast(bench.pixels()) < contrast(through_second) * 1.1
    bench.act("redo")
    assert (bench.tokens() == edited).all() and (bench.pixels() == through_second).all()
