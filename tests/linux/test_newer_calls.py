"""Calls that a host may be too old for, or may not be configured with: compared with a native run where it has them."""

from __future__ import annotations

import ctypes
import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ring3.computer import Linux
from tests.linux.test_files import compare, folder
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

__all__ = ["folder"]

FANOTIFY_INIT = 300
FANOTIFY_MARK = 301
LANDLOCK_CREATE_RULESET = 444
STATMOUNT = 457


def _answer(number: int, *arguments: int) -> int:
    """What a call of the host answers, the error negative."""
    libc = ctypes.CDLL(None, use_errno=True)
    done = int(libc.syscall(number, *(ctypes.c_long(argument) for argument in arguments)))
    return -ctypes.get_errno() if done < 0 else done


def _tells_by_handle() -> bool:
    """Whether the host tells by fanotify of temporary files, whose file system needs handles for that."""
    group = _answer(FANOTIFY_INIT, 0x200, os.O_RDONLY)
    if group < 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        name = ctypes.create_string_buffer(folder.encode())
        done = _answer(FANOTIFY_MARK, group, 1, 1, -100, ctypes.addressof(name))
    os.close(group)
    return done == 0


PROGRAMS: dict[str, Callable[[], bool]] = {
    "fanotify": _tells_by_handle,
    "landlock": lambda: _answer(LANDLOCK_CREATE_RULESET, 0, 0, 1) >= 6,
    "mounts_told": lambda: _answer(STATMOUNT, 0, 0, 0, 0) != -errno.ENOSYS,
}
"""The programs, and whether the host has what they need."""


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("name", PROGRAMS)
def test_does_what_it_does_natively(
    linux: Linux, toolchain: Toolchain, native: Run, folder: Path, name: str, bits: Bits
) -> None:
    if not PROGRAMS[name]():
        pytest.skip("the host's kernel has no such calls, or older ones")
    compare(linux, native, toolchain.program(f"files/{name}.c", bits=bits), folder)
