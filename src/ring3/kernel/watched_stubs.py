"""Watching what ring 0 hands over to Python: system calls by whatever door, exceptions, work at the exit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.kinds import NamedTuple
from ring3.kernel.observed import Call, ObservedCoroutine, Value
from ring3.kernel.watched_items import WatchedItem, watch_item

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.observed import CallObserver
    from ring3.kernel.regs import UserRegs
    from ring3.kernel.task import Task


class StubRow(NamedTuple):
    """A stub as observers know it.

    Attributes:
        symbol: Its symbol, such as ``__x64_sys_write``.
        names: What the call is named in the system's table, once for each number that leads here; empty for what is no
            system call.
        numbers: These numbers, in the same order.
        abi: Whose table that is.
        registers: Which registers have the arguments, in order.
        mask: The bits of them that count.
        definition: The definition of what is behind it, None if there is none.
    """

    symbol: str
    names: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    abi: str = ""
    registers: tuple[str, ...] = ()
    mask: int = (1 << 64) - 1
    definition: Any = None

    def name_of(self, number: int) -> str:
        """What the call of a number is named, of those that lead here; "" if it is none of them."""
        if len(self.names) == 1:
            return self.names[0]
        return dict(zip(self.numbers, self.names, strict=True)).get(number, "")


_NO_KEYWORDS: Final[Mapping[str, Value]] = {}


class StubCall(Call):
    """A call of a stub; its arguments are taken from the registers when somebody asks for them.

    Attributes:
        regs: The user registers with which it was made.
        number: What ring 0 passes beside them: for a system call its number.
        inner: What is behind the stub.
    """

    __slots__ = ("_found", "_given", "inner", "number", "regs")

    def __init__(
        self, what: StubRow, task: Task, regs: UserRegs, number: int, inner: Callable[..., Value]
    ) -> None:
        self.what = what
        self.task = task
        self.regs = regs
        self.number = number
        self.inner = inner
        self._given: list[int] | None = None
        self.target = None
        self.value = self.error = self._notes = None
        self.begun_before = False
        self.keywords, self.observers = _NO_KEYWORDS, ()

    @property
    def arguments(self) -> list[int]:  # type: ignore[override]
        """By position; an observer may change them at entry."""
        if self._given is None:
            mask, regs = self.what.mask, self.regs
            self._found = [getattr(regs, name) & mask for name in self.what.registers]
            self._given = self._found.copy()
        return self._given

    def make(self) -> Value:
        """Makes it, as the observers want it."""
        if self.target is not None:
            return self.target(*self.arguments)
        if self._given is None or self._given == self._found:
            return self.inner(self.task, self.regs, self.number)
        changed = dict(zip(self.what.registers, self._given, strict=True))
        return self.inner(self.task, _Changed(self.regs, changed), self.number)


class _Changed:
    """The registers as an observer wants the call to see them; all but the arguments are the task's."""

    def __init__(self, regs: UserRegs, arguments: dict[str, int]) -> None:
        self._regs = regs
        vars(self).update(arguments)

    def __getattr__(self, name: str) -> int:
        value: int = getattr(self._regs, name)
        return value


class WatchedStub(WatchedItem):
    """Stands in for what is behind a stub."""

    def __call__(self, task: Task, *arguments: Value) -> Value:
        """Makes the call, and tells of it."""
        regs, number = arguments
        return self.observers.make(StubCall(self.what, task, regs, number, self.inner))

    def take_over(self, task: Task) -> None:
        """Tells from now on of a call that waits already."""
        pending = task.pending
        if isinstance(pending, ObservedCoroutine) and pending.call.what is self.what:
            return
        call = StubCall(self.what, task, task.regs, 0, self.inner)
        assert pending is not None
        task.pending = ObservedCoroutine.sleeping(self.observers, call, pending)  # type: ignore[arg-type]


def watch_stub(kernel: Kernel[Any], address: int, row: StubRow, observer: CallObserver) -> Callable[[], None]:
    """Makes an observer see what is handed over at a stub, also what waits there at this moment."""
    leave = watch_item(kernel.stubs, address, observer, lambda inner: WatchedStub(row, inner))
    item: Any = kernel.stubs[address]
    for task in tuple(kernel.tasks.values()):
        if task.pending is not None and task.stub == address:
            item.take_over(task)
    return leave
