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
from vqcore.evaluation.prior import MOST_SAMPLES, Settings
from vqcore.evaluation.report import table, write_report


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vqcore.evaluate", description="Measure a checkpoint on data it never saw.")
    parser.add_argument("name", help="a tokenizer's or a prior's name in checkpoints/, its path, or its Hub id")
    parser.add_argument(
        "--data", type=Path, required=True,
        help="a folder of pictures; for a prior with `train` and `val` in it, for one that reads captions with metadata.jsonl; "
        "for sounds, labelled WAV files with both splits; or Fashion-MNIST's files",
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file, and sheets of samples beside it")
    parser.add_argument("--publish", action="store_true", help="write them into the checkpoint's folder, in place of its published ones")
    tokenizers = parser.add_argument_group("tokenizers of pictures")
    way = tokenizers.add_mutually_exclusive_group()
    way.add_argument("--refine", action="store_true", help="search for better tokens than the encoder's; takes a hundred times as long")
    way.add_argument("--files", action="store_true", help="measure its token files instead")
    tokenizers.add_argument(
        "--texture", type=Path, help="also measure how real decoded patches look, by classifiers trained on this folder of labelled pictures"
    )
    priors = parser.add_argument_group("priors")
    priors.add_argument("--temperature", type=float, default=1.0, help="of the samples; 1 as learned, 0 the likeliest tokens")
    priors.add_argument("--top-k", type=int, help="draw each token among that many of the likeliest")
    priors.add_argument("--top-p", type=float, help="draw among the fewest that have this probability together (nucleus sampling)")
    priors.add_argument("--guidance", type=float, default=1.0, help="weight of the text, classifier-free guidance; 1 is plain")
    priors.add_argument("--samples", type=int, default=MOST_SAMPLES, help="how many to train the classifier on")
    priors.add_argument("--tokens", type=Path, help="those that it was trained on (run/tokens in its training's folder), to find copies")
    priors.add_argument("--reranker", help="a contrastive model, to choose the best of a few samples by")
    priors.add_argument("--prompts", type=int, default=1000, help="how many of the prompts that were trained on")
    options = parser.parse_args(arguments)
    show_log()
    settings = Settings(options.temperature, options.top_k, options.top_p, options.guidance)
    try:
        report = measure(options.name, options.data, Options(
            options.refine, options.files, settings, options.samples, options.tokens, options.reranker, options.prompts, options.texture,
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
