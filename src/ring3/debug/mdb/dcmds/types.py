"""Values and sizes by type: ::print, ::sizeof, ::offsetof, ::enum, ::typelist."""

from __future__ import annotations

from collections.abc import Iterable

from ring3.debug.mdb.call import Argument, Call, Options
from ring3.debug.mdb.errors import NO_MEMBER, NO_SYMBOL_THERE, NO_TYPE, MdbError, UsageError
from ring3.debug.mdb.numbers import M64, with_base
from ring3.debug.mdb.registry import dcmd
from ring3.debug.mdb.types.places import Place, follow, member_at
from ring3.debug.mdb.types.printing import Printer, Style
from ring3.trace.dtrace.types import Struct, Type, resolve

_KEYWORDS = ("struct", "union", "enum", "unsigned", "signed")


def take_type(call: Call, words: list[Argument]) -> tuple[str, Type, list[Argument]]:
    """The type that arguments begin with, as it was written, and what stands behind it.

    Raises:
        MdbError: There is no such type.
    """
    texts = [str(word) for word in words]
    if not texts:
        raise UsageError
    for length in range(min(4, len(texts)), 0, -1):
        name = " ".join(texts[:length])
        found = call.session.catalog.find(name)
        if found is not None and (length == 1 or texts[0] in _KEYWORDS or texts[0] in ("long", "short")):
            while texts[length : length + 1] and set(texts[length]) == {"*"}:
                name = f"{name} {texts[length]}"
                found = call.session.catalog.get(name)
                length += 1  # noqa: PLW2901 - the stars belong to the type
            return name, found, words[length:]
    name = " ".join(texts[:2]) if texts[0] in _KEYWORDS else texts[0]
    raise MdbError(f"failed to look up type {name}: {NO_TYPE}")


@dcmd("sizeof", "type", "print the size of a type")
def sizeof(call: Call) -> None:
    """Prints a type's size."""
    name, kind, rest = take_type(call, call.arguments)
    if rest:
        raise UsageError
    if call.piped:
        call.emit(kind.size)
    else:
        call.write(f"sizeof ({name}) = {with_base(kind.size)}\n")


@dcmd("offsetof", "type member", "print the offset of a given struct or union member")
def offsetof(call: Call) -> None:
    """Prints where a member is, and how large."""
    name, kind, rest = take_type(call, call.arguments)
    if len(rest) != 1:
        raise UsageError
    path = str(rest[0])
    whole = resolve(kind)
    if not isinstance(whole, Struct) or path.partition(".")[0].partition("[")[0] not in whole.members:
        raise MdbError(f"failed to find member {path} of type {name}: {NO_MEMBER}")
    place = follow(call.session, 0, kind, path)
    if call.piped:
        call.emit(place.address)
        return
    bit = f".{with_base(place.bit)}" if place.bits and place.bit else ""
    size = f"{with_base(place.bits)} bits" if place.bits else with_base(place.type.size)
    call.write(
        f"offsetof ({name}, {path}) = {with_base(place.address)}{bit}, sizeof (...->{path}) = {size}\n"
    )


PRINT_HELP = """\
  -a     show address of object
  -C     unlimit the length of character arrays
  -c limit   limit the length of character arrays
  -d     output values in decimal
  -h     print holes in structures
  -i     interpret address as data of the given type
  -L     unlimit the length of standard arrays
  -l limit   limit the length of standard arrays
  -n     don't print pointers as symbol offsets
  -p     interpret address as a physical memory address
  -s depth   limit the recursion depth
  -T     show type and <<base type>> of object
  -t     show type of object
  -x     output values in hexadecimal
"""


@dcmd(
    "print",
    "?[-aCdhiLnpTtx] [-c lim] [-l lim] [-s depth] [type] [member|offset ...]",
    "print the contents of a data structure",
    help=PRINT_HELP,
)
def print_(call: Call) -> None:
    """Prints a value by its type."""
    session = call.session
    options = call.options("aCc:dhiLl:npTts:x")
    if {"p", "i"} <= options.flags:
        raise MdbError("-p and -i options are incompatible")
    kind, members = _what(call, options.rest)
    if call.piped:
        _pipe(call, kind, members, immediate="i" in options)
        return
    style = _style(call, options)
    memory = call.address.to_bytes(8, "little") if "i" in options else None
    if "p" in options:
        memory = session.target.read_physical(call.address, kind.size)
    address = 0 if memory is not None or not style.values else call.address
    printer = Printer(session, style, memory)
    for name in members or [""]:
        if name:
            for line in printer.lines(follow(session, address, kind, name), name):
                call.write(f"{line}\n")
        else:
            _whole(call, printer, Place(address, kind), style, options.rest)
    if call.given and memory is None:
        session.increment = kind.size


def _whole(call: Call, printer: Printer, place: Place, style: Style, words: list[Argument]) -> None:
    """A whole type; with addresses or types the first line says its name as it was written."""
    lines = list(printer.lines(place))
    if (style.addresses or style.types or style.base_types) and lines[-1] == "}" and words:
        written = take_type(call, words)[0]
        head = f"{place.address:x} " if style.addresses else ""
        lines[0] = f"{head}{f'{written} ' if style.types or style.base_types else ''}{{"
    for line in lines:
        call.write(f"{line}\n")


def _what(call: Call, words: list[Argument]) -> tuple[Type, list[str]]:
    """The type, by the arguments or by the symbol at the address, and the members."""
    if words:
        try:
            _name, kind, rest = take_type(call, words)
            return kind, [_member(kind, word) for word in rest]
        except MdbError as error:
            found = _of_symbol(call)
            if found is None:
                raise error from None
            return found, [_member(found, word) for word in words]
    found = _of_symbol(call)
    if found is None:
        raise MdbError(f"no symbol information for {call.session.symbolic(call.address)}: {NO_SYMBOL_THERE}")
    return found, []


def _member(kind: Type, word: Argument) -> str:
    """The path of a member, which may be named by its offset."""
    return word if isinstance(word, str) else member_at(kind, word)


def _of_symbol(call: Call) -> Type | None:
    symbol = call.session.target.symbol_at(call.address)
    if symbol is None or symbol.value != call.address:
        return None
    return call.session.target.type_of(symbol)


def _style(call: Call, options: Options) -> Style:
    settings = call.session.settings
    elements = call.number(options.values["l"]) if "l" in options else settings.array_mem_limit
    characters = call.number(options.values["c"]) if "c" in options else settings.array_str_limit
    return Style(
        addresses="a" in options,
        types="t" in options,
        base_types="T" in options,
        decimal="d" in options and "x" not in options,
        hexadecimal="x" in options,
        holes="h" in options,
        symbols="n" not in options,
        depth=call.number(options.values["s"]) if "s" in options else 1 << 30,
        elements=None if "L" in options else elements,
        characters=None if "C" in options else characters,
        values=call.given,
    )


def _pipe(call: Call, kind: Type, members: list[str], *, immediate: bool) -> None:
    """In a pipe ::print gives the values of scalars, and the addresses of the rest."""
    session = call.session
    for name in members or [""]:
        place = follow(session, call.address, kind, name)
        size = place.type.size
        if immediate:
            call.emit(call.address)
        elif size in (1, 2, 4, 8) and not hasattr(resolve(place.type), "members"):
            value = int.from_bytes(session.target.read(place.address, size), "little")
            call.emit(value >> place.bit & ((1 << place.bits) - 1) if place.bits else value)
        else:
            call.emit(place.address & M64)


@dcmd("typelist", "", "list known types")
def typelist(call: Call) -> None:
    """Lists the types there are."""
    names: Iterable[str] = {*call.session.catalog.synthetic, *call.session.target.type_names()}
    for name in sorted(names):
        call.write(f"{name}\n")
