"""Distributions packed into one line each (-xaggpack): a column a bucket, whose character says how full it is.

Source: illumos's dtrace(1M) and the DTrace guide on aggpack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.trace.dtrace.aggregations import truncating
from ring3.trace.dtrace.distribution_text import ZOOM, Row, Style, rows_of

if TYPE_CHECKING:
    from ring3.trace.dtrace.aggregations import Aggregation, Key

_LEVELS = 7
"""How many steps there are between an all but empty bucket and one that has everything."""
_ASCII = "__xxxxXX"
_ASCII_NEGATIVE = "__vvvvVV"
_BLOCKS = "".join(chr(0x2581 + level) for level in range(_LEVELS + 1))
_LEAST_WIDTHS = {"quantize": (4, 4), "fixed": (7, 8)}
"""The least columns of the lowest and the highest label: four digits, and room for `<` or `>=` before them."""


def table(
    aggregation: Aggregation,
    rows: list[tuple[Key, list[Any]]],
    key_text: Callable[[Key], str],
    style: Style,
) -> str:
    """A title and a line for each key of an aggregation of distributions.

    Args:
        aggregation: The aggregation.
        rows: Its keys in order, each with a list of one value.
        key_text: Gives the columns of a key.
        style: How buckets are drawn.
    """
    found = [(key_text(key), rows_of(aggregation, values[0])) for key, values in rows]
    first, last = _range(aggregation, [buckets for _, buckets in found])
    low, high = found[0][1][first][0], found[0][1][last][0]
    least = _LEAST_WIDTHS["quantize" if aggregation.function == "quantize" else "fixed"]
    widths = [max(len(label), width) for label, width in zip((low, high), least, strict=True)]
    key_width = max(len(key) for key, _ in found)
    title = f"{'key' if key_width else '':>{key_width}} {'min':>{widths[0]}}"
    lines = [f"\n{title} .{'-' * (last - first + 1)}. {'max':<{widths[1]}} | count\n"]
    for key, buckets in found:
        drawn = _drawn([count for _, count in buckets], first, last, style)
        count = truncating(sum(count for _, count in buckets), aggregation.normal)
        lines.append(f"{key:>{key_width}} {low:>{widths[0]}} :{drawn}: {high:<{widths[1]}} | {count}\n")
    return "".join(lines)


def _range(aggregation: Aggregation, tables: list[list[Row]]) -> tuple[int, int]:
    """The first and the last bucket shown: all of a fixed range, of powers of two those in use and their neighbours."""
    size = len(tables[0])
    if aggregation.function != "quantize":
        return 0, size - 1
    zero = next(number for number, (label, _) in enumerate(tables[0]) if label == "0")
    used = [number for number in range(size) if any(buckets[number][1] for buckets in tables)]
    if not used:
        return zero - 1, zero + 1
    return max(used[0] - (used[0] != zero), 0), min(used[-1] + 1, size - 1)


def _drawn(counts: list[int], first: int, last: int, style: Style) -> str:
    sizes = [abs(count) for count in counts]
    total = max(sizes) / ZOOM if style.zoom else sum(sizes)
    return "".join(_character(count, total, style) for count in counts[first : last + 1])


def _character(count: int, total: float, style: Style) -> str:
    if not count:
        return " "
    level = int(abs(count) / total * _LEVELS + 0.5)
    if count < 0:
        return _ASCII_NEGATIVE[level]
    return (_BLOCKS if style.utf8 else _ASCII)[level]
