"""Sounds: files to samples, a loss that hears, a tokenizer and a prior trained on tones that are made here."""

import io
import json
import wave

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import vqcore
from tests.tiny import one_thread, tones_folder
from vqcore.checkpoints import load_prior
from vqcore.data.sounds import fitted, levelled, open_wav, read_clips, resample, write_wav
from vqcore.evaluate import main as evaluate
from vqcore.evaluation.report import read_figures
from vqcore.tokenizers.networks import Encoder, NetworkConfig
from vqcore.tokenizers.spectral import Spectrum, mel_filters, spectral_loss, spectrogram
from vqcore.train import main as train
from vqcore.training.presets import PRESETS, PRIOR_PRESETS

RATE = 8000


def tone(hertz, seconds=0.5, rate=RATE):
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def wav(values, width, channels=1, rate=RATE):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(values)
    return buffer.getvalue()


def test_every_width_of_pcm_reads_as_the_same_sound():
    wanted = tone(440)
    for width in (1, 2, 3, 4):
        whole = np.round(wanted * (2 ** (8 * width - 1) - 1)).astype("<i4") + (128 if width == 1 else 0)
        sound = open_wav(wav(whole.view(np.uint8).reshape(-1, 4)[:, :width].tobytes(), width))
        assert sound.rate == RATE and np.abs(sound.samples - wanted).max() < 2.1 / 2 ** (8 * width - 1) + 1e-6


def test_channels_become_their_mean_and_what_is_written_reads_back():
    both = np.stack([tone(440), np.zeros(4000, np.float32)], 1)
    sound = open_wav(wav((both * 32767).astype("<i2").tobytes(), 2, channels=2))
    assert np.abs(sound.samples - tone(440) / 2).max() < 1e-4
    assert np.abs(open_wav(write_wav(tone(300), RATE)).samples - tone(300)).max() < 1e-4


@pytest.mark.parametrize("data", [b"", b"RIFF", b"ID3" + bytes(200), wav(b"", 2)])
def test_what_is_no_sound_is_an_error_in_words(data):
    with pytest.raises(ValueError, match="WAV file"):
        open_wav(data)


@pytest.mark.parametrize("rate", [4000, 11025, 44100, 48000])
def test_a_tone_keeps_its_pitch_and_loudness_at_another_rate(rate):
    one_second = resample(tone(600, 1, rate), rate, RATE)
    assert len(one_second) == RATE
    assert np.abs(one_second - tone(600, 1))[200:-200].max() < 0.01


def test_what_the_new_rate_cannot_hold_is_left_out():
    assert np.abs(resample(tone(5000, 1, 16000), 16000, RATE)).max() < 0.01


def test_clips_are_equally_loud_and_silence_stays_silent():
    assert np.abs(levelled(0.1 * tone(440) + 0.3)).max() == pytest.approx(0.9)
    assert not levelled(np.full(100, 0.2, np.float32)).any()


def test_a_clip_is_placed_in_silence_or_cut():
    clip = np.arange(1, 5, dtype=np.float32)
    assert fitted(clip, 7, 2).tolist() == [0, 0, 1, 2, 3, 4, 0] and fitted(clip, 3).tolist() == [1, 2, 3]


def test_test_takes_are_never_for_training(tmp_path):
    for take in range(8):
        (tmp_path / f"3_ada_{take}.wav").write_bytes(write_wav(tone(100 * (take + 1), 0.1), RATE))
    seen, unseen = read_clips(tmp_path, "train", RATE), read_clips(tmp_path, "val", RATE)
    assert len(seen.samples) == 3 and len(unseen.samples) == 5 and set(seen.labels + unseen.labels) == {"three"}
    loudest = [np.abs(np.fft.rfft(clip)).argmax() * 10 for clip in seen.samples]
    assert sorted(loudest) == [600, 700, 800]


def test_a_folder_of_classes_has_its_names_as_texts_and_damaged_files_are_named(tmp_path, caplog):
    tones_folder(tmp_path, 2)
    (tmp_path / "train" / "low" / "broken.wav").write_bytes(b"no sound")
    clips = read_clips(tmp_path, "train", RATE)
    assert sorted(clips.labels) == ["high", "high", "low", "low"] and "broken.wav" in caplog.text
    with pytest.raises(ValueError, match="val"):
        read_clips(tmp_path / "train" / "low", "val", RATE)


def test_the_spectral_loss_hears_a_wrong_pitch_but_not_a_shift_in_time():
    same, shifted, other = (torch.from_numpy(x)[None] for x in (tone(500), np.roll(tone(500), 4), tone(900)))
    assert float(spectral_loss(same, same, 8000)) < 1e-4
    assert float(spectral_loss(shifted, same, 8000)) < 0.2 < 1 < float(spectral_loss(other, same, 8000))
    quiet = (0.1 * same).requires_grad_()
    spectral_loss(quiet, same, 8000).backward()
    assert (quiet.grad * same).sum() < 0  # louder is better


def test_a_spectrogram_shows_a_tone_at_its_pitch_and_loudness():
    decibels = spectrogram(torch.from_numpy(tone(1000))[None])[0]
    middle = decibels[:, decibels.shape[1] // 2]
    assert int(middle.argmax()) == 1000 * 256 // RATE and float(middle.max()) == pytest.approx(-6, abs=0.1)


def test_a_mel_filter_takes_its_band_and_no_more():
    for window, rate in ((64, 8000), (1024, 8000), (1024, 44100)):
        filters = mel_filters(window, rate)
        assert filters.shape == (window // 8, window // 2 + 1) and torch.allclose(filters.sum(1), torch.ones(window // 8))
        middles = (filters * torch.arange(window // 2 + 1)).sum(1)
        assert (middles.diff() >= 0).all() and float(middles.diff()[-1]) > 2 * float(middles.diff()[0])


def test_the_encoder_reads_the_spectrum_that_a_fourier_transform_gives():
    x = 0.1 * torch.randn(2, 1, 640)
    shape = torch.hann_window(256)
    spectrum = torch.stft(F.pad(x[:, 0], (112, 112)), 256, 32, window=shape / shape.sum(), center=False, return_complex=True)
    expected = spectrum.abs().square().clamp_min(1e-7).log() / 5 + 2
    assert torch.allclose(Spectrum(256, 32)(x), expected, atol=1e-4)


def test_a_token_hears_no_farther_than_the_halo_says():
    torch.manual_seed(0)
    config = NetworkConfig(spatial_dims=1, channels=1, downsampling=64, code_dim=8, coarse_width=16, fine_width=16, spectral_window=256)
    encoder, far = Encoder(config), 64 * (20 + 1 + config.encoder_halo)
    x = torch.randn(1, 1, 64 * 40)
    changed = lambda start: (encoder(torch.cat([x[..., :start], x[..., start:] + 1], 2)) != encoder(x))[0, :, 20].any()
    assert not changed(far) and changed(far - 64)


@pytest.mark.parametrize("settings", [
    {"spectral_window": 256}, {"spatial_dims": 1, "spectral_window": 4}, {"spatial_dims": 1, "spectral_window": 255},
])
def test_a_window_that_no_encoder_can_have_is_refused(settings):
    with pytest.raises(ValueError, match="spectral_window"):
        NetworkConfig(downsampling=64, **settings)


def test_the_presets_are_as_small_as_they_claim():
    network = PRESETS["speech"].model.network
    assert PRESETS["speech"].model.sample_rate / network.downsampling <= 125
    assert PRIOR_PRESETS["speech-prior"].side % network.downsampling == 0


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    """A tokenizer and a prior of the speech presets' kinds, trained for real on tones, and the data."""
    folder = tmp_path_factory.mktemp("sounds")
    data = tones_folder(folder / "data", 24)
    with one_thread():
        for kind, recipe in (
            ("tokenizer", {"kind": "sound", "crop": 1024, "batch": 8, "model": {
                "codebook_size": 32, "sample_rate": RATE, "network": {
                    "spatial_dims": 1, "channels": 1, "downsampling": 64, "code_dim": 8, "coarse_width": 32, "fine_width": 32,
                    "encoder_fine_blocks": 1, "encoder_coarse_blocks": 1, "decoder_coarse_blocks": 1, "decoder_pointwise_blocks": 0,
                    "decoder_fine_blocks": 1, "spectral_window": 128}}}),
            ("prior", {"kind": "prior", "side": 6144, "views": 2, "batch": 16, "tokenizer": str(folder / "tokenizer"),
                       "model": {"layers": 2, "width": 32, "heads": 2}}),
        ):
            file = folder / f"{kind}.json"
            file.write_text(json.dumps({"version": 1, "data": [str(data)], "steps": 150, **recipe}))
            assert train([kind, "--config", str(file), "--out", str(folder / kind)]) == 0
    return folder


def test_training_learns_tones_it_never_heard(speech):
    tokenizer = vqcore.load(speech / "tokenizer")
    clips = [torch.from_numpy(clip)[None] for clip in read_clips(speech / "data", "val", RATE).samples]
    losses = [float(spectral_loss(tokenizer.reconstruct(clip[None])[:, 0], clip, 8000)) for clip in clips]
    silence = [float(spectral_loss(torch.zeros_like(clip), clip, 8000)) for clip in clips]
    assert np.mean(losses) < 0.8 * np.mean(silence)
    assert int(tokenizer.levels[0].usage.sum()) > 0 and tokenizer.sample_rate == RATE


def test_an_edit_of_a_sound_is_heard_within_the_halo_only(speech):
    tokenizer = vqcore.load(speech / "tokenizer")
    clip = torch.from_numpy(read_clips(speech / "data", "val", RATE).samples[0])[None, None]
    (tokens,) = tokenizer.encode(clip)
    before, halo, f = tokenizer.decode([tokens]), tokenizer.halo, 64
    tokens[0, 20] = (tokens[0, 20] + 5) % 32
    changed = (tokenizer.decode([tokens]) != before).flatten().nonzero()
    assert (20 - halo) * f <= int(changed.min()) and int(changed.max()) < (21 + halo) * f
    region = (slice(15, 30),)
    assert torch.equal(tokenizer.decode_region([tokens], region), tokenizer.decode([tokens])[..., 15 * f : 30 * f])


def test_a_run_of_sounds_goes_on_where_it_was(speech, caplog):
    again = ["tokenizer", "--config", str(speech / "tokenizer.json"), "--out", str(speech / "tokenizer")]
    assert train(again) == 0 and "has had its" in caplog.text


def test_the_prior_writes_clips_of_its_length_for_a_word(speech):
    prior = load_prior(speech / "prior")
    assert prior.conditions == ("high", "low") and prior.layout.grids[0].shape == (96,)
    (tokens,) = prior.sample(2, ["high", "low"], seed=3)
    assert vqcore.load(prior.tokenizer).decode([tokens]).shape == (2, 1, 6144)


def test_evaluation_writes_what_it_prints(speech, capsys):
    with one_thread():
        for name in ("tokenizer", "prior"):
            assert evaluate([str(speech / name), "--data", str(speech / "data"), "--publish"]) == 0
    heard, printed = read_figures(speech / "prior" / "metrics.json"), capsys.readouterr().out
    result = read_figures(speech / "tokenizer" / "metrics.json")
    assert result["clips"] == heard["clips"] == 12 and result["bits_per_second"] == 125 * 5
    assert result["kept"] == pytest.approx(result["reconstructed_accuracy"] / result["real_accuracy"])
    assert f"{result['spectral']:.4g}" in printed and {"heard_high", "heard_low"} <= heard.keys()
    assert (speech / "prior" / "samples.webp").is_file() and (speech / "tokenizer" / "reconstructions.webp").is_file()


def test_a_folder_without_sounds_is_an_error_that_says_so(tmp_path, capsys):
    assert train(["tokenizer", "--preset", "speech", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--steps", "1"]) == 2
    assert "no WAV file" in capsys.readouterr().err
