"""A kernel, a process or a core file whose variables are values: ``prog["sysent"][152].sy_callc``.

The types are those of the kernel's headers and of the rows of its calls, for programs those that the file describes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ring3.debug.core_file import CoreFile
from ring3.debug.mdb.errors import MdbError
from ring3.debug.mdb.targets.base import Symbol, Target
from ring3.debug.mdb.targets.core import CoreTarget
from ring3.debug.mdb.targets.kernel import KernelTarget
from ring3.debug.mdb.targets.program import ProgramTarget
from ring3.debug.mdb.types.catalog import Catalog
from ring3.debug.memory import NoMemory
from ring3.debug.thread import Thread
from ring3.debug.values import Value
from ring3.errors import UserError
from ring3.trace.dtrace.types import Function, Integer, Type

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel


class Program:
    """Where values lie: variables and functions by name, types by name, memory by address.

    `of_kernel`, `of_thread` and `of_core` make one; it looks at what is there now, whatever runs meanwhile.
    """

    def __init__(self, target: Target) -> None:
        """Looks at what mdb looks at.

        Args:
            target: One of mdb's targets.
        """
        self._target = target
        self._catalog = Catalog(lambda: target)

    @classmethod
    def of_kernel(cls, kernel: Kernel[Any]) -> Program:
        """A kernel's memory and variables."""
        target = KernelTarget(kernel, _system(kernel))
        target.writable = True
        return cls(target)

    @classmethod
    def of_thread(cls, thread: Thread) -> Program:
        """The memory and the variables of a thread's program.

        Raises:
            UserError: It runs no program that can be read.
        """
        task = thread.task
        target = ProgramTarget.of_task(task.kernel, _system(task.kernel), task)
        target.thread = thread
        return cls(target)

    @classmethod
    def of_core(cls, path: str) -> Program:
        """What a process of Linux has left.

        Raises:
            OSError: As open(2) and read(2).
            UserError: It is no core file.
        """
        return cls(
            CoreTarget(CoreFile(path, Path(path).read_bytes()), None, lambda name: Path(name).read_bytes())
        )

    @property
    def word(self) -> int:
        """Bytes of an address."""
        return self._target.bits // 8

    def __getitem__(self, name: str) -> Value:
        """A variable, or a function.

        Raises:
            KeyError: There is none of that name.
            LookupError: Its type is not known.
        """
        symbol = self._target.symbol(name)
        if symbol is None:
            raise KeyError(name)
        kind = self._type_of(symbol)
        if kind is None:
            raise LookupError(f"the type of {name} is not known: say prog.value(TYPE, {symbol.value:#x})")
        return Value(self, kind, symbol.value)

    def __contains__(self, name: str) -> bool:
        return self._target.symbol(name) is not None

    def _type_of(self, symbol: Symbol) -> Type | None:
        if symbol.is_function:
            return Function(Integer("int", 4, 3, signed=True), [])
        return self._target.type_of(symbol)

    def type(self, name: str) -> Type:
        """A type by its name in C.

        Raises:
            LookupError: There is none.
        """
        found = self._catalog.find(name)
        if found is None:
            raise LookupError(f"there is no type {name}")
        return found

    def value(self, kind: str, address: int) -> Value:
        """What lies at an address, as a type.

        Raises:
            LookupError: There is no such type.
        """
        return Value(self, self.type(kind), address)

    def symbol(self, address: int) -> Symbol | None:
        """The symbol that an address belongs to."""
        return self._target.symbol_at(address)

    def describe(self, address: int) -> str:
        """An address by its symbol, "" where it has none."""
        return self._target.describe(address) or ""

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory.

        Raises:
            NoMemory: Not all of them are mapped.
        """
        found = self._target.read_some(address, size)
        if len(found) < size:
            raise NoMemory(address + len(found))
        return found

    def string(self, address: int, limit: int) -> bytes:
        """Bytes up to the first NUL, and up to a limit.

        Raises:
            NoMemory: The first of them is not mapped.
        """
        found = self._target.read_some(address, limit)
        if not found:
            raise NoMemory(address)
        return found.partition(b"\0")[0]

    def write(self, address: int, data: bytes) -> None:
        """Changes memory.

        Raises:
            NoMemory: Not all of it is mapped.
            UserError: It cannot be changed.
        """
        try:
            self._target.write(address, data)
        except MdbError as error:
            if len(self._target.read_some(address, len(data))) < len(data):
                raise NoMemory(address) from None
            raise UserError(str(error)) from None


def _system(kernel: Kernel[Any]) -> str:
    from ring3.linux.kernel import LinuxKernel  # noqa: PLC0415 - the whole of a system

    return "linux" if isinstance(kernel, LinuxKernel) else "solaris"
