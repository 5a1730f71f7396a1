"""Statements of a clause: what may stand alone, and in which order actions may come.

Speculation and commit divide a clause: after speculate() all that is recorded goes elsewhere, so nothing that cannot be
taken back may follow; after commit() nothing may be recorded any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.trace.dtrace import builtins, check_actions, check_operators, nodes
from ring3.trace.dtrace.errors import CompileError, fail
from ring3.trace.dtrace.nodes import Clause, Node, Statement
from ring3.trace.dtrace.translators import Translated
from ring3.trace.dtrace.types import is_scalar, is_string

if TYPE_CHECKING:
    from ring3.trace.dtrace.checker import Checker

_SPECULATIVE = frozenset(("speculate", "commit", "discard"))
_UNKNOWN_NAMES = frozenset(("D_IDENT_UNDEF", "D_VAR_UNDEF"))
_NOT_RECORDING = _SPECULATIVE | (builtins.DESTRUCTIVE - {"freopen", "system"})
"""Actions that leave nothing in the buffer."""


class Order:
    """What a clause did so far."""

    def __init__(self) -> None:
        self.committed = False
        self.speculated = False
        self.recorded = False


def clause(checker: Checker, item: Clause) -> None:
    """Check a clause whose probes are known.

    Raises:
        CompileError: whatever is wrong with it.
    """
    try:
        _predicate(checker, item)
    except CompileError as error:
        if error.tag not in _UNKNOWN_NAMES:
            raise
        _statements_first(checker, item, error)
        return
    _statements(checker, item.statements or [], Order())


def _statements_first(checker: Checker, item: Clause, error: CompileError) -> None:
    """Check a clause whose predicate has names that only its statements may bring, as it is run again and again."""
    try:
        _statements(checker, item.statements or [], Order())
    except CompileError as other:
        raise error if other.tag in _UNKNOWN_NAMES else other from None
    _predicate(checker, item)


_NOWHERE = (
    *("D_FUNC_", "D_OFFSETOF_", "D_DIV_ZERO"),
    *("D_LQUANT_", "D_LLQUANT_", "D_AGG_SCALAR", "D_STACK_", "D_USTACK_"),
)
"""Tags of what is found when a program is read or when code is made, where no message names a part of the clause."""


def _in_region(name: str, error: CompileError) -> CompileError:
    """The error, which names the part of the clause that it is in."""
    if error.tag and not error.tag.startswith(_NOWHERE):
        error.region = error.region or name
    return error


def _predicate(checker: Checker, item: Clause) -> None:
    if item.predicate is None:
        return
    try:
        item.predicate = checker.value(item.predicate)
    except CompileError as error:
        raise _in_region("predicate", error) from None
    if not (is_scalar(item.predicate.type) or is_string(item.predicate.type)):
        fail("D_PRED_SCALAR", item.line, "predicate result must be of scalar type")


def _statements(checker: Checker, statements: list[Statement], order: Order) -> None:
    for statement in statements:
        if isinstance(statement, nodes.If):
            statement.condition = checker.value(statement.condition)
            if not is_scalar(statement.condition.type):
                fail("D_PRED_SCALAR", statement.line, "if condition must be of scalar type")
            _statements(checker, statement.yes, order)
            _statements(checker, statement.no, order)
            continue
        assert isinstance(statement, nodes.ExpressionStatement)
        statement.expression = _statement(checker, statement.expression, order)


def _statement(checker: Checker, expression: Node, order: Order) -> Node:
    if isinstance(expression, nodes.Aggregation):
        fail("D_AGG_NULL", expression.line, f"expression has null effect: @{expression.name}")
    if isinstance(expression, nodes.Call) and expression.name in builtins.AGGREGATES:
        fail(
            "D_CG_EXPR",
            expression.line,
            f"aggregating function {expression.name}( ) may not be called from a D expression "
            "(D program context required)",
        )
    if isinstance(expression, nodes.Conditional):
        return _conditional(checker, expression, order)
    try:
        checked = checker.check(expression)
    except CompileError as error:
        raise _in_region("action list", error) from None
    if (
        isinstance(checked.type, Translated)
        and checked.type.pointer
        and not isinstance(checked, nodes.Assign)
    ):
        fail("D_CG_DYN", checked.line, "expression cannot evaluate to result of a translated pointer")
    if isinstance(checked, nodes.Assign) and isinstance(checked.target, nodes.Aggregation):
        _aggregating(checked.line, order)
    elif isinstance(checked, nodes.Call) and checked.name in builtins.ACTIONS:
        check_actions.statement(checker, checked)
        _acting(checker, checked, order)
    elif isinstance(checked, nodes.Call) and checked.name in builtins.DESTRUCTIVE and order.speculated:
        fail("D_ACT_SPEC", checked.line, "destructive actions may not follow speculate( )")
    return checked


def _conditional(checker: Checker, expression: nodes.Conditional, order: Order) -> Node:
    """`?:` as a statement: of one whose condition is constant only the branch that is taken counts, also an action."""
    condition = expression.condition = checker.value(expression.condition)
    if isinstance(condition, nodes.Constant):
        return _statement(checker, expression.yes if condition.value else expression.no, order)
    return check_operators.branches(checker, expression)


def _aggregating(line: int, order: Order) -> None:
    if order.committed:
        fail("D_AGG_COMM", line, "aggregating actions may not follow commit( )")
    if order.speculated:
        fail("D_AGG_SPEC", line, "aggregating actions may not follow speculate( )")
    order.recorded = True


def _acting(checker: Checker, call: nodes.Call, order: Order) -> None:
    name, line = call.name, call.line
    if name in _SPECULATIVE:
        _speculative(checker, name, line, order)
        return
    if name in builtins.DESTRUCTIVE and order.speculated:
        fail("D_ACT_SPEC", line, "destructive actions may not follow speculate( )")
    if name == "exit" and order.speculated:
        fail("D_EXIT_SPEC", line, "exit( ) may not follow speculate( )")
    if name not in _NOT_RECORDING:
        if order.committed:
            fail("D_DREC_COMM", line, "data-recording actions may not follow commit( )")
        order.recorded = True


def _speculative(checker: Checker, name: str, line: int, order: Order) -> None:
    if name == "speculate":
        if order.committed:
            fail("D_SPEC_COMM", line, "speculate( ) may not follow commit( )")
        if order.recorded:
            fail("D_SPEC_DREC", line, "speculate( ) may not follow data-recording action(s)")
        if order.speculated:
            fail("D_SPEC_SPEC", line, "speculate( ) may not follow speculate( )")
        order.speculated = True
    elif name == "commit":
        if order.committed and checker.dialect.commits_once:
            fail("D_COMM_COMM", line, "commit( ) may not follow commit( )")
        if order.recorded:
            fail("D_COMM_DREC", line, "commit( ) may not follow data-recording action(s)")
        order.committed = True
