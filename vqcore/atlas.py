"""Map a tokenizer's codes, and show what they stand for: python -m vqcore.atlas NAME --data DIR"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vqcore.checkpoints import find, load
from vqcore.distributed import show_log
from vqcore.formats.atlas import FILE, write_atlas


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m vqcore.atlas",
        description="Make a tokenizer's atlas: a t-SNE map of its codes, and picture patches that each code stands for.",
    )
    parser.add_argument("name", help="a tokenizer's name in checkpoints/, or its path; the atlas is written there")
    parser.add_argument(
        "--data", type=Path, required=True, action="append",
        help="a folder of pictures free to publish: patches of them are stored with the checkpoint; may be repeated",
    )
    options = parser.parse_args(arguments)
    show_log()
    try:
        folder = find(options.name)
        atlas = write_atlas(load(options.name), options.data, folder)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    size = (folder / FILE).stat().st_size
    seen = int((atlas.counts > 0).sum())
    print(f"{len(atlas.patches):,} patches of {seen:,} of {len(atlas.counts):,} codes; {folder / FILE} has {size:,} bytes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
