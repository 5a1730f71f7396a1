"""The files that ship in the package beside its code.

They are read from the file system: `importlib.resources` would cost 6 ms at every start, for packages in archives,
which this one (it loads a C library) never is.
"""

from __future__ import annotations

import os
from typing import Final

ROOT: Final = os.path.dirname(os.path.abspath(__file__))


def read_bytes(path: str) -> bytes:
    """The contents of a file, named relative to the package, such as ``image/linux/vmlinux``."""
    with open(os.path.join(ROOT, *path.split("/")), "rb") as file:
        return file.read()


def read_text(path: str) -> str:
    """The contents of a text file of the package."""
    return read_bytes(path).decode("utf-8")
