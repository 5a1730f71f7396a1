"""Drives one system call through ring 0 and gathers what happens.

The task stands at its call, not yet delivered. From there on every stop is taken on the full path: the microcode
delivers, telling its steps; ring 0 runs one instruction at a time, with a picture of the registers before and after
each; at a stub's ``hlt`` the kernel runs its Python as ever, the layers of the call being recorded. Nothing is
changed by that but the time it takes.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.signals import Sig
from ring3.kernel.task import TaskExited
from ring3.linux.kernel import LinuxKernel
from ring3.linux.model.task import LinuxTask
from ring3.machine.cpu import Event as CpuEvent
from ring3.machine.cpu import Stop, Trap
from ring3.machine.microcode import Step
from ring3.machine.registers import Vector
from ring3.trace.explain import notes
from ring3.trace.explain.asked import asked
from ring3.trace.explain.disassembly import Decoded, Disassembler, Memory
from ring3.trace.explain.doors import Call
from ring3.trace.explain.events import Access, CpuStep, Delivery, Event, FrameFilled, Instruction, TableSlot
from ring3.trace.explain.facts import Change, Value
from ring3.trace.explain.handover import Fields, Handover, fields_at
from ring3.trace.explain.model import Explanation, Return
from ring3.trace.explain.names import Names
from ring3.trace.explain.registers import Picture, changes, picture, values
from ring3.trace.user_symbols import UserSymbols

TABLES: Final = ("sys_call_table", "ia32_sys_call_table")
_M64: Final = (1 << 64) - 1


class Collector:
    """The facts of one call, while it goes on.

    Attributes:
        task: Who makes it.
        finished: The call is over: the task is in ring 3 again, or has ended.
    """

    def __init__(self, kernel: LinuxKernel, task: LinuxTask, call: Call, nth: int) -> None:
        """Looks at the user's side.

        Args:
            kernel: The kernel; the CPU has stopped at the call.
            task: The task that runs.
            call: The call.
            nth: Which it is, from 1.
        """
        self.task = task
        self.finished = False
        self._kernel = kernel
        self._machine = kernel.machine
        self._cpu = kernel.machine.cpu
        self._nth = nth
        self._program = task.exe
        self._names = Names(kernel, task)
        self._user_symbols = UserSymbols(kernel)
        self._disassembler = Disassembler(kernel.machine, self._describe, kernel.image.symbols.name)
        self._before = picture(self._cpu)
        self._asked = asked(kernel, call, self._disassembler)
        self._events: list[Event] = []
        self._filled: Fields = {}
        self._handover: Handover | None = None
        self._last = ""
        self._back: Return | None = None
        self._ended = ""

    def begin(self, stop: Stop) -> None:
        """Lets the CPU enter ring 0, from the stop at which the call was met."""
        self._deliver(stop)

    def go_on(self) -> None:
        """Goes on after the task has got the CPU; nothing happens if it has not.

        Raises:
            TaskExited: The call ended the task.
        """
        if not self._runs():
            return
        if self._handover is not None:
            self._events.append(self._handover.over(returned=True, waited=True))
            self._handover = None
        while self._runs() and self._cpu.cpl != 3:
            self._step()
        if self._runs():
            self._returned()

    def task_ended(self) -> None:
        """The task is dead: the call was its last."""
        if self._handover is not None:
            self._events.append(self._handover.over(returned=False, waited=self._handover.waits))
            self._handover = None
        code = self.task.exit_code
        signal = code & 0x7F
        self._ended = f"signal {Sig(signal).name}" if signal else f"status {code >> 8 & 0xFF}"
        self.finished = True

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
        )

    def _runs(self) -> bool:
        """The task has the CPU, for this call."""
        return self.task.on_cpu and not self.finished

    @property
    def _depth(self) -> int:
        return len(self._names.frames) - 1

    def _describe(self, address: int) -> str:
        return self._names.code(address) or self._user_symbols.describe(self.task.memory, address)

    # -- the ways in and out -------------------------------------------------------------------------------------

    def _deliver(self, stop: Stop) -> None:
        """Takes any stop but a halt; what the CPU does then is recorded."""
        steps: list[Step] = []
        microcode = self._machine.microcode
        kept, microcode.observe = microcode.observe, steps.append
        try:
            self._kernel.handle(self.task, stop)
        finally:
            microcode.observe = kept
        if stop is CpuEvent.INTERRUPTED:
            return
        if not self._events:
            vector = stop.vector if isinstance(stop, Trap) else None
            self._events.append(Delivery(self._asked.door, vector, 0, 0, 0, self._told(steps)))
        elif isinstance(stop, Trap):
            pushed = next((step.address for step in steps if step.what == "write"), None)
            if pushed is not None:
                self._names.frames.append(pushed + 8 - self._kernel.frame_size)
            name = f"#{Vector(stop.vector).name}" if stop.vector in set(Vector) else f"vector {stop.vector}"
            self._events.append(
                Delivery(name, stop.vector, stop.error, stop.address, self._depth, self._told(steps))
            )

    def _told(self, steps: list[Step]) -> tuple[CpuStep, ...]:
        names = self._names
        return tuple(
            CpuStep(
                step.what,
                step.subject,
                names.annotated(step.value),
                step.address,
                names.memory(step.address) if step.address is not None else "",
            )
            for step in steps
        )

    def _returned(self) -> None:
        """Ring 3 runs next."""
        after = picture(self._cpu)
        code = self._disassembler.decode(after["rip"], self._cpu.long_mode).code
        self._back = Return(self._last, values(after), changes(self._before, after, ("rip",)), code)
        self.finished = True

    # -- ring 0 --------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        """Runs one instruction, and what it leads to."""
        before = picture(self._cpu)
        decoded = self._disassembler.decode(before["rip"])
        addresses = [memory.address(before, decoded.end) for memory in decoded.memory]
        if decoded.mnemonic == "callq":
            self._look_at_call(decoded, before, addresses)
        stop = self._cpu.step()
        faulted = isinstance(stop, Trap) and self._cpu.rip == before["rip"]
        self._events.append(self._executed(decoded, before, addresses, faulted=faulted))
        self._last = decoded.mnemonic
        if stop is CpuEvent.HALT:
            self._run_python()
        elif self._cpu.cpl == 3 and isinstance(stop, Trap):
            self._returned()  # and the program's next instruction has failed, which is no part of the call
            self._kernel.handle(self.task, stop)
        elif stop is not CpuEvent.STEPPED:
            self._deliver(stop)
        elif decoded.mnemonic == "iretq" and self._depth and self._cpu.cpl != 3:
            self._names.frames.pop()

    def _executed(
        self, decoded: Decoded, before: Picture, addresses: list[int], *, faulted: bool
    ) -> Instruction:
        """What an instruction has done."""
        after = picture(self._cpu)
        accesses = tuple(
            self._access(memory, address) for memory, address in zip(decoded.memory, addresses, strict=True)
        )
        taken = decoded.is_conditional_jump and not faulted
        return Instruction(
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

    def _access(self, memory: Memory, address: int) -> Access:
        value = self._word(address, memory.size)
        symbol = self._names.code(value) if value is not None else ""
        return Access(memory.write, address, memory.size, self._names.memory(address), value, symbol)

    def _look_at_call(self, decoded: Decoded, before: Picture, addresses: list[int]) -> None:
        """Before a call: the frame is full by then, or the call goes through an entry of a table."""
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

    def _word(self, address: int, size: int) -> int | None:
        """The number at an address, None if there is no memory."""
        if self._machine.translate(address) is None:
            return None
        return int.from_bytes(self._machine.read(address, size), "little")

    def _run_python(self) -> None:
        """Lets the kernel run the stub that ring 0 has halted in."""
        handover = self._handover = Handover(self._kernel, self.task, self._depth, self._filled)
        try:
            handover.run()
        except TaskExited:
            self.task_ended()
            raise
        if not handover.waits:
            self._events.append(handover.over(returned=True, waited=False))
            self._handover = None
