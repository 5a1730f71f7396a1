"""Operators as Python: what `generate_expressions` does not write in one piece with its operands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.trace.dtrace import nodes
from ring3.trace.dtrace.generate_places import signed_like
from ring3.trace.dtrace.nodes import Node
from ring3.trace.dtrace.symbols import Kind
from ring3.trace.dtrace.types import is_integer, is_pointer, is_signed, is_string, resolve, target_of

if TYPE_CHECKING:
    from ring3.trace.dtrace.generate_expressions import ExpressionWriter

COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))


def unary(writer: ExpressionWriter, node: Node) -> str:
    """The text of `!`, `*`, `&` and stringof; `-`, `~` and `+` are the writer's own."""
    assert isinstance(node, nodes.Unary)
    operand = node.operand
    if node.operator == "!":
        return f"(0 if {writer.condition(operand)} else 1)"
    if node.operator == "stringof":
        return writer.string(operand)
    if node.operator == "*":
        if is_string(operand.type):
            return f"character({writer.value(operand)}, 0)"
        return writer.load(writer.value(operand), node.type)
    return _address_of(writer, operand)


def _address_of(writer: ExpressionWriter, operand: Node) -> str:
    """The text of `&operand`."""
    if isinstance(operand, nodes.Access):
        base, member = writer.member(operand)
        return f"({base} + {member.offset})"
    if isinstance(operand, nodes.Index):
        return writer.element_address(operand)
    if isinstance(operand, nodes.Unary) and operand.operator == "*":
        return writer.value(operand.operand)
    if isinstance(operand, nodes.Name) and operand.symbol and operand.symbol.kind is Kind.SYMBOL:
        return str(operand.symbol.value)
    return writer.value(operand)


def _of_integers(writer: ExpressionWriter, node: Node) -> str:
    assert isinstance(node, nodes.Binary)
    operator, left, right = node.operator, node.left, node.right
    if operator == ",":
        return f"({writer.value(left)}, {writer.value(right)})[1]"
    if operator in ("&&", "||", "^^") or operator in COMPARISONS:
        return f"(1 if {writer.condition(node)} else 0)"
    if operator in ("+", "-") and not is_integer(node.type):
        return _pointer_arithmetic(writer, node)
    result = signed_like(node.type)
    if operator in ("<<", ">>"):
        shifted = f"({writer.operand(left, node.left.type)} {operator} ({writer.value(right)} & 63))"
        return writer.wrap(shifted, result) if operator == "<<" else shifted
    function = "divide" if operator == "/" else "remainder"
    text = f"{function}({writer.operand(left, result)}, {writer.operand(right, result)})"
    return writer.wrap(text, result) if is_signed(node.type) and operator == "/" else text


def _pointer_arithmetic(writer: ExpressionWriter, node: nodes.Binary) -> str:
    left, right = node.left, node.right
    if is_string(left.type):
        return f"string_from({writer.value(left)}, {node.operator}{writer.value(right)})"
    size = resolve(target_of(left.type)).size
    return f"({writer.value(left)} {node.operator} {writer.value(right)} * {size} & 0xFFFFFFFFFFFFFFFF)"


def _pointer_difference(writer: ExpressionWriter, node: nodes.Binary) -> str:
    size = resolve(target_of(node.left.type)).size or 1
    return f"(({writer.value(node.left)} - {writer.value(node.right)}) // {size})"


def binary(writer: ExpressionWriter, node: Node) -> str:
    """The text of an operator with two operands."""
    assert isinstance(node, nodes.Binary)
    if node.operator == "-" and is_pointer(node.left.type) and is_pointer(node.right.type):
        return _pointer_difference(writer, node)
    return _of_integers(writer, node)


def conditional(writer: ExpressionWriter, node: Node) -> str:
    """The text of `?:`."""
    assert isinstance(node, nodes.Conditional)
    kind = signed_like(node.type) if is_integer(node.type) else node.type
    return (
        f"({writer.assigned(node.yes, kind)} if {writer.condition(node.condition)} "
        f"else {writer.assigned(node.no, kind)})"
    )
