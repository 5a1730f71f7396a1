"""Packets of the remote protocol: ``$data#checksum``, acknowledged or not; ``%data#checksum`` for notifications.

In binary data ``}`` escapes the next byte, which is XORed with 0x20. What is damaged is asked for again; what is
between packets is ignored, but for the byte 3, which asks a program to stop.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

INTERRUPT: Final = b"\x03"
LONGEST: Final = 0x20000
"""Bytes of a packet: more is not sent at once, and whoever sends more is not listened to."""
_ESCAPED: Final = b"#$}*"


class Malformed(ValueError):
    """A packet says something that it cannot mean."""


def escape(data: bytes) -> bytes:
    """Binary data as it is sent."""
    out = bytearray()
    for byte in data:
        if byte in _ESCAPED:
            out += bytes((0x7D, byte ^ 0x20))
        else:
            out.append(byte)
    return bytes(out)


def unescape(data: bytes) -> bytes:
    """What was meant by binary data that has come."""
    parts = data.split(b"}")
    return parts[0] + b"".join(bytes((part[0] ^ 0x20,)) + part[1:] for part in parts[1:] if part)


def framed(data: bytes, mark: bytes = b"$") -> bytes:
    """A packet, or with ``%`` a notification."""
    return mark + data + b"#%02x" % (sum(data) & 0xFF)


class Reader:
    """Takes what comes and gives whole packets.

    Attributes:
        acknowledges: Whether each packet is answered with ``+`` or ``-``, until the other side wants no more of that.
    """

    def __init__(self) -> None:
        self.acknowledges = True
        self._left = b""

    def feed(self, data: bytes) -> Iterator[tuple[bytes | None, bytes]]:
        """The packets that are complete now, each with what acknowledges it; `INTERRUPT` is one of them.

        A damaged packet is None, and its acknowledgement asks for it again.
        """
        self._left += data
        while self._left:
            start = self._left[:1]
            if start == INTERRUPT:
                self._left = self._left[1:]
                yield INTERRUPT, b""
            elif start == b"$":
                end = self._left.find(b"#")
                if end < 0 or len(self._left) < end + 3:
                    if len(self._left) > LONGEST + 16:
                        self._left = b""
                    return
                body, check = self._left[1:end], self._left[end + 1 : end + 3]
                self._left = self._left[end + 3 :]
                yield self._checked(body, check)
            else:
                self._left = self._left[1:]

    def _checked(self, body: bytes, check: bytes) -> tuple[bytes | None, bytes]:
        try:
            right = int(check, 16) == sum(body) & 0xFF
        except ValueError:
            right = False
        if not self.acknowledges:
            return (body if right else None), b""
        return (body, b"+") if right else (None, b"-")


def number(text: bytes | str) -> int:
    """A hexadecimal number.

    Raises:
        Malformed: It is none.
    """
    word = text.decode("latin-1") if isinstance(text, bytes) else text
    if not word or not all(letter in "0123456789abcdefABCDEF" for letter in word):
        raise Malformed(f"no hexadecimal number: {word!r}")
    return int(word, 16)


def hexed(text: bytes | str) -> bytes:
    """The bytes that pairs of digits stand for.

    Raises:
        Malformed: They are none.
    """
    word = text.decode("latin-1") if isinstance(text, bytes) else text
    try:
        return bytes.fromhex(word)
    except ValueError:
        raise Malformed(f"no bytes in hexadecimal: {word[:40]!r}") from None


def pair(text: str, separator: str = ",") -> tuple[int, int]:
    """Two hexadecimal numbers.

    Raises:
        Malformed: They are none.
    """
    first, found, second = text.partition(separator)
    if not found:
        raise Malformed(f"two numbers are meant: {text!r}")
    return number(first), number(second)
