"""Builds programs for Solaris: with the tests' compiler, a libc of our own, and marked as Solaris's linker marks them.

The compiler's linker has no Solaris: it leaves the OS ABI byte of the header at 0 and writes a PT_PHDR, with which the
kernel of illumos refuses a program that has no interpreter. Both are put right in the finished file.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ring3.abi import elf
from tests.support.toolchain import PROGRAMS, Kind, Toolchain

FOLDER: Final = PROGRAMS / "solaris"
TARGET: Final = {64: "x86_64-freestanding-none", 32: "x86-freestanding-none"}
PT_NULL: Final = 0
EAV_SUNW_CURRENT: Final = 1


def program(
    toolchain: Toolchain,
    name: str,
    *,
    libc: bool = True,
    marked: bool = True,
    kind: Kind = "nolibc",
    bits: int = 64,
) -> Path:
    """The built program of ``tests/programs``.

    Args:
        toolchain: The compiler.
        name: The source's path below ``tests/programs/solaris``.
        libc: Link the small libc.
        marked: Say in the header that it is a Solaris program; without, the file says nothing.
        kind: As for `Toolchain.build`.
        bits: The width of its code.
    """
    library = [FOLDER / "libc.S", FOLDER / "libc.c"] if libc else []
    flags = ["-ffreestanding", "-fno-builtin", "-fno-stack-protector", "-g0"]
    built = toolchain.build([FOLDER / name, *library], target=TARGET[bits], kind=kind, flags=flags)
    return mark(built) if marked else built


def mark(built: Path) -> Path:
    """A copy of a program, beside it, that is one of Solaris."""
    marked = built.with_name(f"{built.name}.solaris")
    if not marked.exists():
        with tempfile.NamedTemporaryFile(dir=built.parent, delete=False) as file:
            file.write(as_solaris(built.read_bytes()))
        os.chmod(file.name, 0o755)
        os.replace(file.name, marked)
    return marked


def as_solaris(raw: bytes) -> bytes:
    """The bytes of a program, with Solaris's OS ABI and without PT_PHDR."""
    header = elf.parse_header(raw)
    changed = bytearray(raw)
    changed[7:9] = bytes((elf.OSABI_SOLARIS, EAV_SUNW_CURRENT))
    for at in range(header.phoff, header.phoff + header.phnum * header.phentsize, header.phentsize):
        if struct.unpack_from("<I", raw, at) == (elf.PType.PHDR,):
            struct.pack_into("<I", changed, at, PT_NULL)
    return bytes(changed)


def lines(*parts: Sequence[str]) -> str:
    """Lines of text as a program prints them."""
    return "".join(f"{line}\n" for part in parts for line in part)
