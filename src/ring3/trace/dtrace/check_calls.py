"""Calls: functions against their prototypes, and aggregating functions against each other's parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from ring3.trace.dtrace import builtins, check_actions, nodes
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.nodes import Constant, Node
from ring3.trace.dtrace.symbols import Symbol
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
    is_integer,
    is_scalar,
    is_string,
    is_string_like,
    resolve,
    target_of,
)

if TYPE_CHECKING:
    from ring3.trace.dtrace.checker import Checker

_INT32 = 1 << 31


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
        found = checker.symbols.find(name)
        if found or name in builtins.VARIABLES:
            what = found.kind.value if found else "variable"
            fail("D_FUNC_IDKIND", node.line, f"{what} '{name}' may not be referenced as a function")
        fail("D_FUNC_UNDEF", node.line, f"undefined function name: {name}")
    prototype = builtins.prototype(builtins.SUBROUTINES[name])
    node.arguments = [checker.value(argument) for argument in node.arguments]
    check_prototype(checker, node, prototype)
    node.type = builtins.named_type(checker.types, prototype.returns)
    return node


def check_count(name: str, given: int, least: int, most: int | None, line: int) -> None:
    """Compare the number of arguments with what a function takes.

    Raises:
        CompileError: D_PROTO_LEN.
    """
    if given >= least and (most is None or given <= most):
        return
    limit = least if given < least else most
    which = "" if least == most else ("at least " if given < least else "at most ")
    plural = "" if given == 1 else "s"
    message = f"{name}( ) prototype mismatch: {given} arg{plural} passed, {which}{limit} expected"
    fail("D_PROTO_LEN", line, message)


def check_prototype(checker: Checker, node: nodes.Call, prototype: builtins.Prototype) -> None:
    """Compare the arguments of a call, which were checked, with a prototype.

    Raises:
        CompileError: D_PROTO_LEN, D_PROTO_ARG.
    """
    most = None if prototype.variadic else len(prototype.parameters)
    check_count(node.name, len(node.arguments), prototype.required, most, node.line)
    for number, (argument, wanted) in enumerate(zip(node.arguments, prototype.parameters, strict=False), 1):
        if wanted == "@":
            continue
        kind = builtins.named_type(checker.types, wanted)
        if not compatible_argument(kind, argument) or (wanted == "object *" and is_string(argument.type)):
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


def aggregate(checker: Checker, symbol: Symbol, node: nodes.Call) -> None:
    """An aggregating function assigned to an aggregation: its arguments, and whether it agrees with the first one.

    Raises:
        CompileError: D_AGG_REDEF, D_AGG_SCALAR, D_PROTO_LEN, D_LQUANT_*, D_LLQUANT_*.
    """
    name, line = node.name, node.line
    node.arguments = [checker.value(argument) for argument in node.arguments]
    least, most = _COUNTS.get(name, (1, 1))
    check_count(name, len(node.arguments), least, most, line)
    if node.arguments and not is_scalar(node.arguments[0].type):
        fail("D_AGG_SCALAR", line, f"{name}( ) argument #1 must be of scalar type")
    if symbol.function and symbol.function != name:
        message = (
            f"aggregation redefined: {symbol.full_name}\n\t current: {symbol.full_name} = {name}( )\n"
            f"\tprevious: {symbol.full_name} = {symbol.function}( ) : line {symbol.call.line if symbol.call else 0}"
        )
        fail("D_AGG_REDEF", line, message)
    constants = _PARAMETERS[name](node) if name in _PARAMETERS else ()
    if symbol.call is None:
        symbol.function, symbol.call, symbol.constants = name, node, constants
    elif name in _PARAMETERS:
        _compare(symbol, constants, _MATCH_TAGS[name], line)
    increment = {"quantize": 1, "lquantize": 4, "llquantize": 5}.get(name, 99)
    if len(node.arguments) > increment and not is_integer(node.arguments[increment].type):
        wrong_argument(
            f"{name}( ) argument #{increment + 1}",
            "argument",
            "int64_t",
            str(node.arguments[increment].type),
            line,
        )


_COUNTS = {"count": (0, 0), "quantize": (1, 2), "lquantize": (3, 5), "llquantize": (5, 6)}
_MATCH_TAGS = {
    "lquantize": (
        ("D_LQUANT_MATCHBASE", "base"),
        ("D_LQUANT_MATCHLIM", "limit"),
        ("D_LQUANT_MATCHSTEP", "step"),
    ),
    "llquantize": (
        ("D_LLQUANT_FACTORMATCH", "factor"),
        ("D_LLQUANT_LOWMATCH", "low magnitude"),
        ("D_LLQUANT_HIGHMATCH", "high magnitude"),
        ("D_LLQUANT_NSTEPMATCH", "linear steps per magnitude"),
    ),
}


def _compare(
    symbol: Symbol, constants: tuple[int, ...], tags: tuple[tuple[str, str], ...], line: int
) -> None:
    first = symbol.call.line if symbol.call else 0
    for number, (old, new, (tag, what)) in enumerate(zip(symbol.constants, constants, tags, strict=True), 2):
        if old != new:
            message = (
                f"{symbol.function}( ) {what} (argument #{number}) doesn't match previous declaration or definition "
                f"at line {first}"
            )
            fail(tag, line, message)


def _constant(node: nodes.Call, number: int, tag: str) -> int:
    argument = node.arguments[number]
    if not isinstance(argument, Constant):
        fail(f"{tag}TYPE", node.line, f"{node.name}( ) argument #{number + 1} must be an integer constant")
    if not -_INT32 <= argument.value < _INT32:
        fail(f"{tag}VAL", node.line, f"{node.name}( ) argument #{number + 1} must be a 32-bit quantity")
    return argument.value


def _lquantize(node: nodes.Call) -> tuple[int, ...]:
    line = node.line
    base = _constant(node, 1, "D_LQUANT_BASE")
    limit = _constant(node, 2, "D_LQUANT_LIM")
    if limit < base:
        message = "lquantize( ) base (argument #2) must be less than limit (argument #3)"
        fail("D_LQUANT_MISMATCH", line, message)
    step = 1
    if len(node.arguments) > 3:
        argument = node.arguments[3]
        if not isinstance(argument, Constant) or argument.value <= 0:
            fail(
                "D_LQUANT_STEPTYPE",
                line,
                "lquantize( ) argument #4 must be a non-zero positive integer constant",
            )
        step = argument.value
        if step > 0xFFFF:
            fail("D_LQUANT_STEPVAL", line, "lquantize( ) argument #4 must be a 16-bit quantity")
    levels = (limit - base) // step
    if levels == 0:
        message = "lquantize( ) step (argument #4) too large: must have at least one quantization level"
        fail("D_LQUANT_STEPLARGE", line, message)
    if levels > 0xFFFF:
        message = "lquantize( ) step (argument #4) too small: number of quantization levels must be a 16-bit quantity"
        fail("D_LQUANT_STEPSMALL", line, message)
    return base, limit, step


def _llquantize(node: nodes.Call) -> tuple[int, ...]:
    line = node.line
    names = ("FACTOR", "LOW", "HIGH", "NSTEP")
    values = []
    for number, name in enumerate(names, 1):
        argument = node.arguments[number]
        what = f"llquantize( ) argument #{number + 1}"
        if not isinstance(argument, Constant):
            fail(f"D_LLQUANT_{name}TYPE", line, f"{what} must be an integer constant")
        if not 0 <= argument.value <= 0xFFFF:
            fail(f"D_LLQUANT_{name}VAL", line, f"{what} must be an unsigned 16-bit quantity")
        values.append(argument.value)
    factor, low, high, steps = values
    if factor < 2:
        fail("D_LLQUANT_FACTORSMALL", line, "llquantize( ) factor (argument #2) must be two or more")
    if low >= high:
        message = (
            "llquantize( ) high magnitude (argument #4) must be greater than low magnitude (argument #3)"
        )
        fail("D_LLQUANT_MAGRANGE", line, message)
    if steps < factor:
        message = "llquantize( ) factor (argument #2) must be less than or equal to the number of steps (argument #5)"
        fail("D_LLQUANT_FACTORNSTEPS", line, message)
    power = factor
    while power < steps:
        power *= factor
    if power % steps or steps % factor:
        message = (
            "llquantize( ) factor (argument #2) must evenly divide the number of steps per magnitude (argument #5), "
            "and the number of steps must evenly divide a power of the factor"
        )
        fail("D_LLQUANT_FACTOREVEN", line, message)
    if factor ** (high + 1) >= 1 << 64:
        message = (
            "llquantize( ) factor (argument #2) raised to the high magnitude (argument #4) overflows 64 bits"
        )
        fail("D_LLQUANT_MAGTOOBIG", line, message)
    return factor, low, high, steps


_PARAMETERS: dict[str, Callable[[nodes.Call], tuple[int, ...]]] = {
    "lquantize": _lquantize,
    "llquantize": _llquantize,
}
