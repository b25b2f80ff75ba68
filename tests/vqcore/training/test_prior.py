"""Training a prior by its command: data in, checkpoint out, no work lost; and the figures it is judged by."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import vqcore
from tests.tiny import colours_folder, one_thread
from vqcore.checkpoints import list_checkpoints
from vqcore.data.idx import read_idx
from vqcore.data.labelled import Labelled, read_labelled, views
from vqcore.evaluate import main as evaluate
from vqcore.evaluation.prior import likeness
from vqcore.evaluation.report import read_figures
from vqcore.files import read_tensors, write_tensors
from vqcore.formats.shards import Shards, open_shards
from vqcore.priors import new_prior
from vqcore.priors.local import LocalPixelCNNConfig
from vqcore.priors.pixelcnn import PixelCNN, PixelCNNConfig
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.priors.stored import save_prior
from vqcore.priors.text import Text
from vqcore.priors.transformer import Transformer, TransformerConfig
from vqcore.tokenizers.stored import save_tokenizer
from vqcore.training.budget import Budget
from vqcore.training.prior import PriorRecipe, Tokens, noisy, overfits, phrasings, prior_job, train_prior
from vqcore.training.run import read_log


@pytest.fixture(autouse=True, scope="module")
def on_one_thread():
    with one_thread():
        yield


RECIPE = PriorRecipe(TransformerConfig(1, 16, 2), side=16, views=2, batch=8)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    """An untrained tokenizer, f = 4, K = 16: a mean colour decides on the token."""
    return str(colours_folder(tmp_path_factory.mktemp("tokenizer") / "colours"))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two classes, `dark_red` and `blue`, in train and val: noise about two colours."""
    folder, draw = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for split, count in (("train", 40), ("val", 20)):
        for name, colour in (("dark_red", (120, 0, 0)), ("blue", (0, 0, 255))):
            (folder / split / name).mkdir(parents=True)
            for i in range(count):
                pixels = np.clip(np.array(colour) + draw.normal(0, 30, (18, 22, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / split / name / f"{i:03}.png")
    return folder


def test_classes_are_folders_and_labels_are_words(data):
    train, val = read_labelled(data, "train"), read_labelled(data, "val")
    assert train.classes == val.classes == ["blue", "dark red"]
    assert len(train.labels) == 80 and len(val.labels) == 40
    assert {p.parent.name for p, label in zip(train.pictures, train.labels) if label == "dark red"} == {"dark_red"}
    assert all(p.is_relative_to(data / "train") for p in train.pictures)
    assert read_labelled(data / "train" / "blue", "train").classes == []
    with pytest.raises(ValueError, match="train.*and.*val"):
        read_labelled(data / "train", "val")


def test_a_prior_of_any_size_learns_from_squares_and_reads_no_text(tokenizer, data, tmp_path):
    recipe = replace(RECIPE, model=LocalPixelCNNConfig(2, 16, 16, vqcore.load(tokenizer).levels[0].code_dim), side=16, rate=1e-2)
    train_prior(recipe, tokenizer, data, tmp_path / "prior", Budget(steps=120))
    prior = vqcore.load_prior(tmp_path / "prior")
    assert prior.conditions == () and prior.layout.text_length == 0 and prior.any_size
    bits = [row["val_bits"] for row in read_log(tmp_path / "prior" / "metrics.jsonl")]
    assert bits[-1] < bits[0] - 0.5
    assert prior.sample(1, start=[torch.zeros(1, 3, 7, dtype=torch.int64)])[0].shape == (1, 3, 7)


def test_views_are_squares_the_middle_first_and_mirrored_every_other():
    ramp = np.zeros((20, 40, 3), np.uint8)
    ramp[..., 0] = np.arange(40) * 6
    squares = next(views(Labelled([ramp], [""]), 20, 4))
    assert squares.shape == (4, 20, 20, 3)
    assert np.array_equal(squares[0], ramp[:, 10:30])
    rising = [bool(np.all(np.diff(s[10, :, 0].astype(int)) >= 0)) for s in squares]
    assert rising == [True, False, True, False]
    assert np.array_equal(squares, next(views(Labelled([ramp], [""]), 20, 4))), "the same squares each time"


def write_idx(folder, split, pictures, labels):
    for name, values in ((f"{split}-images-idx3-ubyte.gz", pictures), (f"{split}-labels-idx1-ubyte.gz", labels)):
        header = bytes([0, 0, 8, values.ndim]) + b"".join(size.to_bytes(4, "big") for size in values.shape)
        (folder / name).write_bytes(gzip.compress(header + values.astype(np.uint8).tobytes()))


def test_fashion_mnist_is_read_from_its_files(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (5, 28, 28))
    write_idx(tmp_path, "train", pictures, np.array([0, 9, 1, 8, 5]))
    write_idx(tmp_path, "t10k", pictures[:2], np.array([3, 3]))
    read, labels = read_idx(tmp_path, "train")
    assert np.array_equal(read[..., 0], pictures) and labels == ["t-shirt/top", "ankle boot", "trouser", "bag", "sandal"]
    assert read_labelled(tmp_path, "val").labels == ["dress", "dress"]
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(b"\x1f\x8b nonsense")
    with pytest.raises(ValueError, match="train-labels-idx1-ubyte.gz can't be read"):
        read_idx(tmp_path, "train")


def test_a_killed_run_goes_on_and_the_tokens_are_kept(tokenizer, data, tmp_path, monkeypatch):
    out = tmp_path / "prior"
    train_prior(RECIPE, tokenizer, data, out, Budget(steps=40))
    first = list(read_log(out / "metrics.jsonl"))[-1]
    shard = out / "run" / "tokens" / "00000.safetensors"
    made = shard.stat().st_mtime_ns
    monkeypatch.setattr("vqcore.formats.shards._encode", lambda *_: pytest.fail("the tokens were there already"))
    train_prior(RECIPE, tokenizer, data, out, Budget(steps=60))
    last = list(read_log(out / "metrics.jsonl"))[-1]
    assert (first["steps"], last["steps"]) == (40, 60) and last["minutes"] > first["minutes"]
    assert shard.stat().st_mtime_ns == made
    prior = vqcore.load_prior(out)
    assert prior.tokenizer == tokenizer and prior.conditions == ("blue", "dark red")
    assert prior.sample(2, "dark_red")[0].shape == (2, 4, 4)


def test_texts_go_with_their_tokens_and_are_left_out_now_and_then(tmp_path, monkeypatch):
    layout = Layout(Words.of(["red", "blue"]), 1, (Grid(2, (3,)),))
    model = Transformer(layout, TransformerConfig(1, 16, 2), "", ["blue", "red"])
    texts = torch.arange(50) % 2
    index = {"views": 1, "grids": [{"codebook_size": 2, "shape": [3]}], "texts": ["blue", "red"]}
    shards = Shards(index, [[texts[:, None, None].expand(50, 1, 3).int()]], texts, torch.tensor([0]))
    seen, logits = [], model.logits
    monkeypatch.setattr(model, "logits", lambda prefix, sequence: seen.append((prefix, sequence)) or logits(prefix, sequence))
    recipe = PriorRecipe(model.config, side=3, batch=500, text_dropped=0.25)
    prior_job(model, recipe, *Tokens(shards, layout, torch.arange(50)).split(), tmp_path).step()
    prefix, sequence = seen[0]
    no_text = prefix[:, 0] == layout.blank
    assert 0.15 < no_text.float().mean() < 0.35
    assert torch.equal(prefix[~no_text, 0], sequence[~no_text, 0] - layout.first_code), "blue is code 0, red is code 1"


def test_noise_puts_codes_of_the_same_level_in_a_share_of_the_tokens():
    layout = Layout(Words(()), 0, (Grid(8, (10,)), Grid(4, (30,))))
    coarse = layout.first_code + layout.starts()[0] + torch.randint(8, (400, 10))
    sequence = torch.cat([coarse, layout.first_code + layout.starts()[1] + torch.randint(4, (400, 30))], 1)
    assert torch.equal(noisy(sequence, 0.0, layout), sequence)
    read = noisy(sequence, 0.6, layout)
    for part, start, size in ((slice(0, 10), 0, 8), (slice(10, 40), 8, 4)):
        codes = read[:, part] - layout.first_code - start
        assert (codes.unique() == torch.arange(size)).all()
        replaced = (read[:, part] != sequence[:, part]).float().mean() / (1 - 1 / size)  # one in `size` is what was there
        assert abs(replaced - 0.3) < 0.05, "half of `most` on average"
    changed = (read != sequence).float().mean(1)
    assert changed.min() < 0.1 < 0.4 < changed.max(), "some sequences are left nearly whole"
    with pytest.raises(ValueError, match="share"):
        replace(RECIPE, noise=1.5)


def test_tokens_of_another_tokenizer_are_not_taken(tokenizer, data, tmp_path):
    out = tmp_path / "prior"
    train_prior(RECIPE, tokenizer, data, out, Budget(steps=5))
    shard = out / "run" / "tokens" / "00000.safetensors"
    before = shard.read_bytes()
    other = vqcore.load(tokenizer)
    other.quantizer.codebook.copy_(other.quantizer.codebook.flip(0))
    train_prior(RECIPE, str(save_tokenizer(other, tmp_path / "other")), data, out, Budget(steps=10))
    assert shard.read_bytes() != before


def test_the_best_is_published_and_overfitting_ends_the_run():
    history = lambda *bits: [{"val_bits": b} for b in bits]
    assert not overfits(history(5, 4, 4.1, 4.2))
    assert not overfits(history(5, 4, 4.1, 4.2, 3.9))
    assert overfits(history(5, 4, 4.1, 4.2, 4.05))


@pytest.mark.parametrize("make", [
    lambda layout: Transformer(layout, TransformerConfig(1, 16, 2), "photos", ["red"]),
    lambda layout: PixelCNN(layout, PixelCNNConfig(layers=2, width=8), "photos", ["red"]),
], ids=["transformer", "pixelcnn"])
def test_a_checkpoint_is_the_prior_again(make, tmp_path):
    model = make(Layout(Words.of(["red"]), 1, (Grid(7, (3, 4)),))).eval()
    folder = save_prior(model, tmp_path / "p", torch.float32)
    again = vqcore.load_prior(folder)
    assert (again.tokenizer, again.conditions, again.layout, again.config) == ("photos", ("red",), model.layout, model.config)
    assert torch.equal(again.sample(3, "red")[0], model.sample(3, "red")[0])
    with pytest.raises(ValueError, match="not a tokenizer"):
        vqcore.load(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"prior": "oracle"}))
    with pytest.raises(ValueError, match="doesn't describe a prior"):
        vqcore.load_prior(folder)


@pytest.mark.parametrize("make", [
    lambda layout: Transformer(layout, TransformerConfig(2, 64, 2), "photos", ("red",)),
    lambda layout: PixelCNN(layout, PixelCNNConfig(2, 64), "photos", ("red",)),
], ids=["transformer", "pixelcnn"])
def test_a_prior_in_bytes_is_much_the_same_in_half_the_space(make, tmp_path):
    torch.manual_seed(0)
    model = make(Layout(Words.of(["red"]), 1, (Grid(64, (3, 4)),))).eval()
    folders = [save_prior(model, tmp_path / str(dtype), dtype) for dtype in (torch.int8, torch.float16)]
    sizes = [(folder / "model.safetensors").stat().st_size for folder in folders]
    assert sizes[0] < 0.65 * sizes[1]
    exact, again = model.state_dict(), vqcore.load_prior(folders[0]).state_dict()
    for name, weight in exact.items():
        rows = weight.flatten(1) if weight.ndim > 1 else weight[:, None]
        assert ((again[name].view_as(rows) - rows).abs().amax(1) <= rows.abs().amax(1) / 253 + 1e-6).all(), name
    tensors = read_tensors(folders[0] / "model.safetensors")
    name = next(name for name, tensor in tensors.items() if tensor.dtype == torch.int8)
    for broken in ({}, {f"{name}.factors": torch.ones(99)}):
        write_tensors(folders[0] / "model.safetensors", {k: v for k, v in tensors.items() if k != f"{name}.factors"} | broken)
        with pytest.raises(ValueError, match="factors"):
            vqcore.load_prior(folders[0])


def test_priors_and_tokenizers_are_listed_apart():
    assert not set(vqcore.list_priors()) & set(list_checkpoints())


def test_likeness():
    known = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 2], [5, 5, 5, 5]])
    copy, far = likeness(torch.tensor([[1, 1, 1, 1], [5, 5, 6, 6]]), ["a", "b"], known)
    assert (copy.nearest, copy.distance, copy.distance_of_nearest) == (0, 0, 0.25)
    assert (far.nearest, far.distance, far.distance_of_nearest) == (2, 0.5, 1)
    shifted = torch.tensor([[2, 2, 2, 2], [7, 7, 7, 7], [5, 5, 5, 6]])
    copy, = likeness(torch.tensor([[2, 2, 2, 2]]), ["a"], torch.cat([known, shifted]), 3)
    assert (copy.nearest, copy.distance, copy.distance_of_nearest) == (0, 0, 0.75), "another view of the same picture is no neighbour"


def test_the_command_measures_a_prior(tokenizer, data, tmp_path, capsys):
    out = tmp_path / "prior"
    train_prior(RECIPE, tokenizer, data, out, Budget(steps=20))
    assert evaluate([str(out), "--data", str(data), "--publish"]) == 0
    figures, first = read_figures(out / "metrics.json"), json.loads((out / "metrics.json").read_text())["likeness"]
    assert figures["pictures"] == 40 and figures["samples"] == 80
    assert figures["bits_per_token"] > 0 and 0 < figures["marginal_entropy"] <= 4
    assert figures["saving"] == pytest.approx(1 - figures["bits_per_token"] / figures["marginal_entropy"])
    assert figures["real_accuracy"] > 0.9, "red and blue are easy to tell apart"
    assert figures["accuracy_score"] == pytest.approx(figures["sampled_accuracy"] / figures["real_accuracy"])
    assert len(first) == 16 == figures["samples_compared"] and Image.open(out / "samples.webp").size[0] > 100
    assert "accuracy score" in capsys.readouterr().out
    assert evaluate([str(out), "--data", str(tmp_path / "nowhere")]) == 2
    assert evaluate([str(out), "--data", str(data), "--samples", "16", "--tokens", str(out / "run" / "tokens"), "--publish"]) == 0
    again = json.loads((out / "metrics.json").read_text())["likeness"]
    assert len(again) == 16 and all(b["distance"] <= a["distance"] for a, b in zip(first, again)), "more views, nearer ones"


def test_a_run_begins_with_the_weights_of_another(tokenizer, data, tmp_path):
    first = lambda name: next(read_log(tmp_path / name / "metrics.jsonl"))["val_bits"]
    train_prior(RECIPE, tokenizer, data, tmp_path / "whole", Budget(steps=150))
    train_prior(RECIPE, tokenizer, data, tmp_path / "begun", Budget(steps=10), start=str(tmp_path / "whole"))
    train_prior(RECIPE, tokenizer, data, tmp_path / "anew", Budget(steps=10))
    assert first("begun") < first("anew") - 0.2
    deeper = replace(RECIPE, model=TransformerConfig(2, 16, 2))
    with pytest.raises(ValueError, match="other words, grids or layers"):
        train_prior(deeper, tokenizer, data, tmp_path / "deeper", Budget(steps=10), start=str(tmp_path / "whole"))


def test_captions_make_a_prior_of_free_text_that_sees_every_picture_of_a_closed_set(tokenizer, tmp_path):
    rows = []
    for i in range(24):
        name = ("red", "blue")[i % 2]
        Image.new("RGB", (32, 32), name).save(tmp_path / f"{i}.png")
        rows.append(json.dumps({"file_name": f"{i}.png", "text": name, "style": f"style{i // 2}", "tags": ["square"]}))
    (tmp_path / "metadata.jsonl").write_text("\n".join(rows))
    recipe = replace(RECIPE, closed=True)
    train_prior(recipe, tokenizer, tmp_path, tmp_path / "out", Budget(steps=40))
    prior = vqcore.load_prior(tmp_path / "out")
    assert prior.conditions == () and isinstance(prior.layout.text, Text) and "square" in prior.layout.text.words
    assert prior.sample(1, "a red thing nobody saw"[:19])[0].shape == (1, 4, 4)
    shards = open_shards(tmp_path / "out" / "run" / "tokens")
    forms = phrasings(shards, prior.layout)
    first = shards.index["texts"][0]
    assert (forms[0] == prior.layout.prefix([first])).all(1).float().mean() >= 0.5, "half of a text's forms are the text itself"
    assert (forms[-1] == prior.layout.prefix([""])).all()
    everything = Tokens(shards, prior.layout, torch.arange(24))
    assert len(everything.split(closed=True)[0]) == 24 and len(everything.split()[0]) < 24


def test_a_prior_of_two_levels_is_trained_measured_and_writes_fine_grids_for_one_coarse_grid(two_level, data, tmp_path):
    train_prior(RECIPE, str(two_level), data, tmp_path / "prior", Budget(steps=200))
    prior, tokenizer = vqcore.load_prior(tmp_path / "prior"), vqcore.load(two_level)
    assert [(grid.codebook_size, grid.shape) for grid in prior.layout.grids] == [(32, (2, 2)), (64, (4, 4))]
    assert evaluate([str(tmp_path / "prior"), "--data", str(data), "--samples", "16", "--publish"]) == 0
    figures = read_figures(tmp_path / "prior" / "metrics.json")
    coarse_bits, fine_bits = figures["bits_per_token_coarse"], figures["bits_per_token_fine"]
    assert 0 < coarse_bits < 4 and 0 < fine_bits < 5, "better than guessing among 32 and 64 codes"
    start = prior.sample(1, "blue", seed=3)
    # A trained one may be sure of all that is left to say of a plain blue square; an untrained one never is.
    anew = new_prior(prior.layout, prior.config, prior.tokenizer, prior.conditions).eval()
    for writer in (prior, anew):
        coarse, fine = writer.sample(6, "blue", seed=4, start=start, kept=prior.layout.grids[0].length)
        assert (coarse == start[0]).all()
        assert tokenizer.decode([coarse, fine]).shape == (6, 3, 16, 16)
    assert len(fine.flatten(1).unique(dim=0)) == 6
