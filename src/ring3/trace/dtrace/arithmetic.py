"""Arithmetic on D's integers: what constants come to, and what generated code calls for what Python does otherwise."""

from __future__ import annotations

import operator as op
from collections.abc import Callable

from ring3.trace.dtrace.errors import Fault, FaultKind
from ring3.trace.dtrace.types import Integer, Type, is_integer, resolve


def wrap(value: int, kind: Type) -> int:
    """A value as it is in the width and sign of a type."""
    resolved = resolve(kind)
    bits = 8 * (resolved.size or 8)
    signed = resolved.signed if isinstance(resolved, Integer) else is_integer(resolved)
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def divide(left: int, right: int) -> int:
    """The quotient, rounded toward zero as C does.

    Raises:
        Fault: DIVZERO.
    """
    if right == 0:
        raise Fault(FaultKind.DIVZERO)
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def within(index: int, count: int) -> int:
    """An index of an array.

    Raises:
        Fault: BADINDEX, where the array has no such element.
    """
    if not 0 <= index < count:
        raise Fault(FaultKind.BADINDEX, index)
    return index


def remainder(left: int, right: int) -> int:
    """The rest of `divide`, which has the sign of the left operand.

    Raises:
        Fault: DIVZERO.
    """
    return left - divide(left, right) * right


def shift_left(left: int, right: int) -> int:
    """`left << right`, the count modulo 64 as x86-64 takes it."""
    return left << (right & 63)


def shift_right(left: int, right: int) -> int:
    """`left >> right`, which keeps the sign of a signed operand."""
    return left >> (right & 63)


UNARY: dict[str, Callable[[int], int]] = {
    "!": lambda value: int(not value),
    "~": op.invert,
    "+": op.pos,
    "-": op.neg,
}
BINARY: dict[str, Callable[[int, int], int]] = {
    "+": op.add,
    "-": op.sub,
    "*": op.mul,
    "/": divide,
    "%": remainder,
    "<<": shift_left,
    ">>": shift_right,
    "&": op.and_,
    "|": op.or_,
    "^": op.xor,
    "==": lambda left, right: int(left == right),
    "!=": lambda left, right: int(left != right),
    "<": lambda left, right: int(left < right),
    "<=": lambda left, right: int(left <= right),
    ">": lambda left, right: int(left > right),
    ">=": lambda left, right: int(left >= right),
    "&&": lambda left, right: int(bool(left and right)),
    "||": lambda left, right: int(bool(left or right)),
    "^^": lambda left, right: int(bool(left) != bool(right)),
}
