"""What tests of other people's tokenizers share: models of theirs with random weights, and what it is to agree with them."""

from __future__ import annotations

import torch

PICTURES = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(1)) * 2 - 1


def shuffled(module):
    """Random weights with every norm and bias away from where it starts, so that a mix-up shows."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        parameter.data.add_(0.1 * torch.randn_like(parameter) * parameter.data.std().nan_to_num(1).clamp_min(0.1))
    return module.eval()


def spread(embedding, z_e):
    """A code on as many of the vectors as there are codes, and others about them: then rounding decides no near tie."""
    vectors = z_e.movedim(1, -1).reshape(-1, z_e.shape[1])
    vectors = vectors[torch.randperm(len(vectors), generator=torch.Generator().manual_seed(2))]
    place = torch.arange(len(embedding.weight))
    noise = torch.randn(embedding.weight.shape, generator=torch.Generator().manual_seed(3))
    embedding.weight.data = vectors[place % len(vectors)] + vectors.std() * noise * (place[:, None] >= len(vectors))


@torch.no_grad()
def agrees(model, z_e, indices, decode):
    """Equal tokens, and pixels within 1e-4 of the original's for them."""
    tokens = model.encode(PICTURES)
    assert torch.equal(tokens[0].flatten(), indices(z_e).flatten())
    assert len(tokens[0].unique()) > 20
    assert (model.decode(tokens) - decode(tokens[0]).clamp(-1, 1)).abs().max() < 1e-4
