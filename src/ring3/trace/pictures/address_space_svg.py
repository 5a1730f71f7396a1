"""An address space as a picture: page tables on the left, level by level, and the mappings that they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape

from ring3 import resources
from ring3.machine.paging import LEVELS
from ring3.trace.pictures.address_space import AddressSpace, Area, Table
from ring3.trace.pictures.address_space_text import size
from ring3.trace.pictures.flame import plain

_WIDTH: Final = 1180
_TOP: Final = 64
_AREA: Final = 34
_GAP: Final = 16
"""Heights of a mapping, and of the nothing between two."""
_TABLE: Final = 46
"""Height of a table with the space below it."""
_COLUMN: Final = 150
_BOX: Final = 128
_AREAS: Final = 640
"""Where the mappings begin."""
_LEVEL: Final = {name: at for at, (name, _) in enumerate(LEVELS)}

_Places = dict[tuple[str, int], float]
"""The height at which a table or a mapping is drawn, by its kind and first address."""


def render(told: AddressSpace) -> str:
    """The SVG; the highest addresses are above."""
    places, bottom = _areas_placed(told.areas)
    bottom = max(bottom, _tables_placed(told, places))
    title = escape(plain(f"{told.program} (process {told.pid})"))
    said = (
        f"{len(told.areas)} mappings of {size(told.size)}, {size(told.resident)} in memory; CR3 = "
        f"{told.root.physical:#x}"
    )
    tables = list(told.tables())
    size_on_page = f'viewBox="0 0 {_WIDTH} {bottom + 12:.0f}" width="100%"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="space" {size_on_page} role="img" aria-label="{escape(said)}">',
        f"<title>{title}</title><style>{resources.read_text('trace/pictures/address_space.css')}</style>",
        '<rect class="page" width="100%" height="100%"/>',
        f'<text class="title" x="16" y="28">{title}</text><text class="soft" x="16" y="48">{escape(said)}</text>',
        *(line for table in tables for line in _links(table, told.areas, places)),
        *(_table(table, places[table.level, table.start]) for table in tables),
        *(_area(area, places["area", area.start]) for area in told.areas),
        *_nothings(told.areas, places),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _areas_placed(areas: Sequence[Area]) -> tuple[_Places, float]:
    places: _Places = {}
    at: float = _TOP
    above = 0
    for area in reversed(areas):
        if above and area.end < above:
            at += _GAP
        places["area", area.start] = at
        at += _AREA
        above = area.start
    return places, at


def _tables_placed(told: AddressSpace, places: _Places) -> float:
    """Puts each table beside what it leads to, and below the one before it in its column; returns the bottom."""
    next_free = dict.fromkeys(_LEVEL, float(_TOP))
    waiting = sorted(told.tables(), key=lambda table: (-_LEVEL[table.level], -table.start))
    for table in waiting:
        led = [places[inner.level, inner.start] for inner in table.inner]
        led += [
            places["area", area.start] for area in told.areas if table.level == "pt" and _meets(table, area)
        ]
        wanted = sum(led) / len(led) if led else 0.0
        places[table.level, table.start] = max(wanted, next_free[table.level])
        next_free[table.level] = places[table.level, table.start] + _TABLE
    return max(next_free.values())


def _meets(table: Table, area: Area) -> bool:
    return area.start < table.end and table.start < area.end and bool(area.resident)


def _links(table: Table, areas: Sequence[Area], places: _Places) -> Iterator[str]:
    """The lines from a table to what it leads to."""
    left = 16 + _LEVEL[table.level] * _COLUMN + _BOX
    top = places[table.level, table.start] + 18
    ends = [
        (16 + _LEVEL[inner.level] * _COLUMN, places[inner.level, inner.start] + 18) for inner in table.inner
    ]
    if table.level == "pt":
        ends += [(_AREAS, places["area", area.start] + 15) for area in areas if _meets(table, area)]
    for right, height in ends:
        middle = (left + right) / 2
        yield (
            f'<path class="link" d="M{left} {top:.1f} C{middle:.1f} {top:.1f} {middle:.1f} {height:.1f} '
            f'{right} {height:.1f}"/>'
        )


def _table(table: Table, top: float) -> str:
    left = 16 + _LEVEL[table.level] * _COLUMN
    kind = "kernels" if table.is_kernels else "own"
    index = f"[{table.entry}]" if table.level != "pml4" else ""
    large = f" ({table.large} large)" if table.large else ""
    hint = f"at {table.physical:#x}, for {table.start:#x} to {table.end:#x}"
    return (
        f'<g class="table {kind}"><title>{hint}</title>'
        f'<rect x="{left}" y="{top:.1f}" width="{_BOX}" height="38" rx="5"/>'
        f'<text x="{left + 7}" y="{top + 14:.1f}">{table.level.upper()}{index}</text>'
        f'<text class="soft" x="{left + 7}" y="{top + 26:.1f}">{table.used} used{large}</text>'
        f"{_strip(table.filled, left + 7, top + 30, _BOX - 14)}</g>"
    )


def _area(area: Area, top: float) -> str:
    text = plain(area.name) or "anonymous"
    if len(text) > 38:
        text = f"...{text[-35:]}"
    there = f"{size(area.resident)} of {size(area.end - area.start)} in memory"
    hint = f"{area.start:#x} to {area.end:#x}, {area.perms}, {there}"
    return (
        f'<g class="area {_kind(area)}"><title>{escape(plain(area.name))} {hint}</title>'
        f'<rect x="{_AREAS}" y="{top:.1f}" width="{_WIDTH - _AREAS - 16}" height="{_AREA - 3}" rx="4"/>'
        f'<text class="address" x="{_AREAS + 8}" y="{top + 13:.1f}">{area.start:#x}</text>'
        f'<text x="{_AREAS + 150}" y="{top + 13:.1f}">{escape(text)}</text>'
        f'<text class="soft" x="{_AREAS + 8}" y="{top + 25:.1f}">{area.perms}  {size(area.end - area.start)}</text>'
        f"{_strip(area.filled, _AREAS + 150, top + 19, _WIDTH - _AREAS - 176)}</g>"
    )


def _kind(area: Area) -> str:
    """What colours a mapping."""
    if area.name in ("[heap]", "[stack]"):
        return area.name.strip("[]")
    if "x" in area.perms:
        return "code"
    return "data" if "w" in area.perms else "constant"


def _nothings(areas: Sequence[Area], places: _Places) -> Iterator[str]:
    """How much is between mappings that are no neighbours."""
    for below, above in pairwise(areas):
        if below.end < above.start:
            yield (
                f'<text class="nothing" x="{_AREAS + 8}" y="{places["area", below.start] - 4:.1f}">'
                f"{size(above.start - below.end)} of nothing</text>"
            )


def _strip(filled: Sequence[float], left: float, top: float, width: float) -> str:
    """A line of parts, each as strong as it is filled."""
    part = width / max(len(filled), 1)
    found = [f'<rect class="strip" x="{left}" y="{top:.1f}" width="{width:.1f}" height="5"/>']
    found += [
        f'<rect class="there" x="{left + at * part:.2f}" y="{top:.1f}" width="{part:.2f}" height="5" '
        f'opacity="{0.35 + 0.65 * share:.2f}"/>'
        for at, share in enumerate(filled)
        if share
    ]
    return "".join(found)
