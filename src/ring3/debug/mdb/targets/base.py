"""A target as mdb sees it, and the target that there is when there is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from ring3.debug.mdb.errors import NO_MAP, NO_PROCESS, NOT_SUPPORTED, NOT_WRITABLE, MdbError
from ring3.debug.mdb.numbers import with_base
from ring3.trace.dtrace.types import Type

if TYPE_CHECKING:
    from ring3.trace.unwind import CodeFile


class Symbol(NamedTuple):
    """A symbol of a target.

    Attributes:
        name: Its name.
        value: Virtual address.
        size: Bytes, 0 if unknown.
        object: The object it belongs to, "" where there is one only.
        is_function: It is code.
    """

    name: str
    value: int
    size: int = 0
    object: str = ""
    is_function: bool = False


class MappedObject(NamedTuple):
    """An object file or a mapping of an address space."""

    base: int
    size: int
    name: str


class Target:
    """What is looked at; this one has nothing.

    Attributes:
        bits: Of its addresses.
        writable: Whether it may be changed.
        is_idle: There is a file and no process.
        is_kernel: It is a kernel.
        pid: The process's number, 0 where there is none.
    """

    bits = 64
    writable = False
    is_idle = True
    is_kernel = False
    pid = 0

    # -- symbols ---------------------------------------------------------------------------------------------------

    def symbol(self, name: str) -> Symbol | None:
        """The symbol of a name, with or without objects in front; None if there is none."""
        return None

    def symbol_at(self, address: int) -> Symbol | None:
        """The symbol that an address belongs to."""
        return None

    def symbols(self, object_name: str = "") -> Iterable[Symbol]:
        """All symbols, or an object's."""
        return ()

    def describe(self, address: int) -> str | None:
        """An address as ``symbol``, ``object`symbol+0x10``; None where no symbol is."""
        found = self.symbol_at(address)
        if found is None:
            return None
        name = f"{found.object}`{found.name}" if found.object else found.name
        return name if address == found.value else f"{name}+{with_base(address - found.value)}"

    def objects(self) -> list[MappedObject]:
        """The object files."""
        return []

    def source_files(self, object_name: str) -> Iterable[str]:
        """The source files that symbol tables name, of one object or of all."""
        return ()

    def code_at(self, address: int) -> tuple[CodeFile, int] | None:
        """What is known of the code at an address, and the address by its file; None where nothing is."""
        return None

    def mappings(self) -> list[MappedObject]:
        """The mappings of the address space."""
        raise MdbError(NOT_SUPPORTED)

    def whatis(self, address: int) -> list[str]:
        """What lies at an address, by everybody who knows something; each behind ``ADDRESS is``."""
        return []

    # -- types -----------------------------------------------------------------------------------------------------

    def find_type(self, name: str) -> Type | None:
        """A type of the target by its name in C."""
        return None

    def type_of(self, symbol: Symbol) -> Type | None:
        """The type of a variable."""
        return None

    def type_names(self) -> Iterable[str]:
        """The names of the target's types."""
        return ()

    # -- memory ----------------------------------------------------------------------------------------------------

    def read_some(self, address: int, size: int) -> bytes:
        """Up to so many bytes at a virtual address."""
        return b""

    def read(self, address: int, size: int) -> bytes:
        """Bytes at a virtual address.

        Raises:
            MdbError: Not all are there.
        """
        return whole(self.read_some(address, size), size)

    def write(self, address: int, raw: bytes) -> None:
        """Changes bytes at a virtual address."""
        raise MdbError(NO_MAP if self.writable else NOT_WRITABLE)

    def read_file(self, address: int, size: int) -> bytes:
        """Bytes at an address of the object file."""
        raise MdbError(f"failed to read data from target: {NO_MAP}")

    def write_file(self, address: int, raw: bytes) -> None:
        """Changes bytes of the object file."""
        raise MdbError(NO_MAP if self.writable else NOT_WRITABLE)

    def read_physical(self, address: int, size: int) -> bytes:
        """Bytes at a physical address."""
        raise MdbError(f"failed to read data from target: {NOT_SUPPORTED}")

    def write_physical(self, address: int, raw: bytes) -> None:
        """Changes bytes at a physical address."""
        raise MdbError(NOT_SUPPORTED)

    # -- the rest --------------------------------------------------------------------------------------------------

    def status(self) -> list[str]:
        """The lines of ::status."""
        return ["debugging no target"]

    def registers(self, tid: int | None = None) -> dict[str, int]:
        """The registers of a thread, of that which is looked at for None.

        Raises:
            MdbError: There is none.
        """
        raise MdbError(NO_PROCESS)

    def floating_point(self, tid: int | None = None) -> bytes:
        """The floating-point registers of a thread, as fxsave has them; empty where they cannot be told.

        Raises:
            MdbError: There is no such thread.
        """
        raise MdbError(NO_PROCESS)

    def last_trap(self) -> tuple[int, int]:
        """Vector and error code of the last exception of the thread that is looked at."""
        return 0, 0

    def thread_ids(self) -> list[int]:
        """The numbers of the process's threads."""
        return []

    def set_register(self, name: str, value: int) -> None:
        """Changes a register of that thread."""
        raise MdbError(NO_PROCESS)

    def close(self) -> None:
        """Gives up what was taken."""


def whole(raw: bytes, size: int) -> bytes:
    """Bytes that have to be so many.

    Raises:
        MdbError: They are fewer.
    """
    if len(raw) < size:
        raise MdbError(f"failed to read data from target: {NO_MAP}")
    return raw
