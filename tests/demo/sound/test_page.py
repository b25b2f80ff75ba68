"""What the Sound tab asks of the server."""

import base64
from pathlib import Path

import numpy as np
import pytest
import torch

import vqcore
from demo import models
from demo.sound import page
from demo.sound.view import SoundBench
from vqcore.data.sounds import levelled

EXAMPLE = Path(__file__).parent.parent.parent.parent / "demo" / "examples" / "greenhouse.csv"


@pytest.fixture(autouse=True)
def sounds(tiny_sound, monkeypatch):
    """The page's tokenizer of sounds and its prior are the tiny ones."""
    for name, folder in zip(("SOUND", "SPEAKER"), tiny_sound):
        monkeypatch.setattr(models, name, str(folder))
    models.sound_tokenizer.cache_clear(), models.speaker.cache_clear()
    yield
    models.sound_tokenizer.cache_clear(), models.speaker.cache_clear()


def pack(values, kind):
    return base64.b64encode(np.asarray(values).astype(kind).tobytes()).decode()


def unpack(data, kind):
    return np.frombuffer(base64.b64decode(data), kind)


def clip(seconds=0.5):
    return (12000 * np.sin(np.arange(int(8000 * seconds)) / 7)).astype(np.int16)


def test_a_sound_comes_back_as_tokens_and_waveform():
    answer = page.encode_sound({"samples": pack(clip(), "<i2")})
    original = levelled(clip().astype(np.float32) / 32767)
    tokenizer = models.sound_tokenizer()
    tokens = tokenizer.encode(torch.from_numpy(original)[None, None])
    assert (unpack(answer["tokens"], "<u2") == tokens[0][0].numpy()).all() and len(tokens[0][0]) == 63
    rebuilt = tokenizer.decode(tokens)[0, 0].numpy()
    assert np.abs(unpack(answer["rebuilt"], "<i2") / 32767 - rebuilt).max() < 1e-4
    assert np.abs(unpack(answer["original"], "<i2") / 32767 - original).max() < 1e-4


def test_an_edit_is_decoded_from_the_window_around_it():
    tokenizer, halo = models.sound_tokenizer(), models.sound_tokenizer().halo
    tokens = torch.randint(32, (1, 50), generator=torch.Generator().manual_seed(0))
    window = tokens[0, 20 - 2 * halo : 21 + 2 * halo]
    answer = page.decode_sound({"tokens": pack(window, "<u2"), "start": halo, "stop": 3 * halo + 1})
    wanted = tokenizer.decode([tokens])[0, 0, (20 - halo) * 64 : (21 + halo) * 64].numpy()
    assert np.abs(unpack(answer["samples"], "<i2") / 32767 - wanted).max() < 1e-4


def test_a_word_is_written_in_parts_as_at_once(tiny_sound):
    tokens = ""
    for until in (8, 16, 24):
        answer = page.speak({"word": "yes", "seed": 5, "temperature": 1, "tokens": tokens, "until": until})
        tokens = answer["tokens"]
        assert len(unpack(answer["samples"], "<i2")) == until * 64
    whole = vqcore.load_prior(tiny_sound[1]).sample(1, "yes", seed=5)[0][0]
    assert unpack(tokens, "<u2").tolist() == whole.tolist()


@pytest.mark.parametrize("function, question", [
    ("encode_sound", {"samples": ""}), ("encode_sound", {"samples": pack(np.zeros(80_001), "<i2")}), ("encode_sound", None),
    ("decode_sound", {"tokens": pack([40], "<u2"), "start": 0, "stop": 1}), ("decode_sound", {"tokens": "", "start": 0, "stop": 1}),
    ("decode_sound", {"tokens": pack([4], "<u2"), "start": 0, "stop": 9}),
    ("decode_sound", {"tokens": pack(np.zeros(1252), "<u2"), "start": 0, "stop": 1}),
    ("decode_sound", {"tokens": "AAAA", "start": 0, "stop": 1}), ("encode_sound", {"samples": "no base64"}),
    ("read_table", {"file": "A" * 30_000_004}),
    ("speak", {"word": "perhaps", "seed": 0, "temperature": 1, "tokens": "", "until": 8}),
    ("speak", {"word": "yes", "seed": 0, "temperature": 1, "tokens": "", "until": 25}),
    ("read_table", {"file": base64.b64encode(b"a\n1\n\n,\n").decode()}),
])
def test_a_question_that_makes_no_sense_is_answered(function, question):
    assert getattr(page, function)(question)["error"]


def test_a_table_becomes_tokens_that_stand_for_pieces_of_all_its_columns():
    answer = page.read_table({"file": base64.b64encode(EXAMPLE.read_bytes()).decode()})
    assert answer == page.read_table({"file": None})
    values = unpack(answer["values"], "<f4").reshape(3, 600)
    codebook = unpack(answer["codebook"], "<f4").reshape(answer["codes"], 3, 8)
    rebuilt = codebook[unpack(answer["tokens"], "<u2")].transpose(1, 0, 2).reshape(3, 600)
    reach = (np.array(answer["high"]) - answer["low"]) / 2
    error = np.sqrt(((rebuilt - values) ** 2).mean(1)) * reach
    assert answer["rmse"] == pytest.approx(error, rel=1e-3) and (error < 0.25 * values.std(1) * reach).all()
    assert answer["names"] == ["temperature", "light", "power"]


def test_a_gap_in_a_table_is_answered_with_its_row():
    assert "Row 3" in page.read_table({"file": base64.b64encode(b"a,b\n1,2\n3,\n5,6\n").decode()})["error"]


def test_a_page_without_a_tokenizer_of_sounds_still_opens_tables(monkeypatch):
    monkeypatch.setattr(models, "SOUND", None)
    monkeypatch.setattr(models, "_sounds", list)
    models.sound_tokenizer.cache_clear(), models.speaker.cache_clear()
    assert page.about() is None and SoundBench().props["about"] is None
    assert "no tokenizer of sounds" in page.encode_sound({"samples": pack(clip(), "<i2")})["error"]
    assert page.read_table({"file": base64.b64encode(EXAMPLE.read_bytes()).decode()})["codes"] > 1


def test_tokenizers_of_sounds_are_not_offered_for_pictures(tiny_sound, monkeypatch):
    monkeypatch.setattr(vqcore, "list_checkpoints", lambda: ["photos-small", str(tiny_sound[0])])
    assert models._sounds() == [str(tiny_sound[0])] and models.names()[1:] == ["photos-small"]
