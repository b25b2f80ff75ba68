"""Pictures as sentences: tokenizers that turn them into grids of integers, and back."""

from vqcore.checkpoints import from_pretrained, list_checkpoints, list_priors, load, load_prior, load_tokenizer_of
from vqcore.checkpoints import push as push_to_hub
from vqcore.priors.base import Prior
from vqcore.quantizers import FSQ, FSQConfig, VectorQuantizer, VQConfig
from vqcore.quantizers.base import Quantizer
from vqcore.tokenizers.base import Level, Tokenizer
from vqcore.tokenizers.refinement import refine
from vqcore.tokenizers.vqvae import VQVAE, VQVAEConfig

__version__ = "0.1.0"

__all__ = [
    "FSQ", "VQVAE", "FSQConfig", "Level", "Prior", "Quantizer", "Tokenizer", "VQConfig", "VQVAEConfig", "VectorQuantizer",
    "from_pretrained", "list_checkpoints", "list_priors", "load", "load_prior", "load_tokenizer_of", "push_to_hub", "refine",
]
