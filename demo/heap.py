"""What the system's allocator keeps of what was let go.

glibc has eight heaps a processor, each as large as it was ever at once, and takes blocks of up to 32 MB out of them once it has seen such
a block freed. Pictures and what networks make of them are such blocks, of all sizes, on a dozen threads: after minutes twice as much was
kept as was used. Two heaps do, and large blocks come from the system and go back to it.
"""

import ctypes
import sys

ARENA_MAX, MMAP_THRESHOLD = -8, -3  # as malloc.h numbers them
HEAPS, LARGE = 2, 1 << 20
"""LARGE: bytes. A stroke takes as long as before and a whole picture a sixth longer; from 16 MB on neither does, and a third of what was
kept stays."""


def settle() -> None:
    """For this process, from now on; where there is another allocator, nothing."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(ARENA_MAX, HEAPS)
        mallopt(MMAP_THRESHOLD, LARGE)
