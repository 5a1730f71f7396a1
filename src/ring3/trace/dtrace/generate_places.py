"""Places: where lvalues are stored, and the Python that assigns to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ring3.trace.dtrace import nodes
from ring3.trace.dtrace.nodes import Node
from ring3.trace.dtrace.symbols import Kind, Symbol
from ring3.trace.dtrace.types import (
    Array,
    Integer,
    Pointer,
    String,
    Struct,
    Type,
    is_pointer,
    is_signed,
    is_string,
    resolve,
    target_of,
)

if TYPE_CHECKING:
    from ring3.trace.dtrace.generate_expressions import ExpressionWriter


class Place(NamedTuple):
    """Where something is stored: `bind` computes the key or address once, `load` reads with it, `store` writes.

    `store(value)` is an expression that stores and returns the value; for names `bind` is empty.
    """

    bind: str
    load: str
    store: Callable[[str, str], str]
    kind: Type
    """What is stored: the type, or the 64 bits that a variable keeps of it."""


ADDRESS = Integer("unsigned long", 8, 4, signed=False)
"""The type of addresses."""
SIGNED = Integer("long", 8, 4, signed=True)


def is_null(node: Node) -> bool:
    """Whether a node is a constant zero, however it is cast."""
    while isinstance(node, nodes.Cast):
        node = node.operand
    return isinstance(node, nodes.Constant) and node.value == 0


def signed_like(kind: Type) -> Integer:
    """The 64-bit type of a type's sign."""
    return SIGNED if is_signed(kind) else ADDRESS


def array_symbol(node: nodes.Index) -> Symbol | None:
    """The associative array whose element a node is; None for elements of other arrays."""
    symbol = node.base.symbol if isinstance(node.base, nodes.Name) else None
    return symbol if symbol and symbol.kind is Kind.ARRAY else None


def array_key(writer: ExpressionWriter, node: nodes.Index, symbol: Symbol) -> str:
    """The text of the key of an associative array's element."""
    key = writer.key(node.keys, symbol.keys)
    return f"(f.thread, *{key})" if symbol.scope == "self" else key


def element(writer: ExpressionWriter, node: nodes.Index, symbol: Symbol) -> str:
    """The text of an associative array's element; of a struct, of its address."""
    table, key = writer.namespace.array_table(symbol), array_key(writer, node, symbol)
    if isinstance(resolve(node.type), Struct | Array):
        return f"storage({table}, {key}, {resolve(node.type).size})"
    return f"{table}.get({key}, {writer.namespace.unset(node.type)})"


def _scalar_place(writer: ExpressionWriter, node: Node) -> Place:
    assert isinstance(node, nodes.Name)
    symbol = node.symbol
    assert symbol
    if symbol.kind is Kind.SYMBOL:
        return _memory_place(writer, str(symbol.value), node.type)
    if isinstance(resolve(node.type), Struct):
        return _memory_place(writer, writer.namespace.variable(symbol), node.type)
    name, kind = writer.namespace.variable(symbol), writer.stored(node.type)
    if symbol.scope == "self":
        table = writer.namespace.thread_table(symbol)
        return Place("f.thread", name, lambda key, value: f"put({table}, {key}, {value})", kind)
    return Place("", name, lambda _key, value: f"({name} := {value})", kind)


def _memory_place(writer: ExpressionWriter, address: str, kind: Type) -> Place:
    temporary = writer.temporary()
    resolved = resolve(kind)
    load = writer.load(temporary, kind)
    if isinstance(resolved, Struct):
        return Place(address, load, lambda key, value: f"copy({key}, {value}, {resolved.size})", kind)
    if isinstance(resolved, String):
        return Place(address, load, lambda key, value: f"write_string({key}, {value})", kind)
    storer = writer.namespace.storer(resolved.size)
    return Place(f"({temporary} := {address})", load, lambda key, value: f"{storer}({key}, {value})", kind)


def _index_place(writer: ExpressionWriter, node: Node) -> Place:
    assert isinstance(node, nodes.Index)
    symbol = array_symbol(node)
    if symbol is None and is_string(node.base.type):
        return _character_place(writer, node)
    if symbol is None:
        return _memory_place(writer, writer.element_address(node), node.type)
    if isinstance(resolve(node.type), Struct):
        return _memory_place(writer, element(writer, node, symbol), node.type)
    table = writer.namespace.array_table(symbol)
    temporary = writer.temporary()
    key = array_key(writer, node, symbol)
    default = writer.namespace.unset(node.type)
    return Place(
        f"({temporary} := {key})",
        f"{table}.get({temporary}, {default})",
        lambda bound, value: f"put({table}, {bound}, {value})",
        writer.stored(node.type),
    )


def _character_place(writer: ExpressionWriter, node: nodes.Index) -> Place:
    """A character of a string: the string is changed and stored again."""
    string = writer.place(node.base)
    temporary = writer.temporary()
    index = writer.value(node.keys[0])
    return Place(
        f"({temporary} := {index})",
        f"character({string.load}, {temporary})",
        lambda key, value: string.store(string.bind, f"with_character({string.load}, {key}, {value})"),
        node.type,
    )


def _member_place(writer: ExpressionWriter, node: Node) -> Place:
    assert isinstance(node, nodes.Access)
    base, member = writer.member(node)
    address = f"({base} + {member.offset})" if member.offset else base
    if not member.bits:
        return _memory_place(writer, address, member.type)
    size = -(-(member.bit + member.bits) // 8)
    temporary = writer.temporary()
    loader, storer = writer.namespace.loader(size, signed=False), writer.namespace.storer(size)
    mask = (1 << member.bits) - 1
    keep = ((1 << 8 * size) - 1) ^ (mask << member.bit)
    value = f"({loader}({temporary}) >> {member.bit} & {mask})"
    if is_signed(member.type):
        half = 1 << (member.bits - 1)
        value = f"(({value} + {half} & {mask}) - {half})"
    return Place(
        f"({temporary} := {address})",
        value,
        lambda key, new: (
            f"store_bits({storer}, {key}, {loader}({temporary}) & {keep}, {new}, {mask}, {member.bit})"
        ),
        member.type,
    )


def _dereferenced_place(writer: ExpressionWriter, node: Node) -> Place:
    assert isinstance(node, nodes.Unary)
    return _memory_place(writer, writer.value(node.operand), node.type)


def step(writer: ExpressionWriter, node: Node) -> str:
    """The text of `++` and `--`."""
    assert isinstance(node, nodes.Step)
    place = writer.place(node.operand)
    kind = resolve(node.type)
    by = resolve(kind.target).size if isinstance(kind, Pointer) else 1
    sign, back = ("+", "-") if node.operator == "++" else ("-", "+")
    stored = place.store(place.bind, writer.wrap(f"{place.load} {sign} {by}", place.kind))
    return writer.wrap(f"{stored} {back} {by}", place.kind) if node.postfix else stored


def assign(writer: ExpressionWriter, node: Node) -> str:
    """The text of an assignment, whose value is what was stored."""
    assert isinstance(node, nodes.Assign)
    if isinstance(node.value, nodes.Xlate) and isinstance(resolve(node.target.type), Struct):
        return _translate_into(writer, node.target, node.value)
    if isinstance(resolve(node.target.type), Struct) and is_null(node.value):
        return _remove(writer, node.target)
    place = writer.place(node.target)
    return place.store(place.bind, assigned_value(writer, node, place))


def _remove(writer: ExpressionWriter, target: Node) -> str:
    """The text that frees a struct that is an element or a thread's: zero was assigned to it."""
    if isinstance(target, nodes.Name):
        assert target.symbol
        return f"{writer.namespace.thread_table(target.symbol)}.pop(f.thread, 0)"
    assert isinstance(target, nodes.Index)
    symbol = array_symbol(target)
    assert symbol
    return f"{writer.namespace.array_table(symbol)}.pop({array_key(writer, target, symbol)}, 0)"


def _translate_into(writer: ExpressionWriter, target: Node, value: nodes.Xlate) -> str:
    """The text that stores every member a translator computes, and zeroes the others; its value is the address."""
    translator = value.translator
    assert translator
    where = writer.temporary()
    struct = translator.struct
    parts = [
        f"(p_{translator.name} := {writer.value(value.operand)})",
        f"({where} := {writer.value(target)})",
    ]
    parts.append(f"zero({where}, {struct.size})")
    for name, expression in translator.members.items():
        member = struct.members[name]
        place = _memory_place(writer, f"({where} + {member.offset})", member.type)
        parts.append(place.store(place.bind, writer.assigned(expression, member.type)))
    return f"({', '.join(parts)}, {where})[-1]"


def assigned_value(writer: ExpressionWriter, node: nodes.Assign, place: Place) -> str:
    """The text of what an assignment stores."""
    kind = node.target.type
    if node.operator == "=":
        return writer.assigned(node.value, place.kind)
    operator = node.operator[:-1]
    right = writer.value(node.value)
    if is_pointer(kind):
        size = resolve(target_of(kind)).size
        return writer.wrap(f"{place.load} {operator} {right} * {size}", place.kind)
    if operator in ("/", "%"):
        common = signed_like(writer.promote(kind, node.value.type))
        left = writer.convert(place.load, kind, common)
        right = writer.operand(node.value, common)
        return writer.wrap(f"{'divide' if operator == '/' else 'remainder'}({left}, {right})", place.kind)
    if operator in ("<<", ">>"):
        return writer.wrap(f"({place.load} {operator} ({right} & 63))", place.kind)
    return writer.wrap(f"({place.load} {operator} {right})", place.kind)


PLACES: dict[type[Node], Callable[[ExpressionWriter, Node], Place]] = {
    nodes.Name: _scalar_place,
    nodes.Index: _index_place,
    nodes.Access: _member_place,
    nodes.Unary: _dereferenced_place,
}
