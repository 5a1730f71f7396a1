"""Bar charts: one SVG that needs nothing else, a chart below another, a bar for each bucket of a distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from ring3.abi.kinds import NamedTuple

_ROW: Final = 18
_LABELS: Final = 170
"""Columns to the left of the bars, in pixels."""
_BARS: Final = 520
_WIDTH: Final = _LABELS + _BARS + 120
_STYLE: Final = (
    "text { font: 12px sans-serif; fill: #222 } .title { font-size: 15px; font-weight: bold } "
    ".key { font-weight: bold } .label { text-anchor: end } .page { fill: #fff } "
    ".more { fill: #3a78b4 } .less { fill: #b4503a }"
)


class Chart(NamedTuple):
    """A distribution.

    Attributes:
        label: What it is of.
        rows: A label and a number for each bar.
    """

    label: str
    rows: Sequence[tuple[str, int]]


def render(title: str, charts: Sequence[Chart]) -> str:
    """The SVG of some charts; within one, bars are as long as their numbers are large."""
    parts: list[str] = []
    y = 40
    for chart in charts:
        parts.append(f'<text class="key" x="8" y="{y}">{escape(chart.label)}</text>\n')
        y += 8
        most = max((abs(number) for _, number in chart.rows), default=0) or 1
        for label, number in chart.rows:
            length = round(abs(number) / most * _BARS, 1)
            kind = "more" if number >= 0 else "less"
            parts.append(
                f'<text class="label" x="{_LABELS - 8}" y="{y + 13}">{escape(label)}</text>'
                f'<rect class="{kind}" x="{_LABELS}" y="{y + 2}" width="{length}" height="{_ROW - 4}"/>'
                f'<text x="{_LABELS + length + 6}" y="{y + 13}">{number}</text>\n'
            )
            y += _ROW
        y += 28
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" width="{_WIDTH}" height="{y}">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="page" width="100%" height="100%"/>\n<text class="title" x="8" y="20">{escape(title)}</text>\n'
        + "".join(parts)
        + "</svg>\n"
    )
