"""Aggregating functions: their arguments, and whether all uses of an aggregation agree on their parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from ring3.trace.dtrace import check_calls, dialect, nodes
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.nodes import Constant
from ring3.trace.dtrace.symbols import Symbol
from ring3.trace.dtrace.types import is_integer, is_scalar

if TYPE_CHECKING:
    from ring3.trace.dtrace.checker import Checker

_INT32 = 1 << 31


def aggregate(checker: Checker, symbol: Symbol, node: nodes.Call) -> None:
    """An aggregating function assigned to an aggregation: its arguments, and whether it agrees with the first one.

    Raises:
        CompileError: D_AGG_REDEF, D_AGG_SCALAR, D_PROTO_LEN, D_LQUANT_*, D_LLQUANT_*.
    """
    name, line = node.name, node.line
    node.arguments = [checker.value(argument) for argument in node.arguments]
    least, most = _COUNTS.get(name, (1, 1))
    check_calls.check_count(name, len(node.arguments), least, most, line)
    if node.arguments and not is_scalar(node.arguments[0].type):
        fail("D_AGG_SCALAR", line, f"{name}( ) argument #1 must be of scalar type")
    if symbol.function and symbol.function != name:
        message = (
            f"aggregation redefined: {symbol.full_name}\n\t current: {symbol.full_name} = {name}( )\n"
            f"\tprevious: {symbol.full_name} = {symbol.function}( ) : line {symbol.call.line if symbol.call else 0}"
        )
        fail("D_AGG_REDEF", line, message)
    rules = _rules(name, checker.dialect)
    constants = rules.parameters(node) if rules else ()
    if symbol.call is None:
        symbol.function, symbol.call, symbol.constants = name, node, constants
    elif rules:
        _compare(symbol, constants, rules.matches, line)
    increment = {"quantize": 1, "lquantize": 4, "llquantize": 5}.get(name, 99)
    if len(node.arguments) > increment and not is_integer(node.arguments[increment].type):
        check_calls.wrong_argument(
            f"{name}( ) argument #{increment + 1}",
            "argument",
            "int64_t",
            str(node.arguments[increment].type),
            line,
        )


_COUNTS = {"count": (0, 0), "quantize": (1, 2), "lquantize": (3, 5), "llquantize": (5, 6)}


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
    values = [
        _magnitude(node, number, f"D_LLQUANT_{name}TYPE", f"D_LLQUANT_{name}VAL")
        for number, name in enumerate(names, 1)
    ]
    factor, low, high, steps = values
    if factor < 2:
        fail("D_LLQUANT_FACTORSMALL", line, _TOO_SMALL)
    if low >= high:
        fail("D_LLQUANT_MAGRANGE", line, _NO_RANGE)
    if steps < factor:
        message = "llquantize( ) factor (argument #2) must be less than or equal to the number of steps (argument #5)"
        fail("D_LLQUANT_FACTORNSTEPS", line, message)
    if _power_above(factor, steps) % steps or steps % factor:
        fail("D_LLQUANT_FACTOREVEN", line, _UNEVEN)
    if factor ** (high + 1) >= 1 << 64:
        fail("D_LLQUANT_MAGTOOBIG", line, _OVERFLOW)
    return factor, low, high, steps


def _llquantize_of_oracle(node: nodes.Call) -> tuple[int, ...]:
    """The same with Oracle's tags and limits: a magnitude may have fewer steps than the factor."""
    line = node.line
    steps = node.arguments[4]
    if not isinstance(steps, Constant) or steps.value <= 0:
        fail(
            "D_LLQUANT_STEPTYPE",
            line,
            "llquantize( ) argument #5 must be a non-zero positive integer constant",
        )
    names = ("FACTOR", "LMAG", "HMAG", "STEP")
    factor, low, high, count = (
        _magnitude(node, number, f"D_LLQUANT_{name}TYPE", f"D_LLQUANT_{name}VAL")
        for number, name in enumerate(names, 1)
    )
    if factor < 2:
        fail("D_LLQUANT_FACTORVAL", line, _TOO_SMALL)
    if low > high:
        fail("D_LLQUANT_HMAGVAL", line, _NO_RANGE)
    if factor ** (high + 1) >= 1 << 63:
        fail("D_LLQUANT_HMAGVAL", line, _OVERFLOW)
    if factor % count if count < factor else count % factor or _power_above(factor, count) % count:
        fail("D_LLQUANT_STEPVAL", line, _UNEVEN)
    return factor, low, high, count


_TOO_SMALL = "llquantize( ) factor (argument #2) must be two or more"
_NO_RANGE = "llquantize( ) high magnitude (argument #4) must be greater than low magnitude (argument #3)"
_UNEVEN = (
    "llquantize( ) factor (argument #2) must evenly divide the number of steps per magnitude (argument #5), "
    "and the number of steps must evenly divide a power of the factor"
)
_OVERFLOW = "llquantize( ) factor (argument #2) raised to the high magnitude (argument #4) overflows 64 bits"


def _magnitude(node: nodes.Call, number: int, type_tag: str, value_tag: str) -> int:
    """An argument of llquantize(): a constant without sign, of 16 bits."""
    argument = node.arguments[number]
    what = f"llquantize( ) argument #{number + 1}"
    if not isinstance(argument, Constant):
        fail(type_tag, node.line, f"{what} must be an integer constant")
    if not 0 <= argument.value <= 0xFFFF:
        fail(value_tag, node.line, f"{what} must be an unsigned 16-bit quantity")
    return argument.value


def _power_above(factor: int, least: int) -> int:
    """The smallest power of a factor, itself at the least, that is not below a number."""
    power = factor
    while power < least:
        power *= factor
    return power


class _Rules(NamedTuple):
    """How parameters of an aggregating function are checked, and the tags and names of those that do not match."""

    parameters: Callable[[nodes.Call], tuple[int, ...]]
    matches: tuple[tuple[str, str], ...]


_LINEAR: Final = _Rules(
    _lquantize,
    (("D_LQUANT_MATCHBASE", "base"), ("D_LQUANT_MATCHLIM", "limit"), ("D_LQUANT_MATCHSTEP", "step")),
)
_LOG_LINEAR_NAMES = ("factor", "low magnitude", "high magnitude", "linear steps per magnitude")
_LOG_LINEAR: Final = {
    dialect.SUN: _Rules(
        _llquantize,
        tuple(
            (f"D_LLQUANT_{word}MATCH", name)
            for word, name in zip(("FACTOR", "LOW", "HIGH", "NSTEP"), _LOG_LINEAR_NAMES, strict=True)
        ),
    ),
    dialect.ORACLE: _Rules(
        _llquantize_of_oracle,
        tuple(
            (f"D_LLQUANT_MATCH{word}", name)
            for word, name in zip(("FACTOR", "LMAG", "HMAG", "STEPS"), _LOG_LINEAR_NAMES, strict=True)
        ),
    ),
}


def _rules(name: str, spoken: dialect.Dialect) -> _Rules | None:
    if name == "lquantize":
        return _LINEAR
    return _LOG_LINEAR[spoken] if name == "llquantize" else None
