"""Providers on a machine's probes: syscall, fbt, proc, sched.

They take the points of `kernel.points`; a probe that nobody enabled costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ring3.abi.errno import Errno
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.trace.dtrace.machine.processes import psinfo_address
from ring3.trace.dtrace.machine.target import TaskContext
from ring3.trace.dtrace.providers.base import ARGUMENTS, NO_ARGUMENTS, Description, Fire, Probe, select
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Type

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel

_HALF = 1 << 63


def padded(values: Iterable[object]) -> tuple[int, ...]:
    """Ten arguments: integers as signed 64-bit ones, anything else as 0."""
    found = [_signed(value) if isinstance(value, int) else 0 for value in values][:ARGUMENTS]
    return (*found, *NO_ARGUMENTS[len(found) :])


def _signed(value: int) -> int:
    return value if -_HALF <= value < _HALF else (value + _HALF) % (2 * _HALF) - _HALF


class CallContext(TaskContext):
    """A call of the kernel that begins: its arguments are looked at when a clause does."""

    __slots__ = ("_call", "_values")

    def __init__(self, call: Call, function: str) -> None:
        self.task = call.task
        self.errno = 0
        self.function = function
        self.registers = None
        self.at_entry = False
        self._call = call
        self._values: tuple[int, ...] | None = None

    @property
    def arguments(self) -> tuple[int, ...]:  # type: ignore[override] # made when it is asked for
        """arg0 to arg9."""
        if self._values is None:
            self._values = padded(_numbers(self._call))
        return self._values


class _Entry(CallObserver):
    """Fires when a call begins."""

    def __init__(self, fire: Fire, function: str) -> None:
        self._fire = fire
        self._function = function

    def entry(self, call: Call) -> None:
        """Fire with the arguments."""
        self._fire(CallContext(call, self._function))


class _Return(CallObserver):
    """Fires when a call returns: arg0 and arg1 are its value, or -1 with errno set."""

    def __init__(self, fire: Fire, function: str) -> None:
        """Fire; of a kernel function, arg0 is where in it the call returns, which is not known."""
        self._fire = fire
        self._function = function

    def returned(self, call: Call) -> None:
        """Fire with the value."""
        error = int(call.error.number) if isinstance(call.error, Errno) else 0
        value = -1 if error else call.value
        if isinstance(value, int) and -4095 <= value < 0 and not self._function and not error:
            error, value = -value, -1
        first = 0 if self._function else value
        self._fire(TaskContext(padded((first, value)), call.task, error, self._function))


def _numbers(call: Call) -> Iterator[object]:
    """The arguments of a call, without the task that Python's functions of the kernel take first."""
    for position, argument in enumerate(call.arguments):
        if position or argument is not call.task:
            yield argument


class SyscallProvider:
    """`syscall::NAME:entry` and `return`, by the names of the system's table."""

    name = "syscall"

    def __init__(self, kernel: Kernel[Any], module: str) -> None:
        """Watch a kernel's calls; `module` is what probemod says."""
        self._kernel = kernel
        self._module = module
        self._probes: list[Probe] = []

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches."""
        if not self._probes:
            names = sorted({name for row in self._kernel.stub_rows().values() for name in row.names})
            self._probes = [
                Probe("syscall", self._module, name, what) for name in names for what in ("entry", "return")
            ]
        return select(description, self._probes)

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire at the call."""
        observer = _observer(probe, fire, "")
        return self._kernel.probes.attach(points.SystemCall(probe.function), observer).detach


def _observer(probe: Probe, fire: Fire, function: str) -> CallObserver:
    kind = _Entry if probe.name == "entry" else _Return
    return kind(fire, function)


class FbtProvider:
    """`fbt:MODULE:FUNCTION:entry` and `return`, of every kernel function that has a name."""

    name = "fbt"

    def __init__(self, kernel: Kernel[Any]) -> None:
        """Watch a kernel's functions."""
        self._kernel = kernel
        self._probes: list[Probe] = []

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches."""
        if not self._probes:
            self._probes = [
                Probe("fbt", row.module, row.name, what)
                for row in self._kernel.function_table
                for what in ("entry", "return")
            ]
        return select(description, self._probes)

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire at the function."""
        observer = _observer(probe, fire, probe.function)
        key = f"{probe.module}`{probe.function}" if probe.module else probe.function
        return self._kernel.probes.attach(points.Function(key), observer).detach


_Event = Callable[[Any], tuple[int, ...] | None]
_EXITED, _KILLED, _DUMPED = 1, 2, 3


def _exit_reason(code: int) -> int:
    """Why a process ended, of its code as wait(2) has it: CLD_EXITED, CLD_KILLED or CLD_DUMPED."""
    if code & 0x7F == 0:
        return _EXITED
    return _DUMPED if code & 0x80 else _KILLED


_PROC: dict[str, tuple[Any, _Event]] = {
    "create": (
        points.TaskCreated(),
        lambda event: (psinfo_address(event.task.tid),) if event.parent is not None else None,
    ),
    "exec-success": (points.TaskExec(), lambda _event: ()),
    "exit": (points.TaskExited(), lambda event: (_exit_reason(event.code),)),
    "lwp-exit": (points.TaskExited(), lambda _event: ()),
    "signal-discard": (
        points.SignalSent(),
        lambda event: (0, 0, event.info.signo) if event.discarded else None,
    ),
    "signal-handle": (points.SignalDelivered(), lambda event: (event.info.signo,)),
    "signal-send": (points.SignalSent(), lambda event: (0, 0, event.info.signo)),
    "start": (points.TaskCreated(), lambda _event: ()),
}
_SCHED: dict[str, tuple[Any, _Event]] = {
    "off-cpu": (points.OffCpu(), lambda _task: ()),
    "on-cpu": (points.OnCpu(), lambda _task: ()),
}


def _event_types(name: str) -> Callable[[TypeSpace], list[Type]] | None:
    """The types of `args[]`."""
    if name == "create":
        return lambda types: [types.pointer(types.find("psinfo_t") or types.void)]
    count = {"exit": 1, "signal-handle": 1, "signal-send": 3, "signal-discard": 3}.get(name, 0)
    return (lambda types: [types.int] * count) if count else None


_OF_LINUX = frozenset((points.SignalSent, points.SignalDelivered, points.TaskExec))
"""Points that not every kernel has."""


class EventProvider:
    """Probes at points that tell of events: proc and sched."""

    def __init__(self, name: str, table: dict[str, tuple[Any, _Event]], kernel: Kernel[Any]) -> None:
        """Make the probes of a table: the point, and the arguments of an event, None for one that does not count."""
        self.name = name
        own = kernel.own_points()
        self._table = {
            what: row for what, row in table.items() if type(row[0]) not in _OF_LINUX or type(row[0]) in own
        }
        self._kernel = kernel
        self._probes = [Probe(name, "", "", what, types=_event_types(what)) for what in self._table]

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches."""
        return select(description, self._probes)

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire at the event."""
        point, arguments = self._table[probe.name]

        def told(event: Any) -> None:  # noqa: ANN401 - what the point tells
            found = arguments(event)
            if found is not None:
                fire(TaskContext(padded(found), getattr(event, "task", event)))

        return self._kernel.probes.attach(point, told).detach


def of_kernel(kernel: Kernel[Any], module: str) -> list[Any]:
    """All providers of a kernel."""
    return [
        SyscallProvider(kernel, module),
        FbtProvider(kernel),
        EventProvider("proc", _PROC, kernel),
        EventProvider("sched", _SCHED, kernel),
    ]
