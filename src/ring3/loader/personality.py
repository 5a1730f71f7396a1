"""Which system a program was made for, as far as its file says.

Signs in order of weight: the OS ABI byte of the header, the interpreter's name, the ABI note that GNU's linker writes,
and program headers that only Solaris has. A file may say nothing: then its user must.

Sources: System V gABI, chapter 4 (EI_OSABI); usr/src/uts/common/sys/elf.h and sys/link.h of illumos; the note
NT_GNU_ABI_TAG of glibc's elf.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from ring3.abi import elf
from ring3.abi.kinds import StrEnum
from ring3.loader.program import ExecError, Executable, Program


class System(StrEnum):
    """A system whose programs run here."""

    LINUX = "linux"
    SOLARIS = "solaris"


_OSABI: Final = {elf.OSABI_GNU: System.LINUX, elf.OSABI_SOLARIS: System.SOLARIS}
_SOLARIS_FOLDERS: Final = (b"/lib/amd64", b"/lib/64", b"/usr/lib/amd64", b"/usr/lib/64", b"/usr/lib")
"""Where Solaris has its ``ld.so.1``; Linux on some other processors has one in /lib."""
_LINUX_NAMES: Final = (b"ld-linux", b"ld-musl", b"ld64.so")
_NT_GNU_ABI_TAG: Final = 1
_GNU_OS: Final = {0: System.LINUX, 2: System.SOLARIS}
_NOTES_READ: Final = 1 << 16


def recognise(file: Executable) -> System | None:
    """The system that a program was made for; None if it does not say, or is no program that could be run."""
    try:
        program = Program.read(file)
    except ExecError:
        return None
    return (
        _OSABI.get(program.header.osabi)
        or _by_interpreter(program.interpreter)
        or _by_notes(program)
        or _by_segments(program)
    )


def _by_interpreter(interpreter: bytes | None) -> System | None:
    if interpreter is None:
        return None
    folder, _, name = interpreter.rpartition(b"/")
    if name == b"ld.so.1" and folder in _SOLARIS_FOLDERS:
        return System.SOLARIS
    return System.LINUX if name.startswith(_LINUX_NAMES) else None


def _by_notes(program: Program) -> System | None:
    for segment in program.segments:
        if segment.type != elf.PType.NOTE:
            continue
        for owner, kind, content in _notes(
            program.file.pread(segment.offset, min(segment.filesz, _NOTES_READ))
        ):
            if owner == b"GNU" and kind == _NT_GNU_ABI_TAG and len(content) >= 4:
                return _GNU_OS.get(int.from_bytes(content[:4], "little"))
            if owner.startswith(b"SUNW"):
                return System.SOLARIS
    return None


def _notes(raw: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """The notes of a segment as (owner, type, contents), up to the first that is cut short."""
    at = 0
    while at + 12 <= len(raw):
        owner_size, size, kind = struct.unpack_from("<III", raw, at)
        start = at + 12 + (owner_size + 3 & ~3)
        if start + size > len(raw):
            return
        yield raw[at + 12 : at + 12 + owner_size].rstrip(b"\0"), kind, raw[start : start + size]
        at = start + (size + 3 & ~3)


def _by_segments(program: Program) -> System | None:
    return System.SOLARIS if any(s.type in elf.SUNW_SEGMENTS for s in program.segments) else None
