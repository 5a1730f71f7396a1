"""The contenders in turn, k times over, so that what disturbs the machine disturbs them alike.

A round measures every contender of a workload once; figures of one round are compared with each other only.
A contender that has used up its share of time (an emulator may be a hundred times slower) is left out of
further rounds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bench.contenders import Contender
from bench.process import RunFailed
from bench.workloads import Goal, Settings, Workload

SHARE = 60.0  # wall seconds one contender may spend on one workload before it is left out of further rounds


@dataclass(slots=True)
class Series:
    """What one contender did in one workload.

    Attributes:
        contender: whose figures these are.
        seconds: cost of one unit, by number of the round (left-out rounds have none).
        size: operations a measured run did, 1 for whole processes.
        spent: wall seconds its measured runs took together.
        failure: why there are no figures, or None.
    """

    contender: Contender
    seconds: dict[int, float] = field(default_factory=dict)
    size: int = 1
    spent: float = 0.0
    failure: str | None = None

    @property
    def median(self) -> float | None:
        """The median of the rounds in seconds, or None without figures."""
        return statistics.median(self.seconds.values()) if self.seconds else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All series of one workload, by contender's name; not judged when sizes were too small for goals."""

    workload: Workload
    series: dict[str, Series]
    judged: bool

    def ratio(self, name: str, against: str) -> float | None:
        """The median over the rounds of one contender's cost to another's, or None if no round has both."""
        if name not in self.series or against not in self.series:
            return None
        mine, other = self.series[name].seconds, self.series[against].seconds
        pairs = [mine[number] / other[number] for number in mine if other.get(number)]
        return statistics.median(pairs) if pairs else None

    def figure(self, goal: Goal) -> float | None:
        """What a goal judges, a ratio or seconds, or None if it was not measured."""
        if goal.against is not None:
            return self.ratio(goal.contender, goal.against)
        return self.series[goal.contender].median if goal.contender in self.series else None

    def met(self, goal: Goal) -> bool | None:
        """Whether a goal is met, or None if that cannot be said."""
        figure = self.figure(goal)
        return figure <= goal.at_most if self.judged and figure is not None else None


def compete(
    workload: Workload,
    contenders: Iterable[Contender],
    settings: Settings,
    rounds: int,
    progress: Callable[[str], None],
) -> Outcome:
    """Measure a workload with every contender it admits; a failure ends that contender's series only."""
    admitted = [contender for contender in contenders if contender.name in workload.contenders]
    series = [Series(contender, failure=contender.missing) for contender in admitted]
    for one in series:
        if one.failure is None:
            progress(f"{workload.name}, warming up: {one.contender.name}")
            _warm_up(workload, one, settings)
    for number in range(1, rounds + 1):
        for one in series:
            if one.failure is None and one.spent < SHARE:
                progress(f"{workload.name}, round {number} of {rounds}: {one.contender.name}")
                _measure(workload, one, settings, number)
    return Outcome(workload, {one.contender.name: one for one in series}, judged=not settings.quick)


def _warm_up(workload: Workload, one: Series, settings: Settings) -> None:
    """Prepare one contender, or note why it cannot take part."""
    try:
        one.size = workload.prepare(one.contender, settings)
    except RunFailed as failure:
        one.failure = str(failure)


def _measure(workload: Workload, one: Series, settings: Settings, number: int) -> None:
    """Measure one contender in one round; a failure takes its earlier figures with it."""
    started = time.perf_counter()
    try:
        one.seconds[number] = workload.measure(one.contender, settings, one.size)
    except RunFailed as failure:
        one.failure = str(failure)
        one.seconds.clear()
    one.spent += time.perf_counter() - started
