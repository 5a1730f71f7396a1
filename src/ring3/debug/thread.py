"""A thread that is debugged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.debug.memory import Memory
from ring3.debug.registers import CpuRegisters, UserRegisters

if TYPE_CHECKING:
    from ring3.debug.step import Stepper
    from ring3.debug.stops import Stop
    from ring3.kernel.task import Task


class Thread:
    """A thread: what a debugger looks at and changes while it stands still.

    Attributes:
        task: The kernel's task.
        stop: Why it stands still; None while it runs.
        registers: Its registers, as its target shows them: the program's, or the CPU's.
        cpu: The registers that the CPU works with, those of ring 0 while the thread is there.
        passing: The address of the breakpoint that was reported last and is not to stop it again at once; else None.
        stepper: What steps it; None while it is to run freely.
    """

    __slots__ = ("cpu", "passing", "registers", "stepper", "stop", "task")

    def __init__(self, task: Task, *, shows_cpu: bool) -> None:
        self.task = task
        self.stop: Stop | None = None
        self.cpu = CpuRegisters(task.kernel, task)
        self.registers = self.cpu if shows_cpu else UserRegisters(task.kernel, task)
        self.passing: int | None = None
        self.stepper: Stepper | None = None

    @property
    def tid(self) -> int:
        """Its number."""
        return self.task.tid

    @property
    def pid(self) -> int:
        """Its process's number."""
        return process_number(self.task)

    @property
    def name(self) -> str:
        """What its program calls it, up to 15 bytes."""
        return self.task.name

    @property
    def memory(self) -> Memory:
        """The memory that it sees."""
        return Memory(self.task.kernel, self.task.mm)

    def __repr__(self) -> str:
        return f"<thread {self.tid} of {self.pid} ({self.name})>"


def process_number(task: Task) -> int:
    """The number of a task's process; a kernel without processes has tasks alone."""
    process = getattr(task, "process", None)
    return int(task.tid if process is None else process.pid)
