"""Steps: a thread executes one instruction, or all of a range of addresses, and stops before the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ring3.kernel import points
from ring3.kernel.watched_cpu import CpuObserver
from ring3.machine.cpu import Trap

if TYPE_CHECKING:
    from ring3.debug.thread import Thread
    from ring3.kernel.task import Task
    from ring3.machine.cpu import Stop


class Stepper(CpuObserver):
    """Steps a thread, again and again, until it is to run freely.

    A system call is one instruction of ring 3, whatever it does and however long it waits.

    Attributes:
        is_stepping: A step is being made.
    """

    def __init__(
        self,
        thread: Thread,
        rings: frozenset[int],
        reached: Callable[[Thread, int], bool],
        done: Callable[[Thread], None],
    ) -> None:
        """Begins to watch the thread's instructions.

        Args:
            thread: The thread, which stands still.
            rings: The rings in which an instruction is a step.
            reached: Is told of each instruction that is reached, and gives whether it has stopped the thread there.
            done: Is told that the step is over: the thread is to stop.
        """
        self._thread = thread
        self._reached = reached
        self._done = done
        self._inside = range(0)
        self._handler: int | None = None
        self.is_stepping = self._has_executed = False
        self._at: int | None = None
        self._cpu = thread.task.kernel.machine.cpu
        point = points.Instruction(rings, full_path=0 in rings, task=thread.task)
        self._attachment = thread.task.kernel.probes.attach(point, self)

    def begin(self, inside: range, handler: int | None, at: int | None = None) -> None:
        """Begins a step.

        Args:
            inside: Addresses among which the thread goes on; empty for a single instruction.
            handler: Where the handler begins of the signal it goes on with: there it stops at once, as with ptrace(2).
            at: The instruction it is about to execute, where that has been told of already.
        """
        self._inside, self._handler = inside, handler
        self.is_stepping, self._has_executed, self._at = True, False, at

    def finish(self) -> None:
        """Ends a step at the next instruction: one is being executed."""
        self._inside, self._handler = range(0), None
        self.is_stepping = self._has_executed = True

    def before(self, task: Task) -> None:
        """The CPU is about to execute an instruction: the thread stops before it if the step is done."""
        if not self.is_stepping:
            return
        pc = self._cpu.rip
        if not self._has_executed and pc != self._handler and self._at in (None, pc):
            self._at = pc
            return
        if not self._reached(self._thread, pc) and pc not in self._inside:
            self._done(self._thread)

    def after(self, task: Task, stop: Stop) -> None:
        """It has stopped: a fault means that the instruction is executed once more, when its page is there."""
        if not isinstance(stop, Trap) or stop.software:
            self._has_executed = True

    def end(self) -> None:
        """The thread has stopped: the step is over."""
        self.is_stepping = False

    def leave(self) -> None:
        """Watches no more."""
        self._attachment.detach()
