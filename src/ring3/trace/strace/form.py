"""What follows about a call's text from its row alone: worked out once for each call, used whenever it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ring3.abi.c_types import LONG, UNSIGNED_INT, UNSIGNED_LONG
from ring3.abi.meaning import Arg, Condition, Meaning, Otherwise, Parameter
from ring3.abi.notation import TYPES
from ring3.trace.strace import tables
from ring3.trace.strace.style import Style

_ORDER: Final = {
    "clone": {
        "newsp": "child_stack", "clone_flags": "flags", "parent_tidptr": "parent_tid", "tls": "tls", "tls_val": "tls",
        "child_tidptr": "child_tidptr",
    },
}  # fmt: skip
"""The order in which arguments are shown, and what they are called, where they have names."""
LATE: Final = {"clone": frozenset({"parent_tidptr", "tls", "tls_val", "child_tidptr"})}
"""Arguments that are shown when the call has returned, though they are known before."""
_HALVES: Final = {Meaning.OFFSET_LOW, Meaning.OFFSET_HIGH}
_DECIMAL: Final = frozenset(
    {
        Meaning.ERROR, Meaning.NUMBER, Meaning.COUNT, Meaning.SIZE, Meaning.UID, Meaning.GID,
    }
)  # fmt: skip
"""Results that are numbers in decimal."""
_TASKS: Final = frozenset({Meaning.PID, Meaning.TID, Meaning.TGID, Meaning.PGID, Meaning.SID})
"""Results that are numbers of tasks, which may have names."""
_OFFSET: Final = Arg(LONG, Meaning.OFFSET)
_LENGTH: Final = Arg(UNSIGNED_LONG, Meaning.SIZE)
_CUTS: Final = frozenset({"truncate64", "ftruncate64"})
"""Calls of 32-bit programs whose number of 64 bits has no sign."""
_M32: Final = 0xFFFF_FFFF
_U32: Final = TYPES["u32"]
_REGISTERS: Final = 6
"""Registers that carry arguments."""


class Form:
    """How calls of one name and width are written.

    Attributes:
        name: What the call is named.
        bits: The width of the programs that make it.
        style: How their values look.
        opening: How its line begins.
        is_constant: Whether it has no arguments, so that its line begins and ends as every other one.
        has_remark: Whether its result is more than a number in decimal.
        is_known: Whether it has a row.
        never_returns: Whether they do not return.
        labels: What stands before arguments that have names, by parameter.
        names: The names of all arguments of the row, in their order.
        count: How many arguments are shown of a call that is not decoded.
        halves: The names of those of which no more than 32 bits count.
    """

    def __init__(self, symbol: str, name: str, bits: int, style: Style) -> None:
        self.name = name
        self.bits = bits
        self.style = style
        self.opening = f"{name}("
        row = self._row = tables.row_of(symbol, name)
        parameters = row.parameters if row is not None else ()
        order = _ORDER.get(name, {})
        self.labels = {parameter: f"{label}=" for parameter, label in order.items()}
        self._order = tuple(order)
        self.is_known = row is not None
        self.is_constant = row is not None and not parameters and name not in SIGRETURNS
        self.names = tuple(parameter.name for parameter in parameters)
        self.count = len(parameters) if row is not None else _REGISTERS
        self.halves = tuple(p.name for p in parameters if p.arg.type in (UNSIGNED_INT, _U32))
        by_command = any(p.arg.by is not None for p in parameters)
        self._fixed: tuple[Parameter, ...] | None = None
        self._result: Arg | None = None
        if row is not None and row.result.by is None:
            self._result = row.result
        self.never_returns = self._result is not None and self._result.meaning is Meaning.NEVER
        self.has_remark = self._result is None or (
            self._result.meaning not in (_DECIMAL if style.pids else _DECIMAL | _TASKS)
        )
        if (
            not by_command
            and not any(p.arg.condition for p in parameters)
            and not self._has_halves(parameters)
        ):
            self._fixed = tuple(p for p in parameters if p.arg.meaning is not Meaning.UNUSED)

    @staticmethod
    def _has_halves(parameters: Sequence[Parameter]) -> bool:
        return any(parameter.arg.meaning in _HALVES for parameter in parameters)

    def result(self, values: Sequence[int]) -> Arg | None:
        """What the result of a call with these arguments is; None if the call is not known."""
        if self._result is not None or self._row is None:
            return self._result
        return self._row.result_of(values, tables.sets())

    def shown(self, beside: dict[str, int]) -> tuple[Parameter, ...]:
        """The arguments that are shown, for these values by name; two halves of a number are made one there."""
        if self._fixed is not None:
            return self._fixed
        assert self._row is not None
        every = self._row.arguments(beside.values(), tables.sets())
        parameters = [
            shown
            for p in every
            if p.arg.meaning is not Meaning.UNUSED and p.name in beside
            for shown in _conditional(p, every, beside)
        ]
        joined = _joined(parameters, beside, _LENGTH if self.name in _CUTS else _OFFSET)
        if self._order:
            given = {p.name: p for p in joined}
            return tuple(given[name] for name in self._order if name in given)
        return tuple(joined)


def _conditional(
    parameter: Parameter, every: Sequence[Parameter], beside: dict[str, int]
) -> Iterator[Parameter]:
    """The argument as what it is by its condition; nothing where the call does not look at it."""
    arg = parameter.arg
    condition = arg.condition
    is_negated = condition is not None and condition.otherwise is Otherwise.ADDRESS
    if condition is None or _holds(condition, every, beside) is not is_negated:
        yield parameter
    elif condition.otherwise is Otherwise.ADDRESS:
        yield Parameter(parameter.name, Arg(arg.type, Meaning.ADDRESS))
    elif condition.otherwise is Otherwise.HEX:
        yield Parameter(parameter.name, Arg(arg.type, Meaning.HEX))


def _holds(condition: Condition, every: Sequence[Parameter], beside: dict[str, int]) -> bool:
    """Whether another argument has the values that a condition names."""
    given = next(other for other in every if other.name == condition.argument).arg
    number = given.type.cast(beside[condition.argument])
    values = [int(name) if name.isdecimal() else tables.sets()[given.of][name] for name in condition.values]
    return condition.holds(number, values)


def _joined(parameters: Sequence[Parameter], beside: dict[str, int], whole: Arg) -> list[Parameter]:
    """The same with the two halves of a number of 64 bits made one, which is `whole`."""
    found: list[Parameter] = []
    for parameter in parameters:
        last = found[-1] if found else None
        if last is not None and {last.arg.meaning, parameter.arg.meaning} == _HALVES:
            low, high = (last, parameter) if last.arg.meaning is Meaning.OFFSET_LOW else (parameter, last)
            beside[low.name] = beside[low.name] & _M32 | (beside[high.name] & _M32) << 32
            found[-1] = Parameter(low.name, whole)
        else:
            found.append(parameter)
    return found


SIGRETURNS: Final = frozenset({"rt_sigreturn", "sigreturn"})
"""Calls whose argument is the frame on the stack."""
