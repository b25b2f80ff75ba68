"""What the Sound tab asks of a codec of several levels."""

import base64

import numpy as np
import pytest

from demo import models
from demo.sound import endpoints, page
from tests.codecs import CLIPS, codec_folder
from tests.demo.sound.test_page import pack, unpack
from vqcore.data.sounds import levelled

CLIP = CLIPS[0, 0].numpy()
FAMILIES = ("Encodec", "Dac")  # one that decodes whole clips, and one that is local


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    pytest.importorskip("transformers", reason="These tests need pip install -r tests/requirements.txt.")
    folder = tmp_path_factory.mktemp("codecs")
    for family in FAMILIES:
        codec_folder(family, folder / family)
    return folder


@pytest.fixture(params=FAMILIES)
def codec(request, folders, monkeypatch):
    monkeypatch.setattr(models, "SOUND", str(folders / request.param))
    caches = (models.sound_tokenizer, models.speaker)
    for cache in caches:
        cache.cache_clear()
    yield models.sound_tokenizer()
    for cache in caches:
        cache.cache_clear()


def samples_of(answer):
    return unpack(answer["samples"], "<i2") / 32767


@pytest.fixture
def asked(codec):
    """What decodes an edit: among the strokes where a token is heard near it alone."""
    return page.decode_clip if codec.halo is None else page.decode_sound


@pytest.fixture
def tokens(codec):
    return codec.encode(CLIPS[:1])


def packed(grids):
    return pack(np.concatenate([grid[0].numpy() for grid in grids]), "<u2")


def test_levels_travel_one_after_another(codec):
    told = page.about()
    assert told["levels"] == [level.name for level in codec.levels] and told["f"] == 80 and told["conditions"] == []
    answer = page.encode_sound({"samples": pack((CLIP * 32767).clip(-32767, 32767).round(), "<i2")})
    original = levelled((CLIP * 32767).clip(-32767, 32767).round().astype("<i2").astype(np.float32) / 32767)
    grids = codec.encode(CLIPS.new_tensor(original)[None, None])
    assert (unpack(answer["tokens"], "<u2").reshape(len(grids), -1) == np.concatenate(grids)).all()


def test_muted_levels_are_not_heard_and_what_one_carries_is_the_difference(codec, tokens, asked):
    question = {"tokens": packed(tokens), "start": 0, "stop": 60}
    whole, count = samples_of(asked(question)), len(tokens)
    assert np.abs(whole - codec.decode(tokens)[0, 0].numpy()).max() < 1e-4
    others = [i for i in range(count) if i != 1]
    without = samples_of(asked(question | {"kept": others}))
    assert np.abs(without - codec.decode_levels(tokens, others)[0, 0].numpy()).max() < 1e-4
    for kept in (list(range(count)), others):  # whether it is muted or not
        carried = samples_of(page.hear_level({"tokens": packed(tokens), "level": 1, "kept": kept}))
        assert np.abs(carried - (whole - without).clip(-1, 1)).max() < 2e-4
    assert np.abs(carried).max() > 0.05


def test_an_edit_is_decoded_near_it_where_tokens_are_local_and_whole_where_not(codec, tokens):
    if codec.halo is None:
        assert "decodes the whole clip" in page.decode_sound({"tokens": packed(tokens), "start": 0, "stop": 60})["error"]
        return
    halo = codec.halo
    window = [grid[:, 30 - halo : 31 + halo] for grid in tokens]
    part = samples_of(page.decode_sound({"tokens": packed(window), "start": halo, "stop": halo + 1, "kept": [0, 2]}))
    assert np.abs(part - codec.decode_levels(tokens, [0, 2])[0, 0, 2400:2480].numpy()).max() < 2e-4


@pytest.mark.parametrize("change", [
    {"tokens": pack(np.zeros(61), "<u2")}, {"tokens": pack(np.full(480, 64), "<u2")}, {"kept": [99]}, {"kept": ["x"]}, {"tokens": ""},
    {"level": 99}, {"level": None},
])
def test_a_question_that_makes_no_sense_is_answered(codec, tokens, change):
    assert page.hear_level({"tokens": packed(tokens), "level": 0, "kept": [0]} | change)["error"]


def test_endpoints_give_levels_one_after_another(codec, tokens):
    file = endpoints.decode_sound([int(token) for grid in tokens for token in grid[0]])
    assert file.path.endswith("sound.wav")
    with pytest.raises(ValueError, match="levels of tokens"):
        endpoints.decode_sound([0] * (len(tokens) + 1))


def test_a_codec_has_no_prior_that_speaks(codec):
    assert models.speaker() is None and base64.b64decode(packed(codec.encode(CLIPS[:1])))
