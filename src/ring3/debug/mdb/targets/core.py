"""A core file: a process as it was when it ended, with the files that were mapped, as far as they are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from signal import strsignal
from typing import TYPE_CHECKING

from ring3.abi.signals import Sig
from ring3.debug.mdb.errors import MdbError
from ring3.debug.mdb.targets import objects
from ring3.debug.mdb.targets.base import MappedObject, Symbol, Target
from ring3.debug.mdb.targets.live import NAMES, REGISTERS
from ring3.debug.mdb.types.files import FileTypes
from ring3.debug.mdb.types.system import KernelTypes
from ring3.debug.object_file import ObjectFile
from ring3.errors import UserError

if TYPE_CHECKING:
    from ring3.debug.core_file import CoreFile, CoreThread
    from ring3.trace.dtrace.types import Type
    from ring3.trace.unwind import CodeFile


class CoreTarget(Target):
    """A process that has ended, of Linux.

    Attributes:
        core: What it has left.
    """

    is_idle = False

    def __init__(self, core: CoreFile, program: ObjectFile | None, read: Callable[[str], bytes]) -> None:
        """Takes a core file.

        Args:
            core: The file.
            program: Its program, None for what the core file says.
            read: Gives the contents of a file that was mapped.
        """
        self.core = core
        self.bits = core.bits
        self.pid = core.pid
        self._program = program
        self._read = read
        self._system = KernelTypes("linux", core.bits)
        self._thread = core.threads[0]

    # -- objects ---------------------------------------------------------------------------------------------------

    @cached_property
    def loaded(self) -> list[objects.Loaded]:
        """The objects that were mapped and can be read, the program first."""
        entry = self.core.entry
        executable = None if entry is None else self.core.file_at(entry)
        found = []
        for name in dict.fromkeys(each.name for each in self.core.files):
            is_executable = executable is not None and executable.name == name
            file = self._program if is_executable and self._program is not None else self._file(name)
            head = next(each for each in self.core.files if each.name == name)
            bias = None if file is None else file.bias(head.start, head.offset)
            if file is not None and bias is not None:
                found.append(objects.Loaded(name.rsplit("/", 1)[-1], file, bias, is_executable))
        return sorted(found, key=lambda each: not each.is_executable)

    def _file(self, name: str) -> ObjectFile | None:
        try:
            return ObjectFile(name, self._read(name))
        except (OSError, UserError):
            return None

    def symbol(self, name: str) -> Symbol | None:
        """A symbol of the program or of a library, or a variable that the thread has of its own."""
        return objects.lookup(self.loaded, name) or objects.thread_local(self.loaded, name, self.registers())

    def symbol_at(self, address: int) -> Symbol | None:
        """The symbol at an address."""
        return objects.at(self.loaded, address)

    def symbols(self, object_name: str = "") -> Iterable[Symbol]:
        """All symbols, or an object's."""
        return objects.symbols(self.loaded, object_name)

    def objects(self) -> list[MappedObject]:
        """The program and its libraries."""
        return objects.spans(self.loaded, self.mappings())

    def code_at(self, address: int) -> tuple[CodeFile, int] | None:
        """What is known of the code at an address, and the address by its file."""
        return objects.code(self.loaded, address)

    def mappings(self) -> list[MappedObject]:
        """What was mapped."""
        names = {each.start: each.name for each in self.core.files}
        stack = self._thread.registers["rsp"]
        return [
            MappedObject(
                each.start,
                each.size,
                names.get(each.start) or ("[ stack ]" if 0 <= stack - each.start < each.size else "[ anon ]"),
            )
            for each in self.core.segments
        ]

    def whatis(self, address: int) -> list[str]:
        """The symbol at an address, and the mapping."""
        return objects.whatis(self, address)

    # -- types -----------------------------------------------------------------------------------------------------

    @cached_property
    def _types(self) -> FileTypes | None:
        first = self.loaded[:1]
        return FileTypes(first[0].file) if first else None

    def find_type(self, name: str) -> Type | None:
        """A type of the program, or of its system."""
        found = None if self._types is None else self._types.find(name)
        return found or self._system.find(name)

    def type_of(self, symbol: Symbol) -> Type | None:
        """The type of a variable of the program."""
        return None if self._types is None else self._types.of_variable(symbol.name)

    def type_names(self) -> Iterable[str]:
        """The types of the program."""
        return () if self._types is None else self._types.names()

    # -- memory and registers --------------------------------------------------------------------------------------

    def read_some(self, address: int, size: int) -> bytes:
        """Bytes of memory: of the core file, else of the file that was mapped."""
        found = self.core.read(address, size)
        if found or self.core.file_at(address) is None:
            return found
        for each in self.loaded:
            found = each.file.read((address - each.bias) & ((1 << 64) - 1), size)
            if found:
                return found
        return b""

    def read_file(self, address: int, size: int) -> bytes:
        """Bytes of the program's file."""
        if not self.loaded:
            return super().read_file(address, size)
        return self.loaded[0].file.read(address, size)

    def thread_ids(self) -> list[int]:
        """The numbers of its threads."""
        return [thread.tid for thread in self.core.threads]

    def thread(self, tid: int | None) -> CoreThread:
        """A thread, that which is looked at for None.

        Raises:
            MdbError: There is none of that number.
        """
        if tid is None:
            return self._thread
        found = next((thread for thread in self.core.threads if thread.tid == tid), None)
        if found is None:
            raise MdbError(f"there is no thread {tid}")
        return found

    def registers(self, tid: int | None = None) -> dict[str, int]:
        """The registers of a thread, of that which took the signal for None."""
        found = dict.fromkeys(REGISTERS, 0) | self.thread(tid).registers
        return {NAMES.get(name, name): value for name, value in found.items()}

    def set_register(self, name: str, value: int) -> None:
        """Nothing of it can be changed.

        Raises:
            MdbError: Always.
        """
        raise MdbError(f"failed to modify {name}: target is a core dump")

    def floating_point(self, tid: int | None = None) -> bytes:
        """The floating-point registers of a thread, as fxsave has them."""
        return self.thread(tid).floating_point

    def status(self) -> list[str]:
        """Whose core file it is, and what has ended it."""
        core = self.core
        names = {int(each): each.name for each in Sig}
        text = f"{names.get(core.signal, core.signal)} ({strsignal(core.signal)})"
        lines = [f"debugging core file of {core.program} ({self.bits}-bit)"]
        if self.loaded:
            lines.append(f"file: {self.loaded[0].file.name}")
        return [
            *lines,
            f"initial argv: {core.arguments}",
            "threading model: native threads",
            f"status: process terminated by {text}{', ' if core.reason else ''}{core.reason}",
        ]
