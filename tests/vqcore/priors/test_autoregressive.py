"""Both priors: causal, the same with and without memory, and true to what they learned."""

import itertools
import json
import math
from dataclasses import asdict

import pytest
import torch
import torch.nn.functional as F

from tests.tiny import one_thread
from vqcore.priors import stored
from vqcore.priors.autoregressive import AutoregressivePrior, Reader
from vqcore.priors.choice import Choice, Settings
from vqcore.priors.local import LocalPixelCNN, LocalPixelCNNConfig
from vqcore.priors.pixelcnn import PixelCNN, PixelCNNConfig
from vqcore.priors.sequence import Grid, Layout, Words
from vqcore.priors.stored import read_prior, save_prior
from vqcore.priors.transformer import Transformer, TransformerConfig
from vqcore.training.optimizer import Optimizer

WORDS = Words.of(["red", "blue"])
TRANSFORMER, PIXELCNN = TransformerConfig(2, 16, 2), PixelCNNConfig(layers=4, width=8)
PHRASES = TransformerConfig(2, 16, 2, phrase=2)
GRIDS = {"1-D": (Grid(9, (10,)),), "2-D": (Grid(12, (4, 5)),), "3-D": (Grid(5, (2, 3, 3)),)}
TWO_LEVELS = (Grid(6, (2, 2)), Grid(7, (4, 4)))


@pytest.fixture(autouse=True, scope="module")
def on_one_thread():
    with one_thread():
        yield


def make(kind, grids, seed=0, scale=0.4):
    """An untrained prior whose weights are large enough for everything to matter."""
    torch.manual_seed(seed)
    layout = Layout(WORDS, 2, grids)
    model = {
        "transformer": lambda: Transformer(layout, TRANSFORMER), "pixelcnn": lambda: PixelCNN(layout, PIXELCNN),
        "phrases": lambda: Transformer(layout, PHRASES),
    }[kind]()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=scale)
    return model.eval()


PRIORS = [(kind, name, grids) for kind in ("transformer", "pixelcnn") for name, grids in GRIDS.items()]
PRIORS += [("transformer", "two levels", TWO_LEVELS), ("phrases", "2-D", GRIDS["2-D"])]
every_prior = pytest.mark.parametrize("kind, grids", [(k, g) for k, _, g in PRIORS], ids=[f"{k} {n}" for k, n, _ in PRIORS])
both = pytest.mark.parametrize("kind", ["transformer", "pixelcnn"])


def random_sequence(model, batch=1, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return model.layout.flatten(
        [torch.randint(g.codebook_size, (batch, *g.shape), generator=generator) for g in model.layout.grids]
    )


@every_prior
def test_no_output_depends_on_its_own_or_a_later_token(kind, grids):
    model = make(kind, grids)
    prefix, sequence = model.layout.prefix(["red"]), random_sequence(model)
    before = model.logits(prefix, sequence)
    levels, starts = model.layout.levels().tolist(), model.layout.starts()
    for i in range(model.layout.length):
        size, first = grids[levels[i]].codebook_size, model.layout.first_code + starts[levels[i]]
        other = sequence.clone()
        other[0, i] = first + (other[0, i] - first + 1) % size
        changed = (model.logits(prefix, other) != before).any(2)[0]
        assert not changed[: i + 1].any(), f"token {i} is seen at {changed.nonzero()[0].item()}"
        if i + 1 < model.layout.length and kind != "pixelcnn":
            assert changed[i + 1 :].all(), f"token {i} isn't seen by all that follow"


def test_pixelcnn_has_no_blind_spot():
    model = PixelCNN(Layout(WORDS, 0, (Grid(4, (5, 5)),)), PixelCNNConfig(layers=10, width=8)).double().eval()
    prefix, sequence = model.layout.prefix([None]), random_sequence(model)
    before = model.logits(prefix, sequence)
    for i in range(24):
        other = sequence.clone()
        other[0, i] = model.layout.first_code + (other[0, i] - model.layout.first_code + 1) % 4
        assert (model.logits(prefix, other) != before).any(2)[0, i + 1 :].all(), f"token {i} isn't seen by all that follow"


@every_prior
def test_the_text_matters_everywhere(kind, grids):
    model = make(kind, grids)
    sequence = random_sequence(model)
    red, blue, none = (model.logits(model.layout.prefix([text]), sequence) for text in ("red", "blue", None))
    assert (red != blue).any(2).all() and (red != none).any(2).all()


@every_prior
@torch.inference_mode()
def test_reading_token_by_token_in_pieces_or_at_once_is_the_same(kind, grids):
    model = make(kind, grids)
    sequence, prefix = random_sequence(model, 3), model.layout.prefix(["red", None, "blue red"])
    codes = sequence - model.layout.first_code
    whole = model.logits(prefix, sequence)
    reader, one_by_one = model.reader(prefix), []
    for i in range(model.layout.length):
        one_by_one.append(reader.next())
        if i + 1 < model.layout.length:
            reader.feed(codes[:, i])
    pieces = model.reader(prefix)
    pieces = torch.cat([pieces.read(part) for part in codes.split([3, 1, model.layout.length - 4], 1)], 1)
    torch.testing.assert_close(torch.stack(one_by_one, 1), whole, atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(pieces, whole, atol=2e-5, rtol=1e-4)


@every_prior
@torch.inference_mode()
def test_a_reader_goes_on_with_the_selected_rows(kind, grids):
    model = make(kind, grids)
    codes = random_sequence(model, 3) - model.layout.first_code
    prefix = model.layout.prefix(["red", None, "blue"])
    reader, rows = model.reader(prefix), torch.tensor([2, 0, 2, 1])
    reader.read(codes[:, :4])
    reader.select(rows)
    expected = model.logits(prefix[rows], (codes + model.layout.first_code)[rows])[:, 4]
    torch.testing.assert_close(reader.next(), expected, atol=2e-5, rtol=1e-4)


@torch.inference_mode()
def uncached(model, n, condition, seed):
    """Sampling by the definition: all logits anew for every token."""
    prefix, length = model.layout.prefix([condition] * n), model.layout.length
    draws = torch.rand(n, length, generator=torch.Generator().manual_seed(seed))
    levels, starts, first = model.layout.levels(), model.layout.starts(), model.layout.first_code
    sequence = torch.tensor([[first + starts[level] for level in levels]]).repeat(n, 1)
    for i in range(length):
        sums = model.logits(prefix, sequence)[:, i].softmax(1).cumsum(1)
        sequence[:, i] = first + (sums <= draws[:, i : i + 1] * sums[:, -1:]).sum(1)
    return model.layout.unflatten(sequence)


@every_prior
def test_cached_sampling_gives_the_tokens_of_uncached(kind, grids):
    model = make(kind, grids)
    cached = model.sample(12, "red", seed=1)
    assert all(map(torch.equal, cached, uncached(model, 12, "red", seed=1)))


@pytest.mark.parametrize("grids", [GRIDS["2-D"], TWO_LEVELS])
def test_a_transformer_in_double_precision_says_and_samples_what_it_does_in_single(grids):
    model = make("transformer", grids, scale=0.1)
    prefix, sequence = model.layout.prefix(["red"]), random_sequence(model)
    logits, tokens = model.logits(prefix, sequence), model.sample(2, "red", seed=3)
    model.double()
    assert model.logits(prefix, sequence).dtype == torch.float64
    torch.testing.assert_close(model.logits(prefix, sequence), logits.double(), atol=1e-4, rtol=1e-4)
    assert all(torch.equal(a, b) for a, b in zip(model.sample(2, "red", seed=3), tokens))


def test_packed_weights_follow_the_model():
    model = make("transformer", GRIDS["2-D"], scale=0.2)
    first = model.sample(12, "red")[0]
    with torch.no_grad():
        model.blocks[0].up.weight.add_(0.5)
    assert not torch.equal(model.sample(12, "red")[0], first)
    assert torch.equal(model.sample(12, "red")[0], uncached(model, 12, "red", seed=0)[0])


@pytest.mark.parametrize("arithmetic, rows", [(torch.bfloat16, 12), (torch.int8, 8), (torch.int8, 12)])
@torch.inference_mode()
def test_other_arithmetic_samples_much_like_float32(arithmetic, rows):
    model = make("transformer", GRIDS["2-D"], scale=0.2)
    exact, logits = model.sample(rows, "red")[0], model.reader(model.layout.prefix(["red"] * rows)).next()
    model.arithmetic = arithmetic
    assert (model.sample(rows, "red")[0] == exact).double().mean() > 0.9
    difference = (model.reader(model.layout.prefix(["red"] * rows)).next() - logits).abs().max()
    assert 0 < difference < 0.05 * logits.std()


@both
def test_seeds(kind):
    model = make(kind, GRIDS["2-D"])
    a, b, c = (model.sample(4, "red", seed=seed)[0] for seed in (7, 7, 8))
    assert torch.equal(a, b) and not torch.equal(a, c)
    assert torch.equal(model.sample(2, "red", seed=7)[0], a[:2]), "a sample doesn't depend on how many are drawn beside it"
    torch.rand(5)
    state = torch.get_rng_state()
    model.sample(1)
    assert torch.equal(state, torch.get_rng_state()), "the caller's random numbers are left alone"


@both
@torch.inference_mode()
def test_bits_are_the_probability(kind):
    model = make(kind, GRIDS["2-D"])
    tokens = model.sample(3, "blue")
    bits = model.bits(tokens, "blue")
    assert bits[0].shape == tokens[0].shape and bits[0].dtype == torch.float32
    p = model.logits(model.layout.prefix(["blue"] * 3), model.layout.flatten(tokens)).double().softmax(2)
    chosen = p.gather(2, tokens[0].view(3, -1, 1))[..., 0]
    torch.testing.assert_close(bits[0].double().flatten(1).sum(1), -chosen.log2().sum(1), rtol=1e-5, atol=1e-4)


@both
def test_bits_make_a_distribution(kind):
    """Over all grids, 2 to the minus bits sums to one."""
    model = make(kind, (Grid(3, (2, 2)),))
    grids = torch.tensor(list(itertools.product(range(3), repeat=4))).view(-1, 2, 2)
    total = torch.exp2(-model.bits([grids], "red")[0].double().flatten(1).sum(1)).sum()
    assert abs(total - 1) < 1e-5


def test_two_levels_draw_codes_of_their_own_level():
    model = make("transformer", TWO_LEVELS)
    coarse, fine = model.sample(20)
    assert coarse.shape == (20, 2, 2) and fine.shape == (20, 4, 4)
    assert coarse.min() >= 0 and coarse.max() < 6 and fine.min() >= 0 and fine.max() < 7
    assert all(torch.isfinite(b).all() for b in model.bits([coarse, fine]))


@pytest.mark.parametrize("given", [{}, {"temperature": 1.0}, {"guidance": 0.0}, {"top_k": 7, "temperature": 0.5}])
def test_a_prior_draws_by_its_own_settings_unless_told_otherwise(given, tmp_path):
    own = Settings(temperature=0.1, top_k=3, top_p=0.8, guidance=2.0)
    model = make("transformer", (Grid(7, (3, 3)),))
    expected = model.sample(3, "red", seed=4, **(asdict(own) | given))
    model.settings = own
    assert torch.equal(model.sample(3, "red", seed=4, **given)[0], expected[0])
    mask = [torch.ones(3, 3, dtype=torch.bool)]
    completed = model.complete(expected, mask, "red", seed=4, **given)
    model.settings = Settings()
    assert torch.equal(completed[0], model.complete(expected, mask, "red", seed=4, **(asdict(own) | given))[0])


def test_a_priors_settings_are_kept_with_it_and_nonsense_is_refused(tmp_path):
    model = make("transformer", (Grid(7, (3, 3)),))
    save_prior(model, tmp_path)
    assert "settings" not in json.loads((tmp_path / "config.json").read_text("utf-8"))
    model.settings = Settings(temperature=0.3, guidance=1.5)
    save_prior(model, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text("utf-8"))
    assert read_prior(tmp_path, config, "it").settings == model.settings
    for nonsense in ({"temperature": -1}, {"guidance": float("inf")}, {"top_p": 0}, {"heat": 1}):
        with pytest.raises(ValueError, match="doesn't describe a prior"):
            read_prior(tmp_path, config | {"settings": nonsense}, "it")


@pytest.mark.parametrize("kind, field", [
    ("phrases", "phrase"), ("phrases", "heads"), ("phrases", "width"), ("pixelcnn", "layers"), ("local", "readout"), ("local", "code_dim"),
])
def test_a_config_that_asks_for_more_than_its_weights_hold_takes_no_memory(kind, field, tmp_path, monkeypatch):
    if kind == "local":
        model = LocalPixelCNN(Layout(Words(()), 0, GRIDS["2-D"]), LocalPixelCNNConfig(2, 8, 8, 4))
    else:
        model = make(kind, GRIDS["2-D"])
    config = json.loads((save_prior(model, tmp_path) / "config.json").read_text())
    config["network"][field] = 10**6
    monkeypatch.setattr(stored, "new_prior", lambda *_: pytest.fail("it was built"))
    with pytest.raises(ValueError, match="doesn't describe a prior"):
        read_prior(tmp_path, config, "it")


LOGITS = torch.log(torch.tensor([[0.1, 0.4, 0.2, 0.25, 0.05]]))


@pytest.mark.parametrize("choice, expected", [
    (Choice(), [0.1, 0.4, 0.2, 0.25, 0.05]),
    (Choice(temperature=0.5), [0.01, 0.16, 0.04, 0.0625, 0.0025]),
    (Choice(temperature=0), [0, 1, 0, 0, 0]),
    (Choice(top_k=2), [0, 0.4, 0, 0.25, 0]),
    (Choice(top_k=9), [0.1, 0.4, 0.2, 0.25, 0.05]),
    (Choice(top_p=0.5), [0, 0.4, 0, 0.25, 0]),
    (Choice(top_p=0.66), [0, 0.4, 0.2, 0.25, 0]),
    (Choice(top_p=0.01), [0, 1, 0, 0, 0]),
    (Choice(top_k=3, top_p=0.9), [0, 0.4, 0.2, 0.25, 0]),
])
def test_temperature_top_k_and_top_p(choice, expected):
    expected = torch.tensor([expected]) / sum(expected)
    torch.testing.assert_close(choice.probabilities(LOGITS), expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("temperature", [0, 1e-40, 1e-5])
def test_a_temperature_near_zero_takes_the_likeliest(temperature):
    assert torch.equal(Choice(temperature).probabilities(LOGITS), F.one_hot(LOGITS.argmax(1), LOGITS.shape[1]).float())


def test_top_k_keeps_exactly_k_of_equal_codes():
    assert (Choice(top_k=3).probabilities(torch.zeros(1, 8)) > 0).sum() == 3


@pytest.mark.parametrize("wrong", [
    {"temperature": -1}, {"temperature": math.nan}, {"temperature": math.inf}, {"guidance": math.nan}, {"guidance": 1e39},
    {"top_k": 0}, {"top_k": 2.5}, {"top_p": 0}, {"top_p": 1.1}, {"n": 0}, {"kept": 3},
    {"condition": ["red"], "n": 2}, {"condition": "giraffe"},
])
def test_wrong_requests_are_refused(wrong):
    with pytest.raises(ValueError):
        make("transformer", GRIDS["2-D"]).sample(**wrong)


@both
@torch.inference_mode()
def test_guidance_goes_from_no_text_through_the_text_and_beyond(kind):
    model = make(kind, GRIDS["2-D"])
    same = lambda a, b: torch.equal(a[0], b[0])
    assert same(model.sample(4, "red", guidance=0), model.sample(4, None))
    assert same(model.sample(4, "red", guidance=1), model.sample(4, "red"))
    seen = []
    model.sample(1, "red", guidance=3, on_token=lambda w: seen.append(w.probabilities) or True)
    c, u = (model.reader(model.layout.prefix([text])).next() for text in ("red", None))
    torch.testing.assert_close(seen[0], (u + 3 * (c - u)).softmax(1), atol=1e-5, rtol=1e-4)


@both
@torch.inference_mode()
def test_what_stands_after_a_colon_guides_by_itself_as_well(kind):
    model = make(kind, GRIDS["2-D"])
    seen = []
    look = lambda written: seen.append(written.probabilities) or True
    model.sample(3, ["red: blue", "blue, red", "red"], guidance=3, on_token=look)
    read = (["red blue", "blue red", "red"], ["blue", "red", None], [None] * 3)
    c, a, u = (model.reader(model.layout.prefix(texts)).next() for texts in read)
    torch.testing.assert_close(seen[0], (u + 3 * (c - u) + 2 * (a - u)).softmax(1), atol=1e-5, rtol=1e-4)
    for guidance in (0, 0.5, 1):
        told, plain = (model.sample(4, text, guidance=guidance)[0] for text in ("red: blue", "red blue"))
        assert torch.equal(told, plain)


@pytest.mark.parametrize("grids", [GRIDS["2-D"], TWO_LEVELS], ids=["one level", "two levels"])
def test_each_token_is_told_and_can_be_the_last(grids):
    model = make("transformer", grids)
    told = []
    tokens = model.sample(3, on_token=told.append)
    assert [w.index for w in told] == list(range(model.layout.length))
    for w in told:
        assert torch.equal(w.tokens, tokens[w.level][(slice(None), *w.place)])
        assert w.probabilities.shape == (3, grids[w.level].codebook_size)
        torch.testing.assert_close(w.probabilities.sum(1), torch.ones(3))
    stopped = model.sample(3, on_token=lambda w: w.index == 5)
    flat, all_flat = (torch.cat([g.flatten(1) for g in part], 1) for part in (stopped, tokens))
    assert torch.equal(flat[:, :6], all_flat[:, :6]) and (flat[:, 6:] == -1).all()


@both
def test_going_on_from_a_start(kind):
    model = make(kind, GRIDS["2-D"])
    whole = model.sample(2, "red", seed=3)
    assert torch.equal(model.sample(2, "red", seed=3, start=whole, kept=8)[0], whole[0])
    other = model.sample(2, "red", seed=4, start=whole, kept=8)[0].flatten(1)
    assert torch.equal(other[:, :8], whole[0].flatten(1)[:, :8]) and not torch.equal(other, whole[0].flatten(1))
    everything = model.sample(2, start=whole, kept=model.layout.length)
    assert torch.equal(everything[0], whole[0])


@every_prior
def test_complete_writes_the_mask_and_nothing_else(kind, grids):
    model = make(kind, grids)
    tokens = model.sample(2, "red", seed=1)
    generator = torch.Generator().manual_seed(0)
    mask = [torch.rand(g.shape, generator=generator) < 0.4 for g in grids]
    done = model.complete(tokens, mask, "red", seed=5, particles=4)
    for before, after, m, g in zip(tokens, done, mask, grids):
        assert torch.equal(before[:, ~m], after[:, ~m])
        assert after.min() >= 0 and after.max() < g.codebook_size
    assert any(not torch.equal(a, b) for a, b in zip(tokens, done))
    assert all(map(torch.equal, done, model.complete(tokens, mask, "red", seed=5, particles=4)))
    nothing = [torch.zeros(g.shape, dtype=torch.bool) for g in grids]
    assert all(map(torch.equal, tokens, model.complete(tokens, nothing)))


@both
def test_complete_draws_from_the_joint_given_what_comes_after(kind):
    """Against the exact conditional distribution, found by going through all fillings of the hole."""
    seed = {"transformer": 1, "pixelcnn": 0}[kind]  # of which the later tokens say much about the earlier ones
    model = make(kind, (Grid(3, (2, 3)),), seed, scale=0.6)
    tokens = torch.tensor([[[0, 2, 1], [1, 0, 2]]])
    mask = torch.tensor([[True, False, True], [True, False, False]])
    fillings = torch.tensor(list(itertools.product(range(3), repeat=3)))
    grids = tokens.repeat(27, 1, 1)
    grids[:, mask] = fillings
    exact = torch.exp2(-model.bits([grids])[0].double().flatten(1).sum(1))
    exact /= exact.sum()
    drawn = model.complete([tokens.repeat(1500, 1, 1)], [mask], particles=16)[0][:, mask]
    seen = torch.bincount((drawn * torch.tensor([9, 3, 1])).sum(1), minlength=27) / 1500
    blind = model.complete([tokens.repeat(1500, 1, 1)], [mask], particles=1)[0][:, mask]
    unseeing = torch.bincount((blind * torch.tensor([9, 3, 1])).sum(1), minlength=27) / 1500
    distance = lambda p: float((p - exact).abs().sum() / 2)
    assert distance(seen) < 0.1
    assert distance(unseeing) > 0.16, "the case is too easy: what comes after doesn't matter in it"


class Echo(AutoregressivePrior):
    """Even tokens are uniform over 8 codes; odd ones repeat the one before with probability p, else any other."""

    def __init__(self, pairs, p):
        super().__init__(Layout(Words(()), 0, (Grid(8, (2 * pairs,)),)))
        repeat = torch.full((8, 8), (1 - p) / 7).fill_diagonal_(p)
        self.tables = torch.stack([torch.full((8, 8), 1 / 8), repeat]).log()

    def logits(self, prefix, sequence):
        before = F.pad(sequence - self.layout.first_code, (1, 0))[:, :-1]
        return self.tables[torch.arange(self.layout.length) % 2, before]

    def reader(self, prefix):
        return EchoReader(self, len(prefix))


class EchoReader(Reader):
    def __init__(self, model, batch):
        self.model, self.batch, self.past = model, batch, torch.zeros(batch, 1, dtype=torch.int64)

    def next(self):
        return self.model.tables[(self.past.shape[1] - 1) % 2, self.past[:, -1]]

    def feed(self, token):
        self.past = torch.cat([self.past, token[:, None]], 1)

    def read(self, tokens):
        logits = []
        for token in tokens.T:
            logits.append(self.next())
            self.feed(token)
        return torch.stack(logits, 1)

    def select(self, rows):
        self.batch, self.past = len(rows), self.past[rows]


def test_complete_finds_what_only_later_tokens_tell():
    """Twelve hidden tokens, each told by the one after it: 8¹² fillings, far too many for candidates alone."""
    model, said = Echo(12, 0.99), torch.arange(12) % 8
    mask = torch.arange(24) % 2 == 0
    tokens = torch.zeros(20, 24, dtype=torch.int64)
    tokens[:, ~mask] = said
    done = model.complete([tokens], [mask], particles=64)[0]
    assert (done[:, mask] == said).float().mean() > 0.9


def test_complete_counts_each_later_token_once():
    """The first hidden token is the one after it with probability p, whatever follows."""
    model, mask = Echo(3, 0.5), torch.arange(6) % 2 == 0
    done = model.complete([torch.ones(1500, 6, dtype=torch.int64)], [mask], particles=64)[0]
    assert (done[:, mask] == 1).float().mean(0).tolist() == pytest.approx([0.5] * 3, abs=0.06)


def test_complete_can_be_stopped():
    model = make("transformer", GRIDS["2-D"])
    tokens, mask = model.sample(1), torch.ones(4, 5, dtype=torch.bool)
    mask[0, 0] = mask[3, 4] = False
    done = model.complete(tokens, [mask], particles=2, on_token=lambda w: w.index == 6)[0].flatten()
    assert (done[:7] >= 0).all() and (done[7:-1] == -1).all()


def test_a_mask_of_another_shape_is_refused():
    model = make("transformer", GRIDS["2-D"])
    for mask in ([torch.ones(5, 4, dtype=torch.bool)], [torch.ones(4, 5)], []):
        with pytest.raises(ValueError, match="mask"):
            model.complete(model.sample(1), mask)


@pytest.mark.parametrize("model_of", [
    pytest.param(lambda layout: Transformer(layout, TransformerConfig(2, 32, 2)), id="transformer"),
    pytest.param(lambda layout: PixelCNN(layout, PixelCNNConfig(layers=3, width=24)), id="pixelcnn", marks=pytest.mark.slow),
])
def test_a_prior_learns_a_distribution(model_of):
    """Diagonal stripes of period 3 in codes of the text's half of the codebook, the phase left to chance."""
    torch.manual_seed(0)
    layout = Layout(WORDS, 1, (Grid(6, (4, 4)),))
    model = model_of(layout).train()
    named = list(model.named_parameters())
    hidden = [p for name, p in named if name.startswith(("blocks.", "layers.")) and p.ndim > 1]
    optimizer = Optimizer(hidden, [p for _, p in named if all(p is not h for h in hidden)])
    stripes = (torch.arange(4)[:, None] + torch.arange(4)) % 3
    for step in range(300):
        text = torch.randint(2, (32,))
        grid = (stripes + torch.randint(3, (32, 1, 1))) % 3 + 3 * text[:, None, None]
        conditions = [("red", "blue")[t] if torch.rand(()) > 0.2 else None for t in text]
        model(layout.prefix(conditions), layout.flatten([grid])).mean().backward()
        optimizer.step(6e-3 * (1 - step / 300))
    model.eval()
    for text, base in (("red", 0), ("blue", 3)):
        drawn = model.sample(300, text)[0]
        right = ((stripes + drawn[:, :1, :1] - base) % 3 + base == drawn).flatten(1).all(1)
        assert right.float().mean() > 0.9
        phases = torch.bincount(drawn[:, 0, 0] % 3, minlength=3) / 300
        assert (phases - 1 / 3).abs().max() < 0.12
        assert model.bits([drawn], text)[0].flatten(1).sum(1).median() == pytest.approx(math.log2(3), abs=0.3)
    reds = (model.sample(300)[0] < 3).flatten(1).all(1).float().mean()
    assert 0.3 < reds < 0.7, "without a text, either"
    hole = torch.zeros(4, 4, dtype=torch.bool)
    hole[:2] = True
    grid = ((stripes + torch.arange(3)[:, None, None]) % 3 + 3)
    done = model.complete([grid.repeat(8, 1, 1)], [hole], "blue")[0]
    assert (done == grid.repeat(8, 1, 1)).flatten(1).all(1).float().mean() > 0.9, "the top follows from the bottom"


@torch.inference_mode()
def test_words_that_stand_beside_each_other_are_read_together_before_any_attention():
    """`blue red red`: a word's vector knows the one before it, where phrases are of two words, and not the one before that."""
    layout = Layout(WORDS, 3, GRIDS["2-D"])
    together, apart = (Transformer(layout, TransformerConfig(1, 16, 2, phrase=words)) for words in (2, 1))
    read = lambda model, text: model.words(layout.prefix([text]))[0] - model.embedding(layout.prefix([text]))[0]
    assert not read(together, "blue red red").any(), "a phrase adds nothing until it has learned to"
    torch.nn.init.normal_(together.phrases.weight)
    changed = (read(together, "blue red red") != read(together, "red red red")).any(1)
    assert changed.tolist() == [True, True, False, False]
    assert not read(apart, "blue red red").any()


def learned_whose(phrase):
    """Of "blue cube red ball" the ball's color, then the cube's: the share that one layer has right after 100 steps."""
    colors = ["red", "blue", "green", "white"]
    layout = Layout(Words.of([*colors, "ball", "cube"]), 4, (Grid(4, (1, 2)),))
    torch.manual_seed(0)
    model = Transformer(layout, TransformerConfig(1, 32, 2, phrase=phrase)).train()
    other = [p for name, p in model.named_parameters() if not name.startswith("blocks.")]
    optimizer = Optimizer([p for p in model.blocks.parameters() if p.ndim > 1], other)

    def some(n):
        drawn = torch.randint(4, (n, 1, 2))
        things = [[f"{colors[ball]} ball", f"{colors[cube]} cube"] for [[ball, cube]] in drawn.tolist()]
        return layout.prefix([" ".join(each[:: (-1) ** i]) for i, each in enumerate(things)]), layout.flatten([drawn])

    for _ in range(100):
        model(*some(32)).mean().backward()
        optimizer.step(4e-3)
    prefix, right = some(256)
    return float((model.eval().logits(prefix, right).argmax(2) == right - layout.first_code).float().mean())


def test_one_layer_learns_whose_color_is_which_by_phrases_and_not_by_attention_alone():
    assert learned_whose(phrase=2) > 0.97 and learned_whose(phrase=1) < 0.9


@pytest.mark.parametrize("grids", [*GRIDS.values(), TWO_LEVELS], ids=[*GRIDS, "two levels"])
@torch.inference_mode()
def test_a_transformers_attention_knows_places_by_its_rotary_angles_alone(grids):
    torch.manual_seed(0)
    model = Transformer(Layout(WORDS, 2, grids), TransformerConfig(1, 16, 2)).eval()  # of one layer, which sees its inputs as a set
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.4)
    for places in (model.text_places, model.levels, *(axis for axes in model.axes for axis in axes)):
        torch.nn.init.zeros_(places.weight)
    prefix, sequence = model.layout.prefix(["red"]), random_sequence(model)
    first = model.layout.starts()[0] + model.layout.first_code
    sequence[0, 0], sequence[0, 1] = first, first + 1
    swapped = sequence.clone()
    swapped[0, [0, 1]] = sequence[0, [1, 0]]
    finite = model.logits(prefix, sequence)[0, -1].isfinite()
    last = lambda tokens: model.logits(prefix, tokens)[0, -1][finite]
    assert (last(sequence) - last(swapped)).abs().max() > 1e-3
    model.turn.copy_(torch.ones_like(model.turn))
    torch.testing.assert_close(last(sequence), last(swapped), atol=1e-4, rtol=1e-4)


def test_a_rotary_turn_depends_on_how_far_two_places_lie_apart():
    layout = Layout(WORDS, 2, (Grid(12, (4, 5)),))
    turn = Transformer(layout, TransformerConfig(1, 32, 2)).turn[:, :, 0]
    queries = turn[layout.text_length :, 0].unflatten(0, (4, 5))
    keys = torch.cat([turn[layout.prefix_length :, 1], torch.zeros(1, 8)]).unflatten(0, (4, 5))  # the last token is no key
    above = queries[1:] * keys[:-1].conj()  # the key's token stands one row above the place that the query asks for
    torch.testing.assert_close(above, above[:1, :1].expand_as(above))
    before = queries[:, 1:] * keys[:, :-1].conj()
    torch.testing.assert_close(before, before[:1, :1].expand_as(before))
    assert (above[0, 0] - before[0, 0]).abs().max() > 0.5 and (above[0, 0] - 1).abs().max() > 0.5


@both
def test_dropout_drops_its_share_in_training_and_nothing_after(kind):
    layout = Layout(WORDS, 2, (Grid(12, (4, 5)),))
    model = {
        "transformer": lambda share: Transformer(layout, TransformerConfig(2, 16, 2, dropout=share)),
        "pixelcnn": lambda share: PixelCNN(layout, PixelCNNConfig(layers=4, width=8, dropout=share)),
    }[kind]
    dropped, seen = model(0.3).train(), []
    for part in dropped.modules():
        if isinstance(part, torch.nn.Dropout):
            part.register_forward_hook(lambda _, given, made: seen.append((made[0] == 0) & (given[0][0] != 0)))
    prefix, sequence = dropped.layout.prefix(["red"] * 16), random_sequence(dropped, 16)
    assert not torch.equal(dropped.logits(prefix, sequence), dropped.logits(prefix, sequence))
    assert seen and 0.2 < torch.cat([each.float().flatten() for each in seen]).mean() < 0.4
    dropped.eval()
    assert torch.equal(dropped.logits(prefix, sequence), dropped.logits(prefix, sequence))
    whole = model(0.0).train()
    assert torch.equal(whole.logits(prefix, sequence), whole.logits(prefix, sequence))
