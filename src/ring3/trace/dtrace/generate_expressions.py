"""Expressions as Python: each node becomes the text of an expression over the names of the program's namespace.

Integers are Python's. As on the D machine, results of operators have 64 bits, whatever their type, and are brought
into the width of a type where they are stored, cast or recorded. Operators whose result modulo 2**64 depends on their
operands modulo 2**64 only (`+ - * & | ^ ~`) are wrapped once, at the outermost of them. Strings are bytes without
NUL, or None for NULL. Structs and arrays are the addresses where they lie.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.trace.dtrace import generate_operators, nodes
from ring3.trace.dtrace.generate_operators import COMPARISONS
from ring3.trace.dtrace.generate_places import (
    ADDRESS,
    PLACES,
    Place,
    assign,
    element,
    is_null,
    signed_like,
    step,
)
from ring3.trace.dtrace.nodes import Node
from ring3.trace.dtrace.symbols import Kind
from ring3.trace.dtrace.types import (
    Array,
    Enum,
    Float,
    Integer,
    Member,
    Pointer,
    String,
    Struct,
    Type,
    is_integer,
    is_signed,
    is_string,
    resolve,
    target_of,
)

if TYPE_CHECKING:
    from ring3.trace.dtrace.namespace import Namespace

_RING = frozenset("+-*&|^")
_WIDE = (
    nodes.Binary,
    nodes.Unary,
    nodes.Constant,
    nodes.Name,
    nodes.Index,
    nodes.Step,
    nodes.Assign,
)
"""Nodes whose values may have more bits than their types."""


class ExpressionWriter:
    """Writes expressions; objects that the text needs are put in the namespace."""

    def __init__(
        self,
        namespace: Namespace,
        promote: Callable[[Type, Type], Integer],
        *,
        stores_width: bool = False,
        null_faults: bool = True,
        null_is_place: bool = False,
        checks_bounds: bool = False,
    ) -> None:
        """Write over a namespace.

        Args:
            namespace: Takes the objects.
            promote: Gives the common type of two integers.
            stores_width: Whether variables have the width of their types, and not 64 bits.
            null_faults: Whether the order of a string and NULL is a fault, and not NULL the lowest.
            null_is_place: Whether a member behind NULL is a fault at NULL, and not where it would be.
            checks_bounds: Whether an index beyond the end of a variable is a fault.
        """
        self.null_faults = null_faults
        self._null_is_place = null_is_place
        self._checks_bounds = checks_bounds
        self.namespace = namespace
        self.promote = promote
        self.stores_width = stores_width
        self._temporaries = 0

    def temporary(self) -> str:
        """A new local variable."""
        self._temporaries += 1
        return f"k{self._temporaries}"

    def value(self, node: Node) -> str:
        """The text of a value, in the range of 64 bits and the sign of its type."""
        if _is_ring(node):
            return self.wrap(self.raw(node), signed_like(node.type))
        return _WRITERS[type(node)](self, node)

    def raw(self, node: Node) -> str:
        """The text of an integer that is right modulo 2**64."""
        if isinstance(node, nodes.Binary) and _is_ring(node):
            return f"({self.raw(node.left)} {node.operator} {self.raw(node.right)})"
        if isinstance(node, nodes.Unary) and _is_ring(node):
            return f"({node.operator}{self.raw(node.operand)})"
        return self.value(node)

    def wrap(self, text: str, kind: Type) -> str:
        """The text of a value brought into the width and sign of an integer or pointer type."""
        size = resolve(kind).size or 8
        mask = (1 << 8 * size) - 1
        if is_signed(kind):
            half = 1 << (8 * size - 1)
            return f"(({text} + {half} & {mask}) - {half})"
        return f"({text} & {mask})"

    def condition(self, node: Node) -> str:
        """The text of a test for truth."""
        if isinstance(node, nodes.Binary):
            operator = node.operator
            if operator in COMPARISONS:
                return self._comparison(node)
            if operator in ("&&", "||"):
                word = "and" if operator == "&&" else "or"
                return f"({self.condition(node.left)} {word} {self.condition(node.right)})"
            if operator == "^^":
                return f"(bool({self.condition(node.left)}) != bool({self.condition(node.right)}))"
        if isinstance(node, nodes.Unary) and node.operator == "!":
            return f"(not {self.condition(node.operand)})"
        return self.value(node)

    def _comparison(self, node: nodes.Binary) -> str:
        left, right = node.left, node.right
        if is_string(left.type) or is_string(right.type):
            if (is_null(left) or is_null(right)) and node.operator in ("==", "!="):
                other = right if is_null(left) else left
                if isinstance(other, nodes.StringConstant):
                    return str(node.operator == "!=")
                return f"({self.value(other)} is {'' if node.operator == '==' else 'not '}None)"
            values = self.string(left), self.string(right)
            if node.operator in ("==", "!="):
                return f"({values[0]} {node.operator} {values[1]})"
            test = "text" if self.null_faults else "ordered"
            return f"({test}({values[0]}) {node.operator} {test}({values[1]}))"
        texts = self.value(left), self.value(right)
        if is_integer(left.type) and is_integer(right.type):
            if not is_signed(self.promote(left.type, right.type)):
                texts = self._as_address(texts[0], left.type), self._as_address(texts[1], right.type)
        elif is_integer(left.type) != is_integer(right.type):
            texts = self._as_address(texts[0], left.type), self._as_address(texts[1], right.type)
        return f"({texts[0]} {node.operator} {texts[1]})"

    def _as_address(self, text: str, kind: Type) -> str:
        return f"({text} & 0xFFFFFFFFFFFFFFFF)" if is_signed(kind) else text

    def convert(self, text: str, source: Type, into: Type) -> str:
        """The text of an integer of one type as one of another; nothing to do where every value fits."""
        one, other = resolve(source), resolve(into)
        if isinstance(one, Integer | Enum | Pointer) and isinstance(other, Integer | Enum | Pointer):
            signs = is_signed(one), is_signed(other)
            if (one.size < other.size and (not signs[0] or signs[1])) or (
                one.size == other.size and signs[0] == signs[1]
            ):
                return text
        return self.wrap(text, into)

    def string(self, node: Node) -> str:
        """The text of a value as bytes: of a string, a character array, or what a pointer points at."""
        kind = resolve(node.type)
        if isinstance(kind, String):
            return self.value(node)
        if isinstance(kind, Array) and kind.count:
            return f"cstring({self.value(node)}, {kind.count})"
        if is_null(node):
            return "None"
        return f"cstring({self.value(node)}, {self.namespace.string_size})"

    def pointer(self, node: Node) -> str:
        """The text of a value as an address; a string is copied to scratch memory."""
        if is_string(node.type):
            return f"store_string({self.value(node)})"
        return self.convert(self.value(node), node.type, ADDRESS)

    def assigned(self, node: Node, into: Type) -> str:
        """The text of a value as it is stored in a place of a type."""
        kind = resolve(into)
        if isinstance(kind, String):
            return f"clip({self.string(node)})"
        if isinstance(kind, Pointer):
            return self.pointer(node)
        if isinstance(kind, Integer | Enum):
            return self.converted(node, into)
        return self.value(node)

    def converted(self, node: Node, into: Type) -> str:
        """The text of a scalar as an integer of a type."""
        if is_string(node.type):
            return self.wrap(self.pointer(node), into)
        if self._may_be_wide(node):
            return self.wrap(self.raw(node), into)
        return self.convert(self.value(node), node.type, into)

    def operand(self, node: Node, result: Type) -> str:
        """The text of an operand of an operator that needs exact values: 64 bits, in the sign of the result."""
        return self.convert(self.value(node), signed_like(node.type), signed_like(result))

    def key(self, keys: list[Node], types: list[Type] | None) -> str:
        """The text of a tuple of keys."""
        parts = [self.one_key(key, types[number] if types else key.type) for number, key in enumerate(keys)]
        return f"({', '.join(parts)},)" if parts else "()"

    def one_key(self, node: Node, kind: Type) -> str:
        """The text of one key: an integer, bytes of a string or struct, a stack or symbol."""
        resolved = resolve(kind)
        if isinstance(resolved, Integer | Enum | Pointer):
            return self.converted(node, kind)
        if isinstance(resolved, String):
            return f"clip(text({self.string(node)}))"
        if isinstance(resolved, Struct | Array):
            return f"read({self.value(node)}, {resolved.size})"
        return self.value(node)

    def load(self, address: str, kind: Type) -> str:
        """The text of what lies at an address, as a value of a type."""
        resolved = resolve(kind)
        if isinstance(resolved, Struct | Array):
            return address
        if isinstance(resolved, String):
            return f"cstring({address}, {self.namespace.string_size})"
        if isinstance(resolved, Float):
            return f"{self.namespace.float_loader(resolved.size)}({address})"
        return f"{self.namespace.loader(resolved.size, signed=is_signed(resolved))}({address})"

    def element_address(self, node: nodes.Index) -> str:
        """The text of the address of an array's or a pointer's element."""
        size, index = resolve(node.type).size, self.value(node.keys[0])
        array = resolve(node.base.type)
        if self._checks_bounds and isinstance(node.base, nodes.Name) and isinstance(array, Array):
            index = f"within({index}, {array.count or 0})"
        return f"({self.pointer(node.base)} + {index} * {size})"

    def member(self, node: nodes.Access) -> tuple[str, Member]:
        """The text of a struct's address, and the member meant."""
        kind = resolve(node.base.type)
        struct = resolve(target_of(kind)) if node.arrow else kind
        assert isinstance(struct, Struct)
        base = self.value(node.base)
        if node.arrow and self._null_is_place:
            base = f"not_null({base})"
        return base, struct.members[node.member]

    def _may_be_wide(self, node: Node) -> bool:
        """Whether a value may be wider than its type: an operator's result, or a variable of 64 bits."""
        if isinstance(node, nodes.Conditional):
            return self._may_be_wide(node.yes) or self._may_be_wide(node.no)
        if isinstance(node, nodes.Name | nodes.Index | nodes.Step | nodes.Assign) and self.stores_width:
            return False
        return isinstance(node, _WIDE) and is_integer(node.type)

    def stored(self, kind: Type) -> Type:
        """The type in which a variable of a type is kept, outside of memory."""
        return signed_like(kind) if is_integer(kind) and not self.stores_width else kind

    def place(self, node: Node) -> Place:
        """Where an lvalue is stored."""
        return PLACES[type(node)](self, node)

    def bind(self, value: Any) -> str:  # noqa: ANN401 - whatever generated code refers to
        """The name of an object in the namespace."""
        return self.namespace.bind(value)


def _is_ring(node: Node) -> bool:
    """Whether the result modulo 2**n depends on the operands modulo 2**n only."""
    if isinstance(node, nodes.Binary):
        return node.operator in _RING and is_integer(node.left.type) and is_integer(node.right.type)
    return isinstance(node, nodes.Unary) and node.operator in ("-", "~", "+")


def _constant(_writer: ExpressionWriter, node: Node) -> str:
    assert isinstance(node, nodes.Constant)
    return f"({node.value})" if node.value < 0 else str(node.value)


def _string(writer: ExpressionWriter, node: Node) -> str:
    assert isinstance(node, nodes.StringConstant)
    return repr(node.value.split(b"\0")[0][: writer.namespace.string_size])


def _name(writer: ExpressionWriter, node: Node) -> str:
    assert isinstance(node, nodes.Name)
    symbol = node.symbol
    assert symbol
    if symbol.kind is Kind.INLINE:
        assert symbol.expression
        return writer.assigned(symbol.expression, node.type)
    if symbol.kind is Kind.BUILT_IN:
        return writer.namespace.built_in(symbol.name, node.type)
    if symbol.kind is Kind.SYMBOL:
        return writer.load(str(symbol.value), node.type)
    if symbol.parameters:
        return symbol.parameters[0]
    return writer.namespace.variable(symbol)


def _index(writer: ExpressionWriter, node: Node) -> str:
    assert isinstance(node, nodes.Index)
    base = node.base
    symbol = base.symbol if isinstance(base, nodes.Name) else None
    if symbol and symbol.kind is Kind.ARRAY:
        return element(writer, node, symbol)
    if symbol and symbol.kind is Kind.BUILT_IN and symbol.type is None:
        return writer.namespace.built_in_element(symbol.name, writer.value(node.keys[0]), node.type)
    if symbol and symbol.kind is Kind.INLINE and symbol.keys is not None:
        assert symbol.expression
        bound = [
            f"({parameter_name} := {writer.one_key(key, kind)})"
            for parameter_name, key, kind in zip(
                [f"p_{symbol.name}_{name}" for name in symbol.parameters], node.keys, symbol.keys, strict=True
            )
        ]
        return f"({', '.join([*bound, writer.assigned(symbol.expression, node.type)])})[-1]"
    if is_string(base.type):
        return f"character({writer.value(base)}, {writer.value(node.keys[0])})"
    return writer.load(writer.element_address(node), node.type)


def _access(writer: ExpressionWriter, node: Node) -> str:
    assert isinstance(node, nodes.Access)
    base, member = writer.member(node)
    address = f"({base} + {member.offset})" if member.offset else base
    if not member.bits:
        return writer.load(address, member.type)
    loader = writer.namespace.loader(-(-(member.bit + member.bits) // 8), signed=False)
    mask = (1 << member.bits) - 1
    value = f"({loader}({address}) >> {member.bit} & {mask})"
    if not is_signed(member.type):
        return value
    half = 1 << (member.bits - 1)
    return f"(({value} + {half} & {mask}) - {half})"


def _cast(writer: ExpressionWriter, node: Node) -> str:
    assert isinstance(node, nodes.Cast)
    into = resolve(node.type)
    if isinstance(into, String):
        return writer.string(node.operand)
    if isinstance(into, Integer | Enum):
        return writer.converted(node.operand, node.type)
    if isinstance(into, Pointer):
        return writer.pointer(node.operand)
    return writer.value(node.operand)


def _xlate(writer: ExpressionWriter, node: Node) -> str:
    assert isinstance(node, nodes.Xlate)
    return writer.value(node.operand)


def _with(writer: ExpressionWriter, node: Node) -> str:
    assert isinstance(node, nodes.With)
    return f"(({node.variable} := {writer.value(node.value)}), {writer.assigned(node.body, node.type)})[1]"


def _evaluated(_writer: ExpressionWriter, node: Node) -> str:
    assert isinstance(node, nodes.Evaluated)
    return node.variable


def _call(writer: ExpressionWriter, node: Node) -> str:
    assert isinstance(node, nodes.Call)
    return writer.namespace.call(writer, node)


_WRITERS: dict[type[Node], Callable[[ExpressionWriter, Node], str]] = {
    nodes.Constant: _constant,
    nodes.StringConstant: _string,
    nodes.Name: _name,
    nodes.Index: _index,
    nodes.Access: _access,
    nodes.Unary: generate_operators.unary,
    nodes.Step: step,
    nodes.Binary: generate_operators.binary,
    nodes.Assign: assign,
    nodes.Conditional: generate_operators.conditional,
    nodes.Cast: _cast,
    nodes.Xlate: _xlate,
    nodes.With: _with,
    nodes.Evaluated: _evaluated,
    nodes.Call: _call,
}
