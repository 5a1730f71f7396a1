"""Which system call an observer is told of: its name in the table of its door, its width, its row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from ring3.abi import tbl
from ring3.abi.linux import rows
from ring3.abi.rows import Call
from ring3.kernel.watched_stubs import StubCall

_LINUX: Final = frozenset(tbl.Abi)


@cache
def _names(abi: tbl.Abi) -> Mapping[int, str]:
    return {slot.number: slot.name for slot in tbl.sys_call_table(abi) if slot.name is not None}


def names_in_order() -> Iterator[str]:
    """The names of all calls in the order of their numbers, those of 64-bit programs first."""
    yield from _names(tbl.Abi.X86_64).values()
    yield from _names(tbl.Abi.I386).values()


def name_of(call: StubCall) -> str:
    """What the call is named, in the table of the door that it came through."""
    what, number = call.what, call.number
    found = str(what.name_of(number))
    if found or what.abi not in _LINUX:
        return found or str(what.symbol)
    return _names(tbl.Abi(what.abi)).get(number) or f"syscall_{number:#x}"


def bits_of(call: StubCall) -> int:
    """Whether it is a call of 32-bit programs or of 64-bit ones."""
    return 32 if call.what.abi == tbl.Abi.I386 else 64


@cache
def row_of(symbol: str, name: str) -> Call | None:
    """The row of a call, by its stub's symbol and its name; None if it has none."""
    every = rows.every()
    entry = symbol.removeprefix("__x64_").removeprefix("__ia32_")
    return next(
        (every[key] for key in (entry, f"sys_{name}", name) if key in every and key != "sys_ni_syscall"), None
    )


SENDS: Final = frozenset({"kill", "tkill", "tgkill"})
"""Calls in which a task may end by the signal that it sends itself: it does not come back from them then."""
