"""The table of ``-c``: how often each call was made, how often it failed, and what it cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from ring3.abi.errno import Errno
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.watched_stubs import StubCall
from ring3.trace.called import bits_of, name_of

_RULE: Final = "------ ----------- ----------- --------- --------- ----------------\n"
_HEAD: Final = "% time     seconds  usecs/call     calls    errors syscall\n"


class Count:
    """One call's row.

    Attributes:
        calls: How many there were.
        errors: How many of them failed.
        spent: Nanoseconds they took.
    """

    __slots__ = ("calls", "errors", "spent")

    def __init__(self) -> None:
        self.calls = self.errors = self.spent = 0


SORTS: Final[dict[str, Callable[[tuple[str, Count]], object]]] = {
    "time": lambda row: -row[1].spent,
    "time-total": lambda row: -row[1].spent,
    "calls": lambda row: -row[1].calls,
    "count": lambda row: -row[1].calls,
    "errors": lambda row: -row[1].errors,
    "error": lambda row: -row[1].errors,
    "name": lambda row: row[0],
    "syscall": lambda row: row[0],
    "none": lambda _row: 0,
    "nothing": lambda _row: 0,
}
"""What ``-S`` sorts by."""


class Counter(CallObserver):
    """Counts the calls of one program.

    Attributes:
        counts: By name.
    """

    def __init__(self, wanted: Callable[[Call, str, int], bool], *, wall: bool) -> None:
        """Begins with none.

        Args:
            wanted: Whether a call of a name and a width counts.
            wall: Whether time is the clock's on the wall (``-w``), else that of the host's processor.
        """
        self.counts: dict[str, Count] = {}
        self._wanted = wanted
        self._now = time.perf_counter_ns if wall else time.thread_time_ns

    def entry(self, call: Call) -> None:
        """Looks at the clock."""
        assert isinstance(call, StubCall)
        if self._wanted(call, name_of(call), bits_of(call)):
            call.notes[self] = self._now()

    def returned(self, call: Call) -> None:
        """Counts it."""
        assert isinstance(call, StubCall)
        began = call.notes.get(self)
        if began is None:
            return
        count = self.counts.setdefault(name_of(call), Count())
        count.calls += 1
        count.spent += self._now() - began
        failed = isinstance(call.error, Errno) or (isinstance(call.value, int) and -4096 < call.value < 0)
        count.errors += failed

    def table(self, sort: str) -> str:
        """The table, sorted as `SORTS` has it."""
        found = sorted(self.counts.items(), key=SORTS[sort])  # type: ignore[arg-type]
        total = Count()
        for _, count in found:
            total.calls += count.calls
            total.errors += count.errors
            total.spent += count.spent
        lines = [_row(name, count, total.spent) for name, count in found]
        return _HEAD + _RULE + "".join(lines) + _RULE + _row("total", total, total.spent)


def _row(name: str, count: Count, total: int) -> str:
    share = 100 * count.spent / total if total else 100.0 * (name == "total")
    each = count.spent // 1000 // count.calls if count.calls else 0
    return (
        f"{share:6.2f} {count.spent / 1e9:11.6f} {each:11} {count.calls:9} {count.errors or '':>9} {name}\n"
    )
