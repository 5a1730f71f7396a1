"""Format strings of printf and printa: parsed, and checked against the types of their arguments."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.types import (
    Array,
    Dynamic,
    Float,
    Integer,
    Type,
    is_integer,
    is_pointer,
    is_string,
    resolve,
    target_of,
)

_SPECIFICATION = re.compile(
    r"%(?P<positional>[0-9]+\$)?(?P<flags>[-+ #0'@?]*)(?P<width>\*+|[0-9]*)(?P<star>[0-9]+\$)?(?P<aggregation>@)?"
    r"(?P<precision>(?:\.(?:\*(?:[0-9]+\$)?|[0-9]*))*)"
    r"(?P<size>hh|h|ll|l|L|w)?(?P<name>.)?",
    re.DOTALL,
)


class Conversion(NamedTuple):
    """One conversion of a format, and the text before it; `name` is empty for the text at the end."""

    text: str
    flags: str = ""
    width: int | None = None
    dynamic_width: bool = False
    precision: int | None = None
    dynamic_precision: bool = False
    size: str = ""
    name: str = ""

    @property
    def of_aggregation(self) -> bool:
        """`%@d`: the value of an aggregation."""
        return "@" in self.flags

    def __str__(self) -> str:
        return f"%{self.size}{self.name}"


class Kind(NamedTuple):
    """What a conversion takes: the test for a type, and how errors describe it."""

    accepts: Callable[[Type], bool]
    prototype: str


def _is_character_array(kind: Type) -> bool:
    kind = resolve(kind)
    if not isinstance(kind, Array):
        return False
    element = resolve(target_of(kind))
    return isinstance(element, Integer) and element.size == 1


_INTEGER = Kind(is_integer, "char, short, int, long, or long long")
_ADDRESS = Kind(lambda kind: is_integer(kind) or is_pointer(kind), "pointer or integer")
_NAMED = Kind(
    lambda kind: is_integer(kind) or is_pointer(kind) or str(kind) == "symbol address",
    "pointer or integer",
)
_STRING = Kind(
    lambda kind: is_string(kind) or _is_character_array(kind), "char [] or string (or use stringof)"
)
_FLOAT = Kind(lambda kind: isinstance(resolve(kind), Float), "float, double, or long double")
_TIME = Kind(is_integer, "int64_t")
_STACK = Kind(lambda kind: isinstance(resolve(kind), Dynamic) and str(kind) == "stack", "stack")
KINDS = {
    **dict.fromkeys("dioux", _INTEGER),
    "X": _INTEGER,
    "c": Kind(is_integer, "char"),
    "C": Kind(is_integer, "char"),
    "p": _ADDRESS,
    "a": _NAMED,
    "A": _NAMED,
    "s": _STRING,
    "S": _STRING,
    **dict.fromkeys("eEfgG", _FLOAT),
    "Y": _TIME,
    "T": _TIME,
    "k": _STACK,
}
"""The conversions by name."""


def parse(text: str, line: int) -> list[Conversion]:
    """The conversions of a format; the last one has no name if text follows the last conversion.

    Raises:
        CompileError: D_SYNTAX.
    """
    found: list[Conversion] = []
    before, position = "", 0
    while True:
        start = text.find("%", position)
        if start < 0:
            before += text[position:]
            break
        before += text[position:start]
        match = _SPECIFICATION.match(text, start)
        assert match
        position = match.end()
        if match["name"] == "%":
            before += "%"
            continue
        found.append(_conversion(match, before, len(found) + 1, line))
        before = ""
    if before:
        found.append(Conversion(before))
    return found


def _conversion(match: re.Match[str], before: str, number: int, line: int) -> Conversion:
    what = f"format conversion #{number}"
    if match["positional"] or match["star"] or "$" in match["precision"]:
        fail("D_SYNTAX", line, f"{what} uses unsupported positional format (%n$)")
    width, precision = match["width"], match["precision"]
    if len(width) > 1 and width[0] == "*":
        fail("D_SYNTAX", line, f"{what} has more than one '*' specified for the output width")
    if precision.count(".") > 1:
        fail("D_SYNTAX", line, f"{what} has more than one '.' specified")
    name = match["name"]
    if not name:
        fail("D_SYNTAX", line, f"{what} name expected before end of format string")
    size = match["size"] or ""
    if name not in KINDS:
        fail("D_SYNTAX", line, f"{what} is undefined: %{size}{name}")
    return Conversion(
        before,
        match["flags"] + (match["aggregation"] or ""),
        int(width) if width.isdigit() else None,
        width == "*",
        int(precision[1:] or 0) if precision and precision[1:] != "*" else None,
        precision == ".*",
        size,
        name,
    )


def check_arguments(
    function: str, conversions: list[Conversion], arguments: list[Type], first: int, line: int
) -> None:
    """Compare the conversions with the types of arguments.

    Args:
        function: `printf`, for messages.
        conversions: What `parse` gave.
        arguments: The types.
        first: The number of the first one among the function's arguments.
        line: Where.

    Raises:
        CompileError: D_PRINTF_*.
    """
    position = 0
    number = 0
    for conversion in conversions:
        if not conversion.name:
            continue
        number += 1
        if conversion.of_aggregation:
            fail(
                "D_PRINTF_AGG_CONV",
                line,
                f"%@ conversion requires an aggregation and is not for use with {function}( )",
            )
        for dynamic, star in ((conversion.dynamic_width, "*"), (conversion.dynamic_precision, ".*")):
            if dynamic:
                _check_dynamic(function, conversion, number, star, arguments, position, first, line)
                position += 1
        if position >= len(arguments):
            message = f"conversion #{number} ({conversion}) is missing a corresponding value argument"
            fail("D_PRINTF_ARG_PROTO", line, f"{function}( ) prototype mismatch: {message}")
        kind = KINDS[conversion.name]
        if not kind.accepts(arguments[position]):
            fail(
                "D_PRINTF_ARG_TYPE",
                line,
                f"{function}( ) argument #{position + first} is incompatible with conversion #{number} prototype:\n"
                f"\tconversion: {conversion}\n\t prototype: {kind.prototype}\n\t  argument: {arguments[position]}",
            )
        position += 1
    if position < len(arguments):
        message = f"only {position} arguments required by this format string"
        fail("D_PRINTF_ARG_EXTRA", line, f"{function}( ) prototype mismatch: {message}")


def _check_dynamic(
    function: str,
    conversion: Conversion,
    number: int,
    star: str,
    arguments: list[Type],
    position: int,
    first: int,
    line: int,
) -> None:
    if position >= len(arguments):
        message = f'conversion #{number} ({conversion}) is missing a corresponding "{star}" argument'
        fail("D_PRINTF_DYN_PROTO", line, f"{function}( ) prototype mismatch: {message}")
    if not is_integer(arguments[position]):
        fail(
            "D_PRINTF_DYN_TYPE",
            line,
            f"{function}( ) argument #{position + first} is incompatible with conversion #{number} prototype:\n"
            f"\tconversion: % {star} {conversion.name}\n\t prototype: int\n\t  argument: {arguments[position]}",
        )
