"""How a training uses this machine's processors and memory (needs torch)."""

from __future__ import annotations

import contextlib
import ctypes

import torch

# Of glibc's malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4


def use_cpu(threads: int) -> None:
    """Computes with so many threads, and keeps the memory that a step frees for the next.

    As it comes, glibc hands large blocks back to the system, which clears every page of them anew:
    of a step of the founding document's network, whose activations take gigabytes, that was a third
    (2.8 pictures a second and 3.9 without; 2026-11-23, 2 cores, Xeon with AMX, batch of 32).
    """
    torch.set_num_threads(threads)
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        malloc = ctypes.CDLL(None)
        malloc.mallopt(M_MMAP_MAX, 0)
        malloc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        malloc.mallopt(M_TOP_PAD, 256 << 20)
