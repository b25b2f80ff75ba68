"""Several processes at one training (distributed data parallel), by torch's own engine, on one machine or on several:

torchrun --nproc-per-node 2 -m vqcore.train …

Each process is a rank, with a device of its own. Where torchrun started none there is one rank, and nothing here
costs anything.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn


class RankLost(RuntimeError):
    """Another rank has ended."""


def device() -> torch.device:
    """Where this rank computes: its own CUDA device, Apple's GPU if it is the only rank, or the processor."""
    if torch.cuda.is_available():
        index = int(os.environ.get("LOCAL_RANK", 0))
        if index >= torch.cuda.device_count():
            raise ValueError(f"This machine has {torch.cuda.device_count()} CUDA devices. Start no more processes than that on it.")
        return torch.device("cuda", index)
    return torch.device("mps" if torch.backends.mps.is_available() and not _several() else "cpu")


@contextmanager
def together() -> Iterator[None]:
    """Meet the other ranks that torchrun started, if it did; with the last thing done together, the process ends, with 0.

    Where another rank has ended, this process says so and ends too, with 2. Neither way is the interpreter taken down:
    gloo's threads, which outlive their group, abort one process in ten of those that are.
    """
    if not _several():
        yield
        return
    here = device()
    if here.type == "cuda":
        torch.cuda.set_device(here)
    dist.init_process_group("nccl" if here.type == "cuda" else "gloo")
    try:
        yield
    except RankLost as lost:
        print(f"error: {lost}", file=sys.stderr, flush=True)
        os._exit(2)
    except BaseException:
        dist.destroy_process_group()
        raise
    dist.destroy_process_group()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def count() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def is_first() -> bool:
    """Whether this is the rank that saves, validates and prints."""
    return rank() == 0


def show_log() -> None:
    """What the library logs, on the screen: all of it from the first rank, warnings from all. For command lines."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger("vqcore").setLevel(logging.INFO if int(os.environ.get("RANK", 0)) == 0 else logging.WARNING)


def share(total: int) -> int:
    """How many of `total` things each rank takes: the same number, rounded up."""
    return -(-total // count())


def summed(tensor: Tensor) -> Tensor:
    """The sum over the ranks of their tensors of one shape; in place."""
    if count() > 1:
        with _all_ranks():
            dist.all_reduce(tensor)
    return tensor


def from_first(tensor: Tensor) -> Tensor:
    """The first rank's tensor, to all that have one of its shape; in place."""
    if count() > 1:
        with _all_ranks():
            dist.broadcast(tensor, 0)
    return tensor


def bytes_from_first(data: bytes) -> bytes:
    """The first rank's bytes, whatever the others have."""
    if count() == 1:
        return data
    size = int(from_first(torch.tensor(len(data), device=device())))
    buffer = torch.tensor(bytearray(data), dtype=torch.uint8) if is_first() else torch.empty(size, dtype=torch.uint8)
    return from_first(buffer.to(device())).cpu().numpy().tobytes()


def rows(tensor: Tensor, index: Tensor) -> Tensor:
    """tensor[index], were the ranks' tensors one tensor, in the order of the ranks. `index` is the same on all."""
    if count() == 1:
        return tensor[index]
    lengths = torch.zeros(count(), dtype=torch.int64, device=tensor.device)
    lengths[rank()] = len(tensor)
    local = index - summed(lengths)[: rank()].sum()
    mine = (local >= 0) & (local < len(tensor))
    found = tensor.new_zeros(len(index), *tensor.shape[1:])
    found[mine] = tensor[local[mine]]
    return summed(found)


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Each gradient becomes its mean over the ranks: that of the mean loss over all of their batches."""
    if count() == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = summed(torch.cat([g.flatten() for g in gradients])) / count()
    for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients])):
        gradient.copy_(part.view(gradient.shape))


def wait_for_all() -> None:
    """Go on when every rank has come here."""
    summed(torch.zeros(1, device=device()))


def _several() -> bool:
    return int(os.environ.get("WORLD_SIZE", 1)) > 1


@contextmanager
def _all_ranks() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise RankLost(
            "Another process of this run has ended, so this one ends too. Start the run again: it goes on from its last "
            "save, with any number of processes."
        ) from error
