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
                if event.size:
                    event.armed = engine.watchpoints.add(
                        mm, event.address, event.size, read="r" in event.access, write="w" in event.access
                    )
                else:
                    event.armed = engine.breakpoints.add(event.address, mm)
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

    def met(self, stop: Stop, engine: Engine) -> list[Event]:
        """The events that a stop is for, which are counted as met."""
        found = self.of(stop)
        for event in found:
            event.hits += 1
            if event.limit and event.hits >= event.limit:
                event.is_enabled = False
            if event.is_temporary:
                disarm(engine, self.take(event.number))
        return found


def disarm(engine: Engine, event: Event) -> None:
    """The engine stops for an event no more."""
    if isinstance(event.armed, Breakpoint):
        engine.breakpoints.remove(event.armed)
    elif event.armed is not None:
        engine.watchpoints.remove(event.armed)
    event.armed = None


def _is_for(event: Event, stop: Stop) -> bool:
    if stop.reason is Reason.BREAKPOINT:
        return event.armed is not None and event.address == stop.thread.registers.pc
    if stop.reason is Reason.WATCHPOINT:
        return stop.access is not None and event.armed is stop.access.watchpoint
    if stop.reason is Reason.SIGNAL:
        return event.signal == stop.signal
    at_return = stop.reason is Reason.SYSCALL_RETURN
    return stop.reason in _OF_CALLS and event.call == stop.number and event.at_return == at_return
