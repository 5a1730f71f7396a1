"""Pictures of aggregations: stacks as a flame graph (`--flame`), distributions as bars (`--plot`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ring3.trace.dtrace import distribution_text
from ring3.trace.dtrace.errors import DtraceError
from ring3.trace.dtrace.firing import SymbolName
from ring3.trace.dtrace.printf import decode
from ring3.trace.dtrace.providers.base import Stack

if TYPE_CHECKING:
    from ring3.trace.dtrace.aggregations import Aggregation
    from ring3.trace.pictures.bars import Chart
    from ring3.trace.pictures.stacks import Frame, Profile

Name = Callable[[int, int], str]
"""Gives the name of an address of the kernel (0), or of a process."""


def profile(title: str, aggregations: Iterable[Aggregation], name: Name) -> Profile:
    """The stacks that aggregations have as keys, with what they count.

    Raises:
        DtraceError: there are none.
    """
    from ring3.trace.pictures.stacks import Profile  # noqa: PLC0415 - who draws nothing pays for nothing

    stacks: dict[tuple[Frame, ...], int] = {}
    unit = "samples"
    for aggregation in aggregations:
        for key, value in aggregation.data.items():
            frames = _frames(key, name)
            if frames and not aggregation.quantizing:
                stacks[frames] = stacks.get(frames, 0) + aggregation.scalar(value)
                unit = "samples" if aggregation.function == "count" else "total"
    if not stacks:
        raise DtraceError("--flame: no aggregation has stacks as its keys")
    return Profile(title, unit, stacks)


def _frames(key: tuple[Any, ...], name: Name) -> tuple[Frame, ...]:
    """The frames of a key, the outermost first: what else is in it, the program's stack, the kernel's on top."""
    from ring3.trace.pictures.stacks import Frame  # noqa: PLC0415

    found = [part for part in key if isinstance(part, Stack)]
    if not found:
        return ()
    frames = [Frame(_text(part)) for part in key if not isinstance(part, Stack)]
    for stack in sorted(found, key=lambda stack: stack.process == 0):
        names = [name(address, stack.process) for address in reversed(stack.frames)]
        frames += [Frame(text.partition("+0x")[0], is_kernel=stack.process == 0) for text in names]
    return tuple(frames)


def plot(title: str, aggregations: Iterable[Aggregation]) -> str:
    """The distributions that aggregations hold, as SVG.

    Raises:
        DtraceError: there are none.
    """
    from ring3.trace.pictures import bars  # noqa: PLC0415 - who draws nothing pays for nothing

    charts: list[Chart] = []
    for aggregation in aggregations:
        if aggregation.quantizing:
            for key, value in aggregation.data.items():
                label = ", ".join(map(_text, key)) or f"@{aggregation.name}"
                charts.append(bars.Chart(label, distribution_text.shown_rows(aggregation, value)))
    if not charts:
        raise DtraceError("--plot: no aggregation is a distribution")
    return bars.render(title, charts)


def _text(part: Any) -> str:  # noqa: ANN401 - a part of a key
    if isinstance(part, bytes):
        return decode(part)
    return part.text if isinstance(part, SymbolName) else str(part)
