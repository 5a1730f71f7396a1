"""Actions: what each takes, beyond what a prototype can say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ring3.trace.dtrace import builtins, check_calls, dialect, formats, nodes
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.nodes import Constant, Node, StringConstant
from ring3.trace.dtrace.symbols import Symbol
from ring3.trace.dtrace.translators import Translated
from ring3.trace.dtrace.types import (
    Dynamic,
    Type,
    Void,
    is_integer,
    is_pointer,
    is_scalar,
    is_string_like,
    resolve,
)

if TYPE_CHECKING:
    from ring3.trace.dtrace.checker import Checker


def action(checker: Checker, node: nodes.Call) -> Node:
    """An action, wherever it stands; whether it may stand there the statement checks."""
    name = node.name
    node.arguments = [_argument(checker, argument) for argument in node.arguments]
    prototype = builtins.prototype(builtins.ACTIONS[name])
    if name not in _CHECKS:
        check_calls.check_prototype(checker, node, prototype)
    elif name in builtins.STACKS:
        _CHECKS[name](checker, node)
    node.type = builtins.named_type(checker.types, prototype.returns)
    return node


def _argument(checker: Checker, node: Node) -> Node:
    """An argument; an aggregating function's call stays as it is, for the action to refuse."""
    return node if isinstance(node, nodes.Call) and node.name in builtins.AGGREGATES else checker.check(node)


def refuse_as_value(node: Node) -> None:
    """Complain of an action where a value is wanted.

    Raises:
        CompileError: D_CG_EXPR.
    """
    if isinstance(node, nodes.Call) and node.name in builtins.ACTIONS:
        what = f"tracing function {node.name}( ) may not be called from a D expression"
        fail("D_CG_EXPR", node.line, f"{what} (D program context required)")


def statement(checker: Checker, node: nodes.Call) -> None:
    """Check what an action takes, where it is a statement."""
    if node.name in _CHECKS:
        _CHECKS[node.name](checker, node)


def format_of(node: nodes.Call) -> list[formats.Conversion]:
    """The conversions of the format that is an action's first argument.

    Raises:
        CompileError: D_PRINTF_ARG_FMT, D_PRINTF_FMT_EMPTY, D_SYNTAX.
    """
    first = node.arguments[0]
    if not isinstance(first, StringConstant):
        what = f"{node.name}( ) argument #1 is incompatible with prototype:"
        fail(
            "D_PRINTF_ARG_FMT", node.line, f"{what}\n\tprototype: string constant\n\t argument: {first.type}"
        )
    if not first.value:
        fail("D_PRINTF_FMT_EMPTY", node.line, f"{node.name}( ) format string is empty")
    return formats.parse(first.value.decode("utf-8", "surrogateescape"), node.line)


def _printf(checker: Checker, node: nodes.Call) -> None:
    check_calls.check_count(checker, node.name, len(node.arguments), 1, None, node.line)
    first = node.arguments[0]
    if node.name == "freopen" and isinstance(first, StringConstant):
        if not first.value and len(node.arguments) == 1:
            return
        if first.value == b".":
            fail("D_FREOPEN_INVALID", node.line, 'freopen( ) argument #1 cannot be "."')
    types = [argument.type for argument in node.arguments[1:]]
    formats.check_arguments(node.name, format_of(node), types, 2, node.line)


def _printa(checker: Checker, node: nodes.Call) -> None:
    line = node.line
    arguments = node.arguments
    check_calls.check_count(checker, "printa", len(arguments), 1, None, line)
    has_format = isinstance(arguments[0], StringConstant)
    if has_format and len(arguments) < 2:
        fail("D_PRINTA_PROTO", line, "printa( ) prototype mismatch: 1 args passed, 2 expected")
    aggregations = [
        _aggregation(node, argument, number, "PRINTA")
        for number, argument in enumerate(arguments[has_format:], 1 + has_format)
    ]
    _compare_keys(aggregations, line)
    if has_format:
        _check_printa_format(node, aggregations)


def _aggregation(node: nodes.Call, argument: Node, number: int, tag: str) -> Symbol:
    if not isinstance(argument, nodes.Aggregation):
        message = (
            f"{node.name}( ) argument #{number} is incompatible with prototype:\n"
            f"\tprototype: aggregation\n\t argument: {argument.type}"
        )
        fail(f"D_{tag}_AGGARG", node.line, message)
    if argument.symbol is None:
        fail(f"D_{tag}_AGGBAD", node.line, f"undefined aggregation: @{argument.name}")
    return argument.symbol


def _compare_keys(aggregations: list[Symbol], line: int) -> None:
    first = aggregations[0]
    keys = first.keys or []
    for other in aggregations[1:]:
        others = other.keys or []
        if len(keys) != len(others):
            counts = [f"{symbol.full_name} has {_plural(symbol)}" for symbol in (first, other)]
            message = (
                f"printa( ): {first.full_name} and {other.full_name} do not have matching key signatures: "
                f"{counts[0]}, {counts[1]}"
            )
            fail("D_PRINTA_AGGKEY", line, message)
        for number, (one, two) in enumerate(zip(keys, others, strict=True), 1):
            if (is_integer(one) and is_integer(two)) or (is_string_like(one) and is_string_like(two)):
                continue
            if str(one) != str(two):
                message = (
                    f"printa( ): {other.full_name}[ ] key #{number} is incompatible with {first.full_name}:\n"
                    f"{first.name:>9} key #{number}: {one}\n{other.name:>9} key #{number}: {two}"
                )
                fail("D_PRINTA_AGGPROTO", line, message)


def _plural(symbol: Symbol) -> str:
    count = len(symbol.keys or [])
    return f"{count} key{'' if count == 1 else 's'}"


def _check_printa_format(node: nodes.Call, aggregations: list[Symbol]) -> None:
    conversions = format_of(node)
    keys = list(aggregations[0].keys or [])
    plain = [each for each in conversions if each.name and not each.of_aggregation]
    for each in conversions:
        if each.of_aggregation and each.name not in "dioucxXpaAYT":
            message = f"{node.name}( ) format conversion {each} is incompatible with an aggregation"
            fail("D_PRINTF_ARG_TYPE", node.line, message)
    needed = sum(1 + each.dynamic_width + each.dynamic_precision for each in plain)
    formats.check_arguments("printa", plain, keys[:needed], 2, node.line)


def _trace(checker: Checker, node: nodes.Call) -> None:
    check_calls.check_count(checker, node.name, len(node.arguments), 1, 1, node.line)
    kind = node.arguments[0].type
    if isinstance(resolve(kind), Void):
        fail("D_TRACE_VOID", node.line, "trace( ) may not be applied to a void expression")
    _refuse_dynamic(checker, "trace", kind, node.line)


def _refuse_dynamic(checker: Checker, name: str, kind: Type, line: int) -> None:
    """Complain of what has no value of its own: aggregations, and pointers to translated data."""
    kind = resolve(kind)
    if not isinstance(kind, Translated | Dynamic) or (name == "trace" and _is_traced(kind)):
        return
    tag, what = "DYN", "a translated pointer"
    if checker.dialect is dialect.ORACLE:
        what = "a dynamic expression"
    elif isinstance(kind, Dynamic):
        tag, what = "AGG", "an aggregation" + (" -- did you mean printa()?" if name == "print" else "")
    fail(f"D_{name.upper()}_{tag}", line, f"{name}( ) may not be applied to {what}")


def _is_traced(kind: Type) -> bool:
    """Whether trace() takes a value that only actions have."""
    return isinstance(kind, Dynamic) and kind.what in ("stack", "symbol address")


def _print(checker: Checker, node: nodes.Call) -> None:
    check_calls.check_count(checker, "print", len(node.arguments), 1, 1, node.line)
    kind = resolve(node.arguments[0].type)
    if isinstance(kind, Void):
        fail("D_PRINT_VOID", node.line, "print( ) may not be applied to a void expression")
    _refuse_dynamic(checker, "print", kind, node.line)


def _tracemem(checker: Checker, node: nodes.Call) -> None:
    arguments = node.arguments
    most = 3 if checker.dialect is dialect.ORACLE else None
    check_calls.check_count(checker, "tracemem", len(arguments), 2, most, node.line)
    if not (is_pointer(arguments[0].type) or is_integer(arguments[0].type)):
        message = (
            "tracemem( ) argument #1 is incompatible with prototype:\n"
            f"\tprototype: pointer or integer\n\t argument: {arguments[0].type}"
        )
        fail("D_TRACEMEM_ADDR", node.line, message)
    size = arguments[1]
    if not isinstance(size, Constant) or size.value <= 0:
        message = "tracemem( ) argument #2 must be a non-zero positive integral constant expression"
        fail("D_TRACEMEM_SIZE", node.line, message)
    if len(arguments) > 3:
        fail("D_TRACEMEM_ARGS", node.line, "tracemem ( ) prototype mismatch: expected at most 3 args")
    if len(arguments) > 2 and not is_scalar(arguments[2].type):
        message = "tracemem ( ) dynamic size (argument #3) must be of scalar type"
        fail("D_TRACEMEM_DYNSIZE", node.line, message)


def _stack(checker: Checker, node: nodes.Call) -> None:
    arguments = node.arguments
    if arguments and checker.dialect is dialect.ORACLE and not is_integer(arguments[0].type):
        check_calls.wrong_argument(
            "stack( ) argument #1", "argument", "uint32_t", str(arguments[0].type), node.line
        )
    if len(arguments) > 1:
        fail("D_STACK_PROTO", node.line, "stack( ) prototype mismatch: too many arguments")
    if not arguments:
        return
    if not isinstance(arguments[0], Constant) or arguments[0].value <= 0:
        message = "size must be a non-zero positive integral constant expression"
        if checker.dialect is dialect.ORACLE:
            message = "argument #1 must be a non-zero positive integer constant"
        fail("D_STACK_SIZE", node.line, f"stack( ) {message}")


def _ustack(_checker: Checker, node: nodes.Call) -> None:
    """ustack() and jstack(), which messages call ustack() too."""
    arguments = node.arguments
    if arguments and (not isinstance(arguments[0], Constant) or arguments[0].value <= 0):
        message = "ustack( ) argument #1 must be a non-zero positive integer constant"
        fail("D_USTACK_FRAMES", node.line, message)
    if len(arguments) > 1 and (not isinstance(arguments[1], Constant) or arguments[1].value < 0):
        fail("D_USTACK_STRSIZE", node.line, "ustack( ) argument #2 must be a positive integer constant")
    if len(arguments) > 2:
        fail("D_USTACK_PROTO", node.line, "ustack( ) prototype mismatch: too many arguments")


def _on_aggregation(least: int, most: int) -> Callable[[Checker, nodes.Call], None]:
    def check(checker: Checker, node: nodes.Call) -> None:
        tag = "NORMALIZE" if node.name == "denormalize" else node.name.upper()
        count = len(node.arguments)
        if checker.dialect is dialect.ORACLE:
            check_calls.check_count(checker, node.name, count, least, most, node.line)
        if not least <= count <= most:
            wanted = f"{least}" if least == most else "at least 1" if count < least else "no more than 2"
            message = f"{node.name}( ) prototype mismatch: {count} args passed, {wanted} expected"
            fail(f"D_{tag}_PROTO", node.line, message)
        _aggregation(node, node.arguments[0], 1, tag)
        if count > 1 and not is_scalar(node.arguments[1].type):
            if checker.dialect is dialect.ORACLE and tag == "NORMALIZE":
                kind = str(node.arguments[1].type)
                check_calls.wrong_argument("normalize( ) argument #2", "argument", "scalar", kind, node.line)
            fail(f"D_{tag}_SCALAR", node.line, f"{node.name}( ) argument #2 must be of scalar type")

    return check


_CHECKS: dict[str, Callable[[Checker, nodes.Call], None]] = {
    "clear": _on_aggregation(1, 1),
    "denormalize": _on_aggregation(1, 1),
    "freopen": _printf,
    "jstack": _ustack,
    "normalize": _on_aggregation(2, 2),
    "print": _print,
    "printa": _printa,
    "printf": _printf,
    "stack": _stack,
    "system": _printf,
    "trace": _trace,
    "tracemem": _tracemem,
    "trunc": _on_aggregation(1, 2),
    "ustack": _ustack,
}
