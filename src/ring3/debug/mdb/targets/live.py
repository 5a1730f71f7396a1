"""What targets on a machine have in common: memory, registers, and the symbols and types of its kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ring3.debug.mdb.errors import NO_MAP, NO_PROCESS, NOT_WRITABLE, MdbError
from ring3.debug.mdb.targets.base import Symbol, Target
from ring3.debug.mdb.types.system import KernelTypes
from ring3.debug.memory import Memory, NoMemory
from ring3.debug.registers import GENERAL, SEGMENTS, CpuRegisters
from ring3.kernel.task import Task
from ring3.machine.paging import walk
from ring3.trace.dtrace.types import Type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ring3.kernel.core import Kernel

REGISTERS: Final = (*GENERAL, "rip", "rflags", *SEGMENTS, "fs_base", "gs_base")
KERNEL_REGISTERS: Final = (*REGISTERS, "k_gs_base", "cr2", "cr3")
NAMES: Final = {"fs_base": "fsbase", "gs_base": "gsbase", "k_gs_base": "kgsbase"}
"""What mdb calls registers that the engine calls otherwise."""


class LiveTarget(Target):
    """A machine that is up.

    Attributes:
        kernel: Its kernel.
        system: ``linux`` or ``solaris``.
    """

    is_idle = False

    def __init__(self, kernel: Kernel[Any], system: str) -> None:
        self.kernel = kernel
        self.system = system
        self.types = KernelTypes(system)

    @property
    def task(self) -> Task | None:
        """The task that is looked at."""
        return self.kernel.current

    def _registers(self) -> CpuRegisters | None:
        """The registers that are looked at."""
        task = self.task
        return None if task is None else CpuRegisters(self.kernel, task)

    def _registers_of(self, tid: int) -> CpuRegisters | None:
        task = self.kernel.tasks.get(tid)
        return None if task is None else CpuRegisters(self.kernel, task)

    # -- memory ----------------------------------------------------------------------------------------------------

    @property
    def memory(self) -> Memory:
        """The address space of the task, with the kernel's half."""
        task = self.task
        return Memory(self.kernel, None if task is None else task.mm)

    def read_some(self, address: int, size: int) -> bytes:
        """Bytes of the address space."""
        return self.memory.read_available(address, size)

    def write(self, address: int, raw: bytes) -> None:
        """Changes memory."""
        if not self.writable:
            raise MdbError(NOT_WRITABLE)
        try:
            self.memory.write(address, raw)
        except NoMemory:
            raise MdbError(NO_MAP) from None

    def read_physical(self, address: int, size: int) -> bytes:
        """Bytes of RAM."""
        ram = self.kernel.machine.ram
        if address + size > ram.size:
            raise MdbError(f"failed to read data from target: {NO_MAP}")
        return bytes(ram.bytes[address : address + size])

    def write_physical(self, address: int, raw: bytes) -> None:
        """Changes RAM."""
        ram = self.kernel.machine.ram
        if not self.writable:
            raise MdbError(NOT_WRITABLE)
        if address + len(raw) > ram.size:
            raise MdbError(NO_MAP)
        ram.bytes[address : address + len(raw)] = raw
        self.kernel.machine.cpu.forget_code()

    def physical(self, address: int) -> int | None:
        """Where a virtual address leads, None for nowhere."""
        machine, task = self.kernel.machine, self.task
        root = machine.cpu.cr3
        if task is not None and task.mm is not None and address < task.mm.task_size:
            root = task.mm.pmap.root
        found = walk(machine.ram, root, address)
        return None if found is None else found.physical

    # -- registers -------------------------------------------------------------------------------------------------

    def registers(self, tid: int | None = None) -> dict[str, int]:
        """The registers of a task, of that which is looked at for None, by mdb's names."""
        found = self._registers() if tid is None else self._registers_of(tid)
        if found is None:
            raise MdbError(NO_PROCESS if tid is None else f"there is no thread {tid}")
        names = KERNEL_REGISTERS if self.is_kernel else REGISTERS
        return {NAMES.get(name, name): value for name, value in zip(names, found.values(names), strict=True)}

    def last_trap(self) -> tuple[int, int]:
        """Vector and error code of its last exception, where its kernel notes them."""
        task = self.task
        return int(getattr(task, "trap_number", 0)), int(getattr(task, "error_code", 0))

    def set_register(self, name: str, value: int) -> None:
        """Changes one."""
        found = self._registers()
        if found is None:
            raise MdbError(NO_PROCESS)
        own = next((key for key, each in NAMES.items() if each == name), name)
        try:
            found[own] = value
        except (KeyError, ValueError) as error:
            raise MdbError(f"failed to modify {name}: {error}") from None

    # -- the kernel's symbols and types ----------------------------------------------------------------------------

    def kernel_symbol(self, name: str) -> Symbol | None:
        """A symbol of the kernel, with or without its module."""
        address = self.kernel.image.symbols.get(name)
        if address is None:
            return None
        found = self.kernel.image.symbols.at(address)
        return Symbol(name.rpartition("`")[2], address, found[2] if found else 0, "", self._is_code(address))

    def kernel_symbol_at(self, address: int) -> Symbol | None:
        """The symbol of the kernel that an address belongs to."""
        found = self.kernel.image.symbols.at(address)
        if found is None:
            return None
        name, start, size, _module = found
        return Symbol(name, start, size, "", self._is_code(address))

    def _is_code(self, address: int) -> bool:
        machine = self.kernel.machine
        found = walk(machine.ram, machine.cpu.cr3, address)
        return found is not None and found.executable

    def kernel_symbols(self) -> Iterable[Symbol]:
        """All symbols of the kernel."""
        for _name, address in self.kernel.image.symbols:
            found = self.kernel_symbol_at(address)
            if found is not None:
                yield found

    def kernel_whatis(self, address: int) -> list[str]:
        """What lies at an address of the kernel."""
        symbols = self.kernel.image.symbols
        found = symbols.at(address)
        if found is not None:
            module = found[3] or ("vmlinux" if self.system == "linux" else "unix")
            part = "text" if self._is_code(address) else "data"
            return [f"{self.describe(address)}, in {module}'s {part} segment"]
        for task in self.kernel.tasks.values():
            stack = self.kernel.machine.direct_map + task.stack
            if stack <= address < task.stack_top:
                return [f"in the kernel stack of thread {stack:x} (process {task.tid}, {task.name})"]
        return []

    def find_type(self, name: str) -> Type | None:
        """A type of the system."""
        return self.types.find(name)

    def type_of(self, symbol: Symbol) -> Type | None:
        """The type of a variable of the kernel."""
        return self.types.of_variable(symbol.name)

    def type_names(self) -> Iterable[str]:
        """The types of the system's headers."""
        return self.types.names()
