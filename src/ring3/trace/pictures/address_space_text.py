"""An address space on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ring3.trace.pictures.address_space import AddressSpace, Area, Table

_UNITS: Final = ((1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K"))


def render(told: AddressSpace) -> str:
    """The mappings from the highest address down, with what of each is in memory, and the tree of page tables."""
    return "\n".join((*_head(told), "", *_areas(told.areas), "", *_tables(told))) + "\n"


def _head(told: AddressSpace) -> Iterator[str]:
    count = sum(1 for table in told.tables() if not table.is_kernels)
    yield (
        f"{told.program} (process {told.pid}): {len(told.areas)} mappings of {size(told.size)}, "
        f"{size(told.resident)} in memory, by {count} page tables of its own"
    )


def _areas(areas: Sequence[Area]) -> Iterator[str]:
    yield f"{'addresses':<33} {'':<4} {'size':>7} {'there':>7}  {'in memory':<34} what"
    above = 0
    for area in reversed(areas):
        if above and area.end < above:
            yield f"{'':17}...{size(above - area.end):>8} of nothing"
        above = area.start
        addresses = f"{area.start:016x}-{area.end:016x}"
        yield (
            f"{addresses} {area.perms} {size(area.end - area.start):>7} {size(area.resident):>7}  "
            f"{strip(area.filled):<34} {area.name}"
        ).rstrip()


def _tables(told: AddressSpace) -> Iterator[str]:
    yield f"page tables, from CR3 = {told.root.physical:#x}; each with its entry in the one above and how many it uses"
    yield from _tree(told.root, "", "")


def _tree(table: Table, lead: str, below: str) -> Iterator[str]:
    index = f"[{table.entry}]" if lead else ""
    large = f", {table.large} large pages" if table.large else ""
    kernels = " (the kernel's)" if table.is_kernels else ""
    name = f"{lead}{table.level.upper()}{index} at {table.physical:#x}"
    yield f"{name:<38} {strip(table.filled)}  {table.used:>3} of 512{large}, from {table.start:#x}{kernels}"
    for inner in table.inner:
        is_last = inner is table.inner[-1]
        yield from _tree(
            inner, f"{below}{'`- ' if is_last else '|- '}", f"{below}{'   ' if is_last else '|  '}"
        )


def strip(filled: Sequence[float]) -> str:
    """How much of each part is there: ``#`` for all of it, ``+`` for some, ``.`` for nothing."""
    return f"[{''.join('#' if part == 1 else '+' if part else '.' for part in filled)}]"


def size(number: int) -> str:
    """A number of bytes, in the largest unit of which there is at least one."""
    for unit, letter in _UNITS:
        if number >= unit:
            whole = number / unit
            return f"{whole:.0f}{letter}" if number % unit == 0 or whole >= 100 else f"{whole:.1f}{letter}"
    return str(number)
