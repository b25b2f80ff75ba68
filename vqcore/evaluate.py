"""Measure a checkpoint on data it never saw: python -m vqcore.evaluate NAME --data DIR

The figures are printed; `--json FILE` writes them too, and only `--publish` writes into the checkpoint's own folder.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vqcore.checkpoints import find
from vqcore.distributed import show_log
from vqcore.evaluation.measure import Options, measure
from vqcore.evaluation.prior import MOST_SAMPLES
from vqcore.evaluation.report import table, write_report


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vqcore.evaluate", description="Measure a checkpoint on data it never saw.")
    parser.add_argument("name", help="a tokenizer's or a prior's name in checkpoints/, its path, or its Hub id")
    parser.add_argument(
        "--data", type=Path, required=True,
        help="for a tokenizer, a folder of pictures; for a prior, one with `train` and `val` in it; for a prior of captions, one with "
        "metadata.jsonl; for models of sounds, labelled WAV files with both splits; or Fashion-MNIST's idx.gz files",
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file, and sheets of samples (pictures) beside it")
    parser.add_argument(
        "--publish", action="store_true", help="also write the figures into the checkpoint's folder, replacing its published ones",
    )
    tokenizers = parser.add_argument_group("tokenizers of pictures")
    way = tokenizers.add_mutually_exclusive_group()
    way.add_argument("--refine", action="store_true", help="first search for better tokens than the encoder's; a hundred times slower")
    way.add_argument("--files", action="store_true", help="measure token files (.vqt) instead: their size, beside JPEG's at the same PSNR")
    tokenizers.add_argument(
        "--texture", type=Path,
        help="also measure how real decoded patches look, by classifiers trained on this folder of labelled pictures",
    )
    tokenizers.add_argument("--letters", action="store_true", help="also measure how many letters of 8 to 32 pixels are still read")
    priors = parser.add_argument_group("priors")
    priors.add_argument("--temperature", type=float, help="of sampling: 1 as learned, 0 greedy (default: the prior's own)")
    priors.add_argument("--top-k", type=int, help="sample each token from the TOP_K likeliest")
    priors.add_argument("--top-p", type=float, help="nucleus sampling: sample from the fewest tokens whose probabilities sum to TOP_P")
    priors.add_argument("--guidance", type=float, help="classifier-free guidance scale: 1 is none (default: the prior's own)")
    priors.add_argument(
        "--samples", type=int, default=MOST_SAMPLES, help="number of samples that the classifier is trained on (default: %(default)s)",
    )
    priors.add_argument(
        "--tokens", type=Path,
        help="folder of the tokens the prior was trained on (run/tokens in its training folder), to look for copies in its samples",
    )
    priors.add_argument("--reranker", help="contrastive model that picks the best of a few samples: a name in checkpoints/, or a path")
    priors.add_argument("--prompts", type=int, default=1000, help="number of prompts from the training split (default: %(default)s)")
    options = parser.parse_args(arguments)
    show_log()
    given = {name: getattr(options, name) for name in ("temperature", "top_k", "top_p", "guidance")}
    settings = {name: value for name, value in given.items() if value is not None}
    try:
        report = measure(options.name, options.data, Options(
            options.refine, options.files, settings, options.samples, options.tokens, options.reranker, options.prompts, options.texture,
            options.letters,
        ))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(table(report))
    published = find(options.name) / ("refined.json" if options.refine else "files.json" if options.files else "metrics.json")
    for file in [options.json] * bool(options.json) + [published] * options.publish:
        write_report(report, file)
        print(f"The figures are in {file}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
