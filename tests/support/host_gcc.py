"""Compiles static glibc programs with the host's gcc, which is the one thing that zig's libraries cannot give.

Where the host has no gcc, or no static C library of that width, the test is skipped with the reason.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support import cache
from tests.support.toolchain import PROGRAMS, Bits


def static_glibc(name: str, *, bits: Bits = 64) -> Path:
    """Returns the static glibc program of the C source at that path below ``tests/programs``.

    Raises:
        subprocess.CalledProcessError: The source did not compile.
    """
    source = PROGRAMS / name
    if not _links(bits):
        pytest.skip(f"the host has no gcc with a static C library of {bits} bits")
    key = hashlib.sha256(_version() + str(bits).encode() + source.read_bytes()).hexdigest()[:32]
    built = cache.directory() / "built" / key / source.stem
    if not built.exists():
        built.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache.directory(), prefix="building-") as scratch:
            output = Path(scratch) / source.stem
            _gcc(bits, "-O2", "-o", str(output), str(source)).check_returncode()
            os.replace(output, built)
    return built


@functools.cache
def _links(bits: Bits) -> bool:
    """Tells whether the smallest program links, and so whether a failure is the program's own."""
    if shutil.which("gcc") is None:
        return False
    return _gcc(bits, "-o", os.devnull, "-x", "c", "-", stdin="int main(void) { return 0; }").returncode == 0


@functools.cache
def _version() -> bytes:
    return subprocess.run(["gcc", "--version"], capture_output=True, check=True).stdout


def _gcc(bits: Bits, *options: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = ["gcc", f"-m{bits}", "-static", *options]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
