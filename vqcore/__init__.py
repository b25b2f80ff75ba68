"""Pictures as sentences: tokenizers that turn them into grids of integers, and back."""

from vqcore.checkpoint import from_pretrained, list_checkpoints, list_priors, load, load_prior
from vqcore.checkpoint import push as push_to_hub
from vqcore.quantizer import VectorQuantizer
from vqcore.refinement import refine
from vqcore.vqvae import VQVAE, Level, VQVAEConfig

__all__ = [
    "VQVAE", "Level", "VQVAEConfig", "VectorQuantizer", "from_pretrained", "list_checkpoints", "list_priors", "load", "load_prior",
    "push_to_hub", "refine",
]
