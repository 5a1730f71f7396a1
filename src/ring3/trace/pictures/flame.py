"""A flame graph: one SVG that needs nothing else, drawn by the file alone and made searchable by its own script.

Places and widths are in per cent and each frame is an ``svg`` of its own, which cuts its text off: so the picture fits
any width without a script, and zooming is other per cents.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from ring3 import resources
from ring3.abi.kinds import NamedTuple
from ring3.trace.pictures.stacks import Frame, Profile

_ROW: Final = 18
"""Height of a frame."""
_ABOVE: Final = 64
"""Height of the title and of what the script shows."""
_NARROWEST: Final = 1e-4
"""The least share of the whole that is drawn."""
_SHADES: Final = 6
"""Colours of a side, so that neighbours can be told apart."""


class _Node:
    """A frame with all that it called.

    Attributes:
        weight: Of the stacks that lead through it.
        inner: What it called, by frame.
    """

    __slots__ = ("inner", "weight")

    def __init__(self) -> None:
        self.weight = 0
        self.inner: dict[Frame, _Node] = {}


class _Box(NamedTuple):
    """Where a frame is drawn: its depth from the bottom, and the weights to the left of it and of its own."""

    frame: Frame
    depth: int
    left: int
    weight: int


def render(profile: Profile) -> str:
    """The SVG of a profile, with a frame ``all`` below everything."""
    root = _tree(profile)
    total = root.weight
    boxes = list(_boxes(root, total))
    height = _ABOVE + (1 + max(box.depth for box in boxes)) * _ROW + 8
    title = escape(plain(profile.title))
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="flame" width="100%" height="{height}">\n',
            f"<title>{title}</title>\n<style>{resources.read_text('trace/pictures/flame.css')}</style>\n",
            '<rect class="page" width="100%" height="100%"/>\n',
            f'<text class="title" x="8" y="24">{title}</text>\n',
            '<text class="told" id="told" x="8" y="46" aria-live="polite"></text>\n',
            '<rect class="user key" x="8" y="53" width="10" height="6"/>',
            '<text class="told key" x="22" y="60">user</text>',
            '<rect class="kernel key" x="60" y="53" width="10" height="6"/>',
            '<text class="told key" x="74" y="60">kernel</text>\n',
            *(_drawn(box, total, height, profile.unit) for box in boxes),
            f"<script><![CDATA[{resources.read_text('trace/pictures/flame.js')}]]></script>\n</svg>\n",
        )
    )


def _tree(profile: Profile) -> _Node:
    root = _Node()
    for stack, weight in profile.stacks.items():
        if weight <= 0:
            continue
        root.weight += weight
        node = root
        for frame in stack:
            node = node.inner.setdefault(frame, _Node())
            node.weight += weight
    return root


def _boxes(root: _Node, total: int) -> Iterator[_Box]:
    """All frames that are wide enough, from the bottom upwards."""
    waiting = [(Frame("all"), root, 0, 0)]
    while waiting:
        frame, node, depth, left = waiting.pop()
        yield _Box(frame, depth, left, node.weight)
        for inner, called in sorted(node.inner.items()):
            if called.weight >= total * _NARROWEST:
                waiting.append((inner, called, depth + 1, left))
            left += called.weight


def _drawn(box: _Box, total: int, height: int, unit: str) -> str:
    name = plain(box.frame.name)
    share = box.weight / total if total else 1.0
    left = box.left / total if total else 0.0
    said = f"{name}{' (kernel)' * box.frame.is_kernel}: {box.weight} {unit}, {share:.2%}"
    side = "kernel" if box.frame.is_kernel else "user" if box.depth else "all"
    shade = zlib.crc32(name.encode()) % _SHADES
    return (
        f'<svg class="f {side} s{shade}" x="{left:.5%}" y="{height - (box.depth + 1) * _ROW - 4}" '
        f'width="{share:.5%}" height="{_ROW - 1}" tabindex="{0 if not box.depth else -1}" '
        f'data-x="{left:.7f}" data-w="{share:.7f}" data-d="{box.depth}" role="img" aria-label={quoteattr(said)}>'
        f'<title>{escape(said)}</title><rect width="100%" height="100%" rx="2"/>'
        f'<text x="4" y="13">{escape(name)}</text></svg>\n'
    )


def plain(text: str) -> str:
    """A text that XML can hold: what is no character there is shown as U+FFFD."""
    return "".join(
        c if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff" else "\ufffd"
        for c in text
    )
