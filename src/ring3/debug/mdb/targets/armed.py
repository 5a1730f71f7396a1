"""Events as the engine has them: breakpoints, watchpoints and calls of a program that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.signals import Sig
from ring3.debug import ProcessTarget as LinuxProcesses
from ring3.debug import Reason, Stop
from ring3.debug.breakpoints import Breakpoint
from ring3.debug.mdb.targets.events import Event, Events

if TYPE_CHECKING:
    from ring3.debug.mdb.targets.program import ProgramTarget
    from ring3.debug.target import Target as Engine
    from ring3.debug.watchpoints import Watchpoint
    from ring3.kernel.mm.mm import Mm

TRACED_SIGNALS: Final = (
    "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGEMT", "SIGFPE", "SIGBUS", "SIGSEGV", "SIGSYS",
    "SIGXCPU", "SIGXFSZ",
)  # fmt: skip
"""What stops a program from the start: the key, and what would dump core (mdb_proc_tgt_create of mdb_proc.c)."""
_OF_CALLS = (Reason.SYSCALL_ENTRY, Reason.SYSCALL_RETURN)
_NOBODYS = frozenset((
    Reason.THREAD_EXIT, Reason.CREATED, Reason.FORK, Reason.VFORK, Reason.VFORK_DONE, Reason.EXEC,
))  # fmt: skip


class ArmedEvents(Events):
    """All things that a program is to stop for; some signals are from the start."""

    def __init__(self) -> None:
        super().__init__()
        for name in TRACED_SIGNALS:
            event = self.new(f"stop on {name}")
            event.signal = int(getattr(Sig, name, 0))
            event.is_sticky = True

    def arm(self, engine: Engine, target: ProgramTarget) -> None:
        """Has the engine know of all events whose place is there."""
        thread = target.thread
        if thread is None or thread.task.mm is None:
            return
        mm = thread.task.mm
        for event in self.values():
            if event.symbol and event.address is None:
                found = target.symbol(event.symbol)
                event.address = None if found is None else found.value
            if not event.is_enabled:
                disarm(engine, event)
            elif event.address is not None and event.armed is None and target.read_some(event.address, 1):
                event.armed = _armed(engine, event, event.address, mm)
        if isinstance(engine, LinuxProcesses):
            engine.calls = {event.call for event in self.values() if event.call is not None}

    @property
    def unarmed(self) -> bool:
        """Whether some breakpoint at an address cannot be set, because nothing is mapped there."""
        return any(
            event.address is not None and not event.symbol and event.is_enabled and event.armed is None
            for event in self.values()
        )

    def forget_process(self) -> None:
        """The process is gone: symbols have no addresses."""
        for event in self.values():
            event.armed = None
            if event.symbol:
                event.address = None

    def of(self, stop: Stop) -> list[Event]:
        """The events that a stop is for."""
        return [event for event in self.values() if event.is_enabled and _is_for(event, stop)]

    def passes(self, stop: Stop) -> bool:
        """Whether a stop is nobody's affair."""
        if stop.reason is Reason.SIGNAL or stop.reason in _OF_CALLS:
            return not self.of(stop)
        return stop.reason in _NOBODYS

    def drop(self, found: list[Event], engine: Engine) -> None:
        """Takes away those of the events of a stop that are over."""
        for event in found:
            if event.is_over and event.number in self:
                disarm(engine, self.take(event.number))


def _armed(engine: Engine, event: Event, address: int, mm: Mm) -> list[Breakpoint | Watchpoint]:
    """What the engine stops for: an instruction, any one of some memory, or accesses to that."""
    made: list[Breakpoint | Watchpoint] = []
    if not event.access or "x" in event.access:
        made += [engine.breakpoints.add(place, mm) for place in range(address, address + max(event.size, 1))]
    if event.access.strip("x"):
        made.append(
            engine.watchpoints.add(
                mm, address, event.size, read="r" in event.access, write="w" in event.access
            )
        )
    return made


def disarm(engine: Engine, event: Event) -> None:
    """The engine stops for an event no more."""
    for armed in event.armed or ():
        if isinstance(armed, Breakpoint):
            engine.breakpoints.remove(armed)
        else:
            engine.watchpoints.remove(armed)
    event.armed = None


def _is_for(event: Event, stop: Stop) -> bool:
    if stop.reason is Reason.BREAKPOINT:
        pc = stop.thread.registers.pc
        return any(isinstance(armed, Breakpoint) and armed.address == pc for armed in event.armed or ())
    if stop.reason is Reason.WATCHPOINT:
        return stop.access is not None and stop.access.watchpoint in (event.armed or ())
    if stop.reason is Reason.SIGNAL:
        return event.signal == stop.signal
    at_return = stop.reason is Reason.SYSCALL_RETURN
    return stop.reason in _OF_CALLS and event.call == stop.number and event.at_return == at_return
