"""Assignments, `++` and `--`: what may be stored where, and the type a variable gets by its first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.trace.dtrace import check_actions, check_names, check_scratch, nodes
from ring3.trace.dtrace.check_operators import (
    INTEGRAL,
    incompatible,
    is_associative,
    is_null,
    points_at_nothing,
)
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.nodes import Constant, Node
from ring3.trace.dtrace.symbols import Kind
from ring3.trace.dtrace.translators import Translated
from ring3.trace.dtrace.types import (
    Array,
    Dynamic,
    Function,
    Pointer,
    String,
    Struct,
    Type,
    Void,
    compatible,
    is_arithmetic,
    is_integer,
    is_pointer,
    is_scalar,
    is_string,
    is_string_like,
    resolve,
    target_of,
)

if TYPE_CHECKING:
    from ring3.trace.dtrace.checker import Checker


def step(checker: Checker, node: Node) -> Node:
    """`++` and `--`."""
    assert isinstance(node, nodes.Step)
    operator = node.operator
    if isinstance(node.operand, nodes.Name):
        symbol = check_names.existing_or_new(checker, node.operand)
        if symbol.type is None and symbol.kind is Kind.VARIABLE:
            symbol.type = checker.types.integer(8, signed=True)
    elif isinstance(node.operand, nodes.Index):
        check_names.ensure_array(checker, node.operand, checker.types.integer(8, signed=True))
    node.operand = operand = checker.value(node.operand)
    kind = operand.type
    if not is_scalar(kind):
        fail("D_OP_SCALAR", node.line, f"operator {operator} requires operand of scalar type")
    if points_at_nothing(kind):
        fail("D_OP_VFPTR", node.line, f"operator {operator} requires an operand of known size")
    if not operand.lvalue:
        fail("D_OP_LVAL", node.line, f"operator {operator} requires modifiable lvalue as an operand")
    _check_writable(operand, operator, node.line)
    node.type = kind
    return node


def _check_writable(target: Node, operator: str, line: int) -> None:
    symbol = target.symbol if isinstance(target, nodes.Name) else None
    if symbol and not symbol.writable:
        fail("D_OP_WRITE", line, f"operator {operator} can only be applied to a writable variable")


def assign(checker: Checker, node: Node) -> Node:
    """`=` and the operators that assign."""
    assert isinstance(node, nodes.Assign)
    target = node.target
    if isinstance(target, nodes.Aggregation):
        return check_names.assign_aggregation(checker, node)
    plain = node.operator == "="
    if isinstance(target, nodes.Index) and isinstance(target.base, nodes.Aggregation):
        fail(
            "D_AGG_MDIM",
            node.line,
            f"improper attempt to reference @{target.base.name} as a multi-dimensional array",
        )
    if isinstance(target, nodes.Name):
        check_names.existing_or_new(checker, target)
    elif isinstance(target, nodes.Index):
        check_names.ensure_array(checker, target, None)
    node.value = value = checker.value(node.value)
    if plain:
        _infer(checker, target, value, node.line)
    else:
        _infer(checker, target, None if is_arithmetic(value.type) else target, node.line)
    node.target = target = checker.value(target)
    if plain:
        _check_assignment(checker, node, target, value)
    else:
        _check_compound(checker, node, target, value)
    if not target.lvalue:
        fail("D_OP_LVAL", node.line, f"operator {node.operator} requires modifiable lvalue as an operand")
    _check_writable(target, node.operator, node.line)
    if plain and checker.dialect.strict_scratch:
        check_scratch.check_assignment(node)
    node.type = target.type
    return node


def _infer(checker: Checker, target: Node, value: Node | None, line: int) -> None:
    """A variable without a type gets that of what is assigned; of a compound operator int64_t."""
    name = target.base if isinstance(target, nodes.Index) else target
    symbol = name.symbol if isinstance(name, nodes.Name) else None
    if symbol is None or symbol.type is not None or symbol.kind not in (Kind.VARIABLE, Kind.ARRAY):
        return
    if value is target:
        return
    if value is None:
        symbol.type = checker.types.integer(8, signed=True)
        return
    kind = value.type
    resolved = resolve(kind)
    if isinstance(resolved, Dynamic | Void | Function):
        check_actions.refuse_as_value(value)
        fail("D_OP_DYN", line, "operator = operands cannot be of dynamic type")
    if isinstance(resolved, Array):
        kind = checker.types.string if is_string_like(resolved) else checker.types.pointer(resolved.element)
    symbol.type = kind


def _check_assignment(checker: Checker, node: nodes.Assign, target: Node, value: Node) -> None:
    left, right = target.type, value.type
    into, source = resolve(left), resolve(right)
    if isinstance(source, Void | Dynamic):
        check_actions.refuse_as_value(value)
        fail("D_OP_DYN", node.line, "operator = operands cannot be of dynamic type")
    if isinstance(into, Array | Function):
        fail("D_OP_ARRFUN", node.line, f'operator = may not be applied to operand of type "{left}"')
    is_element = isinstance(target, nodes.Index) and is_associative(target)
    is_element = is_element or (isinstance(target, nodes.Name) and target.scope == "self")
    if not _assignable(left, value, into, source, is_element=is_element):
        incompatible(node, left, right)


def _assignable(left: Type, value: Node, into: Type, source: Type, *, is_element: bool) -> bool:
    if isinstance(source, Translated) and isinstance(into, Struct):
        return not source.pointer and compatible(into, source.translator.output)
    if isinstance(into, Translated) or isinstance(source, Translated):
        return (
            isinstance(into, Translated)
            and isinstance(source, Translated)
            and into.translator is source.translator
        )
    if isinstance(into, String):
        return is_string_like(source) or is_null(value, source) or _is_void_pointer(source)
    if isinstance(into, Pointer):
        return _pointer_assignable(into, value, source)
    if is_arithmetic(into) and is_arithmetic(source):
        return True
    if isinstance(into, Struct) and is_null(value, source):
        return is_element
    if isinstance(into, Struct) and isinstance(source, Struct):
        return into is source or compatible(into, source)
    return compatible(left, value.type)


def _is_void_pointer(kind: Type) -> bool:
    return isinstance(kind, Pointer) and isinstance(resolve(kind.target), Void)


def _pointer_assignable(into: Pointer, value: Node, source: Type) -> bool:
    if isinstance(source, String):
        return is_string_like(into) or _is_void_pointer(into)
    if is_null(value, source):
        return True
    if not isinstance(source, Pointer | Array):
        return False
    one, other = resolve(into.target), resolve(target_of(source))
    same = compatible(one, other) or isinstance(one, Void) or isinstance(other, Void)
    return same or (is_string_like(into) and is_string_like(source))


def _check_moved(node: nodes.Assign, left: Type, right: Type) -> None:
    """`+=` and `-=`, which pointers may stand before too."""
    if is_string(left) or is_string(right):
        incompatible(node, left, right)
    if is_integer(left) and is_integer(right):
        return
    if not is_pointer(left) or points_at_nothing(left):
        message = f"operator {node.operator} requires left-hand scalar operand of known size"
        fail("D_OP_VFPTR", node.line, message)
    if not is_integer(right):
        incompatible(node, left, right)


def _check_compound(checker: Checker, node: nodes.Assign, target: Node, value: Node) -> None:
    operator = node.operator[:-1]
    if operator in ("+", "-"):
        _check_moved(node, target.type, value.type)
        return
    integral = operator in INTEGRAL
    wanted = is_integer if integral else is_arithmetic
    if not (wanted(target.type) and wanted(value.type)):
        tag, what = ("D_OP_INT", "integral") if integral else ("D_OP_ARITH", "arithmetic")
        fail(tag, node.line, f"operator {node.operator} requires operands of {what} type")
    if operator in ("/", "%") and isinstance(value, Constant) and value.value == 0:
        fail("D_DIV_ZERO", node.line, "expression contains division by zero")
