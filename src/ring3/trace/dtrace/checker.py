"""Types of expressions: every node gets its type, constants are computed, and what C or D forbid is found.

`Checker.check` returns the node to use in the place of the one given: a constant for what can be computed, an inline's
expression for its name. Operators are in `check_operators`, names in `check_names`, calls in `check_calls`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ring3.trace.dtrace import (
    arithmetic,
    check_assignments,
    check_calls,
    check_members,
    check_names,
    check_operators,
    dialect,
    nodes,
)
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.nodes import Constant, Node
from ring3.trace.dtrace.symbols import Symbol, Symbols
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Array, Function, Integer, Type, Void, is_signed, resolve

if TYPE_CHECKING:
    from ring3.trace.dtrace.providers.base import Probe
    from ring3.trace.dtrace.translators import Translator


class Checker:
    """What expressions are checked against: types, names, translators, and the probes of the clause at hand."""

    def __init__(self, types: TypeSpace, symbols: Symbols) -> None:
        self.types = types
        self.symbols = symbols
        self.dialect = dialect.SUN
        """The dialect of the program."""
        self.translators: list[Translator] = []
        self.probes: list[Probe] | None = None
        """The probes of the clause; None outside of clauses."""
        self.described = ""
        """The first description of the clause."""
        self.constants: Callable[[str], int | None] = lambda _name: None
        """The value of a constant of the library (`EINTR`, `SIGKILL`)."""
        self.kernel_symbol: Callable[[str], tuple[int, Type | None] | None] = lambda _name: None
        """The address and type of a kernel symbol."""
        self.knows_module: Callable[[str], bool] = lambda _module: False
        """Whether the system has a module."""
        self.temporaries = 0
        self.define_stock_translators: Callable[[], None] = lambda: None
        """Defines the translators that come with D, which few programs have a use for."""

    def know_stock_translators(self) -> None:
        """Have those translators among the others."""
        define, self.define_stock_translators = self.define_stock_translators, lambda: None
        define()

    def check(self, node: Node) -> Node:
        """Check an expression; returns what stands in its place."""
        return _CHECKS[type(node)](self, node)

    def value(self, node: Node) -> Node:
        """Check an expression that has to have a value.

        Raises:
            CompileError: D_OP_ACT for an action.
        """
        return self.check(node)

    def find(self, node: nodes.Name) -> Symbol | None:
        """The symbol of a word; None if nobody knows it."""
        return check_names.find(self, node)

    def constant(self, node: Node) -> int | None:
        """The value of an integral constant expression; None if it is none."""
        checked = self.check(node)
        return checked.value if isinstance(checked, Constant) else None

    def temporary(self) -> str:
        """A new name for a variable of the generated code."""
        self.temporaries += 1
        return f"x{self.temporaries}"

    def make_constant(self, line: int, value: int, kind: Type) -> Constant:
        """A constant of a type, wrapped to its width."""
        node = Constant(line, arithmetic.wrap(value, kind))
        node.type = kind
        return node

    def wide(self, kind: Type) -> Integer:
        """The 64-bit type of a type's sign: the width in which D computes."""
        return self.types.longlong if is_signed(kind) else self.types.ulonglong

    def computed(self, line: int, value: int, kind: Type) -> Constant:
        """A constant that is an operator's result: of 64 bits, whatever its type."""
        node = Constant(line, arithmetic.wrap(value, self.wide(kind)))
        node.type = kind
        return node

    def promote(self, left: Type, right: Type) -> Integer:
        """The type two integers have in common: the wider, of the same width the unsigned one.

        That is C's usual arithmetic conversions, but that nothing is an int which is narrower
        (dt_type_promote of libdtrace's dt_parser.c).
        """
        found = [
            kind if isinstance(kind, Integer) else self.types.int for kind in map(resolve, (left, right))
        ]
        return max(found, key=lambda kind: (kind.size, not kind.signed, kind.rank))


def _constant(checker: Checker, node: Node) -> Node:
    assert isinstance(node, Constant)
    if node.type is nodes.UNTYPED:
        node.type = constant_type(checker.types, node.value, node.suffix)
    return node


def constant_type(types: TypeSpace, value: int, suffix: str) -> Type:
    """The first type of those the suffix allows that holds the value (ANSI C 3.1.3.2)."""
    signed = "u" not in suffix
    unsigned = not signed or "x" in suffix
    longs = suffix.count("l")
    for kind, least in ((types.int, 0), (types.long, 1), (types.longlong, 2)):
        if longs > least:
            continue
        bits = kind.size * 8
        if signed and -(1 << (bits - 1)) <= value < 1 << (bits - 1):
            return kind
        if unsigned and value < 1 << bits:
            return types.integer(kind.size, signed=False) if kind is not types.longlong else types.ulonglong
    return types.ulonglong


def _string(checker: Checker, node: Node) -> Node:
    node.type = checker.types.string
    return node


def _done(_checker: Checker, node: Node) -> Node:
    return node


def _sizeof(checker: Checker, node: Node) -> Node:
    assert isinstance(node, nodes.SizeofType)
    return checker.make_constant(node.line, size_of(node.of, node.line), checker.types.ulong)


def size_of(kind: Type, line: int) -> int:
    """The size of a type.

    Raises:
        CompileError: D_SIZEOF_TYPE for one that has none.
    """
    resolved = resolve(kind)
    if isinstance(resolved, Void | Function) or not (resolved.size or isinstance(resolved, Array)):
        fail("D_SIZEOF_TYPE", line, "cannot apply sizeof to an operand of unknown size")
    return resolved.size


def _cast(checker: Checker, node: Node) -> Node:
    assert isinstance(node, nodes.Cast)
    node.operand = checker.value(node.operand)
    return check_operators.cast(checker, node)


_CHECKS: dict[type[Node], Callable[[Checker, Node], Node]] = {
    Constant: _constant,
    nodes.StringConstant: _string,
    nodes.Evaluated: _done,
    nodes.With: _done,
    nodes.SizeofType: _sizeof,
    nodes.Cast: _cast,
    nodes.Name: check_names.name,
    nodes.Aggregation: check_names.aggregation,
    nodes.Index: check_members.index,
    nodes.Access: check_members.access,
    nodes.Offsetof: check_members.offsetof,
    nodes.Xlate: check_members.xlate,
    nodes.Unary: check_operators.unary,
    nodes.Step: check_assignments.step,
    nodes.Binary: check_operators.binary,
    nodes.Assign: check_assignments.assign,
    nodes.Conditional: check_operators.conditional,
    nodes.Call: check_calls.call,
}
