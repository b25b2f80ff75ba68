"""A prior of any size on whole pictures that it never saw."""

from __future__ import annotations

from pathlib import Path

import torch

from vqcore.data.labelled import unseen_pictures
from vqcore.evaluation.prior import count_parameters
from vqcore.evaluation.report import Report, figures, named
from vqcore.metrics import entropy
from vqcore.priors.base import Prior
from vqcore.tokenizers.base import Tokenizer
from vqcore.tokenizers.pixels import to_tensor

UNITS = {"bits_per_token": "bits", "bits_of_pictures": "bits", "fixed_bits": "bits", "marginal_entropy": "bits"}


def measure_any_size(prior: Prior, tokenizer: Tokenizer, folder: Path) -> Report:
    """Bits a token over all tokens of all pictures below a folder, each whole, and the mean of the pictures' own; beside
    them what a token costs with the fixed log₂ K, and by the entropy of these pictures' own counts, of which `saving` is the
    share that it saves."""
    size = tokenizer.levels[-1].codebook_size
    counts, each = torch.zeros(size), []
    for name, pixels in unseen_pictures(folder, tokenizer.channels):
        tokens = tokenizer.encode(to_tensor(pixels))
        (bits,) = prior.bits(tokens)
        counts += torch.bincount(tokens[0].flatten(), minlength=size)
        each.append({"name": name, "tokens": bits.numel(), "bits": float(bits.sum())})
    if not each:
        raise ValueError(f"No picture in {folder} could be read.")
    total = sum(row["tokens"] for row in each)
    cost, marginal = sum(row["bits"] for row in each) / total, float(entropy(counts))
    values = {
        "parameters": count_parameters(prior), "pictures": len(each), "tokens": total,
        "bits_per_token": cost,
        "bits_of_pictures": sum(row["bits"] / row["tokens"] for row in each) / len(each),
        "fixed_bits": float(torch.tensor(float(size)).log2()), "marginal_entropy": marginal,
        "saving": 1 - cost / marginal if marginal else None,
    }
    return Report(
        prior.name, named(folder), figures(values, UNITS), {"tokenizer": prior.tokenizer}, {"each": each}
    )
