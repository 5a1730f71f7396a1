"""The objects a program consists of: its executable and libraries as they are mapped, and their functions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ring3.abi import elf
from ring3.abi.errno import Errno
from ring3.kernel.mm.pagecache import PageCache
from ring3.kernel.mm.shared import SharedObject
from ring3.trace.user_symbols import preference

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm

_LAST_CALL = re.compile(rb"(?:\x67?\xe8|\xff\x15).{4}\xf4", re.DOTALL)
"""A call with a `hlt` behind it."""
_FUNCTIONS = frozenset((2, 10))
"""STT_FUNC and STT_GNU_IFUNC."""


File = PageCache | SharedObject
"""What a file's pages are, on a disk or in memory."""


class Function(NamedTuple):
    """A function of an object: where it is in the program's memory, how long, and its other names."""

    name: str
    address: int
    size: int
    others: tuple[str, ...] = ()


class MappedObject(NamedTuple):
    """An object: its file's base name, whether it is the executable, and what was added to the file's addresses."""

    name: str
    is_executable: bool
    bias: int
    file: File

    def functions(self) -> list[Function]:
        """Its functions, each once, by the best of its names."""
        raw = bytes(self.file.read(0, self.file.size))
        found: dict[int, dict[str, elf.Symbol]] = {}
        for kind in (elf.SHT_SYMTAB, elf.SHT_DYNSYM):
            for symbol in elf.symbols(raw, kind):
                if symbol.info & 0xF in _FUNCTIONS and symbol.size:
                    found.setdefault(symbol.value, {}).setdefault(symbol.name, symbol)
        functions = []
        for value, named in found.items():
            best, *others = sorted(named.values(), key=preference)
            names = tuple(each.name for each in others)
            functions.append(Function(best.name, value + self.bias, best.size, names))
        return functions


def entry_of(mm: Mm) -> int | None:
    """Where the executable begins, after its libraries are loaded; None if that cannot be told."""
    executable = next((each for each in objects_of(mm) if each.is_executable), None)
    if executable is None:
        return None
    return elf.parse_header(bytes(executable.file.read(0, executable.file.size))).entry + executable.bias


def main_of(mm: Mm) -> int | None:
    """The executable's main(), by its symbols; None if it has none."""
    executable = next((each for each in objects_of(mm) if each.is_executable), None)
    functions = executable.functions() if executable else ()
    return next((each.address for each in functions if "main" in (each.name, *each.others)), None)


def call_of_main(mm: Mm, entry: int) -> int | None:
    """Where code at the entry gives main() to the C library as its first argument, which never comes back.

    That is glibc's (sysdeps/x86_64/start.S, sysdeps/i386/start.S).
    """
    try:
        found = _LAST_CALL.search(mm.peek(entry, 64))
    except Errno:
        return None
    return entry + found.start() if found else None


def objects_of(mm: Mm) -> list[MappedObject]:
    """The ELF files mapped in an address space, the executable first."""
    found: dict[File, MappedObject] = {}
    for vma in mm.vmas:
        if not isinstance(vma.obj, File) or vma.obj in found:
            continue
        try:
            if vma.obj.read(0, 4) != elf.MAGIC:
                continue
            bias = _bias(vma.obj, vma.start, vma.object_page(vma.start) << 12)
        except (Errno, elf.ElfError):
            continue
        if bias is not None:
            name = vma.name if isinstance(vma.name, str) else vma.name()
            base = (name or vma.obj.name).rsplit("/", 1)[-1]
            found[vma.obj] = MappedObject(base, False, bias, vma.obj)
    objects = list(found.values())
    if not objects:
        return []
    executable = next((each for each in objects if _names_interpreter(each.file)), objects[0])
    return [executable._replace(is_executable=True), *(each for each in objects if each is not executable)]


def _names_interpreter(file: File) -> bool:
    """Whether it is a program that a run-time linker starts; Linux's libc is one too, at a higher address."""
    raw = bytes(file.read(0, file.size))
    header = elf.parse_header(raw)
    headers = raw[header.phoff : header.phoff + header.phnum * header.phentsize]
    return any(each.type == elf.PType.INTERP for each in elf.parse_program_headers(header, headers))


def _bias(file: File, start: int, offset: int) -> int | None:
    """What is added to the file's addresses where the page at an offset is mapped at `start`."""
    raw = bytes(file.read(0, file.size))
    header = elf.parse_header(raw)
    headers = raw[header.phoff : header.phoff + header.phnum * header.phentsize]
    for load in elf.parse_program_headers(header, headers):
        if (
            load.type == elf.PType.LOAD
            and load.offset - load.offset % 4096 <= offset < load.offset + load.filesz
        ):
            return start - (load.vaddr - load.vaddr % 4096 + offset - (load.offset - load.offset % 4096))
    return None
