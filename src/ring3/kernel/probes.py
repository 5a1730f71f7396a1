"""The one way to watch or change what a kernel does: `Probes.attach` puts an observer at a point.

Nobody asks on the way whether there is an observer: attaching exchanges what is called, and detaching puts back what
was called before, the very same object. So a kernel that nobody watches runs what it ran when it was written. Observers
are attached at any moment, also by another observer or in another thread, several at one point, and leave in any order;
what happens next is seen, calls that wait at that moment included.

`kernel.points` says at which points; `kernel.observed` what an observer of calls is told; `kernel.events` what else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from ring3.errors import CLOSED, UserError
from ring3.kernel import points
from ring3.kernel.events import Created, DataAccess, Exited, Faulted, Loaded, MappingChanged, Woken
from ring3.kernel.functions import KernelFunction
from ring3.kernel.mm.fault import FaultingSpace
from ring3.kernel.mm.space import Space
from ring3.kernel.mm.vma import EXEC
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.task import TaskState
from ring3.kernel.ticks import Ticks
from ring3.kernel.watched_cpu import WatchedCpu
from ring3.kernel.watched_functions import unwatch, watch
from ring3.kernel.watched_items import bind, watch_method
from ring3.kernel.watched_stubs import StubCall, StubRow, watch_stub

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.task import Task

Leave = Callable[[], None]
Attacher = Callable[[Any, Any, Any], Leave]
"""Puts an observer at a point of its kind on a kernel; returns what takes it away."""


class Attachment:
    """An observer at a point, until it is detached or the ``with`` block ends."""

    def __init__(self, detach: Leave) -> None:
        self._detach: Leave | None = detach

    def detach(self) -> None:
        """Takes the observer away; nothing happens if that was done before."""
        detach, self._detach = self._detach, None
        if detach is not None:
            detach()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.detach()


class Replacement(CallObserver):
    """Has another function called instead, with the same arguments.

    Attributes:
        function: What is called.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def entry(self, call: Call) -> None:
        """Puts it there."""
        call.target = self.function


class Probes:
    """The attachments of one kernel.

    Attributes:
        cpu: Who watches its CPU.
    """

    def __init__(self, kernel: Kernel[Any], own: Mapping[type, Attacher]) -> None:
        """Begins with none.

        Args:
            kernel: The kernel.
            own: How observers get to points that only this kind of kernel has.
        """
        self._kernel = kernel
        self._attachers = {**_ATTACHERS, **own}
        self._attached: dict[Attachment, None] = {}
        self.cpu = WatchedCpu(kernel)

    def attach(self, point: tuple[Any, ...], observer: object) -> Attachment:
        """Puts an observer at a point.

        Args:
            point: One of `kernel.points`.
            observer: What is told there, as the point says.

        Raises:
            KeyError: There is no such function or call, or this kind of kernel has no such point.
            UserError: The machine is closed.
        """
        if self._kernel.is_closed:
            raise UserError(CLOSED)
        detach = self._attachers[type(point)](self._kernel, point, observer)

        def leave() -> None:
            self._attached.pop(attachment, None)
            detach()

        attachment = Attachment(leave)
        self._attached[attachment] = None
        return attachment

    def replace(self, point: tuple[Any, ...], function: Callable[..., Any]) -> Attachment:
        """Has another function called at a point of calls, with the same arguments, until that is detached."""
        return self.attach(point, Replacement(function))

    def bind(self, address: int, stub: Callable[..., Any]) -> None:
        """Puts a function behind a stub, and behind those who watch it."""
        bind(self._kernel.stubs, address, stub)

    @contextmanager
    def for_a_while(self) -> Iterator[None]:
        """Whoever is attached in the ``with`` block is detached at its end."""
        before = self._attached.copy()
        try:
            yield
        finally:
            for attachment in tuple(self._attached):
                if attachment not in before:
                    attachment.detach()

    def close(self) -> None:
        """Detaches whoever is still there."""
        for attachment in tuple(self._attached):
            attachment.detach()


# -- calls -------------------------------------------------------------------------------------------------------------


def _at_function(kernel: Kernel[Any], point: points.Function, observer: CallObserver) -> Leave:
    row = kernel.function_table[point.name]
    watch(kernel, row, observer)
    return lambda: unwatch(kernel, row, observer)


def _at_system_call(kernel: Kernel[Any], point: points.SystemCall, observer: CallObserver) -> Leave:
    if not point.name:
        return _at_stubs(kernel, observer, lambda row: bool(row.names))
    return _at_stubs(kernel, _OfName(observer, point.name), lambda row: point.name in row.names)


def _at_stub(kernel: Kernel[Any], point: points.Stub, observer: CallObserver) -> Leave:
    if not point.symbol:
        return _at_stubs(kernel, observer, lambda _row: True)
    address = kernel.image.symbols.get(point.symbol)
    row = kernel.stub_rows().get(-1 if address is None else address)
    if row is None or row.symbol != point.symbol:
        return _at_stubs(kernel, observer, lambda row: row.symbol == point.symbol)
    who = observer.of(row)
    return _all([] if who is None else [watch_stub(kernel, address or 0, row, who)])


def _at_stubs(kernel: Kernel[Any], observer: CallObserver, wanted: Callable[[StubRow], bool]) -> Leave:
    rows = {address: row for address, row in kernel.stub_rows().items() if wanted(row)}
    if not rows:
        raise KeyError("no such call")
    told = {address: observer.of(row) for address, row in rows.items()}
    return _all(
        [watch_stub(kernel, address, rows[address], who) for address, who in told.items() if who is not None]
    )


class _OfName(CallObserver):
    """Tells of the calls of one name, of those that a stub serves."""

    def __init__(self, observer: CallObserver, name: str) -> None:
        self._observer = observer
        self._name = name

    def of(self, what: StubRow) -> CallObserver | None:
        """Who is told of a stub's calls: the observer itself where all of them have the name."""
        found = self._observer.of(what)
        return found if found is None or set(what.names) == {self._name} else _OfName(found, self._name)

    def _is_told(self, call: Call) -> bool:
        """Whether a call is one; of one that waited before somebody watched, the number is not known."""
        assert isinstance(call, StubCall)
        return call.begun_before or call.what.name_of(call.number) == self._name

    def entry(self, call: Call) -> None:
        if self._is_told(call):
            self._observer.entry(call)

    def wait(self, call: Call) -> None:
        if self._is_told(call):
            self._observer.wait(call)

    def resume(self, call: Call) -> None:
        if self._is_told(call):
            self._observer.resume(call)

    def returned(self, call: Call) -> None:
        if self._is_told(call):
            self._observer.returned(call)

    def left(self, call: Call) -> None:
        if self._is_told(call):
            self._observer.left(call)


class _AtReturn(CallObserver):
    """Tells of a function that has returned as of an event."""

    def __init__(self, make: Callable[[Call], Any], observer: Callable[[Any], None]) -> None:
        self._make = make
        self._observer = observer

    def returned(self, call: Call) -> None:
        if call.error is None and call.arguments:
            event = self._make(call)
            if event is not None:
                self._observer(event)


class _AtEntry(CallObserver):
    """The same before the function runs."""

    def __init__(self, make: Callable[[Call], Any], observer: Callable[[Any], None]) -> None:
        self._make = make
        self._observer = observer

    def entry(self, call: Call) -> None:
        event = self._make(call)
        if event is not None:
            self._observer(event)


def at_return_of(row: KernelFunction, make: Callable[[Call], Any]) -> Attacher:
    """Has observers of a point told when a function has returned, with the event that is made of the call."""
    return _by_function(_AtReturn, make, row)


def at_entry_of(row: KernelFunction, make: Callable[[Call], Any]) -> Attacher:
    """The same when it is called."""
    return _by_function(_AtEntry, make, row)


def _by_function(
    kind: Callable[[Callable[[Call], Any], Callable[[Any], None]], CallObserver],
    make: Callable[[Call], Any],
    *rows: KernelFunction,
) -> Attacher:
    def attach(kernel: Kernel[Any], _point: object, observer: Callable[[Any], None]) -> Leave:
        told = kind(make, observer)
        for row in rows:
            watch(kernel, row, told)
        return _all([lambda row=row: unwatch(kernel, row, told) for row in rows])  # type: ignore[misc]

    return attach


# -- the CPU -----------------------------------------------------------------------------------------------------------


def _at_address(kernel: Kernel[Any], point: points.Address, observer: Callable[[Task, int], None]) -> Leave:
    pmap = None if point.mm is None else point.mm.pmap
    return kernel.probes.cpu.watch_address(observer, point.address, pmap, in_ring0=point.address >> 63 != 0)


def _at_block(kernel: Kernel[Any], point: points.Block, observer: Callable[[Task, int, int], None]) -> Leave:
    def on_block(address: int, size: int) -> None:
        if kernel.current is not None:
            observer(kernel.current, address, size)

    return kernel.machine.cpu.hook_blocks(on_block, point.first, point.last)


def _at_data(kernel: Kernel[Any], point: points.Data, observer: Callable[[DataAccess], None]) -> Leave:
    def on_access(ip: int, address: int, size: int, value: int | None) -> None:
        if kernel.current is not None:
            observer(DataAccess(kernel.current, ip, address, size, value))

    space = None if point.mm is None else point.mm.pmap
    end = kernel.probes.cpu.need_ring0() if point.mm is None else None
    unhook = kernel.machine.cpu.hook_accesses(
        on_access, space, point.address, point.size, read=point.read, write=point.write
    )

    def leave() -> None:
        unhook()
        if end is not None:
            end()

    return leave


# -- memory ------------------------------------------------------------------------------------------------------------


def _faulted(call: Call) -> Faulted:
    mm, address, *_ = call.arguments
    given = call.keywords
    return Faulted(call.task, mm, address, given.get("write", False), given.get("fetch", False), call.value)


def _mapping_changed(call: Call) -> MappingChanged:
    return MappingChanged(call.task, call.arguments[0], call.what.name, call.arguments[1])


def _loaded(call: Call) -> Loaded | None:
    space, vma = call.arguments
    is_code = vma.obj is not None and vma.prot & EXEC
    return Loaded(call.task, space, vma) if is_code else None


_FAULT: Final = KernelFunction("fault", "", FaultingSpace.fault)
_INSERT: Final = KernelFunction("insert", "", Space.insert)
_REMOVE: Final = KernelFunction("remove", "", Space.remove)
_RECAST: Final = KernelFunction("recast", "", Space.recast)


# -- tasks and time ----------------------------------------------------------------------------------------------------


def _by_method(
    name: str,
    kind: Callable[[Callable[[Call], Any], Callable[[Any], None]], CallObserver],
    make: Callable[[Call], Any],
) -> Attacher:
    """Has observers told of calls of a method of the kernel, which is exchanged on that kernel alone."""

    def attach(kernel: Kernel[Any], _point: object, observer: Callable[[Any], None]) -> Leave:
        return watch_method(kernel, name, kind(make, observer), lambda: kernel.current)

    return attach


def _at_clock(kernel: Kernel[Any], point: points.Clock, observer: CallObserver) -> Leave:
    return watch_method(kernel.clocks, point.name, observer, lambda: kernel.current)


def _at_randomness(kernel: Kernel[Any], _point: points.Randomness, observer: CallObserver) -> Leave:
    return watch_method(kernel, "random_bytes", observer, lambda: kernel.current)


def _at_tick(kernel: Kernel[Any], point: points.Tick, observer: Callable[[Task | None], None]) -> Leave:
    return Ticks(kernel, point.period, observer).stop


def _all(leaves: list[Leave]) -> Leave:
    def leave() -> None:
        for one in leaves:
            one()

    return leave


def _woken(call: Call) -> Woken | None:
    task, by = call.arguments[0], call.task
    if task.state is not TaskState.WAITING:
        return None
    return Woken(task, by if by is not None and by.on_cpu else None)


_ATTACHERS: Final[Mapping[type, Attacher]] = {
    points.SystemCall: _at_system_call,
    points.Stub: _at_stub,
    points.Function: _at_function,
    points.CpuRun: lambda kernel, _point, observer: kernel.probes.cpu.watch_runs(observer),
    points.Instruction: lambda kernel, point, observer: kernel.probes.cpu.watch_instructions(
        observer, point.rings, full_path=point.full_path, task=point.task
    ),
    points.Delivery: lambda kernel, _point, observer: kernel.probes.cpu.watch_deliveries(observer),
    points.Address: _at_address,
    points.Block: _at_block,
    points.Data: _at_data,
    points.PageFault: at_return_of(_FAULT, _faulted),
    points.Mapping: _by_function(_AtReturn, _mapping_changed, _INSERT, _REMOVE, _RECAST),
    points.ObjectLoaded: at_return_of(_INSERT, _loaded),
    points.TaskCreated: _by_method("add", _AtReturn, lambda call: Created(call.arguments[0], call.task)),
    points.TaskExited: _by_method("end", _AtEntry, lambda call: Exited(*call.arguments)),
    points.TaskWoken: _by_method("ready", _AtEntry, _woken),
    points.OnCpu: _by_method("switch_to", _AtReturn, lambda call: call.arguments[0]),
    points.OffCpu: _by_method("left_cpu", _AtReturn, lambda call: call.arguments[0]),
    points.Tick: _at_tick,
    points.Clock: _at_clock,
    points.Randomness: _at_randomness,
}
