"""The providers proc and sched: events in the life of processes and threads, with what they tell as `args[]`.

Sources: the Dynamic Tracing Guide's chapters on proc and sched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ring3.kernel import points
from ring3.kernel.events import Woken
from ring3.kernel.observed import CallObserver
from ring3.kernel.task import TaskState
from ring3.trace.dtrace.machine.at_calls import AtCall, AtExec, AtSignalWait, Told
from ring3.trace.dtrace.machine.births import first_turns
from ring3.trace.dtrace.machine.described import (
    CPUINFO_ADDRESS,
    Descriptions,
    lwpsinfo_address,
    psinfo_address,
)
from ring3.trace.dtrace.machine.outsiders import INIT
from ring3.trace.dtrace.machine.providers import padded
from ring3.trace.dtrace.machine.target import TaskContext
from ring3.trace.dtrace.providers.base import Description, Fire, Probe, matcher, select
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Type

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import Created
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task

_BITS: Final = 64
"""The kernel's own structs are those of programs of 64 bits."""
_EXITED, _KILLED, _DUMPED = 1, 2, 3
_THREAD: Final = ("lwpsinfo_t *", "psinfo_t *")
_QUEUED: Final = (*_THREAD, "cpuinfo_t *")
_CLOCK_TICK: Final = 10_000_000
"""Nanoseconds between two of the clock's ticks, which are 100 a second."""
_EXEC: Final = ("execve", "execveat", "exece")


class _Event(NamedTuple):
    """A probe: where it is, what it tells of an event (None: it does not fire), and the types of that.

    Attributes:
        point: Where it is; None for what never happens here.
        told: What it tells.
        types: The types of what it tells.
        also: Other points where it is, with what it tells of what happens there.
    """

    point: tuple[Any, ...] | None
    told: Told
    types: tuple[str, ...] = ()
    also: tuple[tuple[tuple[Any, ...], Told], ...] = ()


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


def _sent(event: Any) -> tuple[int, ...] | None:  # noqa: ANN401 - what a signal tells
    """The thread and the process it is for, and its number; a zombie is sent none (sigtoproc of illumos)."""
    task = event.receiver or next(iter(_threads(event.process)), None)
    if task is not None:
        return lwpsinfo_address(task.tid), psinfo_address(task.tid), event.info.signo
    if event.process.pid == INIT.tid:
        return lwpsinfo_address(INIT.tid), psinfo_address(INIT.tid), event.info.signo
    return None


def _of_thread(task: Any) -> tuple[int, ...]:  # noqa: ANN401 - a task of either system
    return lwpsinfo_address(task.tid), psinfo_address(task.tid)


def _queued(task: Any) -> tuple[int, ...]:  # noqa: ANN401
    """A thread and the processor in whose queue it is; the last is 0: it is at the end."""
    return (*_of_thread(task), CPUINFO_ADDRESS, 0)


def _with_siginfo(descriptions: Descriptions) -> dict[str, _Event]:
    """Probes that tell what comes with a signal, which lies in `descriptions`."""

    def siginfo(info: Any) -> int:  # noqa: ANN401 - that of either system
        return descriptions.place(info.pack(_BITS))[0]

    def fault(event: Any) -> tuple[int, ...] | None:  # noqa: ANN401 - what a signal tells
        """The fault (sys/fault.h) of which the kernel makes a signal."""
        faults = _FAULTS.get(event.info.signo)
        return None if faults is None else (faults.get(event.info.code, faults[0]), siginfo(event.info))

    def handled(event: Any) -> tuple[int, ...]:  # noqa: ANN401 - as above
        """The signal, and the function that handles it."""
        process, signal = event.task.process, event.info.signo
        action = process.action(signal) if hasattr(process, "action") else process.actions[signal]
        return signal, siginfo(event.info), action.handler

    return {
        "fault": _Event(points.SignalForced(), fault, ("int", "siginfo_t *")),
        "signal-handle": _Event(points.SignalDelivered(), handled, ("int", "siginfo_t *", "void *")),
    }


def _of_caller(call: Any) -> tuple[int, ...]:  # noqa: ANN401 - a system call
    return _of_thread(call.task)


def _created(event: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    """A process begins; its threads after the first are no processes."""
    if event.parent is None or event.parent.process is event.task.process:
        return None
    return (psinfo_address(event.task.tid),)


def _lwp_created(event: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    if event.parent is None:
        return None
    return lwpsinfo_address(event.task.tid), psinfo_address(event.task.tid)


_FAULTS: Final = {
    4: {0: 1},
    5: {0: 3, 2: 4},
    7: {0: 5},
    10: {0: 5},
    8: {0: 9, 1: 8, 2: 7},
    11: {0: 5, 1: 6},
}
"""Of SIGILL, SIGTRAP, SIGBUS (of Linux, of Solaris), SIGFPE and SIGSEGV the faults by si_code; 0: of the others."""
_PROC: Final = {
    "create": _Event(points.TaskCreated(), _created, ("psinfo_t *",)),
    "exec-success": _Event(points.TaskExec(), lambda _event: ()),
    "exit": _Event(
        points.TaskExiting(), lambda event: (exit_reason(event.code),) if _is_last(event) else None, ("int",)
    ),
    "lwp-create": _Event(points.TaskCreated(), _lwp_created, _THREAD),
    "lwp-exit": _Event(points.TaskExiting(), lambda _event: ()),
    "signal-discard": _Event(
        points.SignalSent(), lambda event: _sent(event) if event.discarded else None, (*_THREAD, "int")
    ),
    "signal-send": _Event(points.SignalSent(), _sent, (*_THREAD, "int"), ((points.SignalForced(), _sent),)),
}
_NEVER: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("remain-cpu", "schedctl-nopreempt", "schedctl-preempt", "schedctl-yield"), ()),
    "change-pri": (*_THREAD, "pri_t"),
    "cpucaps-sleep": _THREAD,
    "cpucaps-wakeup": _THREAD,
}
"""Probes of sched that do not fire: who goes on has left the CPU and got it again, and priorities do not change."""
_SCHED: Final[dict[str, _Event]] = {
    **{name: _Event(None, lambda _event: None, types) for name, types in _NEVER.items()},
    "dequeue": _Event(points.OnCpu(), _queued, _QUEUED),
    "enqueue": _Event(
        points.TaskWoken(),
        lambda event: _queued(event.task),
        (*_QUEUED, "int"),
        (
            (points.TaskCreated(), lambda event: _queued(event.task)),
            (points.OffCpu(), lambda task: _queued(task) if task.state is TaskState.READY else None),
        ),
    ),
    "off-cpu": _Event(points.OffCpu(), _of_thread, _THREAD),
    "on-cpu": _Event(points.OnCpu(), lambda _task: (0, 0, CPUINFO_ADDRESS)),
    "preempt": _Event(points.OffCpu(), lambda task: () if task.state is TaskState.READY else None),
    "sleep": _Event(points.OffCpu(), lambda task: () if task.state is TaskState.WAITING else None),
    "tick": _Event(
        points.Tick(_CLOCK_TICK), lambda task: _of_thread(task) if task is not None else None, _THREAD
    ),
    "surrender": _Event(
        points.SystemCall("sched_yield"),
        _of_caller,
        _THREAD,
        tuple((points.SystemCall(name), _of_caller) for name in ("yield", "lwp_yield")),
    ),
    "wakeup": _Event(points.TaskWoken(), lambda event: _of_thread(event.task), _THREAD),
}
_STARTS: Final = ("start", "lwp-start")
"""Probes that fire when a new task gets the CPU for the first time, in this order; the first is for processes alone."""
_SIGNAL_WAITS: Final = ("rt_sigtimedwait", "rt_sigtimedwait_time64", "sigtimedwait")


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

    def __init__(self, name: str, table: dict[str, _Event], kernel: Kernel[Any], module: str) -> None:
        self.name = name
        own = kernel.own_points()
        missing = {point for point in _OF_LINUX if point not in own}
        self._table = {what: event for what, event in table.items() if type(event.point) not in missing}
        if points.TaskExiting not in own:
            for what, event in self._table.items():
                if isinstance(event.point, points.TaskExiting):
                    self._table[what] = event._replace(point=points.TaskExited())
        self._kernel = kernel
        self._probes = [
            Probe(name, module, "", what, types=typed(event.types)) for what, event in self._table.items()
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
        known = {name for row in self._kernel.stub_rows().values() for name in row.names}
        attached = []
        for point, told in ((event.point, event.told), *event.also):
            if isinstance(point, points.SystemCall):
                if point.name in known:
                    attached.append(self._kernel.probes.attach(point, AtCall(told, fire)))
            elif point is not None:
                attached.append(self._kernel.probes.attach(point, _telling(told, fire)))
        return _detaching(attached)


def _telling(told: Told, fire: Fire) -> Callable[[Any], None]:
    """Fires with what is told of an event, on behalf of the task that makes it happen."""

    def observe(found: Any) -> None:  # noqa: ANN401 - what the point tells
        arguments = told(found)
        if arguments is not None:
            fire(TaskContext(padded(arguments), _actor(found)))

    return observe


def _actor(found: Any) -> Task | None:  # noqa: ANN401
    """Who makes an event happen."""
    if isinstance(found, Woken):
        return found.by
    made_by: Task | None = getattr(found, "parent", None) or getattr(found, "task", found)
    return made_by


class ProcProvider(EventProvider):
    """proc: beside events of its own, the calls of exec, and the first turn of new tasks."""

    def __init__(self, kernel: Kernel[Any], descriptions: Descriptions, module: str) -> None:
        super().__init__("proc", _PROC | _with_siginfo(descriptions), kernel, module)
        self._descriptions = descriptions
        others: dict[str, tuple[str, ...]] = {
            "exec": ("char *",),
            "exec-failure": ("int",),
            "signal-clear": ("int",),
        }
        if "exec-success" not in self._table:
            others["exec-success"] = ()
        others |= dict.fromkeys(_STARTS, ())
        self._probes += [
            Probe("proc", module, "", what, types=typed(types)) for what, types in others.items()
        ]
        self._started: dict[str, Fire] = {}

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire at the event."""
        if probe.name in self._table:
            return super().enable(probe, fire)
        if probe.name in _STARTS:
            return self._at_start(probe.name, fire)
        if probe.name == "signal-clear":
            return self._at_calls(_SIGNAL_WAITS, AtSignalWait(fire))
        return self._at_calls(_EXEC, AtExec(probe.name, fire, self._descriptions))

    def _at_calls(self, names: Iterable[str], observer: CallObserver) -> Callable[[], None]:
        known = {name for row in self._kernel.stub_rows().values() for name in row.names}
        return _detaching(
            [self._kernel.probes.attach(points.SystemCall(name), observer) for name in names if name in known]
        )

    def _at_start(self, name: str, fire: Fire) -> Callable[[], None]:
        """Fires at first turns; all of a task's in order, however the script names them."""
        others, self._started[name] = bool(self._started), fire
        if others:
            return lambda: None
        detach = _detaching(first_turns(self._kernel, lambda _event: True, self._first_turn))

        def leave() -> None:
            detach()
            self._started.clear()

        return leave

    def _first_turn(self, event: Created) -> None:
        parent: Any = event.parent
        task: Any = event.task
        is_process = parent is None or parent.process is not task.process
        for name in _STARTS[not is_process :]:
            if name in self._started:
                self._started[name](TaskContext(padded(()), task))


def _detaching(attached: list[Attachment]) -> Callable[[], None]:
    """What detaches all."""

    def detach() -> None:
        for each in attached:
            each.detach()

    return detach


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


_OF_LINUX: Final = (points.SignalSent, points.SignalForced, points.SignalDelivered, points.TaskExec)
"""Points that not every kernel has."""


def event_providers(kernel: Kernel[Any], descriptions: Descriptions, module: str) -> list[EventProvider]:
    """proc and sched, whose probes are in a module."""
    return [ProcProvider(kernel, descriptions, module), EventProvider("sched", _SCHED, kernel, module)]
