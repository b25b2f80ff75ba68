"""Count the tokens of training pictures, and write a checkpoint's tables: python -m vqcore.tokenfile NAME --data DIR"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vqcore.checkpoints import find, load
from vqcore.distributed import show_log
from vqcore.formats.tokenfile import count_tokens, save_tables


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m vqcore.tokenfile",
        description="Count how codes follow one another in training pictures, and write the context tables by which token files "
        "are compressed.",
    )
    parser.add_argument("name", help="a tokenizer's name in checkpoints/, or its path; the tables are written there")
    parser.add_argument("--data", type=Path, action="append", required=True, help="a folder of training pictures; may be repeated")
    options = parser.parse_args(arguments)
    show_log()
    try:
        tokenizer = load(options.name)
        file = save_tables(count_tokens(tokenizer, options.data), tokenizer, find(options.name))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"The tables are in {file}, {file.stat().st_size / 1024:.0f} KB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
