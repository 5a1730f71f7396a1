"""The name service of a machine that has no other network: it knows the machine's own names (RFC 1035, RFC 6761).

It answers messages of UDP to `ADDRESS` at once, as long as no program listens there. ``localhost``, what ends in it,
and the machine's name are the loopback addresses, and those are called so; of everything else it says that there is no
such name, so that a program that asks for one is told so without waiting.
"""

from __future__ import annotations

import struct
from typing import Final

from ring3.net.inet.address import LOOPBACK4, LOOPBACK6, Endpoint

ADDRESS: Final = Endpoint(b"\x7f\0\0\x35", 53)
"""127.0.0.53, where resolvers of distributions listen too."""
_HEADER: Final = struct.Struct(">6H")
_RESPONSE: Final = 0x8000
_AUTHORITATIVE: Final = 0x0400
_RECURSION_AVAILABLE: Final = 0x0080
_KEPT_FLAGS: Final = 0x7900  # opcode and RD
_OPCODE: Final = 0x7800
FORMERR: Final = 1
NXDOMAIN: Final = 3
NOTIMP: Final = 4
A: Final = 1
PTR: Final = 12
AAAA: Final = 28
ANY: Final = 255
IN: Final = 1
LIFETIME: Final = 0
"""Seconds for which an answer may be kept: the machine's name can change."""
_TO_QUESTION: Final = b"\xc0\x0c"
"""A name that is the question's (RFC 1035, 4.1.4)."""
_REVERSE: Final = {
    b"1.0.0.127.in-addr.arpa": b"localhost",
    b"1.1.0.127.in-addr.arpa": b"",
    b"1." + b"0." * 31 + b"ip6.arpa": b"localhost",
}
"""Names of the addresses; an empty one is the machine's."""
HOST4: Final = b"\x7f\0\x01\x01"
"""127.0.1.1, what /etc/hosts says of the machine's name, as Debian's does."""


def answer(query: bytes, hostname: bytes) -> bytes | None:
    """What is answered to a query; None for what is none.

    Args:
        query: A message of DNS.
        hostname: The machine's name.
    """
    if len(query) < _HEADER.size:
        return None
    number, flags, questions, *_ = _HEADER.unpack_from(query)
    if flags & _RESPONSE:
        return None
    kept = _RESPONSE | _RECURSION_AVAILABLE | _AUTHORITATIVE | flags & _KEPT_FLAGS
    if flags & _OPCODE:
        return _HEADER.pack(number, kept | NOTIMP, 0, 0, 0, 0)
    found = _question(query) if questions == 1 else None
    if found is None:
        return _HEADER.pack(number, kept | FORMERR, 0, 0, 0, 0)
    name, kind, end = found
    records = _records(name, kind, hostname.lower())
    code = NXDOMAIN if records is None else 0
    head = _HEADER.pack(number, kept | code, 1, len(records or ()), 0, 0)
    return head + query[_HEADER.size : end] + b"".join(records or ())


def _question(query: bytes) -> tuple[bytes, int, int] | None:
    """The name in small letters, the type, and where the question ends; None if it is cut off or of another class."""
    labels, at = [], _HEADER.size
    while at < len(query) and query[at]:
        size = query[at]
        if size > 63 or at + 1 + size > len(query):
            return None
        labels.append(query[at + 1 : at + 1 + size])
        at += 1 + size
    if at + 5 > len(query):
        return None
    kind, group = struct.unpack_from(">HH", query, at + 1)
    return (b".".join(labels).lower(), kind, at + 5) if group == IN else None


def _records(name: bytes, kind: int, hostname: bytes) -> list[bytes] | None:
    """The answers about a name; None if there is no such name."""
    if name in _REVERSE:
        return [_record(PTR, _wire(_REVERSE[name] or hostname))] if kind in (PTR, ANY) else []
    if name == b"localhost" or name.endswith(b".localhost"):
        hosts = {A: LOOPBACK4, AAAA: LOOPBACK6}
    elif name == hostname:
        hosts = {A: HOST4}
    else:
        return None
    return [_record(one, host) for one, host in hosts.items() if kind in (one, ANY)]


def _record(kind: int, data: bytes) -> bytes:
    return _TO_QUESTION + struct.pack(">HHIH", kind, IN, LIFETIME, len(data)) + data


def _wire(name: bytes) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in name.split(b".")) + b"\0"
