"""The process that trains: as `python -m vqcore.train`, but last in line for the processor, and it ends when the page's does.

Its standard input is a pipe from the page's process, which nothing is written to: it closes when that process dies.
"""

import os
import signal
import sys
import threading

NICENESS = 15


def stop_with_parent() -> None:
    while os.read(0, 1):  # not sys.stdin, whose lock a process that ends would wait for
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(max(0, NICENESS - os.nice(0)))
    threading.Thread(target=stop_with_parent, daemon=True).start()

    from vqcore.train import main

    sys.exit(main(sys.argv[1:]))
