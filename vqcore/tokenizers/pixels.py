"""Pictures as tokenizers take and give them, floats in [-1, 1], and as everybody else has them, uint8."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def to_tensor(pixels: np.ndarray) -> Tensor:
    """uint8 [H, W, C] or [B, H, W, C] → float32 [B, C, H, W] in [-1, 1]."""
    x = torch.from_numpy(np.array(pixels if pixels.ndim == 4 else pixels[None]))
    return x.movedim(-1, 1).float() / 127.5 - 1


def to_pixels(images: Tensor) -> np.ndarray:
    """float [B, C, H, W] in [-1, 1] → uint8 [B, H, W, C], to the nearest level."""
    return ((images.detach().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).movedim(1, -1).contiguous().cpu().numpy()
