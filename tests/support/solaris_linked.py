"""Builds dynamic programs and shared objects for Solaris, linked with the userland that ships."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ring3.solaris.view import USERLAND
from tests.support import solaris
from tests.support.toolchain import Toolchain

FOLDER: Final = solaris.FOLDER / "linked"
SOURCES: Final = Path(USERLAND).parent
LIBC: Final = {64: Path(USERLAND, "lib", "64", "libc.so.1"), 32: Path(USERLAND, "lib", "libc.so.1")}
LINKER: Final = {64: "/lib/amd64/ld.so.1", 32: "/usr/lib/ld.so.1"}
START: Final = {64: "crt1.S", 32: "crt1_32.S"}
"""The C library, the run-time linker and where a program starts, by the width of programs."""
_FLAGS: Final = (
    "-ffreestanding", "-fno-builtin", "-fno-stack-protector", "-g0", "-ftls-model=global-dynamic",
    "-fsemantic-interposition",
    f"-I{SOURCES / 'include'}",
)  # fmt: skip


def _object(toolchain: Toolchain, source: Path, bits: int) -> Path:
    flags = [*_FLAGS, "-fPIC"] if bits == 32 else _FLAGS
    return toolchain.build([source], target=solaris.TARGET[bits], kind="object", flags=flags)


def _link(output: Path, objects: Sequence[Path], options: Sequence[str]) -> Path:
    command = [
        sys.executable,
        "-m",
        "ziglang",
        "ld.lld",
        "--hash-style=sysv",
        "-z",
        "norelro",
        *options,
        "-o",
        str(output),
    ]
    subprocess.run([*command, *map(str, objects)], check=True)
    output.write_bytes(solaris.as_solaris(output.read_bytes()))
    output.chmod(0o755)
    return output


def shared(toolchain: Toolchain, name: str, output: Path, *options: str, bits: int = 64) -> Path:
    """A shared object of ``tests/programs/solaris/linked``; its SONAME is the name of the file."""
    made = _object(toolchain, FOLDER / name, bits)
    return _link(output, [made, LIBC[bits]], ["-shared", f"-soname={output.name}", *options])


def program(
    toolchain: Toolchain, name: str, output: Path, *needed: Path, options: Sequence[str] = (), bits: int = 64
) -> Path:
    """A program of ``tests/programs/solaris/linked`` that needs libc and other objects."""
    parts = [_object(toolchain, source, bits) for source in (FOLDER / name, SOURCES / "cmd" / START[bits])]
    return _link(
        output, [*parts, *needed, LIBC[bits]], ["-pie", "-dynamic-linker", LINKER[bits], "-E", *options]
    )
