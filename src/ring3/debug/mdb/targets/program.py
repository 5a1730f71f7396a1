"""A program as it is looked at: its file, and from when it runs on its process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ring3.debug import Thread
from ring3.debug.mdb.errors import NO_PROCESS, MdbError
from ring3.debug.mdb.targets import objects
from ring3.debug.mdb.targets.base import MappedObject, Symbol
from ring3.debug.mdb.targets.file import FileTarget
from ring3.debug.mdb.targets.live import LiveTarget
from ring3.debug.mdb.types.system import KernelTypes
from ring3.debug.registers import CpuRegisters
from ring3.errors import UserError
from ring3.kernel.task import Task

if TYPE_CHECKING:
    from ring3.debug.object_file import ObjectFile
    from ring3.kernel.core import Kernel
    from ring3.trace.dtrace.types import Type
    from ring3.trace.unwind import CodeFile


class ProgramTarget(LiveTarget):
    """A program: symbols, types, memory and registers.

    Attributes:
        file_target: Its file.
        thread: The thread that is looked at, None while there is no process.
    """

    def __init__(self, file: ObjectFile, *, writable: bool) -> None:
        """Takes a file.

        Args:
            file: The program.
            writable: Whether the file may be changed.
        """
        self.file_target = FileTarget(file, writable=writable)
        self.bits = file.bits
        self.writable = True
        self.thread: Thread | None = None
        self._objects = objects.Objects()

    @classmethod
    def of_task(cls, kernel: Kernel[Any], system: str, task: Task) -> ProgramTarget:
        """The program of a task.

        Raises:
            UserError: It has none that can be read.
        """
        file = program_of(task)
        if file is None:
            raise UserError(f"the program of {task.tid} cannot be read")
        made = cls(file, writable=False)
        made.kernel, made.system = kernel, system
        made.types = KernelTypes(system, made.bits)
        return made

    # -- whether there is a process --------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:  # type: ignore[override]
        """There is none."""
        return self.thread is None

    @property
    def task(self) -> Task | None:
        """The task that is looked at."""
        return None if self.thread is None else self.thread.task

    def active(self) -> Thread:
        """The thread that is looked at.

        Raises:
            MdbError: There is no process.
        """
        if self.thread is None:
            raise MdbError(NO_PROCESS)
        return self.thread

    def _registers(self) -> CpuRegisters | None:
        return None if self.thread is None else self.thread.registers

    # -- symbols, types, memory ------------------------------------------------------------------------------------

    def loaded(self) -> list[objects.Loaded]:
        """The objects of the process."""
        return (
            []
            if self.thread is None
            else self._objects.of(self.thread.task.mm, self.file_target.file.base_name)
        )

    def symbol(self, name: str) -> Symbol | None:
        """A symbol of the executable or of a library, or a variable that the thread has of its own."""
        if self.thread is None:
            return self.file_target.symbol(name)
        loaded = self.loaded()
        return objects.lookup(loaded, name) or objects.thread_local(loaded, name, self.registers())

    def symbol_at(self, address: int) -> Symbol | None:
        """The symbol at an address."""
        return (
            self.file_target.symbol_at(address) if self.thread is None else objects.at(self.loaded(), address)
        )

    def symbols(self, object_name: str = "") -> Iterable[Symbol]:
        """All symbols, or an object's."""
        if self.thread is None:
            return self.file_target.symbols(object_name)
        return objects.symbols(self.loaded(), object_name)

    def source_files(self, object_name: str) -> Iterable[str]:
        """Those of the program's file."""
        return self.file_target.source_files(object_name)

    def whatis(self, address: int) -> list[str]:
        """The symbol at an address, and the mapping."""
        if self.thread is None:
            return self.file_target.whatis(address)
        return objects.whatis(self, address)

    def mappings(self) -> list[MappedObject]:
        """The mappings of the process."""
        mm = self.active().task.mm
        found = [] if mm is None else list(objects.mappings(mm))
        if self.system != "solaris":
            return found
        from ring3.solaris.view import USERLAND  # noqa: PLC0415 - programs of Linux need none of it

        return [each._replace(name=each.name.removeprefix(USERLAND)) for each in found]

    def objects(self) -> list[MappedObject]:
        """The executable and its libraries."""
        return [] if self.thread is None else objects.spans(self.loaded(), self.mappings())

    def code_at(self, address: int) -> tuple[CodeFile, int] | None:
        """What is known of the code at an address, and the address by its file."""
        return objects.code(self.loaded(), address)

    def find_type(self, name: str) -> Type | None:
        """A type of the program, or of its system."""
        found = self.file_target.find_type(name)
        return found if found is not None or self.thread is None else self.types.find(name)

    def type_of(self, symbol: Symbol) -> Type | None:
        """The type of a variable of the program."""
        return self.file_target.type_of(symbol)

    def type_names(self) -> Iterable[str]:
        """The types of the program."""
        return self.file_target.type_names()

    def read_some(self, address: int, size: int) -> bytes:
        """Bytes of the process, or of the file."""
        return (
            self.file_target.read_some(address, size)
            if self.thread is None
            else super().read_some(address, size)
        )

    def read_file(self, address: int, size: int) -> bytes:
        """Bytes of the file."""
        return self.file_target.read_file(address, size)

    def write(self, address: int, raw: bytes) -> None:
        """Changes the process, or the file."""
        if self.thread is None:
            self.file_target.write(address, raw)
        else:
            super().write(address, raw)

    def write_file(self, address: int, raw: bytes) -> None:
        """Changes the file."""
        self.file_target.write_file(address, raw)


def program_of(task: Task) -> ObjectFile | None:
    """The file that a task runs, None where it cannot be read."""
    return objects.Objects().executable(task.mm, str(getattr(task, "exe", "")) or task.name)
