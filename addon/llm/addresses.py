"""Which addresses a tenant may name as a model's: public ones over https, and what the operator allowed besides."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import httpx2

MOST_CHARS = 500

# As plain as possible: what two parsers read differently (userinfo, escapes, backslashes, queries) is not in it.
_PLAIN = re.compile(r"(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?((?:/[A-Za-z0-9._~-]+)*)/?")
# What some resolver somewhere takes for an IPv4 address: 127.1, 0x7f.1, 2130706433, 017700000001.
_NUMERIC = re.compile(r"(?:.*\.)?(?:\d+|0[xX][0-9A-Fa-f]*)")
_PORTS = {"http": 80, "https": 443}
_LOCAL_NAMES = (".localhost", ".local", ".localdomain", ".internal", ".intranet", ".lan", ".home.arpa")

_NOT_PUBLIC_4 = [
    IPv4Network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # public by number, but inside Azure it is the host of the machine
    )
]  # fmt: skip
_PUBLIC_6 = IPv6Network("2000::/3")
# Tunnels (Teredo, 6to4) and everything that carries an IPv4 address inside would lead around the list above.
_NOT_PUBLIC_6 = [IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]

# IPv4 inside IPv6 on networks that have no IPv4 themselves; the second one's form is each network's own.
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_METADATA = {
    ip_address(text)
    for text in ("168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
}  # fmt: skip
"""Where clouds answer their machines with credentials, beside the link-local addresses."""


class AddressRefused(httpx2.ConnectError):
    """Not called: the address, or what its name leads to, is not a tenant's to name. Says so to its administrator."""


def refuse(url: str, allowed: Sequence[str]) -> str | None:
    """Why this address may not be used, as a sentence for its administrator; None when it may.

    allowed: the operator's `host` (on the usual port of http or https) and `host:port`; those may be private and may
    do without https. Nothing is looked up here: what a name leads to is checked whenever it is called (guard.py).
    """
    found = _PLAIN.fullmatch(url) if len(url) <= MOST_CHARS else None
    if found is None or _port(found) is None or {".", ".."} & set(found[4].split("/")):
        return "The address must look like https://host/path, without user, query or special characters."
    host = found[2].lower()
    if is_allowed(url, allowed):
        return None
    if found[1].lower() != "https":
        return "The address must begin with https://."
    literal = _literal(host)
    if literal is None and (_NUMERIC.fullmatch(host) or host.startswith("[")):
        return "The host of the address is no name and no plain IP address."
    if literal is not None and not is_public(literal):
        return f"{host} is not a public address, and the add-on's operator has not allowed it."
    if literal is None and (host.endswith((".", *_LOCAL_NAMES)) or "." not in host.strip(".") or ".." in host):
        return f"{host} is not the name of a public host, and the add-on's operator has not allowed it."
    return None


def is_allowed(url: str, allowed: Sequence[str]) -> bool:
    """Whether the operator named this host and port; never for what is no address."""
    try:
        parts = urlsplit(url)
        usual = _PORTS.get(parts.scheme)
        port = usual if parts.port is None else parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    entries = {entry.strip().lower() for entry in allowed}
    return bool(host) and (f"{host}:{port}" in entries or (port == usual and host in entries))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether a packet to it leaves for the public internet and nowhere else."""
    if isinstance(address, IPv4Address):
        return not any(address in net for net in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in net for net in _NOT_PUBLIC_6)


def may_connect(address: str, *, allowed: bool) -> bool:
    """Whether a name that was looked up may lead here. allowed: its host and port are the operator's."""
    # A zone ("fe80::1%eth0") names an interface of this very machine.
    found = None if "%" in address else _literal(address)
    if found is None:
        return False
    # Not even for an allowed name: no model lives there, but the metadata of cloud machines does.
    plain = _inside(found) or found
    if plain.is_link_local or plain.is_multicast or plain.is_unspecified or plain in _METADATA:
        return False
    if plain in _NAT64_LOCAL:
        return False
    return allowed or is_public(found)


def _inside(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address carries."""
    if isinstance(address, IPv4Address):
        return None
    # The first 96 bits empty is the oldest of these forms; ::1 and :: are not of it.
    if address in _NAT64 or 1 < int(address) < 2**32:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _port(found: re.Match[str]) -> int | None:
    """None for a port that cannot be."""
    if found[3] is None:
        return _PORTS[found[1].lower()]
    return int(found[3]) if 1 <= int(found[3]) <= 65535 else None
