"""Loads a command's modules without looking for garbage among them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """What is made inside the block stays for good: the collector neither runs meanwhile nor looks at it later.

    Modules are hundreds of thousands of objects. Going through them again and again took a quarter of a start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
