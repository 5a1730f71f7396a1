"""What is sent to a process that makes runs, and what it answers: lines of JSON, and the bytes that they announce.

From the client: ``batch`` with runs, and ``contents`` with what was asked for. From the process: ``ready`` when it has
started, ``need`` with hashes of contents it does not have, ``outcome`` of each run, ``done`` behind the last. What a
process says is never unpickled: programs that break out of it gain nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import BinaryIO, Final, NamedTuple

from ring3 import __version__, resources
from ring3.fleet.run import Run

KEPT: Final = 256 << 20
"""Bytes of contents that a process keeps for batches to come."""


class Batch(NamedTuple):
    """Runs that are made one after the other.

    Attributes:
        runs: The runs.
        contents: What they need, by hash.
    """

    runs: tuple[Run, ...]
    contents: Mapping[str, bytes]


@cache
def version() -> str:
    """What client and workers must have in common: Ring3's version, and a hash of its code."""
    found = hashlib.sha256()
    for path, data in resources.sources():
        found.update(path.encode() + b"\0" + data)
    return f"{__version__}+{found.hexdigest()[:12]}"


def send(file: BinaryIO, kind: str, value: object, blobs: Sequence[bytes] = ()) -> None:
    """Writes a message."""
    head = json.dumps([kind, value, [len(blob) for blob in blobs]])
    file.write(head.encode() + b"\n")
    file.writelines(blobs)
    file.flush()


def receive(file: BinaryIO) -> tuple[str, object, list[bytes]]:
    """The next message.

    Raises:
        EOFError: There is none: the other side has ended.
    """
    line = file.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    kind, value, sizes = json.loads(line)
    blobs = [file.read(size) for size in sizes]
    if [len(blob) for blob in blobs] != sizes:
        raise EOFError
    return kind, value, blobs
