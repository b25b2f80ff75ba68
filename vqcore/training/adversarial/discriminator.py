"""Who tells decoded pictures from real ones: a patch discriminator (1611.07004), spectrally normed (1802.05957)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

GAIN = 8.0  # a spectrally normed network is no steeper than 1, and textures are a few grey levels apart
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue: ITU-R BT.601


@dataclass(frozen=True)
class DiscriminatorConfig:
    """width: channels of the first layer, doubled by each;  layers: before the last, two of them at half the size each."""

    width: int = 64
    layers: int = 3


class Discriminator(nn.Module):
    """Brightness [B, 1, H, W] → how real each patch looks, [B, 1, H', W'].

    Fully convolutional, with a receptive field of a few tokens, as the decoder that it judges is local. Of colour it knows nothing:
    what a decoder makes up in colour is speckle.
    """

    def __init__(self, config: DiscriminatorConfig = DiscriminatorConfig()):
        super().__init__()
        widths = [1, *(config.width * 2**i for i in range(config.layers))]
        strides = [2 if i < 2 else 1 for i in range(config.layers)]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(a, b, 4, stride, 1)) for a, b, stride in zip(widths, widths[1:], strides)
        )
        self.write = spectral_norm(nn.Conv2d(widths[-1], 1, 4, 1, 1))
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  not in torch's stubs

    def forward(self, brightness: Tensor) -> Tensor:
        x = brightness
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
        return GAIN * self.write(x)


def brightness(images: Tensor) -> Tensor:
    """[B, 3, H, W] (or [B, 1, H, W]) → the grey picture, [B, 1, H, W]."""
    if images.shape[1] == 1:
        return images
    return (images * images.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)
