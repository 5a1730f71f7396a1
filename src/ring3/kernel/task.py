"""A task: one thread of a program, as the scheduler and the CPU see it.

A task is in exactly one place: on the CPU, in the run queue, waiting (its pending handler awaits something), or gone.
Its kernel stack is one frame of RAM; ``task_struct`` lies at its low end and ``pt_regs`` at its top.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from ring3.abi.errno import Errno
from ring3.abi.kinds import Enum
from ring3.kernel.regs import UserRegs
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.mm.mm import Mm


class TaskState(Enum):
    """Where a task is."""

    READY = "ready"
    """In the run queue, or on the CPU."""
    WAITING = "waiting"
    """Its handler awaits something."""
    HELD = "held"
    """A debugger keeps it from running (`Kernel.hold`)."""
    DEAD = "dead"
    """It will not run again."""


class TaskExited(BaseException):
    """Unwinds the kernel's Python stack when the running task ends; only the loop that runs tasks catches it."""


class GivenUp(BaseException):
    """Unwinds the handler of a call that is given up while it waits, to be made again (`Kernel.give_up`)."""


class Progress:
    """How far a call had come that was given up: what it cannot know from its arguments when it is made again.

    Attributes:
        deadline: When its wait is over, in nanoseconds of the clock that it waits by; None if no interval was given.
        done: Bytes that it has written.
        result: What it returns, or fails with, if it was done but for its return.
        rest: What is left to be done instead of all of it, with the same outcome; None for all.
        stop: The stop that a tracer has heard of, in which it was (a `linux.model.trace.Trace`).
    """

    __slots__ = ("deadline", "done", "rest", "result", "stop")

    def __init__(self, deadline: int | None = None, done: int = 0) -> None:
        self.deadline = deadline
        self.done = done
        self.result: int | Errno | None = None
        self.rest: Callable[[], int | Coroutine[Any, Any, int]] | None = None
        self.stop: Any = None


class Task:
    """One thread of a program.

    Attributes:
        kernel: Whose task it is.
        tid: Its number.
        name: Up to 15 bytes, as in /proc/pid/comm.
        mm: Its address space, None once it has ended.
        stack: Physical address of its kernel stack.
        struct: Index in RAM's 64-bit words of its ``task_struct``.
        frame: Its user registers when they lie on the kernel stack.
        regs: Its user registers as the call or exception in progress has them.
        state: Where it is.
        on_cpu: Whether it may go on running; cleared to make the loop leave it.
        saved: All registers while it is not on the CPU.
        pending: The handler that waits.
        stub: The address of the stub that handler is behind.
        progress: How far the call that is to be made again had come, None if none is.
        bound: Not 0 while its handler must not be given up: what that has done lies in the handler alone.
        exit_code: As wait(2) encodes it, once it is dead.
        cpu_time: Nanoseconds it has had the CPU, up to when it last left it.
        waits: How often it has left the CPU because it had to wait.
        preemptions: How often it has left the CPU otherwise.
    """

    def __init__(self, kernel: Kernel[Any], tid: int, name: str, mm: Mm | None, stack: int) -> None:
        self.kernel = kernel
        self.tid = tid
        self.name = name
        self.mm = mm
        self.stack = stack
        self.struct = stack >> 3
        self.frame: UserRegs = kernel.frame_at(stack + PAGE_SIZE - kernel.frame_size)
        self.regs = self.frame
        self.state = TaskState.READY
        self.on_cpu = False
        self.saved: bytes = b""
        self.pending: Coroutine[Any, Any, int] | None = None
        self.stub = 0
        self.progress: Progress | None = None
        self.bound = 0
        self.exit_code = 0
        self.cpu_time = self.waits = self.preemptions = 0

    @property
    def stack_top(self) -> int:
        """Virtual address of the end of the kernel stack."""
        return self.kernel.machine.direct_map + self.stack + PAGE_SIZE

    def interrupted(self) -> bool:
        """Whether a signal is to be taken, so that a handler that waits must give up."""
        return False

    @property
    def program_ended(self) -> bool:
        """Whether the program that it was the first thread of has ended; by default, that is all there is of it."""
        return self.state is TaskState.DEAD

    @property
    def program_exit_code(self) -> int:
        """What the program ended with, as wait(2) encodes it."""
        return self.exit_code

    def leave_memory(self) -> None:
        """Drops its address space, which is gone if nobody else uses it."""
        mm, self.mm = self.mm, None
        if mm is not None:
            self.kernel.forget_memory(mm.pmap)
            mm.destroy()

    @property
    def memory(self) -> Mm:
        """The address space of a task that is alive."""
        assert self.mm is not None
        return self.mm
