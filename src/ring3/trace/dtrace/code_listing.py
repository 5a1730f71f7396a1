"""What -S shows of a clause: the instructions it was made into, and the table of the variables it uses.

The instructions are Python's; the table has the columns of dtrace(1M), with the places of variables among each other
where the dialect tells them.
"""

from __future__ import annotations

import dis
import io
from collections.abc import Iterable, Iterator
from types import CodeType
from typing import NamedTuple

from ring3.trace.dtrace import nodes
from ring3.trace.dtrace.nodes import Clause, Node
from ring3.trace.dtrace.symbols import Kind, Symbol, Symbols
from ring3.trace.dtrace.types import Array, Enum, Float, Pointer, String, Struct, Type, resolve

_SCOPES = {"": "glb", "self": "tls", "this": "loc"}
_FIRST_ID = {Kind.BUILT_IN: 0x100, Kind.VARIABLE: 0x500, Kind.ARRAY: 0x500}
"""Numbers of variables begin there, those of D and those of programs."""
_SHOWN = frozenset(_FIRST_ID)


class _Use(NamedTuple):
    """A variable, and whether a clause needs it in memory or sets it."""

    symbol: Symbol
    is_read: bool
    is_written: bool


def render(shown: Iterable[tuple[str, str, CodeType, Clause]], symbols: Symbols, *, with_places: bool) -> str:
    """The listing of a program's clauses.

    Args:
        shown: Of each clause its name, its probes, its code and what it was made of.
        symbols: The names of the program.
        with_places: Whether the table tells where variables are.
    """
    out = io.StringIO()
    for name, description, code, clause in shown:
        out.write(f"\nDisassembly of {name} {description}:\n")
        dis.dis(code, file=out)
        uses = sorted(_uses(clause), key=lambda use: _number(use.symbol, symbols))
        if uses:
            out.write("\n" + _header(with_places=with_places))
            out.writelines(_row(use, symbols, with_places=with_places) for use in uses)
    return out.getvalue()


def _header(*, with_places: bool) -> str:
    place, extent = (f"{'OFFSET':<6} ", f"{'RANGE':<11} ") if with_places else ("", "")
    return f"{'NAME':<16} {'ID':<4} {place}{'KND':<3} {'SCP':<3} {extent}{'FLAG':<4} TYPE\n"


def _row(use: _Use, symbols: Symbols, *, with_places: bool) -> str:
    symbol = use.symbol
    place = extent = ""
    if with_places:
        offset = _offset(symbol, symbols)
        place, extent = f"{'' if offset is None else offset:<6} ", f"{'[0-0]':<11} "
    kind = "arr" if symbol.kind is Kind.ARRAY or symbol.type is None else "scl"
    flags = "/".join(letter for letter, holds in (("r", use.is_read), ("w", use.is_written)) if holds)
    number = f"{_number(symbol, symbols):x}"
    scope = _SCOPES[symbol.scope]
    return (
        f"{symbol.name:<16} {number:<4} {place}{kind:<3} {scope:<3} {extent}{flags:<4} {_type(symbol.type)}\n"
    )


def _type(kind: Type | None) -> str:
    """A type by what it is and its size, as the tables of D's machine have it."""
    if kind is None:
        return "D type (unknown) (size 0)"
    resolved = resolve(kind)
    if isinstance(resolved, String):
        return f"string (unknown) by ref (size {resolved.size})"
    by_reference = " by ref" if isinstance(resolved, Struct | Array) else ""
    return f"D type ({_what(resolved)}){by_reference} (size {resolved.size})"


def _what(kind: Type) -> str:
    if isinstance(kind, Struct):
        return kind.keyword
    names = ((Pointer, "pointer"), (Array, "array"), (Enum, "enum"), (Float, "float"))
    return next((name for of, name in names if isinstance(kind, of)), "integer")


def _number(symbol: Symbol, symbols: Symbols) -> int:
    """The number of a variable among those of its kind and scope."""
    first = _FIRST_ID[symbol.kind]
    alike = [each for each in symbols.scopes[symbol.scope].values() if _FIRST_ID.get(each.kind) == first]
    return first + alike.index(symbol)


def _offset(symbol: Symbol, symbols: Symbols) -> int | None:
    """Where a scalar variable is in the memory of its scope; those of threads each have memory of their own."""
    if symbol.kind is not Kind.VARIABLE:
        return None
    if symbol.scope == "self":
        return 0
    offset = 0
    for each in symbols.scopes[symbol.scope].values():
        if each.kind is not Kind.VARIABLE or each.type is None:
            continue
        kind = resolve(each.type)
        align = max(kind.align, 1)
        offset = -(-offset // align) * align
        if each is symbol:
            break
        offset += kind.size
    return offset


def _uses(clause: Clause) -> list[_Use]:
    """The variables of a clause, each once."""
    found: dict[int, _Use] = {}
    for symbol, is_written in _mentions(clause):
        before = found.get(id(symbol), _Use(symbol, is_read=False, is_written=False))
        found[id(symbol)] = _Use(symbol, before.is_read or not is_written, before.is_written or is_written)
    return list(found.values())


def _mentions(clause: Clause) -> Iterator[tuple[Symbol, bool]]:
    """Every mention of a variable in a clause, and whether it sets it."""
    if clause.predicate is not None:
        yield from _of(clause.predicate)
    for statement in clause.statements or []:
        yield from _of(statement)


def _of(node: object) -> Iterator[tuple[Symbol, bool]]:
    if isinstance(node, nodes.Name) and node.symbol is not None and node.symbol.kind in _SHOWN:
        yield node.symbol, False
        return
    if isinstance(node, nodes.Assign | nodes.Step):
        target = node.target if isinstance(node, nodes.Assign) else node.operand
        base = target.base if isinstance(target, nodes.Index) else target
        if isinstance(base, nodes.Name) and base.symbol is not None and base.symbol.kind in _SHOWN:
            yield base.symbol, True
            if isinstance(node, nodes.Step) or node.operator != "=":
                yield base.symbol, False
            keys = target.keys if isinstance(target, nodes.Index) else []
            rest: list[object] = [*keys, node.value] if isinstance(node, nodes.Assign) else list(keys)
            for each in rest:
                yield from _of(each)
            return
    for part in _parts(node):
        yield from _of(part)


def _parts(node: object) -> Iterator[object]:
    """The nodes and statements directly within one."""
    for kind in type(node).__mro__:
        for name in getattr(kind, "__slots__", ()):
            value = getattr(node, name)
            if isinstance(value, Node | nodes.Statement):
                yield value
            elif isinstance(value, list):
                yield from (each for each in value if isinstance(each, Node | nodes.Statement))
