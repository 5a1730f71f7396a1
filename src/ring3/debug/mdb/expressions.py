"""Expressions: 64-bit unsigned numbers, symbols, variables, what memory holds, and the operators between them.

Source: the Modular Debugger Guide, "Language Syntax"; its grammar for the order of operators.
"""

from __future__ import annotations

import operator as operators
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.debug.mdb.errors import UNKNOWN_SYMBOL, MdbError
from ring3.debug.mdb.numbers import M64, signed
from ring3.debug.mdb.scanner import Scanner

if TYPE_CHECKING:
    from ring3.debug.mdb.session import Session

_CASTS: Final = {"c": 1, "1": 1, "s": 2, "2": 2, "i": 4, "4": 4, "8": 8}
_LEVELS: Final = (("|",), ("^",), ("&",), ("==", "!="), ("<<", ">>"), ("+", "-"), ("*", "%", "#"), ("%%",))
"""Binary operators, those that bind least first."""
_PREFIXES: Final = {"i": 2, "o": 8, "t": 10, "x": 16}


class ExpressionParser:
    """Reads expressions and says what they are worth."""

    def __init__(self, session: Session, scanner: Scanner) -> None:
        self._session = session
        self._scanner = scanner

    def begins(self) -> bool:
        """Whether an expression begins here."""
        scanner = self._scanner
        first = scanner.peek()
        if first == "<":
            return not scanner.starts("<<")
        return bool(first) and (first.isalnum() or first in "_.+^&*%#~-('")

    def value(self, level: int = 0) -> int:
        """An expression's value, with the operators of a level and those that bind more."""
        if level == len(_LEVELS):
            return self._unary()
        left = self.value(level + 1)
        while operator := self._operator(_LEVELS[level]):
            left = _binary(operator, left, self.value(level + 1)) & M64
        return left

    def _operator(self, wanted: tuple[str, ...]) -> str | None:
        scanner = self._scanner
        first = scanner.peek()
        if (
            not first
            or (first == "!" and not scanner.starts("!="))
            or (first == "=" and not scanner.starts("=="))
        ):
            return None
        for operator in wanted:
            if not scanner.starts(operator):
                continue
            if operator == "%" and scanner.starts("%%"):
                continue
            scanner.place += len(operator)
            return operator
        return None

    def _unary(self) -> int:
        scanner = self._scanner
        if cast := scanner.cast():
            size = _CASTS.get(cast[1]) or (self._session.word_size if cast[1] == "l" else 0)
            if not size:
                raise MdbError(f"invalid cast -- {cast[0]}/{cast[1]}/")
            return self._fetch(cast[0], self._unary(), size)
        match scanner.peek():
            case "#":
                scanner.accept("#")
                return int(not self._unary())
            case "~":
                scanner.accept("~")
                return ~self._unary() & M64
            case "-":
                scanner.accept("-")
                return -self._unary() & M64
            case "*" | "%" as operator:
                scanner.accept(operator)
                return self._fetch(operator, self._unary(), self._session.word_size)
        return self._primary()

    def _fetch(self, operator: str, address: int, size: int) -> int:
        target = self._session.target
        raw = target.read(address, size) if operator == "*" else target.read_file(address, size)
        return int.from_bytes(raw, "little")

    def _primary(self) -> int:
        scanner, session = self._scanner, self._session
        if scanner.accept("("):
            value = self.value()
            if not scanner.accept(")"):
                raise scanner.error()
            return value
        if (characters := scanner.characters()) is not None:
            return _packed(characters)
        if (name := scanner.variable()) is not None:
            return session.variables.get(name)
        if (number := scanner.number()) is not None:
            return self._number(number)
        if (symbol := scanner.symbol()) is not None:
            return self._symbol(symbol)
        for mark, value in (("+", session.dot + session.increment), ("^", session.dot - session.increment)):
            if scanner.accept(mark):
                return value & M64
        if scanner.accept("&"):
            return session.last_address
        raise scanner.error()

    def _number(self, text: str) -> int:
        if "." in text:
            return int(struct.unpack("<Q", struct.pack("<d", float(text[2:])))[0])
        base = _PREFIXES.get(text[1:2].lower()) if text[0] == "0" else None
        if base is not None:
            return int(text[2:], base) & M64
        return _in_radix(text, self._session.radix)

    def _symbol(self, text: str) -> int:
        if text == ".":
            return self._session.dot
        found = self._session.target.symbol(text)
        if found is not None:
            return found.value & M64
        try:
            return _in_radix(text, self._session.radix)
        except MdbError:
            raise MdbError(f"failed to dereference symbol: {UNKNOWN_SYMBOL}") from None


def _packed(characters: str) -> int:
    """The number that characters in quotes mean: the last in the lowest byte."""
    if len(characters) > 8:
        raise MdbError("character constant may not exceed 8 bytes")
    return int.from_bytes(characters.encode("latin-1"), "big")


def _in_radix(text: str, radix: int) -> int:
    try:
        return int(text, radix) & M64
    except ValueError:
        raise MdbError(f"{text} contains digits that are not of base {radix}") from None


def _binary(operator: str, left: int, right: int) -> int:
    if operator in ("%", "#", "%%") and not right:
        raise MdbError("attempted to divide by zero")
    return _OPERATORS[operator](left, right)


def _quotient(left: int, right: int) -> int:
    """Division as C has it, of signed numbers towards zero."""
    left, right = signed(left, 8), signed(right, 8)
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


_OPERATORS: Final[dict[str, Callable[[int, int], int]]] = {
    "+": operators.add,
    "-": operators.sub,
    "*": operators.mul,
    "%": _quotient,
    "%%": operators.mod,
    "#": lambda left, right: _quotient((left + right - 1) & M64, right) * right,
    "<<": lambda left, right: left << (right & 63),
    ">>": lambda left, right: left >> (right & 63),
    "==": lambda left, right: int(left == right),
    "!=": lambda left, right: int(left != right),
    "&": operators.and_,
    "^": operators.xor,
    "|": operators.or_,
}
