"""Encoding, decoding and single strokes."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.flop_counter import FlopCounterMode

import vqcore
from tests.benchmarks.measure import Row, flops_a_second, interleaved

HEIGHT, WIDTH = 512, 768


def rows() -> Iterator[Row]:
    yield from whole_pictures()
    yield from strokes()


def whole_pictures() -> Iterator[Row]:
    """A photograph there and back, beside the nearest in size that diffusers' VQModel can be."""
    from diffusers import VQModel

    tokenizer = vqcore.load("photos")
    torch.manual_seed(0)
    peer = VQModel(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(32, 32, 64, 128), layers_per_block=1, latent_channels=32, num_vq_embeddings=4096,
        vq_embed_dim=32, norm_num_groups=32, mid_block_add_attention=False,
    ).eval().to(memory_format=torch.channels_last)
    x = torch.rand(1, 3, HEIGHT, WIDTH).mul(2).sub(1).to(memory_format=torch.channels_last)
    tokens = tokenizer.encode(x)
    with torch.inference_mode():
        h = peer.encode(x).latents
        decode, both = lambda: tokenizer.decode(tokens), lambda: tokenizer.reconstruct(x)
        ours = {"encode": lambda: tokenizer.encode(x), "decode": decode, "there and back": both}
        plain = lambda: peer.decode(h).sample
        theirs = {"encode": lambda: peer.quantize(peer.encode(x).latents), "decode": plain, "there and back": lambda: peer(x).sample}
        for dtype in (torch.float32, torch.bfloat16):
            peak = flops_a_second(dtype)
            for verb in ours:
                with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
                    times = interleaved({"ours": ours[verb], "peer": theirs[verb]}, 7)
                    work = flops(ours[verb])
                what = f"{verb} {WIDTH}×{HEIGHT}, {str(dtype).removeprefix('torch.')}"
                yield Row(
                    f"{what}, {work / 1e9:.0f} GFLOP (the peer {flops(theirs[verb]) / 1e9:.0f})",
                    times["ours"], times["peer"], "diffusers VQModel", work / peak, f"{peak / 1e9:.0f} GFLOP/s",
                )


def strokes() -> Iterator[Row]:
    """One token changed: what is decoded for it, beside decoding the picture."""
    tokenizer = vqcore.load("photos")
    reach, f = tokenizer.halo, tokenizer.levels[-1].downsampling
    for side in (256, 1024, 4096):
        n = side // f
        tokens = [torch.randint(tokenizer.levels[0].codebook_size, (1, n, n))]
        region = (slice(n // 2 - reach, n // 2 + reach + 1),) * 2
        times = interleaved(
            {"ours": lambda: tokenizer.decode_region(tokens, region), "peer": lambda: tokenizer.decode(tokens)}, 15 if side < 4096 else 3
        )
        yield Row(f"a one-token stroke, {side} px a side", times["ours"], times["peer"], "decoding it whole")


def flops(work) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()
