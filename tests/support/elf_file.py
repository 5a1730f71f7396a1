"""ELF files made field by field: whole small programs of raw machine code, and files with anything wrong in them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.toolchain import Bits

CODE: Final = 0x40_0000
"""Where a `program` has its code."""
DATA: Final = 0x50_0000
"""Where it has its page of data, which it may write."""
PAGE: Final = 0x1000

R, W, X = 4, 2, 1
PT_LOAD: Final = 1
PT_INTERP: Final = 3
PT_GNU_STACK: Final = 0x6474_E551


@dataclass(frozen=True, slots=True)
class Segment:
    """A program header."""

    offset: int = 0
    vaddr: int = CODE
    filesz: int = 0
    memsz: int = 0
    flags: int = R | X
    type: int = PT_LOAD
    align: int = PAGE

    def pack(self, bits: Bits) -> bytes:
        """The header as it lies in a file."""
        if bits == 64:
            return struct.pack(
                "<IIQQQQQQ",
                self.type,
                self.flags,
                self.offset,
                self.vaddr,
                self.vaddr,
                self.filesz,
                self.memsz,
                self.align,
            )
        return struct.pack(
            "<8I",
            self.type,
            self.offset,
            self.vaddr,
            self.vaddr,
            self.filesz,
            self.memsz,
            self.flags,
            self.align,
        )


def header(bits: Bits = 64, **fields: int) -> bytes:
    """An ELF header; what is not given is that of an ordinary program.

    Args:
        bits: The width whose layout it has.
        fields: ``e_type`` and so on without ``e_``, and ``elf_class``, ``data`` and ``osabi`` of ``e_ident``.
    """
    wide = bits == 64
    values = {
        "elf_class": 2 if wide else 1,
        "data": 1,
        "ident_version": 1,
        "osabi": 0,
        "type": 2,
        "machine": 62 if wide else 3,
        "version": 1,
        "entry": CODE,
        "phoff": 64 if wide else 52,
        "shoff": 0,
        "flags": 0,
        "ehsize": 64 if wide else 52,
        "phentsize": 56 if wide else 32,
        "phnum": 1,
        "shentsize": 0,
        "shnum": 0,
        "shstrndx": 0,
    } | fields
    ident = b"\x7fELF" + bytes(values.pop(name) for name in ("elf_class", "data", "ident_version", "osabi"))
    form = "<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH"
    return ident.ljust(16, b"\0") + struct.pack(form, *values.values())


def elf_file(segments: Sequence[Segment], body: bytes = b"", bits: Bits = 64, **fields: int) -> bytes:
    """A file: the header, the program headers, and ``body`` from the next page on."""
    table = b"".join(segment.pack(bits) for segment in segments)
    head = header(bits, **({"phnum": len(segments)} | fields)) + table
    return head.ljust(PAGE, b"\0") + body if body else head


def program(code: bytes, bits: Bits = 64, *, data: bytes = b"") -> bytes:
    """A program of at most a page of code at `CODE`; at `DATA` it has a page of ``data`` and zeros."""
    segments = (
        Segment(PAGE, CODE, len(code), len(code), R | X),
        Segment(2 * PAGE, DATA, len(data), PAGE, R | W),
        Segment(type=PT_GNU_STACK, vaddr=0, flags=R | W),
    )
    return elf_file(segments, code.ljust(PAGE, b"\0") + data, bits)


def put(path: Path, content: bytes, mode: int = 0o755) -> Path:
    """Writes a file that may be executed; returns its path."""
    path.write_bytes(content)
    path.chmod(mode)
    return path
