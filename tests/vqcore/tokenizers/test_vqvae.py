import subprocess
import sys

import pytest
import torch

from vqcore.quantizers.vq import VQConfig
from vqcore.tokenizers import windows
from vqcore.tokenizers.networks import NetworkConfig, depth_to_space, memory_format, space_to_depth
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig

SMALL = {
    "code_dim": 8, "coarse_width": 32, "fine_width": 16, "encoder_coarse_blocks": 1, "decoder_coarse_blocks": 1, "decoder_fine_blocks": 1,
}


def model(seed=0, codes=64, **network):
    torch.manual_seed(seed)
    return VQVAE(VQVAEConfig(NetworkConfig(**network), VQConfig(codes))).eval()


def random_tokens(tokenizer, shape, seed=1):
    return [torch.randint(tokenizer.quantizer.codebook_size, shape, generator=torch.Generator().manual_seed(seed))]


def random_region(shape, generator):
    region = []
    for size in shape:
        start = int(torch.randint(size, (1,), generator=generator))
        region.append(slice(start, min(size, start + 1 + int(torch.randint(6, (1,), generator=generator)))))
    return tuple(region)


@pytest.mark.parametrize("dims, size", [(1, (24,)), (2, (8, 12)), (3, (4, 8, 4))])
@pytest.mark.parametrize("f", [1, 2, 4])
def test_shapes_for_every_number_of_dimensions_and_downsampling(dims, size, f):
    tokenizer = model(spatial_dims=dims, downsampling=f, channels=2, **SMALL)
    x = torch.rand(2, 2, *size) * 2 - 1
    (tokens,) = tokenizer.encode(x)
    assert tokens.shape == (2, *(s // f for s in size)) and tokens.dtype == torch.int64
    assert tokenizer.decode([tokens]).shape == x.shape == tokenizer(x)[0].shape


@pytest.mark.parametrize("dims, size", [(1, (12,)), (2, (8, 4)), (3, (4, 8, 12))])
def test_depth_to_space_undoes_space_to_depth(dims, size):
    x = torch.randn(2, 3, *size)
    deep = space_to_depth(x, 4)
    assert deep.shape == (2, 3 * 4**dims, *(s // 4 for s in size)) and torch.equal(depth_to_space(deep, 4), x)


def test_two_dimensions_and_the_general_case_put_depth_in_the_same_order():
    x = torch.randn(1, 3, 8, 12)
    assert torch.equal(space_to_depth(x, 2), space_to_depth(x[..., None].expand(-1, -1, -1, -1, 2), 2)[:, ::2, ..., 0])


@pytest.mark.parametrize("size", [(1, 1), (13, 7), (3, 50), (64, 64)])
def test_a_size_that_f_does_not_divide_is_padded_and_cropped_back(size):
    tokenizer = model(**SMALL)
    x = torch.rand(1, 3, *size) * 2 - 1
    assert tokenizer.encode(x)[0].shape[1:] == tuple(-(-s // 8) for s in size)
    assert tokenizer.reconstruct(x).shape == x.shape


def test_padding_is_a_reflection():
    tokenizer = model(**SMALL)
    x = torch.rand(1, 3, 13, 16)
    assert torch.equal(tokenizer.encode(x)[0], tokenizer.encode(torch.cat([x, x[:, :, [11, 10, 9]]], 2))[0])


@pytest.mark.parametrize("dims, shape, network", [
    (1, (700,), SMALL),
    (2, (1, 60), SMALL),
    (2, (12, 9), {}),
    (2, (40, 130), {}),
    (2, (120, 100), SMALL),
    (3, (3, 6, 30), SMALL),
])
def test_decode_region_has_the_bits_of_decode_wherever_it_lies(dims, shape, network):
    tokenizer, generator = model(spatial_dims=dims, **network), torch.Generator().manual_seed(5)
    tokens = random_tokens(tokenizer, (1, *shape))
    whole = tokenizer.decode(tokens)
    for _ in range(12):
        region = random_region(shape, generator)
        expected = whole[(..., *windows.scaled(region, 8))]
        assert torch.equal(tokenizer.decode_region(tokens, region), expected)
        window = windows.grown(region, tokenizer.halo, shape)
        cut = [tokens[0][(slice(None), *window)]]
        assert torch.equal(tokenizer.decode_region(cut, windows.inside(region, window)), expected)


@pytest.mark.parametrize("network", [{}, SMALL])
def test_a_changed_token_changes_no_pixel_beyond_its_halo(network):
    tokenizer = model(**network)
    tokens = random_tokens(tokenizer, (1, 30, 30))
    before = tokenizer.decode(tokens)
    for row, column in ((0, 0), (13, 17), (29, 4)):
        tokens[0][0, row, column] += 1 - 2 * (tokens[0][0, row, column] > 0)
        after = tokenizer.decode(tokens)
        changed = (after != before).any(1)[0].nonzero()
        reach = torch.tensor([row, column]) * 8
        assert len(changed) and (changed >= reach - 8 * tokenizer.halo).all() and (changed < reach + 8 * (tokenizer.halo + 1)).all()
        before = after


@pytest.mark.parametrize("batch", [1, 3])
def test_windows_agree_with_one_plain_pass_to_one_level(batch):
    tokenizer = model()
    tokens = random_tokens(tokenizer, (batch, 110, 104))
    with torch.inference_mode():
        plain = tokenizer.decoder(tokenizer.quantizer.decode(tokens[0]).contiguous(memory_format=memory_format(2))).clamp(-1, 1)
    assert ((tokenizer.decode(tokens) - plain).abs() * 127.5).max() <= 1


def test_encoding_in_windows_agrees_with_one_plain_pass():
    tokenizer = model()
    x = torch.rand(1, 3, 880, 832) * 2 - 1
    with torch.inference_mode():
        plain = tokenizer.quantizer.encode(tokenizer.encoder(x.contiguous(memory_format=memory_format(2))))
    assert (tokenizer.encode(x)[0] == plain).float().mean() > 0.9999


def test_a_batch_gives_what_its_pictures_give_alone():
    tokenizer = model(**SMALL)
    tokens = random_tokens(tokenizer, (5, 6, 9))
    alone = torch.cat([tokenizer.decode([grid[None]]) for grid in tokens[0]])
    assert torch.equal(tokenizer.decode(tokens), alone)


def test_the_decoder_for_photographs_keeps_its_budget():
    tokenizer = model()
    assert tokenizer.halo <= 4
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as flops:
        tokenizer.decoder(torch.randn(1, 32, 64, 64))
    assert flops.get_total_flops() / 64**2 <= 8e6
    assert sum(p.numel() for p in tokenizer.parameters()) + tokenizer.levels[0].codebook.numel() <= 4.9e6


@pytest.mark.parametrize("bad, words", [
    (torch.zeros(1, 3, 8), "spatial"), (torch.zeros(1, 4, 8, 8), "3"), (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "float"),
    (torch.zeros(1, 3, 0, 8), "at least one"), (torch.full((1, 3, 8, 8), torch.nan), "NaN"),
])
def test_encode_explains_what_it_does_not_take(bad, words):
    with pytest.raises(ValueError, match=words):
        model(**SMALL).encode(bad)


@pytest.mark.parametrize("bad, words", [
    ([torch.full((1, 2, 2), 64)], "0 … 63"), ([torch.full((1, 2, 2), -1)], "0 … 63"), ([torch.zeros(1, 2, 2)], "integers"),
    ([], "list of one"), ([torch.zeros(2, 2, dtype=torch.int64)], "spatial"),
])
def test_decode_explains_what_it_does_not_take(bad, words):
    with pytest.raises(ValueError, match=words):
        model(**SMALL).decode(bad)


@pytest.mark.parametrize("region", [(slice(0, 9), slice(0, 1)), (slice(1, 1), slice(0, 1)), (slice(0, 1),), (0, 0)])
def test_decode_region_explains_a_region_beyond_the_grid(region):
    tokenizer = model(**SMALL)
    with pytest.raises(ValueError, match="region"):
        tokenizer.decode_region(random_tokens(tokenizer, (1, 4, 4)), region)


@pytest.mark.parametrize("settings", [{"spatial_dims": 4}, {"downsampling": 3}, {"downsampling": 0}, {"code_dim": 0}])
def test_a_shape_that_can_not_be_is_an_error(settings):
    with pytest.raises(ValueError):
        NetworkConfig(**settings)


POSTER = """
import resource, torch
from vqcore.tokenizers.vqvae import VQVAE
tokenizer = VQVAE().eval()
images = torch.rand(1, 3, 4096, 4096).mul_(2).sub_(1)
tokens = tokenizer.encode(images)
del images
tokenizer.decode(tokens)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.slow
def test_4096_pixels_a_side_there_and_back_stay_under_1500_mb():
    done = subprocess.run([sys.executable, "-c", POSTER], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 1500
