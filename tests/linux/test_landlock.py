"""landlock(7): what programs give up for good, compared with a native run."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from ring3.computer import Linux
from tests.linux.test_files import compare, folder
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

__all__ = ["folder"]

CREATE_RULESET = 444
VERSION = 1
OURS = 6


def version_of_host() -> int:
    """Which version of Landlock the host has, -1 for none."""
    return int(ctypes.CDLL(None).syscall(CREATE_RULESET, None, 0, VERSION))


@pytest.mark.parametrize("bits", [64, 32])
def test_takes_away_what_it_does_natively(
    linux: Linux, toolchain: Toolchain, native: Run, folder: Path, bits: Bits
) -> None:
    if version_of_host() < OURS:
        pytest.skip(f"the host has no Landlock, or a version before {OURS}")
    compare(linux, native, toolchain.program("files/landlock.c", bits=bits), folder)
