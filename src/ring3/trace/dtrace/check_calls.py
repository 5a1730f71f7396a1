"""Calls: functions and actions against their prototypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ring3.trace.dtrace import builtins, check_actions, check_scratch, nodes
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.nodes import Constant, Node
from ring3.trace.dtrace.types import (
    Array,
    Dynamic,
    Pointer,
    String,
    Struct,
    Type,
    Void,
    compatible,
    is_arithmetic,
    is_scalar,
    is_string,
    is_string_like,
    resolve,
    target_of,
)

if TYPE_CHECKING:
    from ring3.trace.dtrace.checker import Checker


def call(checker: Checker, node: Node) -> Node:
    """`name(arguments)`: a function, or an action, which only some places allow."""
    assert isinstance(node, nodes.Call)
    name = node.name
    if name in builtins.ACTIONS:
        return check_actions.action(checker, node)
    if name in builtins.AGGREGATES:
        fail(
            "D_FUNC_IDKIND",
            node.line,
            f"aggregating function {name}( ) may only be assigned to an aggregation",
        )
    if name not in builtins.SUBROUTINES:
        found = checker.find(nodes.Name(node.line, name))
        if found:
            message = f"{found.described} '{name}' may not be referenced as a function"
            fail("D_FUNC_IDKIND", node.line, message)
        fail("D_FUNC_UNDEF", node.line, f"undefined function name: {name}")
    prototype = builtins.prototype(builtins.SUBROUTINES[name])
    node.arguments = [checker.value(argument) for argument in node.arguments]
    check_prototype(checker, node, prototype)
    if checker.dialect.strict_scratch:
        check_scratch.check_call(node)
    node.type = builtins.named_type(checker.types, prototype.returns)
    return node


def check_count(checker: Checker, name: str, given: int, least: int, most: int | None, line: int) -> None:
    """Compare the number of arguments with what a function takes.

    Raises:
        CompileError: D_PROTO_LEN.
    """
    if given >= least and (most is None or given <= most):
        return
    limit, which = least, "" if least == most else "at least "
    if checker.dialect.tells_most and given > least:
        limit, which = most or least, which and "at most "
    elif most is None and not checker.dialect.tells_most:
        which = ""
    plural = "" if given == 1 else "s"
    message = f"{name}( ) prototype mismatch: {given} arg{plural} passed, {which}{limit} expected"
    fail("D_PROTO_LEN", line, message)


def check_prototype(checker: Checker, node: nodes.Call, prototype: builtins.Prototype) -> None:
    """Compare the arguments of a call, which were checked, with a prototype.

    Raises:
        CompileError: D_PROTO_LEN, D_PROTO_ARG.
    """
    most = None if prototype.variadic else len(prototype.parameters)
    check_count(checker, node.name, len(node.arguments), prototype.required, most, node.line)
    for number, (argument, wanted) in enumerate(zip(node.arguments, prototype.parameters, strict=False), 1):
        if wanted == "@":
            continue
        kind = builtins.named_type(checker.types, wanted.removeprefix("const "))
        is_variable = wanted.startswith("const ") and not isinstance(argument, Constant)
        if (
            is_variable
            or not compatible_argument(kind, argument)
            or (wanted == "object *" and is_string(argument.type))
        ):
            what = f"{node.name}( ) argument #{number}"
            wrong_argument(what, "argument", wanted, str(argument.type), node.line)


def wrong_argument(what: str, word: str, prototype: str, given: str, line: int) -> NoReturn:
    """Complain of an argument or key of another type."""
    message = f"{what} is incompatible with prototype:\n\tprototype: {prototype}\n\t{word:>9}: {given}"
    fail("D_PROTO_ARG", line, message)


def compatible_argument(wanted: Type, argument: Node) -> bool:
    """Whether an argument may stand for a parameter."""
    into, source = resolve(wanted), resolve(argument.type)
    if isinstance(source, Void):
        return False
    if is_arithmetic(into):
        return is_arithmetic(source)
    if isinstance(into, String) or is_string_like(into):
        null = isinstance(argument, Constant) and argument.value == 0
        return is_string_like(source) or null
    if isinstance(into, Pointer):
        return _pointer_argument(into, argument, source)
    if isinstance(into, Struct) or isinstance(source, Struct):
        return compatible(into, source)
    if isinstance(into, Dynamic):
        return isinstance(source, Dynamic) and source.what == into.what
    return compatible(into, source)


def _pointer_argument(into: Pointer, argument: Node, source: Type) -> bool:
    to_anything = isinstance(resolve(into.target), Void)
    if isinstance(source, Pointer | Array):
        target = resolve(target_of(source))
        return to_anything or isinstance(target, Void) or compatible(into.target, target)
    if isinstance(source, String):
        return to_anything
    return isinstance(argument, Constant) and argument.value == 0 and is_scalar(source)
