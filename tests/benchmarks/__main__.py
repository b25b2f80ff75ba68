"""One table, ours beside the peer beside the limit:

pip install -r requirements.txt -r tests/benchmarks/requirements.txt && python -m tests.benchmarks
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks import codes, pictures, sampling, startup, training
from tests.benchmarks.measure import Row, machine

GROUPS = {"codes": codes, "pictures": pictures, "sampling": sampling, "training": training, "startup": startup}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", help=f"which of {', '.join(GROUPS)}; all of them unless told")
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"), help="where the figures go")
    options = parser.parse_args()
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"there is no group {', '.join(sorted(unknown))}")
    print(machine(), file=sys.stderr)
    rows = []
    for group in options.groups or GROUPS:
        for row in GROUPS[group].rows():
            rows.append(row)
            print(line(row), flush=True)
    figures = {"machine": machine(), "rows": [asdict(r) | {"ratio": r.ratio, "share": r.share} for r in rows]}
    options.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 0


def line(row: Row) -> str:
    """The row as Markdown."""
    show = lambda value: "" if value is None else value if isinstance(value, str) else f"{value:.3g} {row.unit}"
    peer = f"{show(row.peer)} ({row.peer_name})" if row.peer is not None else ""
    times = "" if row.ratio is None else f"{row.ratio:.1f} ×"
    share = "" if row.share is None else f"{row.share:.0%} of {row.limit_name}"
    return f"| {row.what} | {show(row.ours)} | {peer} | {times} | {share} |"


if __name__ == "__main__":
    sys.exit(main())
