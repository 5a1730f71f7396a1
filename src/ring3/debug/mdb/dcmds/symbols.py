"""Symbols: ::nm, ::whatis, ::nmadd, ::nmdel, $e, ::objects, ::mappings."""

from __future__ import annotations

from typing import Final

from ring3.debug.mdb.call import Call, Options
from ring3.debug.mdb.errors import NO_MAP, MdbError, UsageError
from ring3.debug.mdb.numbers import with_base
from ring3.debug.mdb.registry import dcmd
from ring3.debug.mdb.targets.base import MappedObject, Symbol
from ring3.debug.mdb.targets.file import FileTarget
from ring3.debug.object_file import BINDINGS, TYPES, FileSymbol

_SECTIONS: Final = {0: "UNDEF", 0xFFF1: "ABS", 0xFFF2: "COMMON"}
_FORMATS: Final = {
    "ndx": ("Index", 5), "val": ("Value", 18), "size": ("Size", 18), "type": ("Type", 5), "bind": ("Bind", 5),
    "oth": ("Other", 5), "shndx": ("Shndx", 8), "name": ("Name", 0), "obj": ("Object", 15),
}  # fmt: skip


@dcmd(
    "nm",
    "?[-DPdghnopuvx] [-f format] [-t types] [object]",
    "print symbols",
    help="  -D     the dynamic symbol table\n  -P     the private one\n  -d -o -x  values in base 10, 8, 16\n"
    "  -g     global symbols only\n  -h     no header\n  -n     sort by name\n  -p     as a series of ::nmadd\n"
    "  -u     undefined symbols only\n  -v     sort by value\n  -f     ndx,val,size,type,bind,oth,shndx,name\n"
    "  -t     noty,objt,func,sect,file,comm,tls,regi",
)
def nm(call: Call) -> None:
    """Lists symbols."""
    options = call.options("DPdghnopuvxf:t:")
    columns = str(options.values.get("f", "val,size,type,bind,oth,shndx,name")).split(",")
    if any(column not in _FORMATS for column in columns) or len(options.rest) > 1:
        raise UsageError
    rows = _rows(
        call,
        private="P" in options,
        dynamic="D" in options,
        name=str(options.rest[0]) if options.rest else "",
    )
    rows = _chosen(call, options, rows)
    base = 10 if "d" in options else 8 if "o" in options else 16
    if call.piped:
        for row in rows:
            call.emit(row.value)
        return
    if "h" not in options and "p" not in options:
        call.write("|".join(f"{_FORMATS[c][0]:<{_FORMATS[c][1]}}" for c in columns) + "\n")
    for row in rows:
        if "p" in options:
            call.write(f"{with_base(row.value)}::nmadd -s {with_base(row.size)} {row.name}\n")
        else:
            call.write("|".join(_cell(row, column, base) for column in columns) + "\n")


def _chosen(call: Call, options: Options, rows: list[FileSymbol]) -> list[FileSymbol]:
    """The symbols that options ask for, in their order."""
    if "t" in options:
        wanted = {each.upper() for each in str(options.values["t"]).split(",")}
        rows = [row for row in rows if TYPES[min(row.type, 7)] in wanted]
    if "u" in options:
        rows = [row for row in rows if not row.section]
    if "g" in options:
        rows = [row for row in rows if row.binding]
    if call.given:
        rows = [row for row in rows if row.value <= call.address < row.value + max(row.size, 1)]
    if "n" in options:
        rows.sort(key=lambda row: row.name)
    if "v" in options:
        rows.sort(key=lambda row: row.value)
    return rows


def _rows(call: Call, *, private: bool, dynamic: bool, name: str) -> list[FileSymbol]:
    session = call.session
    if private:
        return [_made(n, s) for n, s in enumerate(session.private.values())]
    target = session.target
    if isinstance(target, FileTarget):
        static = [s for s in target.file.symbols if s.name and not s.dynamic]
        return [s for s in target.file.symbols if s.name and s.dynamic] if dynamic or not static else static
    return [_made(n, s) for n, s in enumerate(target.symbols(name))]


def _made(number: int, symbol: Symbol) -> FileSymbol:
    kind = 2 if symbol.is_function else 1
    return FileSymbol(symbol.name, symbol.value, symbol.size, kind, 1, 0, 1, number, dynamic=False)


def _cell(row: FileSymbol, column: str, base: int) -> str:
    width = _FORMATS[column][1]
    match column:
        case "val" | "size":
            value = row.value if column == "val" else row.size
            digits = {10: f"{value}", 8: f"{value:o}", 16: f"{value:016x}"}[base]
            prefix = {10: "0t", 8: "0", 16: "0x"}[base]
            return f"{prefix}{digits}" if base == 16 else f"{digits:>{width}}"
        case "ndx":
            return f"{row.number:<{width}}"
        case "type":
            return f"{TYPES[min(row.type, 7)]:<{width}}"
        case "bind":
            return f"{BINDINGS[min(row.binding, 2)]:<{width}}"
        case "oth":
            return f"{with_base(row.other):<{width}}"
        case "shndx":
            return f"{_SECTIONS.get(row.section, str(row.section)):<{width}}"
    return row.name if column == "name" else f"{'':<{width}}"


@dcmd("nmadd", ":[-fo] [-e end] [-s size] name", "add name to private symbol table")
def nmadd(call: Call) -> None:
    """Gives an address a name."""
    options = call.options("foe:s:")
    if len(options.rest) != 1:
        raise UsageError
    size = call.number(options.values["s"]) if "s" in options else 0
    if "e" in options:
        size = call.number(options.values["e"]) - call.address
    name = str(options.rest[0])
    call.session.private[name] = Symbol(name, call.address, size, "", is_function="o" not in options)
    call.write(f"added {name}, value={call.address:x} size={size:x}\n")


@dcmd("nmdel", "name", "remove name from private symbol table")
def nmdel(call: Call) -> None:
    """Takes such a name away."""
    found = call.session.private.pop(call.text(0), None)
    if found is None:
        raise MdbError(f"'{call.text(0)}' not found in private symbol table")
    call.write(f"deleted {found.name}, value={found.value:x} size={found.size:x}\n")


@dcmd("$e", "", "print listing of global symbols")
def globals_(call: Call) -> None:
    """Lists global variables with what they hold."""
    for row in _rows(call, private=False, dynamic=False, name=""):
        if row.binding and row.type in (0, 1) and row.section:
            try:
                value = int.from_bytes(call.session.target.read(row.value, 4), "little")
            except MdbError:
                continue
            call.write(f"{row.name}:\t{with_base(value)}\n")


@dcmd("whatis", ":[-aikqv]", "given an address, return information")
def whatis(call: Call) -> None:
    """Says what lies at an address."""
    options = call.options("aikqv")
    if options.rest:
        raise UsageError
    if call.piped:
        call.emit(call.address)
        return
    found = call.session.target.whatis(call.address)
    for text in found if "a" in options else found[:1]:
        call.write(f"{call.address:x} is {text}\n")
    if not found:
        call.write(f"{call.address:x} is unknown\n")


@dcmd("findsym", "?[-g] [symbol|addr ...]", "search for symbol references in all known functions")
def findsym(call: Call) -> None:
    """Says which functions use an address: those whose instructions are written with it."""
    options = call.options("g")
    session = call.session
    wanted = [call.address] if call.given else [call.number(word) for word in options.rest]
    if not wanted:
        raise UsageError
    from ring3.debug.mdb.formats import disassembled  # noqa: PLC0415 - they import this room

    target = session.target
    read = target.read_file if target.is_idle else target.read
    names = {f"<{target.describe(value)}>" for value in wanted}
    for symbol in target.symbols():
        address, end = symbol.value, symbol.value + symbol.size
        while symbol.is_function and address < end:
            try:
                text, after = disassembled(session, address, read)
            except MdbError:
                break
            if (used := text.rpartition("\t")[2]) in names:
                call.write(f"found {used[1:-1]} at {session.symbolic(address)}\n")
            address = after


@dcmd("objects", "[-v]", "print load objects information")
def objects(call: Call) -> None:
    """Lists the object files."""
    _maps(call, call.session.target.objects())


@dcmd("mappings $m", "?[name]", "print address space mappings")
def mappings(call: Call) -> None:
    """Lists the mappings of the address space."""
    found = call.session.target.mappings()
    if call.given:
        found = [each for each in found if each.base <= call.address < each.base + each.size]
    if call.arguments:
        found = [each for each in found if call.text(0) in (each.name, each.name.rsplit("/", 1)[-1])]
    if (call.given or call.arguments) and not found:
        raise MdbError(f"failed to obtain mapping: {NO_MAP}")
    _maps(call, found)


def _maps(call: Call, found: list[MappedObject]) -> None:
    width = 2 * call.session.word_size
    call.write(f"{'BASE':>{width}} {'LIMIT':>{width}} {'SIZE':>{width}} NAME\n")
    for each in found:
        call.write(
            f"{each.base:>{width}x} {each.base + each.size:>{width}x} {each.size:>{width}x} {each.name}\n"
        )
