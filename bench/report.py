"""The outcome as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from bench.rounds import Outcome, Series
from bench.workloads import Goal

REFERENCES = ("native", "qemu-user", "qiling", "python")
DIGITS = 3

Json = dict[str, "Json"] | list["Json"] | str | float | None


def table(outcomes: Sequence[Outcome], caption: str) -> Table:
    """One section a workload, one row a contender; a ratio is this row's cost to the column's contender's."""
    references = [name for name in REFERENCES if any(name in outcome.series for outcome in outcomes)]
    result = Table(caption=caption, caption_justify="left", header_style="bold")
    result.add_column("workload", no_wrap=True)
    result.add_column("run by", no_wrap=True)
    result.add_column("median", justify="right", no_wrap=True)
    result.add_column("min .. max", justify="right", no_wrap=True)
    for reference in references:
        result.add_column(f"to {reference}", justify="right")
    result.add_column("goal, or why there is no figure")
    for outcome in outcomes:
        for index, (name, series) in enumerate(outcome.series.items()):
            title = "" if index else outcome.workload.title
            result.add_row(title, name, *_cells(outcome, series, references))
        result.add_section()
    return result


def as_json(outcomes: Sequence[Outcome]) -> Json:
    """Every figure: seconds by round, ratios to each reference, goals and whether they are met."""
    return [
        {
            "workload": outcome.workload.name,
            "unit": outcome.workload.unit,
            "contenders": {name: _series_json(outcome, name) for name in outcome.series},
            "goals": [_goal_json(outcome, goal) for goal in outcome.workload.goals],
        }
        for outcome in outcomes
    ]


def _cells(outcome: Outcome, series: Series, references: Sequence[str]) -> list[str | Text]:
    """The cells of one row, from the median on."""
    name = series.contender.name
    goals = [_verdict(outcome, goal) for goal in outcome.workload.goals if goal.contender == name]
    if series.median is None:
        dashes = ["-"] * (2 + len(references))
        style = "red" if series.contender.subject else "dim"
        return [*dashes, Text(series.failure or "not measured", style=style)]
    spread = f"{duration(min(series.seconds.values()))} .. {duration(max(series.seconds.values()))}"
    ratios = [_ratio_cell(outcome, name, reference) for reference in references]
    return [duration(series.median), spread, *ratios, Text("\n").join(goals)]


def _ratio_cell(outcome: Outcome, name: str, reference: str) -> str:
    """A ratio with three digits, and nothing where there is none or it would be the row's to itself."""
    ratio = None if name == reference else outcome.ratio(name, reference)
    return "" if ratio is None else digits(ratio)


def _verdict(outcome: Outcome, goal: Goal) -> Text:
    """Whether a goal is met, and with which figure."""
    figure, met = outcome.figure(goal), outcome.met(goal)
    if figure is None:
        said = f"no {goal.against}" if goal.against else "no figure"
    elif goal.against is None:
        said = duration(figure)
    elif goal.at_most < 1:
        said = f"{goal.against}/ring3 = {digits(1 / figure)}"
    else:
        said = f"ring3/{goal.against} = {digits(figure)}"
    word, style = {True: ("met", "green"), False: ("NOT MET", "red"), None: ("not judged", "yellow")}[met]
    return Text(f"{word}: {goal.text} ({said})", style=style)


def duration(seconds: float) -> str:
    """Seconds with three digits and the unit that suits them."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{digits(seconds / scale)} {unit}"
    return f"{digits(seconds / 1e-9)} ns"


def digits(number: float) -> str:
    """A number with three digits that count, more before the point if it has them, and no exponent."""
    return f"{number:.0f}" if len(f"{number:.0f}") >= DIGITS else f"{number:.{DIGITS}g}"


def _series_json(outcome: Outcome, name: str) -> Json:
    """One contender's figures in one workload."""
    series = outcome.series[name]
    return {
        "version": series.contender.version,
        "median": series.median,
        "seconds": {str(number): taken for number, taken in series.seconds.items()},
        "operations": series.size,
        "failure": series.failure,
        "ratios": {reference: outcome.ratio(name, reference) for reference in REFERENCES},
    }


def _goal_json(outcome: Outcome, goal: Goal) -> Json:
    """One goal with its figure (a ratio, or seconds when against nobody)."""
    return {
        "goal": goal.text,
        "contender": goal.contender,
        "against": goal.against,
        "at_most": goal.at_most,
        "figure": outcome.figure(goal),
        "met": outcome.met(goal),
    }
