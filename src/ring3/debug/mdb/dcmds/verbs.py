r"""``/``, ``\\``, ``?`` and ``=``: memory and values by formats, and what is written and searched with them; ``>``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.errors import NO_MAP, MdbError
from ring3.debug.mdb.formats import QUOTED, Formatter, Read, label
from ring3.debug.mdb.numbers import M64, with_base
from ring3.debug.mdb.registry import dcmd

Write = Callable[[int, bytes], None]

_SIZES: Final = {"v": 1, "w": 2, "W": 4, "Z": 8, "l": 2, "L": 4, "M": 8}
_DEFAULT: Final = ["X", "^", f"{QUOTED}= ", "i"]
_CASTS: Final = {"c": 1, "s": 2, "i": 4, "l": 8}
_IDENTIFIER: Final = re.compile(r"[a-zA-Z_.][a-zA-Z0-9_.]*|[0-9]")


@dcmd("/", "fmt-list", "format data from virtual as")
def print_core(call: Call) -> None:
    """Virtual memory."""
    target = call.session.target
    _print(call, target.read, target.write, symbolic=True)


@dcmd("\\ @", "fmt-list", "format data from physical as")
def print_physical(call: Call) -> None:
    """Physical memory."""
    target = call.session.target
    _print(call, target.read_physical, target.write_physical, symbolic=False)


@dcmd("?", "fmt-list", "format data from object file")
def print_object(call: Call) -> None:
    """The object file; a kernel's memory, which has none."""
    target = call.session.target
    if target.is_kernel:
        print_core(call)
        return
    _print(call, target.read_file, target.write_file, symbolic=True)


def _print(call: Call, read: Read, write: Write, *, symbolic: bool) -> None:
    arguments = call.arguments
    if arguments and isinstance(arguments[0], str) and arguments[0] in _SIZES:
        if arguments[0] in "lLM":
            _match(call, read, _SIZES[arguments[0]])
            return
        if len(arguments) > 1 or arguments[0] in "vwWZ":
            _write(call, read, write, _SIZES[arguments[0]])
            return
    session, out = call.session, call.session.out
    address = session.dot
    if (call.first or not call.looping) and not call.piped:
        letters = "".join(a for a in arguments[:2] if isinstance(a, str))
        exact = session.target.symbol_at(address) if symbolic else None
        if exact is not None and exact.value == address and letters not in ("ai", "ia"):
            out.text(f"{session.target.describe(address)}:\n")
        if letters == "ai":
            out.text(f"{session.symbolic(address)}:\n")
        elif letters == "ia":
            out.field(f"{session.symbolic(address)}:", 16)
        else:
            label(session, address)
    out.indent = True
    after = Formatter(session, read).apply(arguments or list(_DEFAULT), address)
    session.increment = (after - address) & M64


def _write(call: Call, read: Read, write: Write, size: int) -> None:
    session = call.session
    values = call.arguments[1:]
    if not values:
        raise MdbError(f"expected value to write following {call.arguments[0]}")
    address = session.dot
    for argument in values:
        value = call.number(argument) & ((1 << (8 * size)) - 1)
        try:
            old = int.from_bytes(read(address, size), "little")
            write(address, value.to_bytes(size, "little"))
        except MdbError as error:
            reason = str(error).removeprefix("failed to read data from target: ")
            raise MdbError(f"failed to write {value:x} at address {address:#x}: {reason}") from None
        label(session, address)
        session.out.text(f"{with_base(old):<{2 * size + 2}}=       {with_base(value)}\n")
        session.dot, session.increment = address, size
        address += size


def _match(call: Call, read: Read, size: int) -> None:
    """Looks for a value from dot on, in steps of its size."""
    session = call.session
    values = [call.number(argument) for argument in call.arguments[1:]]
    if not 1 <= len(values) <= 2:
        raise MdbError("expected value following L, M or l")
    mask = (values[1] if len(values) == 2 else M64) & ((1 << (8 * size)) - 1)
    address = session.dot
    while True:
        try:
            found = int.from_bytes(read(address, size), "little")
        except MdbError:
            raise MdbError(f"cannot find a match before {address:#x}: {NO_MAP}") from None
        if found & mask == values[0] & mask:
            session.dot = address
            session.out.text(f"{session.symbolic(address)}\n")
            return
        address += size


@dcmd("=", "fmt-list", "format immediate value")
def print_value(call: Call) -> None:
    """The value of dot itself."""
    session = call.session
    if not call.arguments:
        raise MdbError("expected one or more format characters following '='")
    value = session.dot
    raw = value.to_bytes(8, "little")

    def read(_address: int, size: int) -> bytes:
        return raw.ljust(size, b"\0")[:size]

    session.out.indent = True
    formatter = Formatter(session, read)
    count = 1
    for argument in call.arguments:
        if isinstance(argument, int):
            count = argument
            continue
        if argument.startswith(QUOTED):
            session.out.field(argument[1:])
        else:
            after = formatter.one(argument, value, count)
            if argument in "+-":
                value = after & M64
                raw = value.to_bytes(8, "little")
        count = 1
    session.dot = value
    session.increment = 0


@dcmd(">", "variable-name", "assign variable")
def assign(call: Call) -> None:
    """Gives a variable the value of dot, cut to the size of a cast."""
    words = [word for word in call.arguments if isinstance(word, str)]
    value = call.session.dot
    if words and words[0].startswith("/"):
        size = _CASTS.get(words[0][1:])
        if size is None:
            raise MdbError(f"{words[0][1:]} is not a valid // modifier")
        value &= (1 << (8 * size)) - 1
        words.pop(0)
    if len(words) != 1:
        raise MdbError("expected single variable name following '>'")
    if not _IDENTIFIER.fullmatch(words[0]):
        raise MdbError(f"'{words[0]}' may not be used as a variable name")
    call.session.variables.set(words[0], value)
    call.session.increment = 0


@dcmd("$expression", "", "")
def expression(call: Call) -> None:
    """A value alone, at the end of a pipe or within one."""
    (value,) = call.arguments
    assert isinstance(value, int)
    call.session.dot = value
    if call.piped:
        call.emit(value)
