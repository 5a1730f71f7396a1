"""Debian's static busybox: a real program that this project did not write, of either width.

``scripts/fetch-busybox`` puts it in the tests' cache.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import cache
from tests.support.toolchain import Bits


def busybox(bits: Bits) -> Path:
    """Returns the path of the static busybox of that width, or skips the test where none was fetched."""
    architecture = "amd64" if bits == 64 else "i386"
    path = cache.directory() / "debian" / f"busybox-{architecture}"
    if not path.exists():
        pytest.skip(f"no static busybox of {bits} bits: scripts/fetch-busybox gets it")
    return path
