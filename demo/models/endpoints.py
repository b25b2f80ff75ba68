"""The endpoints of models."""

from typing import Any

from demo import models
from demo.kit.files import patiently
from demo.models import foreign
from demo.workers import openers


def list_models() -> dict[str, list[str]]:
    """The models that the other endpoints know by name: tokenizers, the default one first, and priors.

    Returns:
        {"tokenizers": names, "priors": names}
    """
    return {"tokenizers": models.names(), "priors": list(models.priors())}


def open_model(id: str) -> dict[str, Any]:
    """Open someone else's tokenizer from the Hugging Face Hub; the other endpoints then know it by this id.

    Args:
        id: a Hub id, OWNER/NAME or OWNER/NAME/FOLDER, as amused/amused-512/vqvae

    Returns:
        its name, of each level, coarse to fine, codes, code_dim and downsampling; and notes on how it was read, if any
    """
    tokenizer = patiently(openers, foreign.open_id, id)
    levels = [{"codes": each.codebook_size, "code_dim": each.code_dim, "downsampling": each.downsampling} for each in tokenizer.levels]
    return {"name": tokenizer.name, "levels": levels} | ({"notes": list(tokenizer.notes)} if tokenizer.notes else {})
