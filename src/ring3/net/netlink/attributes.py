"""The attributes of netlink's messages: length, type, value, aligned (``struct nlattr``)."""

from __future__ import annotations

import struct


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute."""
    return struct.pack("<HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def number(kind: int, value: int) -> bytes:
    """An attribute that is a number of 32 bits."""
    return attribute(kind, struct.pack("<I", value))


def attributes_in(raw: bytes) -> dict[int, bytes]:
    """The attributes behind a header, by type."""
    found, at = {}, 0
    while at + 4 <= len(raw):
        size, kind = struct.unpack_from("<HH", raw, at)
        if not 4 <= size <= len(raw) - at:
            break
        found[kind & 0x3FFF] = raw[at + 4 : at + size]
        at += (size + 3) & ~3
    return found
