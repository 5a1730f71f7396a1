"""Messages of protocol buffers, written field by field (https://protobuf.dev/programming-guides/encoding/).

A trace needs a dozen messages of which nothing is read, so there is no schema and no library here; the tests read what
was written with both.
"""

from __future__ import annotations


def varint(value: int) -> bytes:
    """A number, seven bits a byte; a negative one as its 64 bits."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def number(field: int, value: int) -> bytes:
    """A field that is an integer, an enumeration or a truth value."""
    return varint(field << 3) + varint(value)


def fixed(field: int, value: int) -> bytes:
    """A field of eight bytes."""
    return varint(field << 3 | 1) + value.to_bytes(8, "little")


def message(field: int, *parts: bytes) -> bytes:
    """A field that is a message, by its fields."""
    whole = b"".join(parts)
    return varint(field << 3 | 2) + varint(len(whole)) + whole


def text(field: int, value: str) -> bytes:
    """A field that is a string; what is no character in it is replaced."""
    return message(field, value.encode("utf-8", "replace"))
