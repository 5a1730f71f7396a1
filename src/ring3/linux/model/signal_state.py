"""The state that signals have: masks, actions, queues.

A set of signals is an integer: bit N - 1 for signal N, as in the kernel's ``sigset_t``. Rules: signal(7),
kernel/signal.c of Linux 6.x.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.abi.signals import CORE, IGN, NSIG, SIG_DFL, SIG_IGN, STOP, SaFlags, SiCode, Sig
from ring3.linux.model.siginfo import SigInfo


def bit(signal: int) -> int:
    """The set that holds one signal."""
    return 1 << (signal - 1)


def set_of(signals: frozenset[Sig]) -> int:
    """The set of some signals."""
    return sum(bit(signal) for signal in signals)


_SIGKILL: Final = bit(Sig.SIGKILL)
UNBLOCKABLE: Final = _SIGKILL | bit(Sig.SIGSTOP)
STOPPING: Final = set_of(STOP)
IGNORED_BY_DEFAULT: Final = set_of(IGN) | bit(Sig.SIGCONT)
CORE_DUMPING: Final = set_of(CORE)
SYNCHRONOUS: Final = set_of(
    frozenset((Sig.SIGSEGV, Sig.SIGBUS, Sig.SIGILL, Sig.SIGTRAP, Sig.SIGFPE, Sig.SIGSYS))
)
"""What an instruction causes is delivered before what somebody sends (SYNCHRONOUS_MASK)."""
SA_IA32_ABI: Final = 0x0200_0000
"""The kernel's own flag: the action was set through a 32-bit door, so its handler is 32-bit code."""
SA_FLAGS: Final = int(
    SaFlags.SA_NOCLDSTOP | SaFlags.SA_NOCLDWAIT | SaFlags.SA_SIGINFO | SaFlags.SA_EXPOSE_TAGBITS
    | SaFlags.SA_RESTORER | SaFlags.SA_ONSTACK | SaFlags.SA_RESTART | SaFlags.SA_NODEFER | SaFlags.SA_RESETHAND
)  # fmt: skip
"""The flags that programs can set and see (UAPI_SA_FLAGS); others they can know to be unsupported by that."""


class Action(NamedTuple):
    """What a program does with a signal.

    Attributes:
        handler: Address of its function, or SIG_DFL, SIG_IGN.
        flags: `SaFlags` bits, and `SA_IA32_ABI`.
        restorer: Where the handler returns to, if SA_RESTORER.
        mask: Signals blocked meanwhile.
    """

    handler: int = SIG_DFL
    flags: int = 0
    restorer: int = 0
    mask: int = 0


DEFAULT: Final = Action()


class Actions:
    """The actions of all signals, shared by threads (and CLONE_SIGHAND)."""

    __slots__ = ("_table",)

    def __init__(self, table: list[Action] | None = None) -> None:
        self._table = table or [DEFAULT] * (NSIG + 1)

    def __getitem__(self, signal: int) -> Action:
        return self._table[signal]

    def __setitem__(self, signal: int, action: Action) -> None:
        self._table[signal] = action

    def copy(self) -> Actions:
        """For fork."""
        return Actions(list(self._table))

    def after_exec(self) -> Actions:
        """What a new program starts with: handlers are gone, ignored signals stay ignored."""
        return Actions([Action(SIG_IGN) if action.handler == SIG_IGN else DEFAULT for action in self._table])

    def ignores(self, signal: int) -> bool:
        """Whether the signal has no effect, by the program's wish or by default."""
        handler = self._table[signal].handler
        return handler == SIG_IGN or (handler == SIG_DFL and bool(IGNORED_BY_DEFAULT & bit(signal)))


class Pending:
    """Signals that wait to be delivered: to a thread, or to any thread of a group.

    Attributes:
        set: Which signals.
        counted: How many are queued that count for RLIMIT_SIGPENDING: a timer brings its own room.
    """

    __slots__ = ("_queue", "counted", "set")

    def __init__(self) -> None:
        self.set = self.counted = 0
        self._queue: list[SigInfo] = []

    def add(self, info: SigInfo) -> bool:
        """Queues a signal; False if it is there already and not queued twice.

        Those below SIGRTMIN are not, but for a timer's, which has one on the way at most.
        """
        mask = bit(info.signo)
        if self.set & mask and info.signo < Sig.SIGRTMIN and info.code != SiCode.SI_TIMER:
            return False
        self.set |= mask
        self._queue.append(info)
        self.counted += info.source is None
        return True

    def take(self, signal: int) -> SigInfo:
        """Removes and returns the oldest of one signal that is in `set`."""
        found = None
        more = False
        for index, info in enumerate(self._queue):
            if info.signo == signal:
                if found is not None:
                    more = True
                    break
                found = index
        if not more:
            self.set &= ~bit(signal)
        if found is None:
            return SigInfo(signal)
        info = self._queue.pop(found)
        if info.source is not None:
            return info.source.taken(info)
        self.counted -= 1
        return info

    @property
    def infos(self) -> Sequence[SigInfo]:
        """Those that carry information, the oldest first."""
        return self._queue

    def discard(self, signals: int) -> None:
        """Forgets all signals of a set."""
        if self.set & signals:
            self.set &= ~signals
            gone = [info for info in self._queue if bit(info.signo) & signals]
            self._queue = [info for info in self._queue if not bit(info.signo) & signals]
            for info in gone:
                if info.source is not None:
                    info.source.dropped()
                else:
                    self.counted -= 1

    def __len__(self) -> int:
        return len(self._queue)


def take_first(own: Pending, shared: Pending, wanted: int) -> SigInfo | None:
    """Removes and returns what a thread takes first of some signals; None if none is there (dequeue_signal).

    Args:
        own: What was sent to the thread alone: it comes first, whatever the numbers.
        shared: What was sent to its process.
        wanted: Which signals.
    """
    for queue in (own, shared):
        available = queue.set & wanted
        if available:
            return queue.take(next_signal(available))
    return None


def next_signal(available: int) -> int:
    """The signal of one queue to deliver first: SIGKILL, then those an instruction causes, then by number."""
    if available & _SIGKILL:
        return Sig.SIGKILL
    first = available & SYNCHRONOUS or available
    return (first & -first).bit_length()


def restarts(action: Action) -> bool:
    """Whether a call that this handler interrupts is made again."""
    return bool(action.flags & SaFlags.SA_RESTART)
