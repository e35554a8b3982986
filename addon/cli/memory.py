"""How the C library keeps memory for a process that runs for weeks."""

import ctypes
import os
from contextlib import suppress

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD in malloc.h
_LARGE = 1024 * 1024
_OPERATORS = "MALLOC_MMAP_THRESHOLD_"


def give_large_blocks_back() -> None:
    """Blocks of more than a megabyte go back to the system as soon as they are freed.

    glibc does so until the first one was freed; from then on it keeps all up to that size, and between them lies what
    nothing fits into: after a few large issues a process is half as large again. What the operator has set stays.
    """
    if _OPERATORS in os.environ:
        return
    # Other C libraries do not know the word, and do not have the habit.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)
