"""The provider of system calls, syscall; and the list of all that a kernel has.

They take the points of `kernel.points`; a probe that nobody enabled costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import Errno
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.trace.dtrace.machine.births import first_turns
from ring3.trace.dtrace.machine.call_types import types_of
from ring3.trace.dtrace.machine.solaris_names import ALIASES, BEHIND_FIRST
from ring3.trace.dtrace.machine.target import TaskContext
from ring3.trace.dtrace.providers.base import (
    ARGUMENTS,
    NO_ARGUMENTS,
    Description,
    Fire,
    Probe,
    ProbeTable,
    matcher,
    select,
)

if TYPE_CHECKING:
    from ring3.abi.rows import Call as Row
    from ring3.kernel.core import Kernel
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task
    from ring3.kernel.watched_stubs import StubRow
    from ring3.trace.dtrace.machine.described import Descriptions

_HALF = 1 << 63
_FORKS: Final = frozenset(("fork", "vfork", "clone", "clone3", "forksys", "vforksys"))
"""Calls that return twice: in the child too, as 0."""


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
            self._values = padded(self._told())
        return self._values

    def _told(self) -> Iterable[object]:
        """What the arguments are made of: those of the call, without the task that functions here take first."""
        call = self._call
        for position, argument in enumerate(call.arguments):
            if position or argument is not call.task:
                yield argument


class _Entry(CallObserver):
    """Fires when a call begins."""

    def __init__(self, fire: Fire, function: str) -> None:
        self._fire = fire
        self._function = function

    def entry(self, call: Call) -> None:
        """Fire with the arguments."""
        self._fire(CallContext(call, self._function))


class _EntryBehindFirst(CallObserver):
    """Fires when a call begins, without the first of its arguments."""

    def __init__(self, fire: Fire) -> None:
        self._fire = fire

    def entry(self, call: Call) -> None:
        """Fire with the other arguments."""
        self._fire(TaskContext(padded(call.arguments[1:]), call.task, 0, ""))


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


class SyscallProvider:
    """`syscall::NAME:entry` and `return`, by the system's own names, and the other system's where one is asked for."""

    name = "syscall"

    def __init__(self, kernel: Kernel[Any], module: str) -> None:
        """Watch a kernel's calls; `module` is what probemod says."""
        self._kernel = kernel
        self._module = module
        self._probes: ProbeTable | None = None
        self._aliases: dict[str, tuple[str, ...]] = {}
        self._meant: dict[Probe, tuple[str, ...]] = {}
        self._aliased: dict[str, list[Probe]] = {}
        self._names: set[str] = set()

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches."""
        if self._probes is None:
            stubs = {name: row for row in self._kernel.stub_rows().values() for name in row.names}
            self._names = set(stubs)
            self._probes = ProbeTable(self._made(sorted(stubs), stubs))
            self._aliases = {
                name: tuple(other for other in others if other in self._names)
                for name, others in ALIASES.items()
                if name not in self._names
            }
        found = self._probes.select(description)
        return found + self._by_alias(description) if description.function not in ("", "*") else found

    def _rows(self) -> Mapping[str, Row]:
        """The rows of the system, of which Linux's probes have a module."""
        if self._module:
            from ring3.abi.linux.rows import every  # noqa: PLC0415 - few scripts ask for types
        else:
            from ring3.abi.solaris.rows import every  # noqa: PLC0415
        return every()

    def _made(self, names: list[str], stubs: Mapping[str, StubRow]) -> list[Probe]:
        return [
            Probe(
                "syscall",
                self._module,
                name,
                what,
                types=types_of(self._rows, stubs[name], name, what) if name in stubs else None,
            )
            for name in names
            for what in ("entry", "return")
        ]

    def _by_alias(self, description: Description) -> list[Probe]:
        """Probes under names of the other system, for calls that the description does not take in anyway."""
        wanted = matcher(description.function)
        found: list[Probe] = []
        for name, others in self._aliases.items():
            if not wanted(name):
                continue
            meant = tuple(other for other in others if not wanted(other))
            if meant or not others:
                if name not in self._aliased:
                    self._aliased[name] = self._made([name], {})
                    self._meant.update(dict.fromkeys(self._aliased[name], meant))
                found += select(description, self._aliased[name])
        return found

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire at the call."""
        alias = self._meant.get(probe)
        names = (probe.function,) if alias is None else alias
        shifted = alias is not None and probe.function in BEHIND_FIRST and probe.name == "entry"
        watching = _EntryBehindFirst(fire) if shifted else observer(probe, fire, "")
        attached = [self._kernel.probes.attach(points.SystemCall(name), watching) for name in names]
        if probe.name == "return" and (forks := set(names) & _FORKS):
            attached += returns_in_child(self._kernel, forks, fire)

        def detach() -> None:
            for each in attached:
                each.detach()

        return detach


class _InCall(CallObserver):
    """Knows the tasks that are inside of a call."""

    def __init__(self) -> None:
        self.tasks: set[Task | None] = set()

    def entry(self, call: Call) -> None:
        """It begins."""
        self.tasks.add(call.task)

    def returned(self, call: Call) -> None:
        """It is over."""
        self.tasks.discard(call.task)


def returns_in_child(kernel: Kernel[Any], forks: Iterable[str], fire: Fire) -> list[Attachment]:
    """Fires where a child returns from the call that made it: lwp_rtt() of illumos, ret_from_fork of Linux."""
    parents = _InCall()
    attached = [kernel.probes.attach(points.SystemCall(name), parents) for name in sorted(forks)]
    return attached + first_turns(
        kernel,
        lambda event: event.parent in parents.tasks,
        lambda event: fire(TaskContext(NO_ARGUMENTS, event.task, 0, "")),
    )


def observer(probe: Probe, fire: Fire, function: str) -> CallObserver:
    """What fires a probe at the entry or the return of a call; `function` is the kernel's, "" for a system call."""
    kind = _Entry if probe.name == "entry" else _Return
    return kind(fire, function)


def of_kernel(kernel: Kernel[Any], module: str, descriptions: Descriptions) -> list[Any]:
    """All providers of a kernel that need no process; `module` is what probemod is for system calls."""
    from ring3.trace.dtrace.machine.events import event_providers  # noqa: PLC0415 - it stands on this module
    from ring3.trace.dtrace.machine.fbt import FbtProvider  # noqa: PLC0415
    from ring3.trace.dtrace.machine.io import IoProvider  # noqa: PLC0415
    from ring3.trace.dtrace.machine.network import network_providers  # noqa: PLC0415
    from ring3.trace.dtrace.machine.silent import SilentProvider  # noqa: PLC0415
    from ring3.trace.dtrace.machine.statistics import statistics_providers  # noqa: PLC0415

    core = module or "genunix"
    return [
        SyscallProvider(kernel, module),
        FbtProvider(kernel, descriptions),
        *event_providers(kernel, descriptions, core),
        IoProvider(kernel, descriptions, core),
        *statistics_providers(kernel, core),
        *network_providers(kernel, descriptions, core),
        SilentProvider(core),
    ]
