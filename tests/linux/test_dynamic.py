"""Dynamic programs of both C libraries: loader, relocations, threads and their storage; compared with a native run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.debian import musl_loader
from tests.support.native import Run
from tests.support.toolchain import PROGRAMS, Bits, Toolchain, musl

BITS = pytest.mark.parametrize("bits", [64, 32])
LOADERS: dict[Bits, str] = {64: "/lib64/ld-linux-x86-64.so.2", 32: "/lib/ld-linux.so.2"}
NAMES = pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("basic/hello.c", []),
        ("basic/printf_float.c", []),
        ("basic/args.c", ["one", "two"]),
        ("tasks/processes.c", []),
        ("tasks/signals.c", []),
        ("threads/stress.c", ["16", "20"]),
        ("threads/mutexes.c", ["timed"]),
        ("threads/mutexes.c", ["cancel"]),
        ("threads/signals_shared.c", []),
    ],
)
MUSL_FLAGS = ("-dynamic", "-Wl,--dynamic-linker=./libc.so")
"""The loader lies in the working directory, so that the test need not install it."""


@BITS
@NAMES
def test_glibc(
    linux: Linux, toolchain: Toolchain, native: Run, name: str, arguments: list[str], bits: Bits
) -> None:
    if not Path(LOADERS[bits]).exists():
        pytest.skip(f"the host has no {LOADERS[bits]}")
    program = toolchain.program(name, bits=bits, kind="dynamic")
    assert guest.run(linux, program, arguments).finished == native(program, arguments)


@BITS
@NAMES
def test_musl(
    linux: Linux,
    toolchain: Toolchain,
    native: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    arguments: list[str],
    bits: Bits,
) -> None:
    shutil.copy(musl_loader(bits), tmp_path / "libc.so")
    program = toolchain.build([PROGRAMS / name], target=musl(bits), kind="dynamic", flags=MUSL_FLAGS)
    monkeypatch.chdir(tmp_path)
    assert guest.run(linux, program, arguments).finished == native(program, arguments)
