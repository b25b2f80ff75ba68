"""Pictures as sentences: tokenizers that turn them into grids of integers, and back."""

from vqcore.checkpoints import from_pretrained, list_checkpoints, list_priors, load, load_prior
from vqcore.checkpoints import push as push_to_hub
from vqcore.quantizers.vq import VectorQuantizer
from vqcore.tokenizers.refinement import refine
from vqcore.tokenizers.vqvae import VQVAE, Level, VQVAEConfig

__all__ = [
    "VQVAE", "Level", "VQVAEConfig", "VectorQuantizer", "from_pretrained", "list_checkpoints", "list_priors", "load", "load_prior",
    "push_to_hub", "refine",
]
