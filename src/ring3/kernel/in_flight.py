"""Calls that are in flight: handlers that gave a result, wait, are given up and made again.

A handler gives its result, raises `Errno`, or is a coroutine. A coroutine that awaits leaves its task waiting, with the
CPU state as it is at that moment; when it is done, the task goes on from there.
"""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any

from ring3.abi.errno import Errno
from ring3.errors import KernelPanic
from ring3.image.kernel_image import KernelImage
from ring3.kernel.regs import UserRegs
from ring3.kernel.scheduler import Scheduler, TaskT
from ring3.kernel.task import GivenUp, Progress, TaskState
from ring3.machine.board import Machine
from ring3.machine.ram import PAGE_SIZE
from ring3.machine.registers import Gpr

Result = int | Coroutine[Any, Any, int]
Stub = Callable[[TaskT, UserRegs, int], Result]
"""What runs at a stub's hlt: gets the task and what `stub_arguments` gives; its result goes to rax."""


class CallsInFlight(Scheduler[TaskT]):
    """The handlers of a kernel's calls.

    Attributes:
        image: The kernel's memory.
        stubs: What to call at each stub, by the stub's address.
    """

    def __init__(self, machine: Machine, image: KernelImage) -> None:
        super().__init__(machine)
        self.image = image
        self.stubs: dict[int, Stub[TaskT]] = {}

    @abstractmethod
    def frame_at(self, physical: int) -> UserRegs:
        """The user registers in a frame at a physical address."""

    @abstractmethod
    def failed(self, task: TaskT, error: Errno) -> int:
        """The value a handler's failure becomes in rax."""

    @abstractmethod
    def resumed(self, task: TaskT) -> None:
        """A handler that waited is done, in ring 3: what ring 0 would still do is to be done here."""

    def _stub(self, task: TaskT) -> None:
        """Ring 0 has halted: runs the Python of the stub it stands in."""
        cpu = self.machine.cpu
        at = cpu.rip - self.image.stub.hlt_end
        stub = self.stubs.get(at)
        task.stub = at
        if stub is None or cpu.cpl:
            raise KernelPanic(f"ring 0 halted at {self.image.symbols.describe(cpu.rip - 1)}", self.cpu_text())
        result = self.invoke(task, stub, *self.stub_arguments(task))
        if result is not None:
            cpu.set_gpr(Gpr.RAX, result)

    def stub_arguments(self, task: TaskT) -> tuple[UserRegs, int]:
        """What ring 0 calls a stub with, from the CPU's registers: by default a register frame in rdi, a number in rsi.

        Raises:
            KernelPanic: rdi is not the address of a frame.
        """
        cpu = self.machine.cpu
        frame = cpu.gpr(Gpr.RDI) - self.machine.direct_map
        if (
            frame >= self.machine.ram.size or frame < 0
        ):  # not a task's stack: that of double faults, in the image
            frame = self.machine.translate(cpu.gpr(Gpr.RDI)) or -1
        if not 0 <= frame <= self.machine.ram.size - PAGE_SIZE or frame & 7:
            where = self.image.symbols.describe(cpu.rip)
            raise KernelPanic(f"{where} was called with rdi {cpu.gpr(Gpr.RDI):#x}", self.cpu_text())
        regs = self.frame_at(frame)
        if regs.cs & 3:
            task.regs = regs
        return regs, cpu.gpr(Gpr.RSI)

    def arguments_again(self, task: TaskT) -> tuple[UserRegs, int]:
        """What the stub of a call is given that was given up on the short path: the user registers, and the number."""
        return task.regs, task.regs.orig_ax & 0xFFFF_FFFF

    def invoke(self, task: TaskT, stub: Stub[TaskT], regs: UserRegs, argument: int) -> int | None:
        """Calls a stub's function: its result, or None if the task waits now."""
        try:
            result = stub(task, regs, argument)
        except Errno as error:
            return self.failed(task, error)
        if isinstance(result, int):
            return result
        task.pending = result
        return self.advance(task)

    def advance(self, task: TaskT) -> int | None:
        """Runs the pending handler on: its result, or None if it awaits again."""
        pending, task.pending = task.pending, None
        assert pending is not None
        try:
            pending.send(None)
        except StopIteration as done:
            task.progress = None
            return int(done.value)
        except Errno as error:
            task.progress = None
            return self.failed(task, error)
        task.pending = pending
        task.state = TaskState.WAITING
        task.on_cpu = False
        return None

    def give_up(self, task: TaskT) -> bool:
        """Ends the wait of a call's handler; the call is made again when the task runs, and nobody can tell.

        It is what the freezer of Linux does with a signal, by an error of our own that no handler answers to.

        Returns:
            False, with nothing changed, if the task does not wait or cannot be stopped there (`Task.bound`).
        """
        pending = task.pending
        if task.state is not TaskState.WAITING or pending is None or task.bound:
            return False
        task.pending = None
        task.progress = task.progress or Progress()
        with contextlib.suppress(GivenUp):
            pending.throw(GivenUp())
        self.ready(task)
        return True

    def _make_again(self, task: TaskT) -> int | None:
        """Makes the call again that was given up: its result, or None if it waits."""
        cpu = self.machine.cpu
        progress = task.progress
        if progress is not None and progress.result is not None:
            task.progress = None
            given = progress.result
            return self.failed(task, given) if isinstance(given, Errno) else given
        if progress is not None and progress.rest is not None:
            rest, progress.rest = progress.rest, None
            return self.invoke(task, lambda *_: rest(), task.regs, 0)
        arguments = self.arguments_again(task) if cpu.cpl == 3 else self.stub_arguments(task)
        result = self.invoke(task, self.stubs[task.stub], *arguments)
        if result is not None:
            task.progress = None
        return result

    def _resume(self, task: TaskT) -> None:
        result = self.advance(task) if task.pending is not None else self._make_again(task)
        if result is not None:
            self.machine.cpu.set_gpr(Gpr.RAX, result)
            if self.machine.cpu.cpl == 3:
                self.resumed(task)
