"""gdb's own numbers of signals, which are the same for all systems (include/gdb/signals.def of binutils-gdb)."""

from __future__ import annotations

from typing import Final

from ring3.abi.signals import Sig

_TO_GDB: Final = {
    Sig.SIGHUP: 1, Sig.SIGINT: 2, Sig.SIGQUIT: 3, Sig.SIGILL: 4, Sig.SIGTRAP: 5, Sig.SIGABRT: 6, Sig.SIGFPE: 8,
    Sig.SIGKILL: 9, Sig.SIGBUS: 10, Sig.SIGSEGV: 11, Sig.SIGSYS: 12, Sig.SIGPIPE: 13, Sig.SIGALRM: 14,
    Sig.SIGTERM: 15, Sig.SIGURG: 16, Sig.SIGSTOP: 17, Sig.SIGTSTP: 18, Sig.SIGCONT: 19, Sig.SIGCHLD: 20,
    Sig.SIGTTIN: 21, Sig.SIGTTOU: 22, Sig.SIGIO: 23, Sig.SIGXCPU: 24, Sig.SIGXFSZ: 25, Sig.SIGVTALRM: 26,
    Sig.SIGPROF: 27, Sig.SIGWINCH: 28, Sig.SIGUSR1: 30, Sig.SIGUSR2: 31, Sig.SIGPWR: 32,
}  # fmt: skip
UNKNOWN: Final = 143
TRAP: Final = 5
_REALTIME: Final = {32: 77, **{number: number + 12 for number in range(33, 64)}, 64: 78}
_ALL: Final = {0: 0, **{int(sig): number for sig, number in _TO_GDB.items()}, **_REALTIME}
_FROM_GDB: Final = {number: sig for sig, number in _ALL.items()}


def to_gdb(signal: int) -> int:
    """gdb's number for a signal of Linux."""
    return _ALL.get(signal, UNKNOWN)


def from_gdb(number: int) -> int:
    """The signal of Linux that a number of gdb's means, 0 for none."""
    return _FROM_GDB.get(number, 0)
