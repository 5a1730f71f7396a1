"""Debian's static busybox and musl's dynamic loader, of either width: programs that this project did not write.

``scripts/fetch-programs`` puts them into the tests' cache.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import cache
from tests.support.toolchain import Bits


def busybox(bits: Bits) -> Path:
    """Returns the path of the static busybox of that width, or skips the test where none was fetched."""
    return _find("busybox", bits)


def musl_loader(bits: Bits) -> Path:
    """Returns the path of musl's libc.so of that width, which is its dynamic loader too, or skips the test."""
    return _find("musl", bits)


def _find(name: str, bits: Bits) -> Path:
    architecture = "amd64" if bits == 64 else "i386"
    path = cache.directory() / "debian" / f"{name}-{architecture}"
    if not path.exists():
        pytest.skip(f"no {name} of {bits} bits: scripts/fetch-programs gets it")
    return path
