"""The providers proc and sched: events in the life of processes and threads, with what they tell as `args[]`.

Sources: the Dynamic Tracing Guide's chapters on proc and sched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.task import TaskState
from ring3.trace.dtrace.machine.births import first_turns
from ring3.trace.dtrace.machine.described import (
    CPUINFO_ADDRESS,
    Descriptions,
    lwpsinfo_address,
    psinfo_address,
)
from ring3.trace.dtrace.machine.providers import padded
from ring3.trace.dtrace.machine.target import TaskContext
from ring3.trace.dtrace.providers.base import Description, Fire, Probe, matcher, select
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Type

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel

Told = Callable[[Any], tuple[int, ...] | None]
_EXITED, _KILLED, _DUMPED = 1, 2, 3
_THREAD: Final = ("lwpsinfo_t *", "psinfo_t *")
_EXEC: Final = ("execve", "execveat", "exece")


class _Event(NamedTuple):
    """A probe: where it is, what it tells of an event (None: it does not fire), and the types of that."""

    point: tuple[Any, ...]
    told: Told
    types: tuple[str, ...] = ()


def exit_reason(code: int) -> int:
    """Why a process ended, of its code as wait(2) has it: CLD_EXITED, CLD_KILLED or CLD_DUMPED."""
    if code & 0x7F == 0:
        return _EXITED
    return _DUMPED if code & 0x80 else _KILLED


def _is_last(event: Any) -> bool:  # noqa: ANN401 - what a task's end tells
    """Whether the thread that ends is the last one of its process."""
    return len(_threads(event.task.process)) <= 1


def _threads(process: Any) -> list[Any]:  # noqa: ANN401 - a process of either system
    return list(process.lwps.values()) if hasattr(process, "lwps") else list(process.threads)


def _receiver(event: Any) -> tuple[int, int]:  # noqa: ANN401 - what a signal tells
    """The thread and the process a signal is for."""
    task = event.receiver
    if task is None:
        task = next(iter(_threads(event.process)), None)
    return (0, 0) if task is None else (lwpsinfo_address(task.tid), psinfo_address(task.tid))


def _sent(event: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    return (*_receiver(event), event.info.signo)


def _created(event: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    """A process begins; its threads after the first are no processes."""
    if event.parent is None or event.parent.process is event.task.process:
        return None
    return (psinfo_address(event.task.tid),)


def _lwp_created(event: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    if event.parent is None:
        return None
    return lwpsinfo_address(event.task.tid), psinfo_address(event.task.tid)


_PROC: Final = {
    "create": _Event(points.TaskCreated(), _created, ("psinfo_t *",)),
    "exec-success": _Event(points.TaskExec(), lambda _event: ()),
    "exit": _Event(
        points.TaskExited(), lambda event: (exit_reason(event.code),) if _is_last(event) else None, ("int",)
    ),
    "lwp-create": _Event(points.TaskCreated(), _lwp_created, _THREAD),
    "lwp-exit": _Event(points.TaskExited(), lambda _event: ()),
    "signal-discard": _Event(
        points.SignalSent(), lambda event: _sent(event) if event.discarded else None, (*_THREAD, "int")
    ),
    "signal-handle": _Event(points.SignalDelivered(), lambda event: (event.info.signo,), ("int",)),
    "signal-send": _Event(points.SignalSent(), _sent, (*_THREAD, "int")),
}
_SCHED: Final = {
    "off-cpu": _Event(
        points.OffCpu(),
        lambda task: (lwpsinfo_address(task.tid), psinfo_address(task.tid)),
        _THREAD,
    ),
    "on-cpu": _Event(points.OnCpu(), lambda _task: (0, 0, CPUINFO_ADDRESS)),
    "preempt": _Event(points.OffCpu(), lambda task: () if task.state is TaskState.READY else None),
    "sleep": _Event(points.OffCpu(), lambda task: () if task.state is TaskState.WAITING else None),
    "wakeup": _Event(
        points.TaskWoken(),
        lambda event: (lwpsinfo_address(event.task.tid), psinfo_address(event.task.tid)),
        _THREAD,
    ),
}
_STARTS: Final = {"start": True, "lwp-start": False}
"""Probes that fire when a new task gets the CPU for the first time; whether only the first of a process counts."""


_FUNCTIONS: Final = {
    "create": "cfork",
    "exec": "exec_common",
    "exec-failure": "exec_common",
    "exec-success": "exec_common",
    "exit": "proc_exit",
    "lwp-create": "lwp_create",
    "lwp-exit": "lwp_exit",
    "signal-discard": "sigtoproc",
    "signal-handle": "psig",
    "signal-send": "sigtoproc",
    "off-cpu": "resume",
    "on-cpu": "resume",
}
"""The functions of illumos's kernel that hold the probes."""


class EventProvider:
    """Probes at points that tell of events."""

    def __init__(self, name: str, table: dict[str, _Event], kernel: Kernel[Any]) -> None:
        self.name = name
        own = kernel.own_points()
        missing = {point for point in _OF_LINUX if point not in own}
        self._table = {what: event for what, event in table.items() if type(event.point) not in missing}
        self._kernel = kernel
        self._probes = [
            Probe(name, "", "", what, types=typed(event.types)) for what, event in self._table.items()
        ]

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches; Solaris's functions in which they are may be named, too."""
        found = select(description, self._probes)
        if found or not description.function:
            return found
        anywhere = description._replace(function="", module="")
        wanted = matcher(description.function)
        return [probe for probe in select(anywhere, self._probes) if wanted(_FUNCTIONS.get(probe.name, ""))]

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire at the event."""
        event = self._table[probe.name]

        def told(found: Any) -> None:  # noqa: ANN401 - what the point tells
            arguments = event.told(found)
            if arguments is not None:
                fire(TaskContext(padded(arguments), getattr(found, "task", found)))

        return self._kernel.probes.attach(event.point, told).detach


class ProcProvider(EventProvider):
    """proc: beside events of its own, the calls of exec, and the first turn of new tasks."""

    def __init__(self, kernel: Kernel[Any], descriptions: Descriptions) -> None:
        super().__init__("proc", _PROC, kernel)
        self._descriptions = descriptions
        self._probes += [Probe("proc", "", "", name) for name in _STARTS]
        self._probes.append(Probe("proc", "", "", "exec", types=typed(("char *",))))
        self._probes.append(Probe("proc", "", "", "exec-failure", types=typed(("int",))))
        if "exec-success" not in self._table:
            self._probes.append(Probe("proc", "", "", "exec-success"))

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire at the event."""
        if probe.name in self._table:
            return super().enable(probe, fire)
        if probe.name in _STARTS:
            return self._at_start(fire, of_process=_STARTS[probe.name])
        observer = _AtExec(probe.name, fire, self._descriptions)
        known = {name for row in self._kernel.stub_rows().values() for name in row.names}
        attached = [
            self._kernel.probes.attach(points.SystemCall(name), observer) for name in _EXEC if name in known
        ]

        def detach() -> None:
            for each in attached:
                each.detach()

        return detach

    def _at_start(self, fire: Fire, *, of_process: bool) -> Callable[[], None]:
        def is_meant(event: Any) -> bool:  # noqa: ANN401 - what a task's birth tells
            return not of_process or event.parent is None or event.parent.process is not event.task.process

        attached = first_turns(self._kernel, is_meant, lambda task: fire(TaskContext(padded(()), task)))

        def detach() -> None:
            for each in attached:
                each.detach()

        return detach


class _AtExec(CallObserver):
    """Fires when a program is about to be executed, and when that has failed or been done."""

    def __init__(self, name: str, fire: Fire, descriptions: Descriptions) -> None:
        self._name = name
        self._fire = fire
        self._descriptions = descriptions

    def entry(self, call: Call) -> None:
        """exec: tells the path."""
        task = call.task
        if self._name != "exec" or task is None or task.mm is None:
            return
        at = call.arguments[1 if call.what.names[:1] == ("execveat",) else 0]
        path = task.memory.read_cstring(at, 1024) or b""
        (address,) = self._descriptions.place(path + b"\0")
        self._fire(TaskContext(padded((address,)), task))

    def returned(self, call: Call) -> None:
        """exec-failure with the error, or exec-success."""
        value = call.value
        error = int(getattr(call.error, "number", 0) or 0)
        if not error and isinstance(value, int) and -4095 <= value < 0:
            error = -value
        if self._name == "exec-failure" and error:
            self._fire(TaskContext(padded((error,)), call.task, error))
        elif self._name == "exec-success" and not error:
            self._fire(TaskContext(padded(()), call.task))


def typed(names: tuple[str, ...]) -> Callable[[TypeSpace], list[Type]] | None:
    """The types of `args[]` by their names in D; a pointer ends in ` *`."""
    if not names:
        return None

    def types(space: TypeSpace) -> list[Type]:
        found = []
        for name in names:
            kind = space.find(name.removesuffix(" *")) or space.void
            found.append(space.pointer(kind) if name.endswith(" *") else kind)
        return found

    return types


_OF_LINUX: Final = (points.SignalSent, points.SignalDelivered, points.TaskExec)
"""Points that not every kernel has."""


def event_providers(kernel: Kernel[Any], descriptions: Descriptions) -> list[EventProvider]:
    """proc and sched."""
    return [ProcProvider(kernel, descriptions), EventProvider("sched", _SCHED, kernel)]
