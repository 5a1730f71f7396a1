"""How a thread is traced (ptrace(2))."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ring3.abi.kinds import Enum, IntFlag
from ring3.kernel.wait import WaitQueue

if TYPE_CHECKING:
    from ring3.linux.model.process import Process
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.task import LinuxTask


class Option(IntFlag):
    """PTRACE_O_*; those below 1 << 8 are 1 << the event's number."""

    TRACESYSGOOD = 1
    TRACEFORK = 1 << 1
    TRACEVFORK = 1 << 2
    TRACECLONE = 1 << 3
    TRACEEXEC = 1 << 4
    TRACEVFORKDONE = 1 << 5
    TRACEEXIT = 1 << 6
    TRACESECCOMP = 1 << 7
    EXITKILL = 1 << 20
    SUSPEND_SECCOMP = 1 << 21


class At(Enum):
    """Where in a system call a stopped thread is."""

    OUTSIDE = 0
    ENTRY = 1
    EXIT = 2


class Outside(Protocol):
    """A tracer that is no program of the machine: a debugger."""

    def traced_stop(self, task: LinuxTask) -> None:
        """A thread is about to stop; its `Trace` says why."""


class Breakpoints(Protocol):
    """The debug registers of a thread, but for its status."""

    def read(self, number: int) -> int:
        """One of them."""

    def write(self, number: int, value: int) -> None:
        """Sets one."""

    def clear(self) -> None:
        """Sets all to 0."""


class Trace:
    """One thread being traced.

    Attributes:
        tracer: The process that traces it; None for a debugger outside of the machine.
        by: Its thread that does: requests of others are refused.
        outside: The debugger outside.
        seized: By PTRACE_SEIZE: other stops, no SIGSTOP.
        options: `Option` bits.
        status: While stopped, what wait(2) reports, without the low byte 0x7f; None while it runs.
        info: The siginfo of the stop, None where the stop has none.
        unreported: wait(2) has not told of the stop yet.
        message: What PTRACE_GETEVENTMSG gives.
        at: Where in a call it is.
        changed: The siginfo that PTRACE_SETSIGINFO has put in its place.
        inject: The signal to go on with.
        trap: It is to stop at once, by PTRACE_INTERRUPT or because its group has stopped (JOBCTL_TRAP_STOP).
        notify: It is to tell its tracer that its group has stopped or goes on (JOBCTL_TRAP_NOTIFY).
        listening: PTRACE_LISTEN: it stays stopped, but is not to be asked anything until there is news.
        renewed: PTRACE_INTERRUPT has come while it was listening, so that it is to stop anew.
        of_process: The signal that it is shown was sent to its process: there another one is put back.
        resumed: Woken when it may go on.
    """

    __slots__ = (
        "at", "by", "changed", "info", "inject", "listening", "message", "notify", "of_process", "options", "outside",
        "renewed", "resumed", "seized", "status", "tracer", "trap", "unreported",
    )  # fmt: skip

    def __init__(
        self, by: LinuxTask | None, seized: bool, options: int, outside: Outside | None = None
    ) -> None:
        self.by = by
        self.tracer: Process | None = None if by is None else by.process
        self.outside = outside
        self.seized = seized
        self.options = options
        self.status: int | None = None
        self.info: SigInfo | None = None
        self.changed: SigInfo | None = None
        self.unreported = False
        self.message = 0
        self.at = At.OUTSIDE
        self.inject = 0
        self.trap = self.notify = self.listening = self.renewed = self.of_process = False
        self.resumed = WaitQueue()

    @property
    def is_stopped(self) -> bool:
        """Whether the thread has stopped and its tracer has not let it go on."""
        return self.status is not None

    @property
    def has_trap(self) -> bool:
        """Whether it is to stop before it runs on (JOBCTL_TRAP_MASK)."""
        return self.trap or self.notify
