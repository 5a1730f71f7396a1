"""Linux's signals on x86: numbers, default actions, and the values of siginfo and sigaction.

All of it is the same for i386, x32 and x86-64 programs. Left out: codes that only other architectures send
(``SEGV_ACCADI``, ``__FPE_DECOVF`` and the like) and flags that the kernel keeps to itself (``SA_IMMUTABLE``,
``SA_IA32_ABI``, ``SA_X32_ABI``).

Sources: ``arch/x86/include/uapi/asm/signal.h``, ``include/uapi/asm-generic/signal-defs.h`` and ``siginfo.h``
of Linux 7.2; default actions from signal(7), which agree with the masks in ``include/linux/signal.h`` of
Linux 6.1.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntEnum, IntFlag

NSIG: Final = 64
"""The highest signal number, the kernel's ``_NSIG`` (a sigset_t has one bit for each of 1 to 64)."""

SIG_DFL: Final = 0
"""As a handler: do what the signal does by default."""

SIG_IGN: Final = 1
"""As a handler: ignore the signal."""


class Sig(IntEnum):
    """A signal. Those from SIGRTMIN up are the real-time signals, named as strace names them."""

    SIGHUP = 1
    SIGINT = 2
    SIGQUIT = 3
    SIGILL = 4
    SIGTRAP = 5
    SIGABRT = 6
    SIGIOT = SIGABRT
    SIGBUS = 7
    SIGFPE = 8
    SIGKILL = 9
    SIGUSR1 = 10
    SIGSEGV = 11
    SIGUSR2 = 12
    SIGPIPE = 13
    SIGALRM = 14
    SIGTERM = 15
    SIGSTKFLT = 16
    SIGCHLD = 17
    SIGCONT = 18
    SIGSTOP = 19
    SIGTSTP = 20
    SIGTTIN = 21
    SIGTTOU = 22
    SIGURG = 23
    SIGXCPU = 24
    SIGXFSZ = 25
    SIGVTALRM = 26
    SIGPROF = 27
    SIGWINCH = 28
    SIGIO = 29
    SIGPOLL = SIGIO
    SIGPWR = 30
    SIGSYS = 31
    SIGUNUSED = SIGSYS
    SIGRTMIN = 32
    SIGRT_1 = 33
    SIGRT_2 = 34
    SIGRT_3 = 35
    SIGRT_4 = 36
    SIGRT_5 = 37
    SIGRT_6 = 38
    SIGRT_7 = 39
    SIGRT_8 = 40
    SIGRT_9 = 41
    SIGRT_10 = 42
    SIGRT_11 = 43
    SIGRT_12 = 44
    SIGRT_13 = 45
    SIGRT_14 = 46
    SIGRT_15 = 47
    SIGRT_16 = 48
    SIGRT_17 = 49
    SIGRT_18 = 50
    SIGRT_19 = 51
    SIGRT_20 = 52
    SIGRT_21 = 53
    SIGRT_22 = 54
    SIGRT_23 = 55
    SIGRT_24 = 56
    SIGRT_25 = 57
    SIGRT_26 = 58
    SIGRT_27 = 59
    SIGRT_28 = 60
    SIGRT_29 = 61
    SIGRT_30 = 62
    SIGRT_31 = 63
    SIGRT_32 = 64
    SIGRTMAX = SIGRT_32


CORE: Final = frozenset(
    {
        Sig.SIGQUIT,
        Sig.SIGILL,
        Sig.SIGTRAP,
        Sig.SIGABRT,
        Sig.SIGBUS,
        Sig.SIGFPE,
        Sig.SIGSEGV,
        Sig.SIGXCPU,
        Sig.SIGXFSZ,
        Sig.SIGSYS,
    }
)
"""Default action: end the process and dump core."""

IGN: Final = frozenset({Sig.SIGCHLD, Sig.SIGURG, Sig.SIGWINCH})
"""Default action: nothing."""

STOP: Final = frozenset({Sig.SIGSTOP, Sig.SIGTSTP, Sig.SIGTTIN, Sig.SIGTTOU})
"""Default action: stop the process."""

CONT: Final = frozenset({Sig.SIGCONT})
"""Default action: let a stopped process go on (it does so even where the signal is caught or blocked)."""

TERM: Final = frozenset(Sig) - CORE - IGN - STOP - CONT
"""Default action: end the process. SIGKILL and every real-time signal are among them."""

UNBLOCKABLE: Final = frozenset({Sig.SIGKILL, Sig.SIGSTOP})
"""Signals that cannot be caught, blocked or ignored."""


class SigHow(IntEnum):
    """What rt_sigprocmask(2) does with the set it is given."""

    SIG_BLOCK = 0
    SIG_UNBLOCK = 1
    SIG_SETMASK = 2


class SaFlags(IntFlag):
    """``sa_flags`` of sigaction(2). An x86-64 handler without `SA_RESTORER` has nowhere to return to."""

    SA_NOCLDSTOP = 0x0000_0001
    SA_NOCLDWAIT = 0x0000_0002
    SA_SIGINFO = 0x0000_0004
    SA_UNSUPPORTED = 0x0000_0400
    SA_EXPOSE_TAGBITS = 0x0000_0800
    SA_RESTORER = 0x0400_0000
    SA_ONSTACK = 0x0800_0000
    SA_RESTART = 0x1000_0000
    SA_NODEFER = 0x4000_0000
    SA_NOMASK = SA_NODEFER
    SA_RESETHAND = 0x8000_0000
    SA_ONESHOT = SA_RESETHAND


class SiCode(IntEnum):
    """``si_code`` of any signal. Zero and below: a program sent it; above: the kernel did."""

    SI_USER = 0
    SI_KERNEL = 0x80
    SI_QUEUE = -1
    SI_TIMER = -2
    SI_MESGQ = -3
    SI_ASYNCIO = -4
    SI_SIGIO = -5
    SI_TKILL = -6
    SI_DETHREAD = -7
    SI_ASYNCNL = -60


class IllCode(IntEnum):
    """``si_code`` of SIGILL."""

    ILL_ILLOPC = 1
    ILL_ILLOPN = 2
    ILL_ILLADR = 3
    ILL_ILLTRP = 4
    ILL_PRVOPC = 5
    ILL_PRVREG = 6
    ILL_COPROC = 7
    ILL_BADSTK = 8
    ILL_BADIADDR = 9


class FpeCode(IntEnum):
    """``si_code`` of SIGFPE."""

    FPE_INTDIV = 1
    FPE_INTOVF = 2
    FPE_FLTDIV = 3
    FPE_FLTOVF = 4
    FPE_FLTUND = 5
    FPE_FLTRES = 6
    FPE_FLTINV = 7
    FPE_FLTSUB = 8
    FPE_FLTUNK = 14
    FPE_CONDTRAP = 15


class SegvCode(IntEnum):
    """``si_code`` of SIGSEGV."""

    SEGV_MAPERR = 1
    SEGV_ACCERR = 2
    SEGV_BNDERR = 3
    SEGV_PKUERR = 4
    SEGV_CPERR = 10


class BusCode(IntEnum):
    """``si_code`` of SIGBUS."""

    BUS_ADRALN = 1
    BUS_ADRERR = 2
    BUS_OBJERR = 3
    BUS_MCEERR_AR = 4
    BUS_MCEERR_AO = 5


class TrapCode(IntEnum):
    """``si_code`` of SIGTRAP. A ptrace event is ``event << 8 | SIGTRAP`` instead."""

    TRAP_BRKPT = 1
    TRAP_TRACE = 2
    TRAP_BRANCH = 3
    TRAP_HWBKPT = 4
    TRAP_UNK = 5
    TRAP_PERF = 6


class CldCode(IntEnum):
    """``si_code`` of SIGCHLD."""

    CLD_EXITED = 1
    CLD_KILLED = 2
    CLD_DUMPED = 3
    CLD_TRAPPED = 4
    CLD_STOPPED = 5
    CLD_CONTINUED = 6


class PollCode(IntEnum):
    """``si_code`` of SIGIO."""

    POLL_IN = 1
    POLL_OUT = 2
    POLL_MSG = 3
    POLL_ERR = 4
    POLL_PRI = 5
    POLL_HUP = 6


class SysCode(IntEnum):
    """``si_code`` of SIGSYS."""

    SYS_SECCOMP = 1
    SYS_USER_DISPATCH = 2
