"""Watching what ring 0 hands over to Python: system calls by whatever door, exceptions, work at the exit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

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
        abi: Whose table that is.
        registers: Which registers have the arguments, in order.
        mask: The bits of them that count.
        definition: The definition of what is behind it, None if there is none.
    """

    symbol: str
    names: tuple[str, ...] = ()
    abi: str = ""
    registers: tuple[str, ...] = ()
    mask: int = (1 << 64) - 1
    definition: Any = None


class StubCall(Call):
    """A call of a stub.

    Attributes:
        regs: The user registers with which it was made.
        number: What ring 0 passes beside them: for a system call its number.
    """

    __slots__ = ("number", "regs")

    def __init__(
        self,
        what: StubRow,
        task: Task,
        arguments: list[int],
        regs: UserRegs,
        number: int,
        target: Callable[..., Value],
    ) -> None:
        super().__init__(what, task, arguments, {}, target)
        self.regs = regs
        self.number = number


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
        row: StubRow = self.what
        given = [getattr(regs, name) & row.mask for name in row.registers]

        def target(*wanted: int) -> Value:
            if list(wanted) == given:
                return self.inner(task, regs, number)
            return self.inner(task, _Changed(regs, dict(zip(row.registers, wanted, strict=True))), number)

        return self.observers.make(StubCall(row, task, list(given), regs, number, target))

    def take_over(self, task: Task) -> None:
        """Tells from now on of a call that waits already."""
        pending = task.pending
        if isinstance(pending, ObservedCoroutine) and pending.call.what is self.what:
            return
        row: StubRow = self.what
        given = [getattr(task.regs, name) & row.mask for name in row.registers]
        call = StubCall(row, task, given, task.regs, 0, lambda *_wanted: None)
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
