"""What a client and a server say to each other: frames on a Unix socket, each a kind, a length and bytes.

The first frame of a client says which version it has and what it wants, and brings its descriptors. The server
answers with frames until the command is over; the last is EXIT, REFUSED or TOLD.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Final

from ring3 import __version__

VERSION: Final = f"{__version__}/3"
"""That of the package, and after the stroke that of what is said here."""

ASK: Final = 1
"""Client: what it wants (`pack` of the groups that `Request` has); the descriptors come with it."""
SIGNAL: Final = 2
"""Client: it got the signal of this number."""
WINDOW: Final = 3
"""Client: ``struct winsize`` of its terminal."""
CONTINUED: Final = 4
"""Client: it goes on after a stop: whether it is in the foreground, whether it could be stopped, and the settings of
its terminal."""
OPENED: Final = 5
"""Client: the descriptor that OPEN asked for comes with it; or the errno, if there is none."""

EDITED: Final = 6
"""Client: what was typed since EDIT: 1 and the line with its end, or nothing where there are no more; 0 for the key
that interrupts."""
COMPLETE: Final = 7
"""Client: somebody who types asks what a word can become: what stands before it on the line, and the word."""

EXIT: Final = 16
"""Server: the command is over: its status, and 1 if SIGINT has ended it."""
REFUSED: Final = 17
"""Server: nothing was done, and why."""
TOLD: Final = 18
"""Server: what was asked for, as text."""
STOP: Final = 19
"""Server: the program has stopped by the signal of this number, and so is the client to."""
RAW: Final = 20
"""Server: the terminal is to pass every key on, with these flags for output (``c_oflag``)."""
GIVE_BACK: Final = 21
"""Server: the terminal is to be as it was, and its keys are not read any more."""
KEYS: Final = 22
"""Server: the terminal is to stay as it is, and lines typed are wanted."""
OPEN: Final = 23
"""Server: a file of the client is to be opened: its flags, its mode, its path."""

EDIT: Final = 24
"""Server: a line is to be typed behind this prompt, and can be edited."""
OFFERED: Final = 25
"""Server: what a word can become."""

LARGEST: Final = 1 << 26
"""Bytes of a frame at most."""
_HEAD: Final = 5


def frame(kind: int, payload: bytes = b"") -> bytes:
    """A frame."""
    return kind.to_bytes(1, "little") + len(payload).to_bytes(4, "little") + payload


class Frames:
    """Cuts what has arrived into frames."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The frames that are complete now.

        Raises:
            ValueError: One is longer than any.
        """
        kept = self._kept
        kept += data
        while len(kept) >= _HEAD:
            size = int.from_bytes(kept[1:_HEAD], "little")
            if size > LARGEST:
                raise ValueError(f"a frame of {size} bytes")
            if len(kept) < _HEAD + size:
                return
            kind, payload = kept[0], bytes(kept[_HEAD : _HEAD + size])
            del kept[: _HEAD + size]
            yield kind, payload


def pack(*groups: Sequence[bytes]) -> bytes:
    """Groups of strings without NUL as one."""
    return b"".join(
        b"%d\0%s" % (len(group), b"".join(item + b"\0" for item in map(bytes, group))) for group in groups
    )


def unpack(payload: bytes) -> list[list[bytes]]:
    """The groups again.

    Raises:
        ValueError: These are none.
    """
    items = iter(payload.split(b"\0"))
    groups = []
    for count in items:
        if not count:
            break
        groups.append([next(items, b"") for _ in range(int(count))])
    return groups


def numbers(items: Sequence[int]) -> list[bytes]:
    """Numbers as a group."""
    return [b"%d" % item for item in items]


def write_all(fd: int, data: bytes) -> None:
    """Writes everything, however long that takes."""
    while data:
        data = data[os.write(fd, data) :]
