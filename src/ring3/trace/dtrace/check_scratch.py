"""Oracle's D: which pointers are to what alloca() gave, and where no others may stand.

Its compiler keeps the two apart: a variable may have one kind alone, and bcopy() and copyinto() write to scratch
memory only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.trace.dtrace import nodes
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.nodes import Node
from ring3.trace.dtrace.types import String, is_pointer, resolve

if TYPE_CHECKING:
    from ring3.trace.dtrace.symbols import Symbol

_ALLOCATES = frozenset(("alloca", "copyin"))
_WRITTEN = {"bcopy": 2, "copyinto": 3}
"""Functions, and which of their arguments they write to."""


def is_scratch(node: Node) -> bool:
    """Whether a node is a pointer to what alloca() gave."""
    if isinstance(node, nodes.Cast):
        return not isinstance(resolve(node.type), String) and is_scratch(node.operand)
    if isinstance(node, nodes.Binary):
        return node.operator in ("+", "-", ",") and (is_scratch(node.left) or is_scratch(node.right))
    if isinstance(node, nodes.Conditional):
        return is_scratch(node.yes) or is_scratch(node.no)
    if isinstance(node, nodes.Assign):
        return is_scratch(node.value)
    if isinstance(node, nodes.Unary | nodes.Step):
        return (isinstance(node, nodes.Step) or node.operator == "&") and is_scratch(node.operand)
    if isinstance(node, nodes.Access):
        return is_scratch(node.base)
    if isinstance(node, nodes.Call):
        return node.name in _ALLOCATES
    symbol = symbol_of(node)
    return bool(symbol and symbol.scratch)


def symbol_of(node: Node) -> Symbol | None:
    """The variable or associative array that a node is, or is an element of."""
    named = node.base if isinstance(node, nodes.Index) else node
    return named.symbol if isinstance(named, nodes.Name) else None


def check_assignment(node: nodes.Assign) -> None:
    """A variable that gets a pointer has that kind of pointer from now on.

    Raises:
        CompileError: D_ALLOCA_INCOMPAT.
    """
    symbol = symbol_of(node.target)
    if symbol is None or not is_pointer(node.value.type):
        return
    scratch = is_scratch(node.value)
    if symbol.scratch is not None and symbol.scratch is not scratch:
        what = "cannot reuse the same identifier for both alloca and non-alloca allocations"
        fail("D_ALLOCA_INCOMPAT", node.line, f"{symbol.full_name}: {what}")
    symbol.scratch = scratch


def check_call(node: nodes.Call) -> None:
    """What a function writes to has to be what alloca() gave.

    Raises:
        CompileError: D_PROTO_ARG.
    """
    number = _WRITTEN.get(node.name, 0)
    if number and not is_scratch(node.arguments[number - 1]):
        what = f"{node.name}( ) argument #{number} is incompatible with prototype"
        fail(
            "D_PROTO_ARG", node.line, f"{what}:\n\tprototype: alloca pointer\n\t argument: non-alloca pointer"
        )
