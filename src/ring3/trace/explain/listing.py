"""Lines of the text form: the CPU's steps, ring 0's instructions, tables of registers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from ring3.trace.explain.events import Access, CpuStep, Instruction
from ring3.trace.explain.facts import Code, Value
from ring3.trace.explain.registers import STATUS, flag_names

WIDTH: Final = 100
INDENT: Final = "    "
_PLACE: Final = 30
_CODE: Final = 26
"""The widest columns of a listing; what is wider reaches into the next column."""
_STEP: Final = 42


def paragraph(text: str) -> list[str]:
    """A paragraph, broken to the page's width."""
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def beside(left: str, parts: Sequence[str], at: int) -> list[str]:
    """A left part and, from a column on, texts with ``;`` between them, broken to the page's width."""
    left, text = left.rstrip(), "; ".join(parts)
    if not text:
        return [left]
    if len(left) > at - 2 and len(left) + 2 + len(text) <= WIDTH:
        return [f"{left}  {text}"]
    lines = textwrap.wrap(text, WIDTH - at, break_long_words=False, break_on_hyphens=False)
    rest = [" " * at + line for line in lines]
    return [left, *rest] if len(left) > at - 2 else [f"{left:<{at}}{lines[0]}", *rest[1:]]


def code(instruction: Code) -> str:
    """An instruction with its bytes: ``0x20113c <_start+0x1c>:  0f 05  syscall``."""
    where = f" <{instruction.where}>" if instruction.where else ""
    return f"{INDENT}{instruction.address:#x}{where}:  {instruction.raw.hex(' ')}  {instruction.text}"


def step(told: CpuStep) -> list[str]:
    """One thing that the CPU did."""
    left = f"{INDENT}{told.what:<6} {told.subject}"
    if told.address is None:
        return beside(left, [told.value], _STEP)
    place = f"{told.address:#x} <{told.where}>" if told.where else f"{told.address:#x}"
    return beside(left, [f"{told.value}, at {place}"], _STEP)


def instructions(told: Sequence[Instruction]) -> list[str]:
    """Instructions of ring 0 that follow each other, with what they did."""
    places = ["| " * one.depth + (one.code.where or f"{one.code.address:#x}") for one in told]
    place_width = max(min(len(place), _PLACE) for place in places)
    at = len(INDENT) + place_width + max(min(len(one.code.text), _CODE) for one in told) + 4
    return [
        line
        for place, one in zip(places, told, strict=True)
        for line in beside(f"{INDENT}{place:<{place_width}}  {one.code.text}", effects(one), at)
    ]


def effects(told: Instruction) -> list[str]:
    """What an instruction did, in a few words each."""
    mnemonic = told.code.text.partition(" ")[0]
    if told.faulted:
        return ["not completed: an exception"]
    if mnemonic == "retq":
        return [f"to {told.next_where}"]
    if mnemonic == "callq":
        return [f"return address {access.symbol}" for access in told.accesses if access.write]
    found = [_stored(access) for access in told.accesses if access.write]
    if mnemonic.startswith(("cmp", "test")):
        found += [f"{a.name} = {a.value:#x}" for a in told.accesses if a.name and a.value is not None]
        found.append(f"flags {' '.join(flag_names(told.flags.after & sum(STATUS))) or 'none'}")
    found += _changed(told, uses_stack=mnemonic.startswith(("push", "pop")))
    if mnemonic == "popq" and not found:
        found.append("as before")
    if told.taken is not None:
        found.append("taken" if told.taken else "not taken")
    return [*found, told.note] if told.note else found


def _changed(told: Instruction, *, uses_stack: bool) -> list[str]:
    """The registers that an instruction changed, and where it took a single value from."""
    sources = [access.name for access in told.accesses if access.name and not access.write]
    source = f" = {sources[0]}" if len(sources) == 1 else ""
    return [
        f"{change.name}{source if change.name != 'rsp' or not uses_stack else ''} = {change.after:#x}"
        for change in told.changes
        if not (uses_stack and change.name == "rsp")
    ]


def _stored(access: Access) -> str:
    place = access.name or "stack"
    return place if access.value is None else f"{place} = {access.value:#x}"


def table(rows: Sequence[Value], across: int) -> list[str]:
    """Values in columns, to be read line by line; fewer columns than asked for where the page is too narrow."""
    width = max(len(row.name) for row in rows)
    digits = max(len(f"{row.value:#x}") for row in rows)
    cells = [f"{row.name:<{width}} {row.value:#x}".ljust(width + digits + 1) for row in rows]
    across = min(across, (WIDTH - len(INDENT)) // (width + digits + 4))
    return [(INDENT + "   ".join(cells[at : at + across])).rstrip() for at in range(0, len(cells), across)]
