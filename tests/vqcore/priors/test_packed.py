"""Packed products agree with plain ones, and where torch lacks a private operator the plain one takes its place."""

import pytest
import torch
import torch.nn.functional as F

from vqcore.priors import packed
from vqcore.tokenizers.networks import autocast


@pytest.mark.parametrize("lacking", [(), ("HAS_ONEDNN",), ("HAS_BYTES",), ("HAS_ONEDNN", "HAS_BYTES")])
@pytest.mark.parametrize("arithmetic, apart", [(torch.float32, 1e-5), (torch.bfloat16, 0.02), (torch.int8, 0.03)])
@pytest.mark.parametrize("gelu", [False, True])
def test_a_packed_layer_is_the_layer_with_whatever_operators_there_are(lacking, arithmetic, apart, gelu, monkeypatch):
    for name in lacking:
        monkeypatch.setattr(packed, name, False)
    torch.manual_seed(0)
    weight, bias, x = torch.randn(64, 32), torch.randn(64), torch.randn(4, 32)
    expected = F.linear(x, weight, bias)
    expected = F.gelu(expected) if gelu else expected
    found = packed.packed_linear(weight, bias, 4, arithmetic, gelu)(x).float()
    assert (found - expected).norm() < apart * expected.norm()


def test_a_torch_that_cannot_tell_of_bfloat16_computes_in_float32(monkeypatch):
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported")
    with autocast("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
