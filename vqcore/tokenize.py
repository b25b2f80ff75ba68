"""Write the tokens of pictures to files that priors train from:

python -m vqcore.tokenize --tokenizer NAME --data DATA --out shards/
torchrun --nproc-per-node N -m vqcore.tokenize …          the shards shared out among N processes

The same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from vqcore import distributed
from vqcore.checkpoints import load
from vqcore.data.labelled import open_pixels, read_labelled
from vqcore.files import alone_in, lost_nothing
from vqcore.formats.shards import tokenize


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m vqcore.tokenize", description="Encode pictures to files of tokens, to train priors from.",
    )
    parser.add_argument("--tokenizer", required=True, help="a tokenizer's name in checkpoints/, its path, or its Hub id")
    parser.add_argument("--data", required=True, help="a folder of pictures, a zip of one, an .npz file, or a data set on the Hub")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tokens; an unfinished run in it is resumed")
    parser.add_argument("--split", default="train", help="train or val (default: %(default)s)")
    parser.add_argument("--side", type=int, help="side of the square crops, in pixels (default: the shorter side of the first picture)")
    parser.add_argument(
        "--views", type=int, default=1,
        help="crops per picture: the center crop, then random ones, every other one mirrored (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    distributed.show_log()
    try:
        with distributed.together():
            tokenizer, data = load(options.tokenizer), read_labelled(options.data, options.split)
            side = options.side or min(open_pixels(data.pictures[0]).shape[:2])
            with alone_in(options.out) if distributed.is_first() else nullcontext():
                tokenize(tokenizer, data, options.out, side, options.views)
            if distributed.is_first():
                print(f"{len(data.labels):,} pictures are in {options.out}.")
    except ValueError as error:
        print(f"\nerror: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"\nerror: {lost_nothing(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from the last whole shard.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
