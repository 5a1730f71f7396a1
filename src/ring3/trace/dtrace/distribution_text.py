"""Distributions as bars: what quantize, lquantize and llquantize print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.trace.dtrace.aggregations import log_linear_bounds, truncating, wrapped

if TYPE_CHECKING:
    from ring3.trace.dtrace.aggregations import Aggregation

_WIDTH = 40
_TITLE = "\n" + f"{'value':>16} " + f"{'------------- Distribution -------------':>41} " + f"{'count':<9}\n"
Buckets = dict[int, int]
Row = tuple[str, int]
"""A bucket's label and count."""


def distribution(aggregation: Aggregation, buckets: Buckets, normal: int) -> str:
    """The title and one line a bucket, from one below the first that has something to one above the last."""
    rows = _ROWS[aggregation.function](
        aggregation, {bucket: wrapped(count) for bucket, count in buckets.items()}
    )
    first, last = _range(
        rows, 64 if aggregation.function == "quantize" else None, linear=aggregation.function == "lquantize"
    )
    shown = rows[first : last + 1]
    total = sum(abs(count) for _, count in rows)
    positive = any(count > 0 for _, count in rows)
    negative = any(count < 0 for _, count in rows)
    lines = [
        f"{label:>16} {_bar(count, total, positive=positive, negative=negative)} {truncating(count, normal):<9}\n"
        for label, count in shown
    ]
    return _TITLE + "".join(lines)


def _range(rows: list[Row], zero: int | None, *, linear: bool) -> tuple[int, int]:
    """The first and the last row to show; `zero` is the row of zero, around which nothing is shown."""
    used = [number for number, (_, count) in enumerate(rows) if count]
    if not used:
        return (0, 2 if linear else 1) if zero is None else (zero - 1, zero + 1)
    return max(used[0] - 1, 0), min(used[-1] + 1, len(rows) - 1)


def _bar(count: int, total: int, *, positive: bool, negative: bool) -> str:
    width = _WIDTH // 2 if positive and negative else _WIDTH
    length = int(width * abs(count) / total + 0.5) if total else 0
    ats = "@" * length
    if positive and negative:
        return f"{ats:>{width}}|{'':{width}}" if count <= 0 else f"{'':{width}}|{ats:<{width}}"
    if negative:
        return f"{ats:>{width}}|"
    return f"|{ats:<{width}}"


def _powers(_aggregation: Aggregation, buckets: Buckets) -> list[Row]:
    labels = [*(-(1 << power) for power in range(63, -1, -1)), 0, *(1 << power for power in range(64))]
    return [(str(label), buckets.get(label, 0)) for label in labels[:-1]]


def _linear(aggregation: Aggregation, buckets: Buckets) -> list[Row]:
    base, limit, step = aggregation.constants
    levels = (limit - base) // step
    middle = [(str(base + level * step), buckets.get(level, 0)) for level in range(levels)]
    top = base + levels * step
    return [(f"< {base}", buckets.get(-1, 0)), *middle, (f">= {top}", buckets.get(levels, 0))]


def _log_linear(aggregation: Aggregation, buckets: Buckets) -> list[Row]:
    bounds = log_linear_bounds(aggregation.constants)
    middle = [(str(bound), buckets.get(bound, 0)) for bound in bounds[:-1]]
    return [(f"< {bounds[0]}", buckets.get(0, 0)), *middle, (f">= {bounds[-1]}", buckets.get(bounds[-1], 0))]


_ROWS = {"quantize": _powers, "lquantize": _linear, "llquantize": _log_linear}
