"""Solaris's signals: numbers, default actions, and the values of sigprocmask and of handlers.

The numbers are System V's, so only some are Linux's: SIGBUS is 10, SIGSYS 12, SIGUSR1 16. A call that the
kernel does not have sends SIGSYS, whose default is to end the process with a core file.

Those of illumos; a Solaris that has no SIGINFO counts the real-time signals from 41 to 72. Left out: siginfo
codes, sigaction flags, the real-time signals' names one by one.

Sources: usr/src/uts/common/sys/iso/signal_iso.h and sys/signal.h (numbers), usr/src/uts/common/os/sig.c
(ignoredefault, stopdefault, coredefault, cantmask) and usr/src/lib/libc/port/gen/siglist.c (texts) of
illumos-gate.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import Enum, IntEnum

NSIG: Final = 74
"""One more than the highest signal: the length of the C library's table of texts (``NSIG``)."""

SIGRTMIN: Final = 42
"""First real-time signal (``_SIGRTMIN``). By default each of them ends the process."""

SIGRTMAX: Final = 73
"""Last real-time signal (``_SIGRTMAX``)."""

SIG_DFL: Final = 0
"""As a handler: do what the signal does by default."""

SIG_IGN: Final = 1
"""As a handler: ignore the signal."""

SIG_HOLD: Final = 2
"""As a disposition of sigset(3C): block the signal."""


class MaskHow(IntEnum):
    """First argument of sigprocmask. One more than Linux's values."""

    SIG_BLOCK = 1
    SIG_UNBLOCK = 2
    SIG_SETMASK = 3


class Default(Enum):
    """What a signal does to a process that neither catches nor ignores it."""

    TERMINATE = "terminate"
    CORE = "core"
    STOP = "stop"
    IGNORE = "ignore"


class SolarisSig(IntEnum):
    """A signal of Solaris below the real-time signals.

    Attributes:
        text: What strsignal(3C) says about it.
        default: Its default action.
    """

    text: str
    default: Default

    def __new__(cls, number: int, text: str = "", default: Default = Default.TERMINATE) -> SolarisSig:
        """Makes a member whose value is `number` alone, so that ``SolarisSig(12)`` is SIGSYS."""
        member = int.__new__(cls, number)
        member._value_ = number
        member.text = text
        member.default = default
        return member

    SIGHUP = 1, "Hangup", Default.TERMINATE
    SIGINT = 2, "Interrupt", Default.TERMINATE
    SIGQUIT = 3, "Quit", Default.CORE
    SIGILL = 4, "Illegal Instruction", Default.CORE
    SIGTRAP = 5, "Trace/Breakpoint Trap", Default.CORE
    SIGABRT = 6, "Abort", Default.CORE
    SIGIOT = SIGABRT
    SIGEMT = 7, "Emulation Trap", Default.CORE
    SIGFPE = 8, "Arithmetic Exception", Default.CORE
    SIGKILL = 9, "Killed", Default.TERMINATE
    SIGBUS = 10, "Bus Error", Default.CORE
    SIGSEGV = 11, "Segmentation Fault", Default.CORE
    SIGSYS = 12, "Bad System Call", Default.CORE
    SIGPIPE = 13, "Broken Pipe", Default.TERMINATE
    SIGALRM = 14, "Alarm Clock", Default.TERMINATE
    SIGTERM = 15, "Terminated", Default.TERMINATE
    SIGUSR1 = 16, "User Signal 1", Default.TERMINATE
    SIGUSR2 = 17, "User Signal 2", Default.TERMINATE
    SIGCLD = 18, "Child Status Changed", Default.IGNORE
    SIGCHLD = SIGCLD
    SIGPWR = 19, "Power-Fail/Restart", Default.IGNORE
    SIGWINCH = 20, "Window Size Change", Default.IGNORE
    SIGURG = 21, "Urgent Socket Condition", Default.IGNORE
    SIGPOLL = 22, "Pollable Event", Default.TERMINATE
    SIGIO = SIGPOLL
    SIGSTOP = 23, "Stopped (signal)", Default.STOP
    SIGTSTP = 24, "Stopped (user)", Default.STOP
    SIGCONT = 25, "Continued", Default.IGNORE
    SIGTTIN = 26, "Stopped (tty input)", Default.STOP
    SIGTTOU = 27, "Stopped (tty output)", Default.STOP
    SIGVTALRM = 28, "Virtual Timer Expired", Default.TERMINATE
    SIGPROF = 29, "Profiling Timer Expired", Default.TERMINATE
    SIGXCPU = 30, "Cpu Limit Exceeded", Default.CORE
    SIGXFSZ = 31, "File Size Limit Exceeded", Default.CORE
    SIGWAITING = 32, "No runnable lwp", Default.IGNORE
    SIGLWP = 33, "Inter-lwp signal", Default.IGNORE
    SIGFREEZE = 34, "Checkpoint Freeze", Default.IGNORE
    SIGTHAW = 35, "Checkpoint Thaw", Default.IGNORE
    SIGCANCEL = 36, "Thread Cancellation", Default.IGNORE
    SIGLOST = 37, "Resource Lost", Default.TERMINATE
    SIGXRES = 38, "Resource Control Exceeded", Default.IGNORE
    SIGJVM1 = 39, "Reserved for JVM 1", Default.IGNORE
    SIGJVM2 = 40, "Reserved for JVM 2", Default.IGNORE
    SIGINFO = 41, "Information Request", Default.IGNORE


CANTMASK: Final = frozenset({SolarisSig.SIGKILL, SolarisSig.SIGSTOP})
"""Signals that cannot be blocked, caught or ignored (cantmask, sig.c)."""
