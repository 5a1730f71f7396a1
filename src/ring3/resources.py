"""The files that ship in the package beside its code.

They are read from the file system: `importlib.resources` would cost 6 ms at every start, for packages in archives,
which this one (it loads a C library) never is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

ROOT: Final = os.path.dirname(os.path.abspath(__file__))


def read_bytes(path: str) -> bytes:
    """The contents of a file, named relative to the package, such as ``image/linux/vmlinux``."""
    with open(os.path.join(ROOT, *path.split("/")), "rb") as file:
        return file.read()


def read_text(path: str) -> str:
    """The contents of a text file of the package."""
    return read_bytes(path).decode("utf-8")


def sources() -> Iterator[tuple[str, bytes]]:
    """The package's own code, file by file in order: what two installations that do the same have in common."""
    for folder, folders, names in os.walk(ROOT):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                path = os.path.relpath(os.path.join(folder, name), ROOT)
                yield path, read_bytes(path)
