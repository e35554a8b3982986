"""Ids of our own rows."""

import os
import secrets
import socket
import time
from uuid import UUID


def new_id() -> str:
    """A UUID version 7, 36 characters: ids made later sort later, also within one millisecond.

    The 12 bits after the version hold the fraction of the millisecond (RFC 9562, section 6.2, method 3).
    """
    return _id(time.time_ns(), secrets.randbits(62))


def own_name() -> str:
    """A name for this process that no other ever had: a restarted one must not inherit what its predecessor held."""
    return f"{socket.gethostname()[:24]}-{os.getpid()}-{secrets.token_hex(6)}"


def id_at(moment: float) -> str:
    """The least of all ids made at that time, in UTC seconds: those before it are smaller."""
    return _id(int(moment * 1e9), 0)


def _id(ns: int, noise: int) -> str:
    milliseconds, rest_ns = divmod(ns, 1_000_000)
    fraction = (rest_ns << 12) // 1_000_000
    return str(UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | noise))
