"""The frames of a stack: by the chain of frame pointers, and by what a function's first instructions have done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ring3.debug.mdb.targets.base import Target

_PUSH_FRAME = (b"\x55", b"\xf3\x0f\x1e\xfa\x55")
"""pushq %rbp, perhaps behind endbr64."""


def frames(target: Target, registers: Mapping[str, int], limit: int = 64) -> Iterator[tuple[int, int]]:
    """The frame pointer and the address of each frame, innermost first.

    Args:
        target: Where the stack lies.
        registers: ``rip``, ``rbp`` and ``rsp``.
        limit: How many at most.
    """
    word = target.bits // 8
    pc, frame, stack = registers["rip"], registers["rbp"], registers["rsp"]
    yield frame, pc
    above = _not_yet_entered(target, pc)
    if above is not None:
        back = _word(target, stack + above * word, word)
        if back is None:
            return
        if not target.read_some(back, 1):
            return
        pc = back
        yield frame, pc
    for _ in range(limit):
        back, outer = _word(target, frame + word, word), _word(target, frame, word)
        if not back or outer is None or not frame or not target.read_some(back, 1):
            return
        yield outer, back
        if outer <= frame:
            return
        frame = outer


def _not_yet_entered(target: Target, pc: int) -> int | None:
    """How many words above the stack pointer the return address is, in a function that has no frame yet; else None."""
    symbol = target.symbol_at(pc)
    if symbol is None:
        return None
    code = target.read_some(symbol.value, 8)
    for push in _PUSH_FRAME:
        if code.startswith(push):
            offset = pc - symbol.value
            return 0 if offset < len(push) else 1 if offset == len(push) else None
    return 0 if pc == symbol.value else None


def return_address(target: Target, registers: Mapping[str, int]) -> tuple[int, int] | None:
    """Where the function that runs returns to, and what the stack pointer is then at least; None if that is unknown."""
    word = target.bits // 8
    above = _not_yet_entered(target, registers["rip"])
    place = registers["rbp"] + word if above is None else registers["rsp"] + above * word
    back = _word(target, place, word)
    return None if not back else (back, place + word)


def _word(target: Target, address: int, size: int) -> int | None:
    raw = target.read_some(address, size)
    return int.from_bytes(raw, "little") if len(raw) == size else None
