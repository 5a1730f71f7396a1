"""Operators: what operands they take, the type of their result, and their value if it is constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ring3.trace.dtrace import arithmetic, builtins, nodes
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.nodes import Constant, Node
from ring3.trace.dtrace.symbols import Kind
from ring3.trace.dtrace.translators import Translated
from ring3.trace.dtrace.types import (
    Array,
    Dynamic,
    Enum,
    Function,
    Integer,
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

_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_BY_SIGN = _COMPARISONS | {"/", "%"}
"""Operators of integers whose result depends on the sign of the type that both have in common."""
_LOGICAL = frozenset(("&&", "||", "^^"))
INTEGRAL = frozenset(("%", "<<", ">>", "&", "^", "|"))


def unary(checker: Checker, node: Node) -> Node:
    """`+ - ~ ! * &`, sizeof and stringof."""
    assert isinstance(node, nodes.Unary)
    operator = node.operator
    if operator == "&":
        return _address_of(checker, node)
    node.operand = operand = checker.value(node.operand)
    if operator == "sizeof":
        return _sizeof(checker, node)
    if operator == "stringof":
        return _stringof(checker, node)
    if operator == "*":
        return _dereference(checker, node)
    return _arithmetic_unary(checker, node, operand)


def _arithmetic_unary(checker: Checker, node: nodes.Unary, operand: Node) -> Node:
    operator = node.operator
    if operator == "!":
        if not is_scalar(operand.type):
            fail("D_OP_SCALAR", node.line, "operator ! requires an operand of scalar type")
        node.type = checker.types.int
    elif operator == "~":
        if not is_integer(operand.type):
            fail("D_OP_INT", node.line, "operator ~ requires an operand of integral type")
        node.type = checker.promote(operand.type, operand.type)
    else:
        if not is_arithmetic(operand.type):
            fail("D_OP_ARITH", node.line, f"operator {operator} requires an operand of arithmetic type")
        node.type = checker.promote(operand.type, operand.type)
    if isinstance(operand, Constant):
        return checker.computed(node.line, arithmetic.UNARY[operator](operand.value), node.type)
    return node


def _sizeof(checker: Checker, node: nodes.Unary) -> Node:
    operand = node.operand
    if _is_bit_field(operand):
        fail("D_SIZEOF_BITFIELD", node.line, "cannot apply sizeof to a bit-field")
    kind = resolve(operand.type)
    size = len(operand.value) + 1 if isinstance(operand, nodes.StringConstant) else kind.size
    if isinstance(kind, Dynamic | Void | Function) or (not size and not isinstance(kind, Array)):
        fail("D_SIZEOF_TYPE", node.line, "cannot apply sizeof to an operand of unknown size")
    return checker.make_constant(node.line, size, checker.types.ulong)


def _stringof(checker: Checker, node: nodes.Unary) -> Node:
    kind = node.operand.type
    if not (is_string_like(kind) or is_scalar(kind) or isinstance(resolve(kind), Array)):
        message = f"cannot apply stringof to a value of type {kind}"
        fail("D_STRINGOF_TYPE", node.line, message)
    node.type = checker.types.string
    return node


def _dereference(checker: Checker, node: nodes.Unary) -> Node:
    kind = node.operand.type
    if isinstance(resolve(kind), Dynamic | Translated):
        fail("D_DEREF_NONPTR", node.line, "cannot dereference non-pointer type")
    if is_string(kind):
        node.type = checker.types.char
        return node
    if not is_pointer(kind):
        fail("D_DEREF_NONPTR", node.line, "cannot dereference non-pointer type")
    target = target_of(kind)
    if isinstance(resolve(target), Void):
        fail("D_DEREF_VOID", node.line, "cannot dereference pointer to void")
    if isinstance(resolve(target), Function):
        fail("D_DEREF_FUNC", node.line, "cannot dereference pointer to function")
    node.type = target
    node.lvalue = not isinstance(resolve(target), Array)
    return node


def _address_of(checker: Checker, node: nodes.Unary) -> Node:
    inner = node.operand
    if isinstance(inner, nodes.Unary) and inner.operator == "&":
        fail("D_ADDROF_LVAL", node.line, "unacceptable operand for unary & operator")
    node.operand = operand = checker.value(inner)
    if _is_bit_field(operand):
        fail("D_ADDROF_BITFIELD", node.line, "cannot take address of bit-field")
    symbol = operand.symbol if isinstance(operand, nodes.Name) else None
    storage = isinstance(resolve(operand.type), Struct | Array)
    is_element = isinstance(operand, nodes.Index) and is_associative(operand)
    if (
        (symbol and symbol.kind is not Kind.SYMBOL and not storage)
        or is_element
        or isinstance(operand, nodes.Aggregation)
    ):
        fail("D_ADDROF_VAR", node.line, "cannot take address of dynamic variable")
    if not (operand.lvalue or storage or (symbol and symbol.kind is Kind.SYMBOL)):
        fail("D_ADDROF_LVAL", node.line, "unacceptable operand for unary & operator")
    node.type = checker.types.pointer(operand.type)
    return node


def is_associative(node: nodes.Index) -> bool:
    """Whether an element is an associative array's."""
    base = node.base
    return isinstance(base, nodes.Name) and base.symbol is not None and base.symbol.kind is Kind.ARRAY


def _is_bit_field(node: Node) -> bool:
    if not isinstance(node, nodes.Access):
        return False
    kind = resolve(node.base.type)
    if node.arrow and is_pointer(kind):
        kind = resolve(target_of(kind))
    return isinstance(kind, Struct) and node.member in kind.members and kind.members[node.member].bits > 0


def points_at_nothing(kind: Type) -> bool:
    """A pointer to void, to a function, or to what has no size."""
    kind = resolve(kind)
    return isinstance(kind, Pointer) and resolve(kind.target).size == 0


def binary(checker: Checker, node: Node) -> Node:
    """Operators with two operands, and the comma."""
    assert isinstance(node, nodes.Binary)
    operator = node.operator
    node.left = checker.value(node.left)
    node.right = checker.value(node.right)
    if operator == ",":
        return _comma(node)
    if operator in _COMPARISONS:
        _compare(checker, node)
    elif operator in _LOGICAL:
        if not (is_scalar(node.left.type) and is_scalar(node.right.type)):
            fail("D_OP_SCALAR", node.line, f"operator {operator} requires operands of scalar type")
        node.type = checker.types.int
    elif operator in ("+", "-"):
        return fold(checker, _add(checker, node))
    elif operator in INTEGRAL:
        if not (is_integer(node.left.type) and is_integer(node.right.type)):
            fail("D_OP_INT", node.line, f"operator {operator} requires operands of integral type")
        node.type = checker.promote(node.left.type, node.right.type)
    else:
        if not (is_arithmetic(node.left.type) and is_arithmetic(node.right.type)):
            fail("D_OP_ARITH", node.line, f"operator {operator} requires operands of arithmetic type")
        node.type = checker.promote(node.left.type, node.right.type)
    return fold(checker, node)


def _comma(node: nodes.Binary) -> Node:
    if isinstance(node.left, nodes.Aggregation) or isinstance(node.right, nodes.Aggregation):
        fail("D_OP_DYN", node.line, "operator , operands cannot be of dynamic type")
    if _is_action(node.left) or _is_action(node.right):
        fail("D_OP_ACT", node.line, "operator , operands cannot be actions")
    node.type = node.right.type
    return node


def _is_action(node: Node) -> bool:
    return isinstance(node, nodes.Call) and node.name in builtins.ACTIONS


def fold(checker: Checker, node: nodes.Binary) -> Node:
    """The node, or the constant it comes to."""
    operator, left, right = node.operator, node.left, node.right
    if operator in ("/", "%") and isinstance(right, Constant) and right.value == 0:
        fail("D_DIV_ZERO", node.line, "expression contains division by zero")
    if not (isinstance(left, Constant) and isinstance(right, Constant)):
        return node
    values = left.value, right.value
    if operator in _BY_SIGN and is_integer(left.type) and is_integer(right.type):
        common = checker.wide(checker.promote(left.type, right.type))
        values = arithmetic.wrap(values[0], common), arithmetic.wrap(values[1], common)
    return checker.computed(node.line, arithmetic.BINARY[operator](*values), node.type)


def incompatible(node: nodes.Binary | nodes.Assign, left: Type, right: Type) -> NoReturn:
    """Complain of types that do not go together."""
    message = f'operands have incompatible types: "{left}" {node.operator} "{right}"'
    fail("D_OP_INCOMPAT", node.line, message)


def _compare(checker: Checker, node: nodes.Binary) -> None:
    left, right = node.left.type, node.right.type
    node.type = checker.types.int
    if isinstance(resolve(left), Dynamic | Translated) or isinstance(resolve(right), Dynamic | Translated):
        fail("D_OP_DYN", node.line, f"operator {node.operator} operands cannot be of dynamic type")
    if is_arithmetic(left) and is_arithmetic(right):
        return
    if (is_string(left) or is_string(right)) and is_string_like(left) and is_string_like(right):
        return
    if (is_null(node.left, left) and is_string(right)) or (is_null(node.right, right) and is_string(left)):
        return
    if pointers_compatible(node.left, node.right):
        return
    incompatible(node, left, right)


def is_null(node: Node, kind: Type) -> bool:
    """A constant zero, which every pointer may be compared with."""
    while isinstance(node, nodes.Cast):
        node = node.operand
    return isinstance(node, Constant) and node.value == 0 and is_scalar(kind)


def pointers_compatible(left: Node, right: Node) -> bool:
    """Whether both are pointers that may be mixed: the same target, void or a null pointer; integers go with them."""
    pointers = is_pointer(left.type), is_pointer(right.type)
    if pointers == (True, True):
        one, other = resolve(target_of(left.type)), resolve(target_of(right.type))
        return compatible(one, other) or isinstance(one, Void) or isinstance(other, Void)
    if any(pointers):
        integer = left if pointers[1] else right
        return is_integer(integer.type)
    return False


def _add(checker: Checker, node: nodes.Binary) -> nodes.Binary:
    left, right = node.left.type, node.right.type
    if is_arithmetic(left) and is_arithmetic(right):
        node.type = checker.promote(left, right)
        return node
    if _is_movable(left) and is_integer(right):
        node.type = _decayed(checker, left)
        return node
    if node.operator == "+" and is_integer(left) and _is_movable(right):
        node.left, node.right = node.right, node.left
        node.type = _decayed(checker, right)
        return node
    if (
        node.operator == "-"
        and is_pointer(left)
        and is_pointer(right)
        and pointers_compatible(node.left, node.right)
    ):
        node.type = checker.types.long
        return node
    incompatible(node, left, right)


def _is_movable(kind: Type) -> bool:
    """A pointer that can be counted from, or a string."""
    return is_string(kind) or (is_pointer(kind) and not points_at_nothing(kind))


def _decayed(checker: Checker, kind: Type) -> Type:
    if is_string(kind):
        return checker.types.string
    return checker.types.pointer(target_of(kind)) if isinstance(resolve(kind), Array) else kind


def conditional(checker: Checker, node: Node) -> Node:
    """`a ? b : c`."""
    assert isinstance(node, nodes.Conditional)
    node.condition = checker.value(node.condition)
    return branches(checker, node)


def branches(checker: Checker, node: nodes.Conditional) -> Node:
    """`a ? b : c` whose condition was checked."""
    node.yes = checker.value(node.yes)
    node.no = checker.value(node.no)
    if not (is_scalar(node.condition.type) or is_string(node.condition.type)):
        fail("D_OP_SCALAR", node.line, "operator ?: expression must be of scalar type")
    node.type = _common_type(checker, node)
    if _is_action(node.yes) or _is_action(node.no):
        fail("D_OP_ACT", node.line, "action cannot be used in a conditional context")
    if (
        isinstance(node.condition, Constant)
        and isinstance(node.yes, Constant)
        and isinstance(node.no, Constant)
    ):
        chosen = node.yes if node.condition.value else node.no
        return checker.computed(node.line, chosen.value, node.type)
    return node


def _common_type(checker: Checker, node: nodes.Conditional) -> Type:
    yes, no = node.yes.type, node.no.type
    if isinstance(resolve(yes), Dynamic | Translated) or isinstance(resolve(no), Dynamic | Translated):
        fail("D_OP_DYN", node.line, "operator ?: operands cannot be of dynamic type")
    if is_integer(yes) and is_integer(no):
        return checker.promote(yes, no)
    if is_string_like(yes) and is_string_like(no):
        return checker.types.string
    if (is_string_like(yes) and is_null(node.no, no)) or (is_string_like(no) and is_null(node.yes, yes)):
        return (
            checker.types.string
            if is_string(yes) or is_string(no)
            else (no if is_null(node.yes, yes) else yes)
        )
    if pointers_compatible(node.yes, node.no):
        return yes if is_pointer(yes) and not is_null(node.yes, yes) else no
    if compatible(yes, no):
        return yes
    return fail("D_OP_INCOMPAT", node.line, "operator ?: operands must have compatible types")


def cast(checker: Checker, node: nodes.Cast) -> Node:
    """`(type)operand`."""
    to, operand = node.to, node.operand
    source, into = resolve(operand.type), resolve(to)
    node.type = to
    if (isinstance(into, Enum) and not into.complete) or (isinstance(into, Struct) and not into.complete):
        fail("D_DECL_INCOMPLETE", node.line, f"incomplete struct/union/enum {to}: (cast)")
    if isinstance(source, Translated | Dynamic) or not _castable(source, into):
        fail("D_CAST_INVAL", node.line, f'invalid cast expression: "{operand.type}" to "{to}"')
    if isinstance(operand, Constant) and isinstance(into, Integer | Pointer | Enum):
        return checker.make_constant(node.line, arithmetic.wrap(operand.value, to), to)
    return node


def _castable(source: Type, into: Type) -> bool:
    if isinstance(into, Void):
        return True
    scalar = isinstance(source, Integer | Enum | Pointer | Array | String)
    if isinstance(into, Integer | Enum | Pointer):
        return scalar
    if isinstance(into, String):
        return scalar
    return isinstance(into, Struct) and into is source
