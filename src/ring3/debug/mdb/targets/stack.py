"""The frames of a stack: by call frame information where a file has some, else by the chain of frame pointers.

Where neither says it, what a function's first instructions have done does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from ring3.abi.errno import E, Errno
from ring3.trace.unwind import NARROW, WIDE, caller_of

if TYPE_CHECKING:
    from ring3.debug.mdb.targets.base import Target

_PUSH_FRAME: Final = (b"\x55", b"\xf3\x0f\x1e\xfa\x55")
"""pushq %rbp, perhaps behind endbr64."""
_NAMES: Final = {
    bits: tuple(name if name[0] == "r" else f"r{name}" for name in numbers.names)
    for bits, numbers in ((64, WIDE), (32, NARROW))
}


class _Frame(NamedTuple):
    """A frame, and the registers of its caller, None where that is unknown."""

    pointer: int
    caller: dict[str, int] | None
    is_call: bool = True


def frames(target: Target, registers: Mapping[str, int], limit: int = 64) -> Iterator[tuple[int, int]]:
    """The frame pointer and the address of each frame, innermost first.

    Args:
        target: Where the stack lies.
        registers: ``rip``, ``rbp`` and ``rsp``, and those that call frame information may need.
        limit: How many at most.
    """
    values, innermost, is_return = dict(registers), True, False
    for _ in range(limit + 2):
        frame = _frame(target, values, innermost=innermost, is_return=is_return)
        yield frame.pointer, values["rip"]
        caller = frame.caller
        if caller is None or not caller["rip"] or not target.read_some(caller["rip"], 1):
            return
        if caller["rsp"] <= values["rsp"]:
            return
        values, innermost, is_return = caller, False, frame.is_call


def _frame(target: Target, values: dict[str, int], *, innermost: bool, is_return: bool) -> _Frame:
    found = _by_information(target, values, is_return=is_return)
    return found or _by_pointers(target, values, innermost=innermost)


def _by_information(target: Target, values: dict[str, int], *, is_return: bool) -> _Frame | None:
    """What a file's call frame information says, None where it says nothing."""
    place = target.code_at(values["rip"])
    if place is None:
        return None
    file, inside = place
    rule = file.rule(inside - is_return)
    if rule is None:
        return None
    word = target.bits // 8
    names, numbers = _NAMES[target.bits], WIDE if word == 8 else NARROW

    def load(address: int) -> int:
        found = _word(target, address, word)
        if found is None:
            raise Errno(E.EFAULT)
        return found

    given = {number: values[name] for number, name in enumerate(names) if name in values}
    caller = caller_of(rule, given, numbers, load, word)
    if caller is None:
        return _Frame(values["rbp"], None)
    named = {names[number]: value for number, value in caller.items() if number < len(names)}
    return _Frame(named["rsp"] - 2 * word, named, not file.is_signal(inside))


def _by_pointers(target: Target, values: dict[str, int], *, innermost: bool) -> _Frame:
    word = target.bits // 8
    pointer, stack = values["rbp"], values["rsp"]
    above = _not_yet_entered(target, values["rip"]) if innermost else None
    if above is not None:
        back = _word(target, stack + above * word, word)
        entered = None if back is None else values | {"rip": back, "rsp": stack + (above + 1) * word}
        return _Frame(pointer, entered)
    back, outer = _word(target, pointer + word, word), _word(target, pointer, word)
    if not pointer or back is None or outer is None:
        return _Frame(pointer, None)
    return _Frame(pointer, values | {"rip": back, "rbp": outer, "rsp": pointer + 2 * word})


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
    caller = _frame(target, dict(registers), innermost=True, is_return=False).caller
    return None if caller is None or not caller["rip"] else (caller["rip"], caller["rsp"])


def _word(target: Target, address: int, size: int) -> int | None:
    raw = target.read_some(address, size)
    return int.from_bytes(raw, "little") if len(raw) == size else None
