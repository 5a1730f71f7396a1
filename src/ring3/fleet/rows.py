"""What came of a plan: a row for each of its runs, in its order, and the failures by cause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ring3.fleet.outcome import Ending, Outcome
from ring3.fleet.plan import Plan
from ring3.fleet.points import Choice, Find, Point, points
from ring3.trace.faults.judge import Finding, judge
from ring3.trace.faults.outcome import HUNG

NAMES: Final = 3
"""Names of runs that are kept of each group of failures."""
MOST_GROUPS: Final = 1000
"""Groups that are told apart; further ones are one."""


@dataclass(frozen=True, slots=True)
class Row:
    """A run and what came of it.

    Attributes:
        point: The run, and where it stands in its plan.
        name: The run's name.
        outcome: What came of it.
        failed: Whether that is a failure.
        cause: Why, if it is.
    """

    point: Point
    name: str
    outcome: Outcome
    failed: bool
    cause: str


@dataclass(slots=True)
class Group:
    """Failures with the same cause.

    Attributes:
        cause: The cause.
        count: How many there are.
        names: The names of the first.
        example: The first.
    """

    cause: str
    example: Row
    count: int = 0
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Judged:
    """An outcome as campaigns of faults judge it."""

    outcome: Outcome

    @property
    def status(self) -> int:
        return self.outcome.status

    @property
    def how(self) -> str:
        return HUNG if self.outcome.ending in (Ending.HANG, Ending.DEADLOCK) else ""

    @property
    def output(self) -> str:
        return f"{self.outcome.stdout.size}:{self.outcome.stdout.digest}"

    @property
    def files(self) -> Mapping[str, str]:
        return self.outcome.files

    @property
    def open(self) -> int:
        return self.outcome.descriptors

    def times(self, name: str, /) -> int:
        return self.outcome.calls.get(name, 0)


def rows(plan: Plan, choice: Choice, find: Find) -> Iterator[Row]:
    """The runs of a plan that have been made, in its order."""
    plain: tuple[str, Outcome | None] = "", None
    for point in points(plan, choice, find):
        name = point.run.name
        outcome = find(name)
        if outcome is None:
            continue
        if point.fault is None:
            failed = outcome.ending is not Ending.EXIT or outcome.status not in point.program.expected
            yield Row(point, name, outcome, failed, outcome.cause if failed else "")
            continue
        if plain[0] != point.plain:
            plain = point.plain, find(point.plain)
        assert plain[1] is not None
        finding = _finding(point, plain[1], outcome)
        yield Row(point, name, outcome, finding is not None, _cause(finding, outcome) if finding else "")


def _finding(point: Point, plain: Outcome, outcome: Outcome) -> Finding | None:
    assert point.fault is not None
    return judge(point.fault, _Judged(plain), _Judged(outcome))


def _cause(finding: Finding, outcome: Outcome) -> str:
    """What findings of one kind have in common: the call, how it failed, and where that led."""
    fault = finding.fault
    where = f": {outcome.cause}" if outcome.ending is not Ending.EXIT else f": {finding.detail}"
    return f"{finding.kind} when {fault.call} has {fault.action.replace('error=', '')}{where}"


class Groups:
    """Failures by cause."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}

    def add(self, row: Row) -> None:
        """Takes a run, which is not counted unless it is a failure."""
        if not row.failed:
            return
        groups = self._groups
        cause = row.cause if row.cause in groups or len(groups) < MOST_GROUPS else "other causes"
        group = groups.get(cause)
        if group is None:
            group = groups[cause] = Group(cause, row)
        group.count += 1
        if len(group.names) < NAMES:
            group.names.append(row.name)

    @property
    def by_count(self) -> list[Group]:
        """The groups, the most frequent first."""
        return sorted(self._groups.values(), key=lambda group: (-group.count, group.cause))
