"""Conditions on the arguments of a call: ``path~^/etc/,fd==3,arg2&0x40``.

What a condition names is an argument by its name in the row of the call, ``arg1`` to ``arg6``, or a meaning: ``path``
is any argument that is one, ``fd`` any descriptor, ``address`` the text of a socket's address. All must hold.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from typing import Final

from ring3.abi.c_types import LONG
from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux import values
from ring3.abi.meaning import Meaning, Parameter, When
from ring3.abi.values import Value
from ring3.kernel.watched_stubs import StubCall
from ring3.trace.addresses import plain
from ring3.trace.called import name_of, row_of

_ONE: Final = re.compile(r"(\w+)(==|!=|<=|>=|~|!~|=|<|>|&)(.*)", re.DOTALL)
_COMPARE: Final[dict[str, Callable[[int, int], object]]] = {
    "==": operator.eq, "=": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
    "<=": operator.le, ">=": operator.ge, "&": operator.and_,
}  # fmt: skip
_FDS: Final = frozenset({Meaning.FD, Meaning.DIRFD})
_PATH_MAX: Final = 4096


class Condition(NamedTuple):
    """One comparison.

    Attributes:
        name: What is compared.
        operation: How: one of ``== != < > <= >= &``, or ``~`` and ``!~`` for a regular expression.
        text: With what.
    """

    name: str
    operation: str
    text: str

    def holds(self, call: StubCall) -> bool:
        """Whether a call is such a one; a call without such an argument is not."""
        found = list(_named(call, self.name))
        if self.operation in ("~", "!~"):
            matches = any(re.search(self.text, _text(call, *one)) for one in found)
            return bool(found) and matches is (self.operation == "~")
        numbers = [(_number_of(parameter, value), parameter) for parameter, value in found]
        if _is_text(self.text):
            same = [_text(call, parameter, value) == self.text for parameter, value in found]
            return bool(same) and any(same) is (self.operation != "!=")
        compare = _COMPARE[self.operation]
        return any(compare(number, _value(self.text, parameter)) for number, parameter in numbers)


def parse(text: str) -> Callable[[StubCall], bool]:
    """What decides whether all conditions of a text hold.

    Raises:
        ValueError: The text is malformed.
    """
    conditions = []
    for part in text.split(","):
        match = _ONE.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is not a condition")
        condition = Condition(*match.groups())
        if condition.operation in ("~", "!~"):
            try:
                re.compile(condition.text)
            except re.error as error:
                raise ValueError(f"{part!r}: {error}") from None
        elif _is_text(condition.text) and condition.operation not in ("==", "=", "!="):
            raise ValueError(f"{part!r} compares no numbers")
        conditions.append(condition)
    return lambda call: all(condition.holds(call) for condition in conditions)


def addresses_of(call: StubCall) -> list[str]:
    """The addresses of sockets that a call is given, as people write them."""
    row = row_of(call.what.symbol, name_of(call))
    if row is None or not any(p.arg.of == "sockaddr" and p.arg.when is When.ENTRY for p in row.parameters):
        return []
    found = _named(call, "address")
    return [_text(call, parameter, value) for parameter, value in found if value]


def _is_text(text: str) -> bool:
    return re.fullmatch(r"-?(0x[0-9a-fA-F]+|\d+|[A-Z][A-Z0-9_|]*)", text) is None


def _named(call: StubCall, name: str) -> Iterator[tuple[Parameter | None, int]]:
    """The arguments that a name stands for, with their values."""
    given = call.arguments
    row = row_of(call.what.symbol, name_of(call))
    parameters = () if row is None else row.arguments(given, values.every())
    pairs = list(zip(parameters, given, strict=False))
    exact = [pair for pair in pairs if pair[0].name == name]
    if exact and name != "path":
        yield from exact
    elif re.fullmatch(r"arg[1-6]", name):
        at = int(name[3]) - 1
        if at < len(given):
            yield (pairs[at][0] if at < len(pairs) else None), given[at]
    elif name == "fd":
        yield from (pair for pair in pairs if pair[0].arg.meaning in _FDS and pair[0].arg.when is None)
    elif name == "path":
        yield from (pair for pair in pairs if pair[0].arg.meaning is Meaning.PATH and pair[0].arg.when)
    elif name == "address":
        yield from (pair for pair in pairs if pair[0].arg.of == "sockaddr")


def _number_of(parameter: Parameter | None, value: int) -> int:
    return LONG.cast(value) if parameter is None else parameter.arg.type.cast(value)


def _value(text: str, parameter: Parameter | None) -> int:
    """A number, or the names of values of the argument's set."""
    if not text[:1].isalpha():
        return int(text, 0)
    names: dict[str, int] = {}
    if parameter is not None and parameter.arg.of in values.every():
        names = {value.name: value.value for value in _reachable(parameter.arg.of)}
    total = 0
    for word in text.split("|"):
        total |= names.get(word, -1)
    return total


def _reachable(of: str) -> Iterator[Value]:
    found = values.every()[of]
    yield from found.values
    for field in found.fields:
        if field.of in values.every():
            yield from values.every()[field.of].values


def _text(call: StubCall, parameter: Parameter | None, value: int) -> str:
    """What an argument points to, as text; the number itself where it does not point."""
    if parameter is None or parameter.arg.when is None or call.task is None:
        return str(value)
    memory = call.task.memory
    try:
        if parameter.arg.of == "sockaddr":
            return _address(call, parameter, value)
        raw = memory.read_cstring(value, _PATH_MAX)
    except Errno:
        return ""
    return (raw or b"").decode("utf-8", "surrogateescape")


def _address(call: StubCall, parameter: Parameter, value: int) -> str:
    """A socket's address: ``127.0.0.1:80``, ``[::1]:80``, a path, or ``@name``."""
    row = row_of(call.what.symbol, name_of(call))
    size = 128
    for other, number in zip(row.parameters if row else (), call.arguments, strict=False):
        if other.name == parameter.arg.length and not parameter.arg.indirect:
            size = min(number, 128)
    assert call.task is not None
    try:
        return plain(call.task.memory.peek(value, size))
    except Errno:
        return ""
