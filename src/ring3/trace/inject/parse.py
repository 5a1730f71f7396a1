"""Rules as strace(1) writes them: ``SET[:error=E|:retval=V][:signal=S][:when=F..L+S]...``, and what is beyond it.

Beyond strace: ``:if=CONDITION[,CONDITION]`` (`conditions`), ``:argN=VALUE``, ``:short=N``, ``:prob=P``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ring3.abi.errno import E
from ring3.errors import UserError
from ring3.trace import expressions
from ring3.trace.inject import conditions
from ring3.trace.inject.rule import FOREVER, Moments, Poke, Rule

_LAST_SIGNAL: Final = 64
MAX_ERRNO: Final = 4095
"""The greatest errno that a result can be (include/linux/err.h)."""
_FIRST_MAX: Final = 65535
_LAST_MAX: Final = 65534
_MOMENTS: Final = re.compile(r"\+?(\d+)(?:\.\.\+?(\d+))?(\+(?:\+?(\d+))?)?")
_OCTAL: Final = re.compile(r"([+-]?)0+([0-7]+)")
"""A number of strtoull(3) that int() does not read."""
_POKE: Final = re.compile(r"@arg([1-7])=((?:[0-9a-fA-F]{2})+)")
_DELAY: Final = re.compile(r"\+?((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(s|ms|us|ns)?")
_UNITS: Final = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1, None: 10**3}
_FAULT_WORDS: Final = frozenset({"error", "when", "syscall"})
_HOW_ALONE: Final = frozenset({"moments", "condition", "probability", "instead"})
"""Fields that say when or how, and not what is done."""
_ARGUMENT: Final = re.compile(r"arg([1-6])")


def parse(text: str, *, is_fault: bool = False) -> Rule:
    """The rule that a text is.

    Args:
        text: What stands behind ``inject=`` or ``fault=``.
        is_fault: It stands behind ``fault=``, which knows errors alone and fails with ENOSYS by default.

    Raises:
        UserError: It is malformed; the message is strace's.
    """
    what = "fault" if is_fault else "inject"
    chosen, *words = [word for word in text.split(":") if word] or [""]
    fields: dict[str, Any] = {}
    try:
        for word in words:
            _add(fields, word, is_fault)
    except ValueError:
        raise UserError(f"invalid {what} argument '{text}'", 1) from None
    calls = expressions.calls(chosen)
    if is_fault:
        fields.setdefault("error", int(E.ENOSYS))
    if not fields.keys() - _HOW_ALONE:
        raise UserError(f"invalid {what} argument '{text}'", 1)
    return Rule(calls, **fields)


def remarks(rule: Rule) -> list[str]:
    """What strace says of the value of a rule, which programs of 32 bits may see otherwise."""
    value = rule.value
    if value is None:
        return []
    if value >= (1 << 64) - MAX_ERRNO:
        return [f"Inadvertent injection of error {(1 << 64) - value} is possible for retval={value}"]
    low = value & 0xFFFF_FFFF
    if low >= (1 << 32) - MAX_ERRNO:
        error = (1 << 32) - low
        return [
            f"Inadvertent injection of error {error} is possible in compat personality for retval={value}"
        ]
    return (
        []
        if low == value
        else [f"Injected return value {value} will be clipped to {low} in compat personality"]
    )


def _add(fields: dict[str, Any], word: str, is_fault: bool) -> None:
    """Adds what one word of a rule says.

    Raises:
        ValueError: It is malformed, or contradicts another.
    """
    name, equals, value = word.partition("=")
    argument = _ARGUMENT.fullmatch(name)
    if not equals or (is_fault and name not in _FAULT_WORDS):
        raise ValueError(word)
    if argument is not None:
        fields["arguments"] = (*fields.get("arguments", ()), (int(argument[1]) - 1, int(value, 0)))
        return
    field, read = _WORDS.get(name, ("", int))
    if not field or (field in fields and field != "moments"):
        raise ValueError(word)
    if {field, *fields} >= {"error", "value"}:
        raise ValueError("both an error and a value")
    fields[field] = read(value)


def _error(text: str) -> int:
    known = (error.value for error in E if error.name == text.upper())  # strace has no second names
    number = int(text) if text.isdecimal() else next(known, 0)
    if not 0 < number <= MAX_ERRNO:
        raise ValueError(text)
    return number


def _value(text: str) -> int:
    octal = _OCTAL.fullmatch(text)
    value = int(f"{octal[1]}0o{octal[2]}" if octal else text, 0)
    if not -(1 << 63) <= value < 1 << 64:
        raise ValueError(text)
    return value & (1 << 64) - 1


def _signal(text: str) -> int:
    try:
        number = expressions.signal_number(text)
    except UserError:
        number = 0
    if not 0 < number <= _LAST_SIGNAL:
        raise ValueError(text)
    return number


def _moments(text: str) -> Moments:
    match = _MOMENTS.fullmatch(text)
    if match is None:
        raise ValueError(text)
    first, last, plus, step = match.groups()
    found = Moments(
        int(first),
        int(last) if last else FOREVER if plus else int(first),
        (int(step) if step else 1) if plus else 1 if last else 0,
    )
    if not 0 < found.first <= _FIRST_MAX or (last and not found.first <= found.last <= _LAST_MAX):
        raise ValueError(text)
    if step and not 0 < found.step <= _FIRST_MAX:
        raise ValueError(text)
    return found


def nanoseconds(text: str) -> int:
    """How long a text says, microseconds without a unit.

    Raises:
        ValueError: It is malformed.
    """
    match = _DELAY.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return round(float(match[1]) * _UNITS[match[2]])


def _pokes(text: str) -> tuple[Poke, ...]:
    found = []
    for part in filter(None, text.split(",")):
        match = _POKE.fullmatch(part)
        if match is None:
            raise ValueError(part)
        found.append(Poke(int(match[1]) - 1, bytes.fromhex(match[2])))
    if not found or len({poke.argument for poke in found}) < len(found):
        raise ValueError(text)
    return tuple(found)


def _pure(text: str) -> str:
    """A call without side effects and without arguments that it needs."""
    is_pure = expressions.calls("%pure")
    if not any(is_pure(text, bits) for bits in (64, 32)):
        raise ValueError(text)
    return text


def _probability(text: str) -> float:
    share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= share <= 1:
        raise ValueError(text)
    return share


def _size(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(text)
    return int(text)


_WORDS: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    "error": ("error", _error),
    "retval": ("value", _value),
    "signal": ("signal", _signal),
    "when": ("moments", _moments),
    "syscall": ("instead", _pure),
    "delay_enter": ("delay_enter", nanoseconds),
    "delay_exit": ("delay_exit", nanoseconds),
    "poke_enter": ("poke_enter", _pokes),
    "poke_exit": ("poke_exit", _pokes),
    "if": ("condition", conditions.parse),
    "prob": ("probability", _probability),
    "short": ("short", _size),
}
"""The field of a rule that each word fills, and what reads it."""
