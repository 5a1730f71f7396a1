"""An object file: its bytes, by the addresses that it gives them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from ring3.debug.mdb.errors import NO_MAP, NOT_WRITABLE, MdbError
from ring3.debug.mdb.targets.base import MappedObject, Symbol, Target, whole
from ring3.debug.mdb.types.files import FileTypes
from ring3.debug.object_file import FileSymbol, ObjectFile
from ring3.trace.dtrace.types import Type

_FILE = 4
_FUNCTIONS = (2, 10)


class FileTarget(Target):
    """A file, and no process of it.

    Attributes:
        file: The file.
    """

    def __init__(self, file: ObjectFile, *, writable: bool = False) -> None:
        self.file = file
        self.bits = file.bits
        self.writable = writable

    @cached_property
    def types(self) -> FileTypes:
        """The types its debugging information has."""
        return FileTypes(self.file)

    def _own(self, name: str) -> str | None:
        """A name without the objects in front, None if they are not this file."""
        *objects, last = name.split("`")
        known = {self.file.name, self.file.base_name, self.file.base_name.split(".")[0], "a.out"}
        return last if not objects or objects[-1] in known else None

    def symbol(self, name: str) -> Symbol | None:
        """The symbol of a name."""
        own = self._own(name)
        found = None if own is None else self.file.lookup(own)
        return None if found is None else _symbol(found)

    def symbol_at(self, address: int) -> Symbol | None:
        """The symbol that an address of the file belongs to."""
        found = self.file.at(address)
        return None if found is None else _symbol(found)

    def symbols(self, object_name: str = "") -> Iterable[Symbol]:
        """All named symbols with an address."""
        return (_symbol(each) for each in self.file.symbols if each.name and each.section and each.type < 3)

    def objects(self) -> list[MappedObject]:
        """The file itself."""
        return []

    def source_files(self, object_name: str) -> Iterable[str]:
        """Those of the file."""
        is_own = not object_name or self._own(f"{object_name}`") is not None
        return (each.name for each in self.file.symbols if each.type == _FILE) if is_own else ()

    def whatis(self, address: int) -> list[str]:
        """The symbol at an address."""
        name = self.describe(address)
        return [] if name is None else [f"{name}, in {self.file.name}"]

    def find_type(self, name: str) -> Type | None:
        """A type of the file's debugging information."""
        return self.types.find(name)

    def type_of(self, symbol: Symbol) -> Type | None:
        """The type of a variable of the file."""
        return self.types.of_variable(symbol.name)

    def type_names(self) -> Iterable[str]:
        """The types the file describes."""
        return self.types.names()

    def read_some(self, address: int, size: int) -> bytes:
        """Bytes by the file's own addresses."""
        return self.file.read(address, size)

    def read_file(self, address: int, size: int) -> bytes:
        """The same: there is no process that could differ."""
        return whole(self.file.read(address, size), size)

    def write(self, address: int, raw: bytes) -> None:
        """Changes the file."""
        self.write_file(address, raw)

    def write_file(self, address: int, raw: bytes) -> None:
        """Changes the file on the host, where the target is writable."""
        if not self.writable:
            raise MdbError(NOT_WRITABLE)
        offset = self.file.offset_of(address)
        if offset is None:
            raise MdbError(NO_MAP)
        with Path(self.file.name).open("r+b") as stream:
            stream.seek(offset)
            stream.write(raw)
        old = self.file.raw
        self.file.raw = old[:offset] + raw + old[offset + len(raw) :]

    def status(self) -> list[str]:
        """What the file is."""
        kind = "object file" if self.file.kind == "object" else "executable file"
        if self.file.kind == "shared library":
            kind = "shared object file"
        return [f"debugging {kind} ({self.bits}-bit)", f"file: {self.file.name}", "status: idle"]


def _symbol(found: FileSymbol) -> Symbol:
    return Symbol(found.name, found.value, found.size, "", found.type in _FUNCTIONS)
