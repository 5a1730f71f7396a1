"""Distributions as bars: what quantize, lquantize and llquantize print."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ring3.trace.dtrace.aggregations import log_linear_bounds, truncating, wrapped

if TYPE_CHECKING:
    from ring3.trace.dtrace.aggregations import Aggregation

_WIDTH = 40
ZOOM = 0.95
"""How much of the room the longest bar takes under -xaggzoom."""
_TITLE = "\n{:>16} " + f"{'------------- Distribution -------------':>41} " + f"{'count':<9}\n"
Buckets = dict[int, int]
Row = tuple[str, int]
"""A bucket's label and count."""


class Style(NamedTuple):
    """How bars are drawn: the longest nearly as wide as there is room (-xaggzoom), in eighths of a column (UTF-8)."""

    zoom: bool = False
    utf8: bool = False


def distribution(aggregation: Aggregation, buckets: Buckets, normal: int, style: Style) -> str:
    """The title and one line a bucket, from one below the first that has something to one above the last."""
    rows = rows_of(aggregation, buckets)
    shown = _shown(aggregation, rows)
    counts = [count for _, count in rows]
    total = max(map(abs, counts)) / ZOOM if style.zoom else sum(map(abs, counts))
    return _TITLE.format("value") + _lines(shown, counts, total, normal, style)


def rows_of(aggregation: Aggregation, buckets: Buckets) -> list[Row]:
    """Every bucket that an aggregation's values can be in, with its count in one of them."""
    counts = {bucket: wrapped(count) for bucket, count in buckets.items()}
    return _ROWS[aggregation.function](aggregation, counts)


def shown_rows(aggregation: Aggregation, buckets: Buckets) -> list[Row]:
    """The buckets that are shown of an aggregation's value, with their counts as they are printed."""
    rows = _shown(aggregation, rows_of(aggregation, buckets))
    return [(label, truncating(count, aggregation.normal)) for label, count in rows]


def _shown(aggregation: Aggregation, rows: list[Row]) -> list[Row]:
    first, last = _range(rows, _zero_row(aggregation, rows), linear=aggregation.function == "lquantize")
    return rows[first : last + 1]


def histogram(rows: list[Row], normal: int, style: Style) -> str:
    """Keys with bars for their values (-xagghist)."""
    counts = [count for _, count in rows]
    total = int(max(map(abs, counts)) / ZOOM) if style.zoom else sum(map(abs, counts))
    wide = [(f"{label:>17}", count) for label, count in rows]
    return _TITLE.format(f"{'key':>17}") + _lines(wide, counts, total, normal, style)


def _lines(shown: list[Row], counts: list[int], total: float, normal: int, style: Style) -> str:
    signs = {"positive": max(counts) > 0, "negative": min(counts) < 0}
    return "".join(
        f"{label:>16} {_bar(count, total, style, **signs)} {truncating(count, normal):<9}\n"
        for label, count in shown
    )


def _zero_row(aggregation: Aggregation, rows: list[Row]) -> int | None:
    """The row around which something is shown if all are empty; None for ranges that begin with the first row."""
    if aggregation.function == "quantize":
        return 64
    return len(rows) // 2 + 1 if aggregation.function == "llquantize" and aggregation.symmetric else None


def _range(rows: list[Row], zero: int | None, *, linear: bool) -> tuple[int, int]:
    """The first and the last row to show; `zero` is the row of zero, around which nothing is shown."""
    used = [number for number, (_, count) in enumerate(rows) if count]
    if not used:
        return (0, 2 if linear else 1) if zero is None else (zero - 1, zero + 1)
    return max(used[0] - 1, 0), min(used[-1] + 1, len(rows) - 1)


def _bar(count: int, total: float, style: Style, *, positive: bool, negative: bool) -> str:
    if style.utf8 and not negative:
        eighths = int(_WIDTH * 8 * count / total + 1e-6) if total else 0
        blocks = "\u2588" * (eighths // 8) + (chr(0x2590 - eighths % 8) if eighths % 8 else "")
        return f"|{blocks:<{_WIDTH}}"
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
    if aggregation.symmetric:
        below = [(f"<= {-bounds[-1]}", -bounds[-1]), *((str(-bound), -bound) for bound in bounds[-2::-1])]
        zero = [("0" if bounds[0] == 1 else f"abs() < {bounds[0]}", 0)]
        above = [*((str(bound), bound) for bound in bounds[:-1]), (f">= {bounds[-1]}", bounds[-1])]
        return [(label, buckets.get(bound, 0)) for label, bound in (*below, *zero, *above)]
    middle = [(str(bound), buckets.get(bound, 0)) for bound in bounds[:-1]]
    return [(f"< {bounds[0]}", buckets.get(0, 0)), *middle, (f">= {bounds[-1]}", buckets.get(bounds[-1], 0))]


_ROWS = {"quantize": _powers, "lquantize": _linear, "llquantize": _log_linear}
