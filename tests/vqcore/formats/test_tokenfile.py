import hashlib
import zlib
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import vqcore
from tests.tiny import draw_picture
from vqcore.evaluation.token_files import measure_files
from vqcore.formats import coding, tokenfile
from vqcore.quantizers.vq import VQConfig
from vqcore.tokenfile import main as count_tables
from vqcore.tokenizers.base import fingerprint
from vqcore.tokenizers.networks import NetworkConfig
from vqcore.tokenizers.pixels import to_tensor
from vqcore.tokenizers.stored import save_tokenizer
from vqcore.tokenizers.tables import Tables, make_tables, neighbours
from vqcore.tokenizers.vqvae2 import VQVAE2, VQVAE2Config

SMALL = NetworkConfig(code_dim=4, coarse_width=8, fine_width=8, downsampling=4)


@pytest.fixture(scope="module")
def tiny(tiny_folder, tmp_path_factory):
    """The tiny tokenizer in a folder of its own, with tables counted by the command."""
    folder = save_tokenizer(vqcore.load(tiny_folder), tmp_path_factory.mktemp("tabled") / "tiny")
    assert count_tables([str(folder), "--data", str(tiny_folder.parent / "pictures")]) == 0
    return vqcore.load(folder)


def plain(tokenizer):
    """The same without its tables."""
    bare = vqcore.VQVAE(tokenizer.config, tokenizer.name)
    bare.load_state_dict(tokenizer.state_dict())
    return bare


@pytest.mark.parametrize("height, width", [(128, 160), (43, 61), (8, 8), (1, 200)])
def test_what_is_written_is_read(tiny, height, width):
    tokens = tiny.encode(to_tensor(draw_picture(90, width, height)))
    for tokenizer in (tiny, plain(tiny)):
        file = tokenfile.read(tokenfile.write(tokens, (height, width), tokenizer), tokenizer)
        assert torch.equal(file.tokens[0], tokens[0]) and file.size == (height, width) and file.tokens[0].dtype == torch.int64


def test_tables_make_files_of_unseen_pictures_smaller(tiny):
    sizes = np.array([
        [len(tokenfile.write(tiny.encode(to_tensor(draw_picture(seed))), (128, 160), t)) for t in (tiny, plain(tiny))]
        for seed in range(100, 110)
    ]).sum(0)
    assert sizes[0] < 0.8 * sizes[1]


def test_noise_takes_no_more_than_packed(tiny):
    noise = [torch.randint(64, (1, 16, 20), generator=torch.Generator().manual_seed(0))]
    data = tokenfile.write(noise, (128, 160), tiny)
    assert len(data) == len(tokenfile.write(noise, (128, 160), plain(tiny))) == 21 + 4 + 16 * 20 * 6 // 8
    assert torch.equal(tokenfile.read(data, tiny).tokens[0], noise[0])


def test_a_file_of_two_levels_comes_back(tmp_path):
    torch.manual_seed(0)
    model = VQVAE2(VQVAE2Config(network=SMALL, coarse=NetworkConfig(
        channels=8, downsampling=2, code_dim=4, coarse_width=8, fine_width=8), quantizers=(VQConfig(5), VQConfig(300)))).eval()
    tokens = [torch.randint(5, (1, 3, 4)), torch.randint(300, (1, 6, 8))]
    model.tables = [make_tables([grid[0].numpy()], level.codebook.numpy()) for grid, level in zip(tokens, model.levels)]
    data = tokenfile.write(tokens, (23, 30), model)
    assert data[12:16] != tokenfile.UNTABLED
    assert all(torch.equal(a, b) for a, b in zip(tokenfile.read(data, model).tokens, tokens))


@pytest.mark.parametrize("codes", [1, 2, 3, 50, 5000])
def test_codebooks_of_any_size_and_use_have_tables(codes):
    grids = [np.zeros((3, 4), int), np.full((2, 2), codes - 1)]
    tables = make_tables(grids, np.random.default_rng(0).normal(size=(codes, 3)))
    again = Tables.from_tensors(tables.to_tensors(), codes)
    shapes = [(6, 7)]
    for grid in (np.zeros(shapes[0], int), np.random.default_rng(1).integers(0, codes, shapes[0])):
        payload = coding.encode([grid], [again])
        assert (coding.decode(payload, shapes, [again])[0] == grid).all()


def test_a_code_alone_in_its_group_costs_nothing_beside_the_group():
    grid = np.random.default_rng(0).choice(64, (128, 128), p=np.array([0.5, *[0.5 / 63] * 63]))
    tables = Tables.from_tensors(make_tables([grid], np.random.default_rng(1).normal(size=(64, 3))).to_tensors(), 64)
    alone = tables.starts[:-1][np.diff(tables.starts) == 1]
    assert 0 in tables.order[alone] and not tables.members[..., alone].any()
    old = replace(tables, members=np.maximum(tables.members, 1))
    new_file, old_file = coding.encode([grid], [tables]), coding.encode([grid], [old])
    assert abs(8 * (len(old_file) - len(new_file)) - np.isin(grid, tables.order[alone]).sum()) <= 64  # a bit each
    for file, with_ in ((new_file, tables), (old_file, Tables.from_tensors(old.to_tensors(), 64))):
        assert (coding.decode(file, [grid.shape], [with_])[0] == grid).all()


def test_a_token_sees_the_one_before_it_and_the_one_above():
    left, above = neighbours((2, 3))
    assert left.tolist() == [6, 0, 1, 6, 3, 4] and above.tolist() == [6, 6, 6, 0, 1, 2]
    assert neighbours((4,))[1].tolist() == [4] * 4
    assert neighbours((2, 2, 2))[1].tolist() == [8, 8, 0, 1, 8, 8, 4, 5]


def test_the_coder_writes_these_bytes_on_every_machine():
    """Tables of whole numbers that are given, not counted, so that nothing but the coder and its layout is asked."""
    weights = lambda *shape: (np.arange(np.prod(shape)).reshape(shape) * 7919 % 30_011 + 1).astype(np.uint16)
    group = np.repeat(np.arange(3), [1, 6, 9]).astype(np.uint8)
    tables = Tables(
        group, np.array([0, 0, 1], np.uint8), np.arange(16, dtype=np.int32), np.array([0, 1, 7, 16], np.int32),
        weights(4, 4, 3), weights(3, 3, 16),
    )
    Tables.from_tensors(tables.to_tensors(), 16)
    payload = coding.encode([np.arange(81).reshape(9, 9) ** 2 % 16], [tables])
    assert hashlib.sha256(payload).hexdigest()[:16] == "095c2e06f6e30959"


def test_a_file_of_another_tokenizer_is_a_message(tiny):
    data = tokenfile.write([torch.zeros(1, 2, 2, dtype=torch.int64)], (16, 16), tiny)
    other = plain(tiny)
    other.quantizer.codebook[3, 2] += 0.01
    with pytest.raises(ValueError, match="another tokenizer"):
        tokenfile.read(data, other)
    assert tokenfile.is_written_by(data, tiny) and not tokenfile.is_written_by(data, other)


def test_other_tables_are_a_message_and_stale_ones_are_not_loaded(tiny, tiny_folder, tmp_path):
    tokens = tiny.encode(to_tensor(draw_picture(1)))
    data = tokenfile.write(tokens, (128, 160), tiny)
    other = plain(tiny)
    with pytest.raises(ValueError, match="other context tables"):
        tokenfile.read(data, other)
    other.quantizer.codebook[3, 2] += 0.01
    folder = save_tokenizer(other, tmp_path / "other")
    tokenfile.save_tables(tiny.tables, tiny, folder)
    assert vqcore.load(folder).tables is None


def test_a_fingerprint_survives_saving_and_changes_with_any_weight(tiny, tmp_path):
    again = vqcore.load(save_tokenizer(tiny, tmp_path / "again"))
    assert fingerprint(again) == fingerprint(tiny)
    bias = next(again.decoder.parameters())
    bias.view(-1)[0] += 1e-2
    assert fingerprint(again) != fingerprint(tiny)


def test_every_truncation_and_every_flipped_byte_is_a_message(tiny):
    for tokenizer in (tiny, plain(tiny)):
        data = tokenfile.write(tiny.encode(to_tensor(draw_picture(2, 64, 48))), (48, 64), tokenizer)
        broken = [data[:n] for n in range(len(data))]
        broken += [data[:i] + bytes([data[i] ^ flip]) + data[i + 1 :] for i in range(len(data)) for flip in (1, 0x80)]
        broken += [b"", b"VQT", b"\x89PNG" + data[4:], data[:4] + bytes(100)]
        for bad in broken:
            with pytest.raises(ValueError, match="token file"):
                tokenfile.read(bad, tokenizer)


def test_a_hostile_size_is_refused_before_anything_is_made(tiny):
    data = bytearray(tokenfile.write([torch.zeros(1, 2, 2, dtype=torch.int64)], (16, 16), tiny))
    data[21:25] = b"\xff\xff\xff\xff"
    with pytest.raises(ValueError, match="harm"):
        tokenfile.read(bytes(data), tiny)


@pytest.mark.parametrize("seed", range(20))
def test_random_words_under_a_right_checksum_never_crash(tiny, seed):
    """Someone who means harm can make the checksum fit; then the tokens are theirs, but they are tokens of this codebook."""
    commonest = int(tiny.levels[0].usage.argmax())  # which is coded, and not packed, however far the model was trained
    good = tokenfile.write([torch.full((1, 6, 8), commonest)], (48, 64), tiny)
    words = np.random.default_rng(seed).bytes(4 * (seed % 7))
    try:
        grids = coding.decode(words, [(6, 8)], tiny.tables)
    except ValueError:
        return
    checksum = zlib.crc32(b"".join([good[4:12], good[12:16], good[21:25], words, grids[0].astype("<u4").tobytes()]))
    data = good[:16] + checksum.to_bytes(4, "little") + good[20:25] + words
    tokens = tokenfile.read(data, tiny).tokens[0]
    assert tokens.shape == (1, 6, 8) and tokens.min() >= 0 and tokens.max() < 64


@pytest.mark.parametrize("name, change", [
    ("order", lambda x: x.fill_(0)), ("starts", lambda x: x.add_(1)), ("group", lambda x: x.add_(100)), ("ward", lambda x: x.add_(9)),
    ("groups", lambda x: x.fill_(0)),
])
def test_tables_that_do_not_fit_together_are_refused(tiny, name, change):
    tensors = tiny.tables[0].to_tensors()
    change(tensors[name])
    with pytest.raises(ValueError, match="tables"):
        Tables.from_tensors(tensors, 64)


def test_tokens_that_are_not_one_picture_of_the_size_are_refused(tiny):
    grid = torch.zeros(1, 2, 2, dtype=torch.int64)
    with pytest.raises(ValueError):
        tokenfile.write([grid], (40, 16), tiny)
    for tokens in ([grid, grid], [grid.expand(2, 2, 2)], [grid + 64], [grid - 1]):
        with pytest.raises(ValueError):
            tokenfile.write(tokens, (16, 16), tiny)
    for other in (grid.float(), grid.bool(), grid.double().numpy()):
        with pytest.raises(ValueError, match="Tokens are integers"):
            tokenfile.write([other], (16, 16), tiny)
    for size in ((16.0, 16), (16, 15.5), (True, 16), (0, 16)):
        with pytest.raises(ValueError):
            tokenfile.write([grid], size, tiny)
    assert tokenfile.write([grid.int()], np.array([16, 16]), tiny) == tokenfile.write([grid], (16, 16), tiny)


def test_foreign_tokenizers_are_packed_in_the_bits_that_their_codes_need():
    level = SimpleNamespace(codebook_size=1000, downsampling=8)
    grids = [np.random.default_rng(0).integers(0, 1000, (5, 7))]
    payload = coding.pack(grids, [level])
    assert len(payload) == -(-35 * 10 // 8)
    assert (coding.unpack(payload, [(5, 7)], [level])[0] == grids[0]).all()
    with pytest.raises(ValueError):
        coding.unpack(b"\xff" * len(payload), [(5, 7)], [level])


def test_files_are_measured_beside_packed_tokens_and_jpeg(tiny, tiny_folder):
    result = measure_files(tiny, tiny_folder.parent / "pictures")
    assert result.value("pictures") == 24 and result.value("ratio_to_packed") == pytest.approx(result.value("bytes") / (16 * 20 * 6 / 8))
    reached = [r for r in result.details["each"] if r["jpeg"] is not None]
    assert result.value("ratio_to_jpeg") == pytest.approx(sum(r["bytes"] for r in reached) / sum(r["jpeg"] for r in reached))
    assert result.details["not_below_jpeg"] == [r["name"] for r in reached if r["bytes"] >= r["jpeg"]]
