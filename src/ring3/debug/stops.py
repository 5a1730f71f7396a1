"""Why a thread stands still: what a debugger waits for."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ring3.debug.breakpoints import Breakpoint
    from ring3.debug.thread import Thread
    from ring3.debug.watchpoints import Access
    from ring3.linux.model.siginfo import SigInfo


class Reason(Enum):
    """What has happened."""

    BREAKPOINT = "breakpoint"
    """The next instruction is at a breakpoint."""
    WATCHPOINT = "watchpoint"
    """The last instruction has accessed watched memory."""
    STEP = "step"
    """A step, or the steps in a range, are done."""
    INTERRUPT = "interrupt"
    """The debugger has asked for it."""
    SIGNAL = "signal"
    """A signal is about to be delivered; the thread may go on with it, with another one, or with none."""
    SYSCALL_ENTRY = "system call"
    """A system call is about to be made."""
    SYSCALL_RETURN = "return of a system call"
    """A system call is about to return."""
    CREATED = "thread"
    """The thread has just begun to be; it has not run."""
    FORK = "fork"
    VFORK = "vfork"
    VFORK_DONE = "vfork done"
    """The parent of a vfork(2) has its memory for itself again."""
    EXEC = "exec"
    """The process runs another program."""
    THREAD_EXIT = "exit of a thread"
    EXIT = "exit"
    """The process has ended."""


class Stop(NamedTuple):
    """A thread has stopped, or ended.

    Attributes:
        reason: What has happened.
        thread: The thread.
        signal: The signal's number, for SIGNAL; for INTERRUPT one that stands for it, 0 for an attachment's; else 0.
        info: What comes with the signal, None where there is nothing.
        number: The system call's number; the exit code as wait(2) encodes it, for EXIT and THREAD_EXIT.
        child: The new process's first thread, for FORK and VFORK.
        path: The program, for EXEC.
        breakpoint: The breakpoint.
        access: The access to watched memory, for WATCHPOINT.
    """

    reason: Reason
    thread: Thread
    signal: int = 0
    info: SigInfo | None = None
    number: int = 0
    child: Thread | None = None
    path: str = ""
    breakpoint: Breakpoint | None = None
    access: Access | None = None
