"""The facts of one Linux call, gathered while it goes on: what the program asked, each step of ring 0, what it got."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ring3.abi.signals import Sig
from ring3.kernel.watched_cpu import Delivered
from ring3.kernel.watched_stubs import StubCall
from ring3.linux.kernel import LinuxKernel
from ring3.linux.model.task import LinuxTask
from ring3.machine.cpu import Trap
from ring3.machine.registers import Gpr, Vector
from ring3.machine.steps import Push
from ring3.trace.explain import notes, steps
from ring3.trace.explain.asked import asked
from ring3.trace.explain.disassembly import Decoded, Disassembler, Memory
from ring3.trace.explain.doors import Call
from ring3.trace.explain.events import Access, CpuStep, Delivery, Event, FrameFilled, Instruction, TableSlot
from ring3.trace.explain.facts import Change, Value
from ring3.trace.explain.follower import Follower
from ring3.trace.explain.handover import Fields, Handover, fields_at
from ring3.trace.explain.model import Explanation
from ring3.trace.explain.names import Names
from ring3.trace.explain.registers import Picture, changes, picture

TABLES: Final = ("sys_call_table", "ia32_sys_call_table")
_M64: Final = (1 << 64) - 1


class Collector(Follower[Explanation]):
    """The facts of one call."""

    task: LinuxTask
    signals = Sig

    def __init__(
        self, kernel: LinuxKernel, task: LinuxTask, call: Call, nth: int, over: Callable[[Explanation], None]
    ) -> None:
        """Looks at the user's side, and follows the call.

        Args:
            kernel: The kernel; the CPU has stopped at the call.
            task: The task that runs.
            call: The call.
            nth: Which it is, from 1.
            over: Gets the explanation.
        """
        super().__init__(kernel, task, task.exe, nth, over)
        self._kernel = kernel
        self._names = Names(kernel, task)
        self._disassembler = Disassembler(kernel.machine, self._describe, kernel.image.symbols.name)
        self._asked = asked(kernel, call, self._disassembler)
        self._events: list[Event] = []
        self._filled: Fields = {}
        self._handover: Handover | None = None

    @property
    def disassembler(self) -> Disassembler:
        """Decodes ring 0's instructions."""
        return self._disassembler

    def explanation(self) -> Explanation:
        """What was gathered."""
        first = next((event.code.address for event in self._events if isinstance(event, Instruction)), 0)
        return Explanation(
            self._program,
            self.task.tid,
            self._nth,
            self._asked,
            self._names.all_at(first),
            tuple(self._events),
            self._back,
            self._ended,
            tuple(self._walks.found),
        )

    @property
    def _depth(self) -> int:
        return len(self._names.frames) - 1

    def _describe(self, address: int) -> str:
        return self._names.code(address) or self._user_symbols.describe(self.task.memory, address)

    # -- the ways in and out -------------------------------------------------------------------------------------

    def delivered(self, told: Delivered) -> None:
        """The CPU has entered ring 0: by the door, or by an exception met on the way."""
        cause = told.cause
        if not self._events:
            vector = cause.vector if isinstance(cause, Trap) else None
            self._events.append(Delivery(self._asked.door, vector, 0, 0, 0, self._lines(told)))
        elif isinstance(cause, Trap):
            pushed = next((step.address for step in told.steps if isinstance(step, Push)), None)
            if pushed is not None:
                self._names.frames.append(pushed + 8 - self._kernel.frame_size)
            name = (
                f"#{Vector(cause.vector).name}" if cause.vector in set(Vector) else f"vector {cause.vector}"
            )
            self._events.append(
                Delivery(name, cause.vector, cause.error, cause.address, self._depth, self._lines(told))
            )

    def _lines(self, told: Delivered) -> tuple[CpuStep, ...]:
        found = steps.told(told.steps, self._cpu.gpr(Gpr.RSP), self._names.annotated, self._names.memory)
        self._note(*(step.address for step in found))
        return found

    def _note(self, *addresses: int | None) -> None:
        """Looks up the pages of what was touched."""
        for address in addresses:
            if address is not None:
                self._walks.note(address)

    # -- ring 0 --------------------------------------------------------------------------------------------------

    def executing(self, decoded: Decoded, before: Picture, addresses: list[int]) -> None:
        """Before a call: the frame is full by then, or the call goes through an entry of a table."""
        if decoded.mnemonic != "callq":
            return
        frame = self._names.frames[0]
        if not self._filled and before["rdi"] == frame:
            self._filled = fields_at(self._kernel, frame)
            self._events.append(FrameFilled(frame, tuple(Value(*field) for field in self._filled.items())))
        for memory, address in zip(decoded.memory, addresses, strict=True):
            table = self._kernel.image.symbols.name(memory.displacement & _M64)
            physical, content = self._machine.translate(address), self._word(address, 8)
            if table in TABLES and physical is not None and content is not None:
                symbol = self._kernel.image.symbols.name(content) or ""
                self._events.append(
                    TableSlot(table, before[memory.index], address, physical, content, symbol)
                )

    def executed(self, decoded: Decoded, before: Picture, addresses: list[int], *, faulted: bool) -> None:
        """What an instruction has done."""
        after = picture(self._cpu)
        accesses = tuple(
            self._access(memory, address) for memory, address in zip(decoded.memory, addresses, strict=True)
        )
        taken = decoded.is_conditional_jump and not faulted
        self._events.append(
            Instruction(
                decoded.code,
                self._depth,
                changes(before, after, ("rip", "rflags")),
                Change("rflags", before["rflags"], after["rflags"]),
                accesses,
                after["rip"],
                self._describe(after["rip"]),
                after["rip"] != decoded.end if taken else None,
                faulted,
                "" if faulted else notes.note(decoded, accesses, before, after),
            )
        )
        if decoded.mnemonic == "iretq" and self._depth and not faulted and self._cpu.cpl != 3:
            self._names.frames.pop()

    def _access(self, memory: Memory, address: int) -> Access:
        self._note(address)
        value = self._word(address, memory.size)
        symbol = self._names.code(value) if value is not None else ""
        return Access(memory.write, address, memory.size, self._names.memory(address), value, symbol)

    def _word(self, address: int, size: int) -> int | None:
        """The number at an address, None if there is no memory."""
        if self._machine.translate(address) is None:
            return None
        return int.from_bytes(self._machine.read(address, size), "little")

    def handing_over(self, call: StubCall) -> None:
        """Ring 0 hands over to Python."""
        self._handover = Handover(self._kernel, self.task, call, self._depth, self._filled)

    def handed_back(self, call: StubCall | None, *, waited: bool) -> None:
        """Python is done."""
        assert self._handover is not None
        over = self._handover.over(call, waited=waited)
        self._events.append(over)
        if call is not None:
            self._note(*(told.value for layer in over.layers for told in layer.arguments if told.data))
        self._handover = None
