r"""``/``, ``\\``, ``?`` and ``=``: memory and values by formats, and what is written and searched with them; ``>``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.errors import Enough, MdbError, UsageError
from ring3.debug.mdb.formats import QUOTED, Formatter, Read, label
from ring3.debug.mdb.numbers import M64, with_base
from ring3.debug.mdb.registry import dcmd
from ring3.debug.mdb.variables import check_name
from ring3.trace.dtrace.types import Enum, Integer, Pointer, resolve

Write = Callable[[int, bytes], None]

_SIZES: Final = {"v": 1, "z": 0, "w": 2, "W": 4, "Z": 8, "l": 2, "L": 4, "M": 8}
_OLD_VALUE: Final = {1: 8, 2: 8, 4: 16, 8: 24}
"""Widths of the column of what was there, by bytes (write_uint8 and its like in mdb_cmds.c)."""
_DEFAULT: Final = ["X", "^", f"{QUOTED}= ", "i"]
_CASTS: Final = {"c": 1, "s": 2, "i": 4, "l": 8}


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
        if len(arguments) > 1 or arguments[0] in "vwzWZ":
            _write(call, read, write, _SIZES[arguments[0]] or _size_of_variable(call))
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
    values = call.arguments[1:]
    if not values:
        raise MdbError(f"expected value to write following {call.arguments[0]}")
    address = call.session.dot
    for argument in values:
        _store(call, address, size, call.number(argument) & ((1 << (8 * size)) - 1), read, write)
        address += size


def _store(call: Call, address: int, size: int, value: int, read: Read, write: Write) -> None:
    """Changes a number in memory, and says what was there and what is."""
    session = call.session
    try:
        old = int.from_bytes(read(address, size), "little")
        write(address, value.to_bytes(size, "little"))
    except MdbError as error:
        reason = str(error).removeprefix("failed to read data from target: ")
        raise MdbError(f"failed to write {value:x} at address {address:#x}: {reason}") from None
    label(session, address)
    session.out.field(with_base(old), _OLD_VALUE[size])
    session.out.text("=")
    session.out.to_stop(8)
    session.out.text(f"0x{value:x}\n")
    session.dot, session.increment = address, size


@dcmd("write", ":[-op] [-l len] value", "write value to the provided memory location")
def write_value(call: Call) -> None:
    """Changes memory: as many bytes as -l says, or as the variable at the address has."""
    options = call.options("opl:")
    if len(options.rest) != 1:
        raise UsageError
    if {"o", "p"} <= options.flags:
        raise UsageError("-o and -p are incompatible")
    target = call.session.target
    size = call.number(options.values["l"]) if "l" in options else _size_of_variable(call)
    value = call.number(options.rest[0])
    if size not in _OLD_VALUE:
        raise MdbError(f"writes of size {size} are not supported")
    if value >> 8 * size:
        given = (value.bit_length() + 7) // 8
        raise MdbError(
            f"value too big for the length of the write: supplied {given} bytes but maximum is {size} bytes"
        )
    if "o" in options:
        _store(call, call.address, size, value, target.read_file, target.write_file)
    elif "p" in options:
        _store(call, call.address, size, value, target.read_physical, target.write_physical)
    else:
        _store(call, call.address, size, value, target.read, target.write)


def _size_of_variable(call: Call) -> int:
    """The size of the number, pointer or enumeration whose symbol dot is (write_ctf_uint of mdb_cmds.c)."""
    target = call.session.target
    symbol = target.symbol_at(call.session.dot)
    kind = target.type_of(symbol) if symbol is not None and symbol.value == call.session.dot else None
    if kind is None:
        raise MdbError("no CTF data found at this address")
    if not isinstance(resolve(kind), Integer | Pointer | Enum):
        raise MdbError("CTF type should be integer, pointer, or enum")
    return kind.size


def _match(call: Call, read: Read, size: int) -> None:
    """Looks for a value from dot on, in steps of its size, once whatever the count.

    Dot is where memory ends if there is none.
    """
    session = call.session
    letter = call.arguments[0]
    values = [call.number(argument) for argument in call.arguments[1:]]
    if not values:
        raise MdbError(f"expected value following {letter}")
    if len(values) > 2:
        raise MdbError(f"only value and mask may follow {letter}")
    whole = (1 << (8 * size)) - 1
    wanted, mask = values[0] & whole, (values[1] if len(values) == 2 else M64) & whole
    address = session.dot
    with suppress(MdbError):
        while int.from_bytes(read(address, size), "little") & mask != wanted:
            address += size
        session.out.text(f"{session.symbolic(address)}\n")
    session.dot = address
    if not call.piped:
        raise Enough


@dcmd("=", "fmt-list", "format immediate value")
def print_value(call: Call) -> None:
    """The value of dot itself."""
    session = call.session
    if not call.arguments:
        raise MdbError("expected one or more format characters following '='")
    value = session.dot
    raw = value.to_bytes(8, "little")

    def read(address: int, size: int) -> bytes:
        behind = (address - value) & M64
        return raw[behind:].ljust(size, b"\0")[:size]

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
    check_name(words[0])
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
