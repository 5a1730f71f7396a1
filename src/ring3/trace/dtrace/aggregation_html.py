"""Aggregations as tables of HTML, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from ring3.trace.dtrace.distribution_text import shown_rows

if TYPE_CHECKING:
    from ring3.trace.dtrace.aggregations import Aggregation


def render(aggregation: Aggregation) -> str:
    """The table of an aggregation, the highest value first; a distribution has a row and a bar for each bucket."""
    ordered = sorted(aggregation.data.items(), key=lambda item: aggregation.order(item[1]), reverse=True)
    body = "".join(
        _distribution(aggregation, _key(key), value)
        if aggregation.quantizing
        else _row(_key(key), str(aggregation.scalar(value)))
        for key, value in ordered
    )
    last = "<th>count</th><th></th>" if aggregation.quantizing else ""
    name = escape(f"@{aggregation.name} ({aggregation.function})")
    return f"<table><caption>{name}</caption><tr><th>key</th><th>value</th>{last}</tr>{body}</table>"


def _key(key: Any) -> str:  # noqa: ANN401 - a tuple of whatever D has
    """The parts of a key, strings without the zeros behind them."""
    parts = key if isinstance(key, tuple) else (key,)
    shown = [
        part.partition(b"\0")[0].decode("utf-8", "replace") if isinstance(part, bytes) else str(part)
        for part in parts
    ]
    return ", ".join(shown)


def _row(*cells: str) -> str:
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _distribution(aggregation: Aggregation, key: str, value: dict[int, int]) -> str:
    rows = shown_rows(aggregation, value)
    most = max((abs(count) for _, count in rows), default=0) or 1
    found = ""
    for label, count in rows:
        bar = f'<div style="background: #6c8ebf; height: .8em; width: {abs(count) * 12 / most:.2f}em"></div>'
        cells = f"<td>{escape(key)}</td><td>{escape(label.strip())}</td><td>{count}</td><td>{bar}</td>"
        found += f"<tr>{cells}</tr>"
        key = ""
    return found
