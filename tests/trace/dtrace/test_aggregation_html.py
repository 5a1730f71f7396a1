"""Aggregations as tables for notebooks."""

from __future__ import annotations

import re

from ring3.trace.dtrace.aggregation_html import render
from ring3.trace.dtrace.aggregations import Aggregation


def cells(html: str) -> list[str]:
    return re.findall(r"<td>(.*?)</td>", html)


def test_the_highest_value_comes_first_and_keys_cannot_become_markup() -> None:
    calls = Aggregation("calls", "count", (), [8])
    for _ in range(3):
        calls.update((b"<b>\0\0", 7))
    calls.update((b"read\0", 8))
    assert cells(render(calls)) == ["&lt;b&gt;, 7", "3", "read, 8", "1"]


def test_a_distribution_has_a_bar_for_each_bucket() -> None:
    sizes = Aggregation("sizes", "quantize", (), [8])
    for value in (5, 5, 17):
        sizes.update((1,), value, 1)
    rows = re.findall(r"<td>(\d+)</td><td>(\d+)</td><td><div style=\"[^\"]*width: ([\d.]+)em", render(sizes))
    assert {label: (int(count), float(width)) for label, count, width in rows if int(count)} == {
        "4": (2, 12.0),
        "16": (1, 6.0),
    }


def test_nothing_is_an_empty_table() -> None:
    assert cells(render(Aggregation("", "sum", (), []))) == []
