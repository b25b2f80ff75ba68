"""How things are timed, and what the machine could do at best."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

GIB = 2**30


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds, or `unit`; None where it has no peer or limit, or what keeps it from running."""

    what: str
    ours: float
    peer: float | str | None = None
    peer_name: str = ""
    limit: float | None = None
    limit_name: str = ""
    unit: str = "s"

    @property
    def ratio(self) -> float | None:
        """How many times ours goes into the peer's: more is better for us."""
        return self.peer / self.ours if isinstance(self.peer, (int, float)) else None

    @property
    def share(self) -> float | None:
        """How near ours is to the limit: 1 is as fast as can be."""
        return None if self.limit is None else self.limit / self.ours


def interleaved(candidates: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The median of each one's times, in seconds; they take turns, so that a slow minute hits them all."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for candidate in candidates.values():
        candidate()
    for _ in range(repeats):
        for name, candidate in candidates.items():
            started = time.perf_counter()
            candidate()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in times.items()}


def elsewhere(code: str, *arguments: object, timeout: float = 900) -> float | str:
    """The number that this program prints last in a process of its own, or why it has none."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=timeout
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        return "not enough memory" if "alloc" in lines[-1] or done.returncode == -9 else lines[-1][:80]
    return float(done.stdout.split()[-1])


def product_seconds(n: int, k: int, m: int, dtype: torch.dtype = torch.float32, repeats: int = 5) -> float:
    """The time of one matrix product [n, k] × [k, m], the arithmetic that can't be spared."""
    a, b = torch.randn(n, k).to(dtype), torch.randn(k, m).to(dtype)
    out = torch.empty(n, m, dtype=dtype)
    return interleaved({"product": lambda: torch.mm(a, b, out=out)}, repeats)["product"]


def flops_a_second(dtype: torch.dtype) -> float:
    """The best rate of the machine: of a 2,048³ matrix product and of a wide 3×3 convolution, whichever is faster."""
    product = 2 * 2048**3 / product_seconds(2048, 2048, 2048, dtype)
    layer = torch.nn.Conv2d(128, 128, 3, padding=1).to(dtype=dtype, memory_format=torch.channels_last)
    x = torch.randn(4, 128, 128, 128).to(dtype=dtype, memory_format=torch.channels_last)
    with torch.inference_mode():
        seconds = interleaved({"layer": lambda: layer(x)}, 5)["layer"]
    return max(product, 2 * 9 * 128 * 128 * 4 * 128 * 128 / seconds)


def bytes_a_second() -> float:
    """The rate at which memory is read, from the sum of half a GiB."""
    x = torch.ones(GIB // 8)
    return GIB / 2 / interleaved({"read": x.sum}, 5)["read"]


def machine() -> str:
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            name = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{name}, {os.cpu_count()} CPUs, torch {torch.__version__} with {torch.get_num_threads()} threads"
