"""Drives one system call of Solaris through ring 0, an instruction at a time, and gathers what happens.

Nothing is changed by that but the time it takes: the microcode delivers, ring 0's own code runs, and at a stub's
``hlt`` the kernel runs its Python as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from os import path
from typing import Final

from ring3 import resources
from ring3.abi.errno import Errno
from ring3.abi.solaris import sysent, sysnum
from ring3.abi.solaris.signals import SolarisSig
from ring3.abi.solaris.sysent import NSYSCALL, SYSENT_SIZE
from ring3.image.solaris.boot import L
from ring3.kernel.watched_cpu import Delivered
from ring3.kernel.watched_stubs import StubCall
from ring3.machine.registers import Gpr
from ring3.solaris.definition import SolarisFunction
from ring3.solaris.errors import describe_number, solaris_number
from ring3.solaris.kernel import SolarisKernel
from ring3.solaris.task import SolarisTask
from ring3.trace.explain import steps
from ring3.trace.explain.disassembly import Decoded, Disassembler, Memory
from ring3.trace.explain.events import Access, CpuStep, Instruction
from ring3.trace.explain.facts import Change, Code, Value
from ring3.trace.explain.follower import Follower
from ring3.trace.explain.model import Argument
from ring3.trace.explain.registers import Picture, changes, picture, values
from ring3.trace.explain_solaris import notes
from ring3.trace.explain_solaris.call import Call
from ring3.trace.explain_solaris.flow import Flow
from ring3.trace.explain_solaris.model import Asked, Entered, Explanation, Python, Step, SysentField
from ring3.trace.explain_solaris.names import REGS, Names

PLACES: Final = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
_DECLARATIONS: Final = {
    "sy_narg": "char sy_narg",
    "sy_flags": "unsigned short sy_flags",
    "sy_call": "int (*)() sy_call",
    "sy_lock": "krwlock_t *sy_lock",
    "sy_callc": "int64_t (*)() sy_callc",
}
_M64: Final = (1 << 64) - 1
_BEFORE: Final = 8
_AFTER: Final = 12
"""Bytes before and behind the instruction that a function without an end may have."""


class Collector(Follower[Explanation]):
    """The facts of one call."""

    task: SolarisTask
    signals = SolarisSig

    def __init__(
        self,
        kernel: SolarisKernel,
        task: SolarisTask,
        call: Call,
        nth: int,
        over: Callable[[Explanation], None],
    ) -> None:
        """Looks at the user's side, and follows the call.

        Args:
            kernel: The kernel; the CPU has stopped at the call.
            task: The thread that runs.
            call: The call.
            nth: Which it is, from 1.
            over: Gets the explanation.
        """
        super().__init__(kernel, task, task.exe, nth, over)
        self._kernel = kernel
        self._names = Names(kernel, task)
        self._disassembler = Disassembler(kernel.machine, self._describe, self._names.exact)
        self._steps: list[Step] = []
        self._entry_steps: tuple[CpuStep, ...] = ()
        self._regs: tuple[Value, ...] = ()
        self._row: tuple[SysentField, ...] = ()
        self._entered: Entered | None = None
        self._is_call = False
        self._python: Python | None = None
        self._flow: Flow | None = None
        self._asked = self._look_at_program(call)

    @property
    def disassembler(self) -> Disassembler:
        """Decodes ring 0's instructions."""
        return self._disassembler

    def delivered(self, told: Delivered) -> None:
        """The CPU has entered ring 0."""
        if not self._entry_steps:
            self._entry_steps = steps.told(
                told.steps, self._cpu.gpr(Gpr.RSP), self._names.annotated, lambda _: ""
            )

    def explanation(self) -> Explanation:
        """What was gathered."""
        return Explanation(
            self._program,
            self.task.tid,
            self._nth,
            self._asked,
            self._entry_steps,
            tuple(self._steps),
            self._names.frame,
            self._regs,
            self._row,
            self._entered,
            self._back,
            self._ended,
            tuple(self._walks.found),
        )

    def _describe(self, address: int) -> str:
        return self._names.code(address) or self._user_symbols.describe(self.task.memory, address)

    # -- the program ---------------------------------------------------------------------------------------------

    def _look_at_program(self, call: Call) -> Asked:
        at = self.before_call["rip"] - 2
        where = self._user_symbols.describe(self.task.memory, at)
        handler = self._kernel.image.symbols.describe(self._callc(call.number))
        made = self._kernel.function_table.get(handler)
        parameters = made.parameters if made is not None and made.support is not None else None
        row = sysent.load(self._kernel.solaris.flavour)[call.number] if call.number < NSYSCALL else None
        count = len(PLACES) if row is None or row.absent else min(row.nargs, len(PLACES))
        arguments = []
        for index, place in enumerate(PLACES[: len(parameters) if parameters is not None else count]):
            name, kind = "", ""
            if parameters is not None:
                name, kind = parameters[index].name, parameters[index].type.name
            arguments.append(Argument(place, name, kind, self.before_call[place]))
        names = {number: name for name, number in sysnum.load(self._kernel.solaris.flavour)}
        return Asked(
            where.partition("+")[0],
            self._function_around(at, where),
            at,
            call.number,
            call.name,
            names.get(call.number, ""),
            tuple(arguments),
            values({**self.before_call, "rip": at}),
        )

    def _function_around(self, at: int, where: str) -> tuple[Code, ...]:
        """The instructions of the program's function from its start to its ``ret``, if it is as short as a stub."""
        offset = where.partition("+")[2]
        start = at - (int(offset, 16) if offset else 0)
        found: list[Code] = []
        if where and at - start <= _BEFORE * 4:
            address = start
            while address <= at + _AFTER * 2:
                decoded = self._disassembler.decode(address)
                if not decoded.code.raw:
                    break
                found.append(decoded.code)
                if decoded.mnemonic == "retq":
                    return tuple(found)
                address = decoded.end
        return (self._disassembler.decode(at).code,)

    def _callc(self, number: int) -> int:
        if number >= NSYSCALL:
            return self._kernel.image.symbols["nosys"]
        return self._machine.read_q(
            self._kernel.image.symbols["sysent"] + number * SYSENT_SIZE + L["SY_CALLC"]
        )

    # -- ring 0 --------------------------------------------------------------------------------------------------

    def executing(self, decoded: Decoded, before: Picture, addresses: list[int]) -> None:
        """At the first call ``struct regs`` is full; the one through rbx goes to what sysent holds."""
        self._is_call = decoded.mnemonic == "callq"
        if not self._is_call:
            return
        if not self._regs:
            raw = memoryview(self._machine.read(self._names.frame, L["REGS_SIZE"])).cast("Q")
            self._regs = tuple(Value(name, raw[offset >> 3]) for offset, name in REGS.items())
        if any(memory.base == "rbx" for memory in decoded.memory):
            self._row = self._look_at_row(before["rbx"])

    def executed(self, decoded: Decoded, before: Picture, addresses: list[int], *, faulted: bool) -> None:
        """What an instruction has done."""
        after = picture(self._cpu)
        accesses = tuple(
            self._access(memory, address) for memory, address in zip(decoded.memory, addresses, strict=True)
        )
        self._steps.append(
            Instruction(
                decoded.code,
                0,
                changes(before, after, ("rip", "rflags")),
                Change("rflags", before["rflags"], after["rflags"]),
                accesses,
                after["rip"],
                (self._describe(after["rip"]) or f"{after['rip']:#x}") if self._cpu.cpl != 3 else "",
                after["rip"] != decoded.end if decoded.is_conditional_jump else None,
                False,
                notes.note(decoded, accesses, before, after),
            )
        )
        if self._is_call and self._entered is None and self._regs:
            self._entered = self._look_at_entry()

    def _access(self, memory: Memory, address: int) -> Access:
        self._walks.note(address)
        value = None
        if self._machine.translate(address) is not None:
            value = int.from_bytes(self._machine.read(address, memory.size), "little")
        symbol = "" if value is None else self._names.code(value)
        if value is not None and value >= L["KERNEL_TEXT"]:
            symbol = symbol or f"{value:#x}"  # the code behind sys_syscall has no symbol, in Solaris neither
        return Access(memory.write, address, memory.size, self._names.memory(address), value, symbol)

    def _look_at_row(self, address: int) -> tuple[SysentField, ...]:
        found = []
        for field in sysent.SYSENT_LAYOUT:
            value = int.from_bytes(self._machine.read(address + field.offset, field.size), "little")
            symbol = self._names.code(value) if field.size == 8 and value else ""
            found.append(SysentField(address + field.offset, _DECLARATIONS[field.name], value, symbol))
        return tuple(found)

    def _look_at_entry(self) -> Entered:
        registers = picture(self._cpu)
        returns_to = self._machine.read_q(registers["rsp"])
        code = self._disassembler.decode(registers["rip"]).code
        return Entered(code, values(registers), returns_to, self._names.scoped(returns_to))

    def handing_over(self, call: StubCall) -> None:
        """Ring 0 hands over to Python."""
        made = call.what.definition
        self._python = Python(
            call.what.symbol, _source(made) if made is not None else "", (), False, None, ""
        )
        self._flow = Flow(self._kernel, self.task)

    def handed_back(self, call: StubCall | None, *, waited: bool) -> None:
        """Python is done."""
        assert self._python is not None
        assert self._flow is not None
        self._flow.stop()
        result, error = None, ""
        if call is not None:
            errno = solaris_number(call.error) if isinstance(call.error, Errno) else self.task.errno
            result = errno if call.error is not None else int(call.value) & _M64
            error = describe_number(errno) if errno else ""
        self._steps.append(
            replace(self._python, flow=tuple(self._flow.steps), waited=waited, result=result, error=error)
        )
        self._python = None


def _source(made: SolarisFunction) -> str:
    """Where a function is written: ``ring3/solaris/modctl.py:84``, or the file's own path outside of the package."""
    code = made.function.__code__
    file = code.co_filename
    inside = path.relpath(file, path.dirname(resources.ROOT)) if file.startswith(resources.ROOT) else file
    return f"{inside}:{code.co_firstlineno}"
