"""The table of ``-c``: how often each call was made, how often it failed, and what it cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.tbl import Abi
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.watched_stubs import StubCall, StubRow
from ring3.linux.model.task import LinuxTask
from ring3.linux.signals.send import is_dying
from ring3.trace.called import SENDS, name_of, names_in_order
from ring3.trace.strace.multiplexed import inner, stands_for

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from ring3.kernel.task import Task


class Totals:
    """What is known of the calls of one name.

    Attributes:
        calls: How many there were.
        errors: How many of them failed.
        spent: Nanoseconds they took.
        least: Nanoseconds of the shortest one.
        most: Nanoseconds of the longest one.
    """

    __slots__ = ("calls", "errors", "least", "most", "spent")

    def __init__(self) -> None:
        self.calls = self.errors = self.spent = self.least = self.most = 0

    def add(self, calls: int, errors: int, spent: int, least: int, most: int) -> None:
        """Takes in more calls."""
        self.least = min(self.least, least) if self.calls else least
        self.most = max(self.most, most)
        self.calls += calls
        self.errors += errors
        self.spent += spent


class _Count(CallObserver):
    """Counts the calls of one stub.

    Attributes:
        totals: What there is of them.
    """

    def __init__(self, totals: Totals, tasks: AbstractSet[Task], *, wall: bool) -> None:
        self.totals = totals
        self._tasks = tasks
        self._wall = wall
        self._began = 0
        self._spent: dict[Task | None, int] = {}

    def entry(self, call: Call) -> None:
        """Looks at the clock; no other call of the kind runs until this one ends or waits."""
        self._began = time.perf_counter_ns()

    def wait(self, call: Call) -> None:
        """Keeps what it has taken so far, or when it began where waiting counts."""
        spent = -self._began if self._wall else time.perf_counter_ns() - self._began
        self._spent[call.task] = self._spent.get(call.task, 0) + spent

    def resume(self, call: Call) -> None:
        """Looks at the clock again."""
        now = time.perf_counter_ns()
        if self._wall and call.task in self._spent:
            self._spent[call.task] += now
        self._began = now

    def left(self, call: Call) -> None:
        """Forgets it; what does not end is not counted."""
        self._spent.pop(call.task, None)

    def returned(self, call: Call) -> None:
        """Counts it."""
        spent = time.perf_counter_ns() - self._began
        task = call.task
        if task not in self._tasks:
            return
        if self._spent:
            spent += self._spent.pop(task, 0)
        totals = self.totals
        totals.most = max(totals.most, spent)
        if spent < totals.least or not totals.calls:
            totals.least = spent
        totals.calls += 1
        totals.spent += spent
        value = call.value
        if call.error is not None:
            totals.errors += isinstance(call.error, Errno)
        elif value.__class__ is int and -4096 < value < 0:
            totals.errors += 1


class _Sending(_Count):
    """Counts calls from which a task does not come back that has sent itself a signal that ends it."""

    def returned(self, call: Call) -> None:
        assert isinstance(call.task, LinuxTask)
        if is_dying(call.task):
            self.left(call)
        else:
            super().returned(call)


class _Shared(CallObserver):
    """Counts the calls of a stub that several share, each under its own name: absent ones, socketcall(2), ipc(2)."""

    def __init__(self, count: Callable[[StubCall], _Count | None]) -> None:
        self._count = count
        self._open: dict[Task | None, _Count] = {}

    def entry(self, call: Call) -> None:
        assert isinstance(call, StubCall)
        count = self._count(call)
        if count is not None:
            self._open[call.task] = count
            count.entry(call)

    def wait(self, call: Call) -> None:
        if call.task in self._open:
            self._open[call.task].wait(call)

    def resume(self, call: Call) -> None:
        if call.task in self._open:
            self._open[call.task].resume(call)

    def left(self, call: Call) -> None:
        if call.task in self._open:
            self._open.pop(call.task).left(call)

    def returned(self, call: Call) -> None:
        if call.task in self._open:
            self._open.pop(call.task).returned(call)


class Counter(CallObserver):
    """Counts calls, by width and name.

    Attributes:
        totals: What there is of each.
    """

    def __init__(
        self,
        tasks: AbstractSet[Task],
        wanted: Callable[[str, int], bool],
        *,
        wall: bool,
        started: bool = False,
    ) -> None:
        """Begins with none.

        Args:
            tasks: Whose calls count.
            wanted: Whether a call of a name and a width counts.
            wall: Whether the time in which a call waits counts (``-w``).
            started: Whether a program was started, whose execve(2) no program of the machine made.
        """
        self.totals: dict[int, dict[str, Totals]] = {64: {}, 32: {}}
        self._tasks = tasks
        self._wanted = wanted
        self._wall = wall
        self._counts: dict[tuple[str, str], _Count | None] = {}
        if started and wanted("execve", 64):
            self.totals[64].setdefault("execve", Totals()).add(1, 0, 0, 0, 0)

    def of(self, what: StubRow) -> CallObserver | None:
        """Who counts the calls of one stub; nobody where none of them counts."""
        if stands_for(what.symbol):
            return _Shared(lambda call: self._inner(what, call))
        if len(what.names) == 1:
            return self._count(what.abi, what.names[0])
        return _Shared(lambda call: self._count(what.abi, name_of(call))) if what.names else None

    def _inner(self, what: StubRow, call: StubCall) -> _Count | None:
        """Who counts a call that may stand for another."""
        assert isinstance(call.task, LinuxTask)
        meant = inner(what.symbol, call.task.memory.peek, call.arguments)
        return self._count(what.abi, what.names[0] if meant is None else meant.name)

    def _count(self, abi: str, name: str) -> _Count | None:
        key = (abi, name)
        if key not in self._counts:
            bits = 32 if abi == Abi.I386 else 64
            wanted = self._wanted(name, bits)
            totals = self.totals[bits].setdefault(name, Totals())
            kind = _Sending if name in SENDS else _Count
            self._counts[key] = kind(totals, self._tasks, wall=self._wall) if wanted else None
        return self._counts[key]

    def table(self, sort: str, columns: Sequence[str], overhead: int = 0) -> str:
        """The table; where there were calls of 32-bit programs, one of theirs behind it.

        Args:
            sort: By what, as `SORTS` has it.
            columns: Which columns, as `COLUMNS` has them.
            overhead: Nanoseconds that are taken off the time of each call.
        """
        wide, narrow = (self._of(totals, sort, columns, overhead) for totals in self.totals.values())
        return wide + (f"System call usage summary for 32 bit mode:\n{narrow}" if narrow else "")

    def _of(self, every: dict[str, Totals], sort: str, columns: Sequence[str], overhead: int) -> str:
        """The table of one width; nothing where there were no calls."""
        found = {name: totals for name, totals in every.items() if totals.calls}
        for totals in found.values():
            totals.spent = max(totals.spent - overhead * totals.calls, 0)
            totals.least = max(totals.least - overhead, 0)
            totals.most = max(totals.most - overhead, 0)
        order = {name: at for at, name in enumerate(names_in_order())}
        rows = sorted(found.items(), key=lambda row: order.get(row[0], len(order)))
        return _table(sorted(rows, key=SORTS[sort]), columns) if rows else ""  # type: ignore[arg-type]


class _Column(NamedTuple):
    """A column of the table.

    Attributes:
        head: What stands above it.
        rule: How many dashes under that.
        width: Characters of a cell at least; negative for what stands on the left.
        cell: What stands in a row, by the name, what there is of it, and all nanoseconds.
    """

    head: str
    rule: int
    width: int
    cell: Callable[[str, Totals, int], str]


def _share(name: str, totals: Totals, whole: int) -> str:
    return f"{100 * totals.spent / whole if whole else 100.0 * (name == 'total'):.2f}"


_ALL_COLUMNS: Final = {
    "time-percent": _Column("% time", 6, 6, _share),
    "total-time": _Column("seconds", 11, 11, lambda _name, totals, _: f"{totals.spent / 1e9:.6f}"),
    "min-time": _Column("shortest", 8, 8, lambda _name, totals, _: f"{totals.least / 1e9:.6f}"),
    "max-time": _Column("longest", 8, 8, lambda _name, totals, _: f"{totals.most / 1e9:.6f}"),
    "avg-time": _Column(
        "usecs/call", 11, 11, lambda _name, totals, _: str(totals.spent // 1000 // max(totals.calls, 1))
    ),
    "calls": _Column("calls", 9, 9, lambda _name, totals, _: str(totals.calls)),
    "errors": _Column("errors", 9, 9, lambda _name, totals, _: str(totals.errors or "")),
    "name": _Column("syscall", 16, -16, lambda name, _totals, _: name),
}
COLUMNS: Final = {
    **{name: name for name in _ALL_COLUMNS},
    "time_percent": "time-percent", "time": "time-percent",
    "time_total": "total-time", "total_time": "total-time", "time-total": "total-time",
    "min_time": "min-time", "time_min": "min-time", "time-min": "min-time", "shortest": "min-time",
    "max_time": "max-time", "time_max": "max-time", "time-max": "max-time", "longest": "max-time",
    "avg_time": "avg-time", "time_avg": "avg-time", "time-avg": "avg-time",
    "count": "calls", "error": "errors", "syscall": "name", "syscall_name": "name",
    "syscall-name": "name",
}  # fmt: skip
"""The columns of ``-U``, by all of their names."""
USUAL_COLUMNS: Final = ("time-percent", "total-time", "avg-time", "calls", "errors", "name")

_KEYS: Final[dict[str, Callable[[tuple[str, Totals]], object]]] = {
    "time-percent": lambda row: -row[1].spent,
    "total-time": lambda row: -row[1].spent,
    "min-time": lambda row: -row[1].least,
    "max-time": lambda row: -row[1].most,
    "avg-time": lambda row: -row[1].spent / row[1].calls,
    "calls": lambda row: -row[1].calls,
    "errors": lambda row: -row[1].errors,
    "name": lambda row: row[0],
}
SORTS: Final = {
    **{word: _KEYS[name] for word, name in COLUMNS.items()},
    "none": lambda _row: 0,
    "nothing": lambda _row: 0,
}
"""What ``-S`` sorts by."""


def _table(rows: Sequence[tuple[str, Totals]], columns: Sequence[str]) -> str:
    total = Totals()
    for _, totals in rows:
        total.add(totals.calls, totals.errors, totals.spent, totals.least, totals.most)
    chosen = [_ALL_COLUMNS[name] for name in columns]
    longest = max(len(name) for name, _ in rows) + 1
    rule = " ".join(
        "-" * (column.rule if column.width > 0 else max(column.rule, longest)) for column in chosen
    )
    cells = [[column.cell(name, totals, total.spent) for column in chosen] for name, totals in rows]
    last = [column.cell("total", total, total.spent) for column in chosen]
    lines = [[column.head for column in chosen], *cells, last]
    text = [
        " ".join(
            f"{cell:<{-column.width}}" if column.width < 0 else f"{cell:>{column.width}}"
            for cell, column in zip(line, chosen, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join([text[0], rule, *text[1:-1], rule, text[-1]]) + "\n"
