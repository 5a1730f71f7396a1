"""The objects of a process: its executable and libraries as they are mapped, with their symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ring3.debug.mdb.targets.base import MappedObject, Symbol
from ring3.debug.object_file import FileSymbol, ObjectFile
from ring3.errors import UserError
from ring3.kernel.mm.report import row
from ring3.trace.dtrace.machine.objects import File, objects_of

if TYPE_CHECKING:
    from ring3.debug.mdb.targets.base import Target
    from ring3.kernel.mm.mm import Mm
    from ring3.trace.unwind import CodeFile

_CODE = (2, 10)
_FIRST_WITHOUT_ADDRESS = 3
"""STT_SECTION, and above it what names no address."""


class Loaded(NamedTuple):
    """An object in a process.

    Attributes:
        name: Its file's base name.
        file: The file.
        bias: What was added to its addresses.
        is_executable: It is the program itself.
    """

    name: str
    file: ObjectFile
    bias: int
    is_executable: bool

    def symbol(self, found: FileSymbol) -> Symbol:
        """A symbol where it is in the process."""
        value = (found.value + self.bias) & ((1 << 64) - 1)
        return Symbol(
            found.name, value, found.size, "" if self.is_executable else self.name, found.type in _CODE
        )


class Objects:
    """The objects of a process; files are read once."""

    def __init__(self) -> None:
        self._files: dict[File, ObjectFile | None] = {}

    def of(self, mm: Mm | None, program: str) -> list[Loaded]:
        """What is mapped in an address space, the executable first.

        Args:
            mm: The address space.
            program: The base name of the executable.
        """
        found = []
        for each in objects_of(mm) if mm is not None else ():
            file = self._file(each.file, each.name)
            if file is not None:
                found.append(Loaded(each.name, file, each.bias, each.name == program))
        return sorted(found, key=lambda each: not each.is_executable)

    def executable(self, mm: Mm | None, path: str) -> ObjectFile | None:
        """The program in an address space, None where there is none that could be read.

        Args:
            mm: The address space.
            path: What the program is called.
        """
        found = (
            next((each for each in objects_of(mm) if each.is_executable), None) if mm is not None else None
        )
        return None if found is None else self._file(found.file, path)

    def _file(self, cache: File, name: str) -> ObjectFile | None:
        if cache not in self._files:
            try:
                self._files[cache] = ObjectFile(name, bytes(cache.read(0, cache.size)))
            except UserError:
                self._files[cache] = None
        return self._files[cache]


def lookup(objects: list[Loaded], name: str) -> Symbol | None:
    """The symbol of a name, in the object that stands before it or in the first that has it."""
    *scope, own = name.split("`")
    for each in objects:
        if scope and scope[-1] not in _names(each):
            continue
        found = each.file.lookup(own)
        if found is not None:
            return each.symbol(found)
    return None


def thread_local(objects: list[Loaded], name: str, registers: Mapping[str, int]) -> Symbol | None:
    """A variable of the executable that a thread has of its own, where the thread has it."""
    *scope, own = name.split("`")
    for each in objects:
        if each.is_executable and (not scope or scope[-1] in _names(each)):
            found = each.file.thread_local(own)
            pointer = registers["fsbase" if each.file.bits == 64 else "gsbase"]
            if found is not None and pointer:  # 0: not yet, or a core of 32 bits, which does not tell it
                value = (pointer - each.file.thread_block + found.value) & ((1 << each.file.bits) - 1)
                return Symbol(own, value, found.size)
    return None


def _names(each: Loaded) -> tuple[str, ...]:
    """What may stand before a symbol of an object."""
    return each.name, each.name.split(".")[0], "a.out" if each.is_executable else ""


def at(objects: list[Loaded], address: int) -> Symbol | None:
    """The symbol that an address belongs to."""
    for each in objects:
        found = each.file.at((address - each.bias) & ((1 << 64) - 1))
        if found is not None:
            return each.symbol(found)
    return None


def code(objects: list[Loaded], address: int) -> tuple[CodeFile, int] | None:
    """What is known of the code at an address, and the address by its file."""
    for each in objects:
        inside = (address - each.bias) & ((1 << 64) - 1)
        if each.file.offset_of(inside) is not None:
            return each.file.code, inside
    return None


def symbols(objects: list[Loaded], object_name: str) -> Iterator[Symbol]:
    """All symbols, or those of one object."""
    for each in objects:
        if object_name in ("", each.name):
            for found in each.file.symbols:
                if found.name and found.section and found.type < _FIRST_WITHOUT_ADDRESS:
                    yield each.symbol(found)


def spans(objects: list[Loaded], mapped: list[MappedObject]) -> list[MappedObject]:
    """Where each object begins and ends."""
    found = []
    for each in objects:
        parts = [part for part in mapped if part.name.rsplit("/", 1)[-1] == each.name]
        if parts:
            end = parts[-1].base + parts[-1].size
            found.append(MappedObject(parts[0].base, end - parts[0].base, parts[0].name))
    return found


def whatis(target: Target, address: int) -> list[str]:
    """The symbol at an address of a process, and the mapping."""
    for each in target.mappings():
        if each.base <= address < each.base + each.size:
            name = target.describe(address) or f"{each.base:x}+{address - each.base:x}"
            return [f"{name}, in {each.name} [{each.base:x},{each.base + each.size:x})"]
    return []


def mappings(mm: Mm) -> Iterator[MappedObject]:
    """The mappings of an address space, with the names that /proc gives them."""
    for vma in mm.vmas:
        name = row(mm, vma).name
        name = {"[heap]": "[ heap ]", "[stack]": "[ stack ]"}.get(name, name)
        yield MappedObject(vma.start, vma.end - vma.start, name or "[ anon ]")
