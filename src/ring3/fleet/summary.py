"""What a sweep came to, in numbers and in words."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ring3.fleet.outcome import Ending
from ring3.fleet.points import Point
from ring3.fleet.rows import Group, Groups, Row

SHORT: Final = 12
"""Letters of a name that are shown: enough to tell a thousand million runs apart."""
_SHOWN: Final = 20
_WIDTH: Final = 100


@dataclass(slots=True)
class Summary:
    """What a sweep came to.

    Attributes:
        runs: Runs that have an outcome.
        endings: How many ended in each way.
        statuses: Of those that ended by themselves, how many with each status.
        programs: Runs and failures of each program and version.
        failures: The failures by cause.
    """

    runs: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    programs: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    failures: Groups = field(default_factory=Groups)

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Summary:
        """The summary of some runs."""
        found = cls()
        for row in rows:
            found.add(row)
        return found

    def add(self, row: Row) -> None:
        """Counts a run."""
        self.runs += 1
        self.endings[row.outcome.ending.value] += 1
        if row.outcome.ending is Ending.EXIT:
            self.statuses[row.outcome.status] += 1
        numbers = self.programs.setdefault((row.point.program.name, row.point.version), [0, 0])
        numbers[0] += 1
        numbers[1] += row.failed
        self.failures.add(row)

    @property
    def failed(self) -> int:
        """How many runs are failures."""
        return sum(failed for _, failed in self.programs.values())

    @property
    def headline(self) -> str:
        """The summary in a line."""
        causes = len(self.failures.by_count)
        failures = f"{self.failed} failure{_s(self.failed)}"
        if causes:
            failures += f" with {causes} cause{_s(causes)}"
        return f"{self.runs} run{_s(self.runs)}, {failures}"

    def __str__(self) -> str:
        lines = [self.headline]
        groups = self.failures.by_count
        for group in groups[:_SHOWN]:
            lines += ["", f"{group.count:6} {group.cause}", f"       first: {label(group.example.point)}"]
            lines.append(f"       {names(group)}")
        if len(groups) > _SHOWN:
            lines += ["", f"       and {len(groups) - _SHOWN} more causes"]
        return "\n".join(lines) + "\n"


def names(group: Group) -> str:
    """The names of a group's first runs."""
    more = group.count - len(group.names)
    return " ".join(name[:SHORT] for name in group.names) + (f" and {more} more" if more else "")


def label(point: Point) -> str:
    """A run in words."""
    run = point.run
    words = [point.program.name + (f" {point.version}" if point.version else "")]
    if len(run.arguments) > 1:
        words.append(shlex.join(run.arguments[1:]))
    if point.input:
        words.append(f"< {point.input}")
    words += [f"with {rule}" for rule in run.faults]
    if point.policy:
        words.append(f"under {point.policy}")
    words.append(f"seed {run.seed}")
    text = ", ".join(words)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."


def _s(count: int) -> str:
    return "" if count == 1 else "s"
