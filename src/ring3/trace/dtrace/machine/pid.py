"""The provider pid: functions of a process, `pidN:OBJECT:FUNCTION:entry`, `return`, or an offset in hexadecimal.

Probes are stop addresses of the CPU in the process's address space. Where a function returns is found by disassembling
it. Objects are known by base name, by the name without `.so...`, and the executable as `a.out` too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ring3.abi.errno import Errno
from ring3.kernel import points
from ring3.machine.registers import Gpr
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.machine import growth
from ring3.trace.dtrace.machine.objects import Function, MappedObject, objects_of
from ring3.trace.dtrace.machine.providers import padded
from ring3.trace.dtrace.machine.target import TaskContext
from ring3.trace.dtrace.providers.base import Description, Fire, Probe, matcher

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.task import Task

_NAME = re.compile(r"pid([0-9]+)")
_OFFSET = re.compile(r"[0-9a-f]+")
_ARGUMENTS = (Gpr.RDI, Gpr.RSI, Gpr.RDX, Gpr.RCX, Gpr.R8, Gpr.R9)
_GLOBS = frozenset("*?[")
_MOST = 250_000
"""Probes that a description may have, as many as Solaris's kernel makes (fasttrap-max-probes of fasttrap.conf)."""


class CpuRegisters:
    """The registers of the program that is on the CPU, by the names of `pt_regs`."""

    def __init__(self, kernel: Kernel[Any]) -> None:
        self._cpu = kernel.machine.cpu

    def __getattr__(self, name: str) -> int:
        if name == "ip":
            return int(self._cpu.rip)
        number = Gpr[f"R{name.upper().removeprefix('R')}"] if name != "flags" else None
        return int(self._cpu.gpr(number)) if number is not None else int(self._cpu.rflags)


class PidProvider:
    """Functions of the processes that are alive."""

    name = "pid"

    def __init__(self, kernel: Kernel[Any]) -> None:
        """Probe the programs on a kernel."""
        self._kernel = kernel
        self._registers = CpuRegisters(kernel)
        self._probes: dict[tuple[str, str, str, str], Probe] = {}
        self._places: dict[Probe, tuple[Mm, int, int]] = {}

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches; they are made for it."""
        match = _NAME.fullmatch(description.provider)
        if match is None:
            return []
        task = self._kernel.tasks.get(int(match[1]))
        if task is None or task.mm is None:
            fail("D_PROC_GRAB", 0, f"failed to grab pid {match[1]}: no such process")
        _check_name(description.name)
        return self._of_process(description._replace(name=description.name or "*"), task.mm)

    def watch(self, descriptions: Sequence[Description], changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` when objects are loaded, if a description names one."""
        if any(_NAME.fullmatch(each.provider) and each.module for each in descriptions):
            return growth.watch(self._kernel, changed)
        return lambda: None

    def _of_process(self, description: Description, mm: Mm) -> list[Probe]:
        """The probes in the objects of a process.

        Raises:
            CompileError: D_PROC_LIB, D_PROC_FUNC, D_PROC_OFF, for an object, function or offset that is not there.
        """
        objects = [mapped for mapped in objects_of(mm) if _is_meant(description.module, mapped)]
        if description.function == "-":
            if not description.module:
                objects = [mapped for mapped in objects if mapped.is_executable]
            if not objects or not objects[0].is_executable or _GLOBS & set(description.module):
                fail("D_PROC_LIB", 0, "only the a.out module is valid with the '-' function")
            return self._at_address(description, mm, objects[0])
        found = []
        wanted = matcher(description.function)
        functions = [
            (mapped, each)
            for mapped in objects
            for each in mapped.functions()
            if any(map(wanted, (each.name, *each.others)))
        ]
        literal = description.function and not _GLOBS & set(description.function)
        if (
            objects
            and literal
            and not functions
            and description.module
            and not _GLOBS & set(description.module)
        ):
            fail(
                "D_PROC_FUNC",
                0,
                f"failed to lookup '{description.function}' in module '{description.module}'",
            )
        for mapped, function in functions:
            found += self._of_function(description, mm, mapped, function)
            if len(found) > _MOST:
                number = description.provider.removeprefix("pid")
                fail("D_PROC_CREATEFAIL", 0, f"failed to create probe in process {number}: Not enough space")
        if functions and not found and literal and _OFFSET.fullmatch(description.name):
            offset = int(description.name, 16)
            beyond = all(offset >= function.size for _, function in functions)
            tag, what = ("D_PROC_OFF", "outside of") if beyond else ("D_PROC_ALIGN", "no instruction of")
            fail(tag, 0, f"offset 0x{offset:x} is {what} function '{description.function}'")
        return found

    def _at_address(self, description: Description, mm: Mm, mapped: MappedObject) -> list[Probe]:
        """A probe at an address of an object, whatever function that is in."""
        if not _OFFSET.fullmatch(description.name):
            fail("D_PROC_NAME", 0, 'only individual addresses may be specified with the "-" function name')
        address = int(description.name, 16) + mapped.bias
        if mm.vma_at(address) is None:
            fail("D_PROC_OFF", 0, f"failed to create probe at 0x{description.name}: no such address")
        whole = Function("-", mapped.bias, 1 << 62)
        place = (description.name, address - mapped.bias)
        return [self._probe(description.provider, mm, mapped, whole, place)]

    def _of_function(
        self, description: Description, mm: Mm, mapped: MappedObject, function: Function
    ) -> list[Probe]:
        places: list[tuple[str, int]] = []
        name = description.name
        wanted = matcher(name)
        if wanted("entry"):
            places.append(("entry", 0))
        if wanted("return"):
            places += [("return", offset) for offset in self._instructions(mm, function, only_returns=True)]
        if _OFFSET.fullmatch(name):
            offset = int(name, 16)
            places += [(name, offset)] if offset in self._instructions(mm, function) else []
        elif name and _GLOBS & set(name):
            places += [
                (f"{offset:x}", offset)
                for offset in self._instructions(mm, function)
                if wanted(f"{offset:x}")
            ]
        return [self._probe(description.provider, mm, mapped, function, place) for place in places]

    def _probe(
        self, provider: str, mm: Mm, mapped: MappedObject, function: Function, place: tuple[str, int]
    ) -> Probe:
        name, offset = place
        key = (provider, mapped.name, function.name, f"{name} {offset}")
        probe = self._probes.get(key)
        if probe is None:
            probe = self._probes[key] = Probe(provider, mapped.name, function.name, name)
            self._places[probe] = (mm, function.address, offset)
        return probe

    @staticmethod
    def _instructions(mm: Mm, function: Function, *, only_returns: bool = False) -> list[int]:
        """The offsets of a function's instructions, or of those at which it returns."""
        import capstone  # noqa: PLC0415 - takes 30 ms, and probes at entries need none

        mode = capstone.CS_MODE_64 if mm.task_size > 1 << 32 else capstone.CS_MODE_32
        try:
            code = mm.peek(function.address, function.size)
        except Errno:
            return []
        decoder = capstone.Cs(capstone.CS_ARCH_X86, mode)
        return [
            address - function.address
            for address, _size, mnemonic, operands in decoder.disasm_lite(code, function.address)
            if not only_returns or _leaves(mnemonic.rpartition(" ")[2], operands, function)
        ]

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire before the instruction of a probe."""
        mm, start, offset = self._places[probe]
        returns = probe.name == "return"

        def at(task: Task, _address: int) -> None:
            values = (offset, self._registers.ax, self._registers.dx) if returns else self._arguments(mm)
            context = TaskContext(padded(values), task)
            context.registers = self._registers
            context.at_entry = probe.name == "entry"
            fire(context)

        return self._kernel.probes.attach(points.Address(start + offset, mm), at).detach

    def _arguments(self, mm: Mm) -> list[int]:
        """What a function was called with: registers, then the stack; for 32 bits the stack alone."""
        cpu = self._kernel.machine.cpu
        wide = mm.task_size > 1 << 32
        width, count = (8, 4) if wide else (4, 10)
        values = [cpu.gpr(number) for number in _ARGUMENTS] if wide else []
        try:
            stack = mm.peek(cpu.gpr(Gpr.RSP) + width, width * count)
        except Errno:
            return values
        return values + [
            int.from_bytes(stack[at : at + width], "little") for at in range(0, len(stack), width)
        ]


def _check_name(name: str) -> None:
    """Refuses a name that no probe can have.

    Raises:
        CompileError: D_PROC_NAME.
    """
    if name and name not in ("entry", "return") and not _OFFSET.fullmatch(name) and not _GLOBS & set(name):
        fail("D_PROC_NAME", 0, f"'{name}' is an invalid probe name")


def _leaves(mnemonic: str, operands: str, function: Function) -> bool:
    """Whether an instruction, without its prefixes, returns or jumps to another function, which returns for both."""
    if mnemonic.startswith("ret"):
        return True
    if mnemonic != "jmp" or not operands.startswith("0x"):
        return False
    return not 0 <= int(operands, 16) - function.address < function.size


def _is_meant(wanted: str, mapped: MappedObject) -> bool:
    """Whether a description's module names an object."""
    test = matcher(wanted)
    stem = mapped.name.split(".so")[0]
    return (
        test(mapped.name)
        or test(stem)
        or (mapped.is_executable and wanted == "a.out")
        or mapped.name.startswith(f"{wanted}.")
    )
