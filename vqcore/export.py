"""Write a tokenizer's encoder and decoder for what runs no Python: python -m vqcore.export NAME --format onnx"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vqcore.checkpoints import load
from vqcore.distributed import show_log
from vqcore.files import alone_in, lost_nothing
from vqcore.formats.graphs import write_onnx

FORMATS = {"onnx": write_onnx}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m vqcore.export", description="Write a tokenizer's encoder and decoder for other programs, with dynamic sizes.",
    )
    parser.add_argument("name", help="a tokenizer's name in checkpoints/, its path, or its Hub id")
    parser.add_argument("--format", choices=FORMATS, default="onnx", help="of the files (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="folder for encoder and decoder (default: NAME-onnx in this one)")
    options = parser.parse_args(arguments)
    show_log()
    try:
        tokenizer = load(options.name)
        out = options.out or Path(f"{Path(tokenizer.name).name}-{options.format}")
        with alone_in(out):
            for path in FORMATS[options.format](tokenizer, out):
                print(f"{path} has {path.stat().st_size:,} bytes.")
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {lost_nothing(error)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
