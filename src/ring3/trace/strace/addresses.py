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
