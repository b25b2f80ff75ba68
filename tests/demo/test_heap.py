"""What the process keeps of what it let go."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes
import numpy as np
from demo import heap

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

kept = ctypes.CDLL(None).mallinfo2
kept.restype = Info
if {settled}:
    heap.settle()
for _ in range(3):
    block = np.ones({size}, np.uint8)
    is_own = kept().hblkhd >= {size}
    del block
print(is_own)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
@pytest.mark.parametrize("settled", [True, False])
def test_a_large_block_goes_back_to_the_system_however_often_one_has_come(settled):
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(settled=settled, size=24 << 20)], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == [str(settled)]
