"""Addresses of sockets: which struct a family has, and how the addresses in it are written."""

from __future__ import annotations

import socket
from typing import Final

FAMILY_STRUCTS: Final = {
    1: "sockaddr_un",
    2: "sockaddr_in",
    10: "sockaddr_in6",
    16: "sockaddr_nl",
    17: "sockaddr_ll",
    40: "sockaddr_vm",
}
"""By family (address_families(7))."""


def ipv4(number: int) -> str:
    """An address of IPv4 that was read as the machine has words."""
    return f'inet_addr("{socket.inet_ntop(socket.AF_INET, number.to_bytes(4, "little"))}")'


def ipv6(raw: bytes) -> str:
    """An address of IPv6."""
    return f'inet_pton(AF_INET6, "{socket.inet_ntop(socket.AF_INET6, raw)}")'


def plain(raw: bytes) -> str:
    """A socket's address as people write it: ``127.0.0.1:80``, ``[::1]:80``, a path, ``@name``; else its family."""
    family = int.from_bytes(raw[:2], "little")
    port = int.from_bytes(raw[2:4], "big")
    if family == socket.AF_INET and len(raw) >= 8:
        return f"{socket.inet_ntop(socket.AF_INET, raw[4:8])}:{port}"
    if family == socket.AF_INET6 and len(raw) >= 24:
        return f"[{socket.inet_ntop(socket.AF_INET6, raw[8:24])}]:{port}"
    if family == socket.AF_UNIX:
        name = raw[2:]
        named = (
            b"@" + name[1:].rstrip(b"\0")
            if name[:1] == b"\0" and name[1:2] != b"\0"
            else name.split(b"\0")[0]
        )
        return named.decode("utf-8", "surrogateescape")
    return f"family {family}"
