"""Aggregating functions: their arguments, and whether all uses of an aggregation agree on their parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from ring3.trace.dtrace import check_calls, dialect, nodes
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.nodes import Constant
from ring3.trace.dtrace.symbols import Symbol
from ring3.trace.dtrace.types import is_scalar

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
    if len(node.arguments) > most > least:
        message = f"{name}( ) prototype mismatch: {len(node.arguments)} args passed, at most {most} expected"
        fail("D_PROTO_LEN", line, message)
    check_calls.check_count(checker, name, len(node.arguments), least, None if most > least else most, line)
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
    increment = _INCREMENTS.get(name, 99)
    if len(node.arguments) > increment and not is_scalar(node.arguments[increment].type):
        fail(
            "D_PROTO_ARG",
            line,
            f"{name}( ) increment value (argument #{increment + 1}) must be of scalar type",
        )


_COUNTS = {"count": (0, 0), "quantize": (1, 2), "lquantize": (3, 5), "llquantize": (5, 6)}
_INCREMENTS = {"quantize": 1, "lquantize": 4, "llquantize": 5}
"""Where a value stands that is counted instead of one."""


def _compare(
    symbol: Symbol, constants: tuple[int, ...], tags: tuple[tuple[str, str], ...], line: int
) -> None:
    for number, (old, new, (tag, what)) in enumerate(zip(symbol.constants, constants, tags, strict=True), 1):
        if old != new:
            told = f"{what} (argument #{number}) doesn't match previous declaration"
            fail(tag, line, f"{symbol.function}( ) {told}: expected {old}, found {new}")


def _constant(node: nodes.Call, number: int, tag: str) -> int:
    argument = node.arguments[number]
    if not isinstance(argument, Constant):
        fail(f"{tag}TYPE", node.line, f"{node.name}( ) argument #{number} must be an integer constant")
    if not -_INT32 <= argument.value < _INT32:
        fail(f"{tag}VAL", node.line, f"{node.name}( ) argument #{number} must be a 32-bit quantity")
    return argument.value


def _lquantize(node: nodes.Call) -> tuple[int, ...]:
    line = node.line
    base = _constant(node, 1, "D_LQUANT_BASE")
    limit = _constant(node, 2, "D_LQUANT_LIM")
    if limit < base:
        message = "lquantize( ) base (argument #1) must be less than limit (argument #2)"
        fail("D_LQUANT_MISMATCH", line, message)
    step = 1
    if len(node.arguments) > 3:
        argument = node.arguments[3]
        if not isinstance(argument, Constant) or argument.value <= 0:
            fail(
                "D_LQUANT_STEPTYPE",
                line,
                "lquantize( ) argument #3 must be a non-zero positive integer constant",
            )
        step = argument.value
        if step > 0xFFFF:
            fail("D_LQUANT_STEPVAL", line, "lquantize( ) argument #3 must be a 16-bit quantity")
    levels = (limit - base) // step
    if levels == 0:
        message = "lquantize( ) step (argument #3) too large: must have at least one quantization level"
        fail("D_LQUANT_STEPLARGE", line, message)
    if levels > 0xFFFF:
        message = "lquantize( ) step (argument #3) too small: number of quantization levels must be a 16-bit quantity"
        fail("D_LQUANT_STEPSMALL", line, message)
    return base, limit, step


_LOG_LINEAR_NAMES: Final = (
    ("FACTOR", "factor"),
    ("LOW", "low magnitude"),
    ("HIGH", "high magnitude"),
    ("NSTEP", "linear steps per magnitude"),
)
"""The parameters of llquantize(): their words in tags, and their names."""


def _llquantize(node: nodes.Call) -> tuple[int, ...]:
    line = node.line
    factor, low, high, steps = (
        _magnitude(node, number, f"D_LLQUANT_{word}TYPE", f"D_LLQUANT_{word}VAL", f" ({name})")
        for number, (word, name) in enumerate(_LOG_LINEAR_NAMES, 1)
    )
    if factor < 2:
        fail("D_LLQUANT_FACTORSMALL", line, "llquantize( ) factor (argument #1) must be two or more")
    if low >= high:
        message = (
            "llquantize( ) high magnitude (argument #3) must be greater than low magnitude (argument #2)"
        )
        fail("D_LLQUANT_MAGRANGE", line, message)
    if steps < factor:
        message = (
            "llquantize( ) factor (argument #1) must be less than or equal to the number of linear steps per "
            "magnitude (argument #4)"
        )
        fail("D_LLQUANT_FACTORNSTEPS", line, message)
    if _power_above(factor, steps) % steps or steps % factor:
        message = (
            "llquantize( ) factor (argument #1) must evenly divide the number of steps per magnitude (argument #4), "
            "and the number of steps per magnitude must evenly divide a power of the factor"
        )
        fail("D_LLQUANT_FACTOREVEN", line, message)
    if factor ** (high + 1) >= 1 << 64:
        message = (
            f"llquantize( ) factor ({factor}) raised to power of high magnitude ({high}) overflows 64-bits"
        )
        fail("D_LLQUANT_MAGTOOBIG", line, message)
    return factor, low, high, steps


def _llquantize_of_oracle(node: nodes.Call) -> tuple[int, ...]:
    """The same with Oracle's tags and limits: a magnitude may have fewer steps than the factor."""
    line = node.line
    factor, low, high = (
        _magnitude(node, number, f"D_LLQUANT_{word}TYPE", f"D_LLQUANT_{word}VAL")
        for number, word in enumerate(("FACTOR", "LMAG", "HMAG"), 1)
    )
    if factor < 2:
        message = "llquantize( ) argument #1 must be an unsigned 16-bit quantity greater than or equal to 2"
        fail("D_LLQUANT_FACTORVAL", line, message)
    if low > high:
        message = "llquantize( ) argument #3 (high magnitude) must be at least argument #2 (low magnitude)"
        fail("D_LLQUANT_HMAGVAL", line, message)
    if factor ** (high + 1) >= 1 << 64:
        message = "llquantize( ) argument #3 (high magnitude) will cause overflow of 64 bits"
        fail("D_LLQUANT_HMAGVAL", line, message)
    count = _steps_of_oracle(node)
    uneven = _uneven(factor, low, count)
    if uneven:
        fail("D_LLQUANT_STEPVAL", line, f"llquantize() argument #4 (steps) must {uneven}")
    return factor, low, high, count


def _steps_of_oracle(node: nodes.Call) -> int:
    steps = node.arguments[4]
    if not isinstance(steps, Constant) or steps.value <= 0:
        message = "llquantize( ) argument #4 must be a non-zero positive integer constant"
        fail("D_LLQUANT_STEPTYPE", node.line, message)
    return _magnitude(node, 4, "D_LLQUANT_STEPTYPE", "D_LLQUANT_STEPVAL")


def _uneven(factor: int, low: int, count: int) -> str:
    """What a number of steps must do and does not; empty if it does all."""
    if count < factor and factor % count:
        return "evenly divide argument #1 (factor) when steps<factor"
    if count > factor and count % factor:
        return "be a multiple of argument #1 (factor) when steps>factor"
    if count > factor and low == 0 and factor**2 % count:
        return "evenly divide the square of argument #1 (factor) when steps>factor and lmag==0"
    if count > factor and low and factor ** (low + 1) % count:
        return "evenly divide pow(argument #1 (factor), lmag (argument #2) + 1) when steps>factor and lmag>0"
    return ""


def _magnitude(node: nodes.Call, number: int, type_tag: str, value_tag: str, name: str = "") -> int:
    """An argument of llquantize(): a constant without sign, of 16 bits."""
    argument = node.arguments[number]
    what = f"llquantize( ) argument #{number}{name}"
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
_LOG_LINEAR: Final = {
    dialect.SUN: _Rules(
        _llquantize,
        tuple((f"D_LLQUANT_{word}MATCH", name) for word, name in _LOG_LINEAR_NAMES),
    ),
    dialect.ORACLE: _Rules(
        _llquantize_of_oracle,
        tuple(
            (f"D_LLQUANT_MATCH{word}", name)
            for word, name in (("FACTOR", "factor"), ("LMAG", "lmag"), ("HMAG", "hmag"), ("STEPS", "steps"))
        ),
    ),
}


def _rules(name: str, spoken: dialect.Dialect) -> _Rules | None:
    if name == "lquantize":
        return _LINEAR
    return _LOG_LINEAR[spoken] if name == "llquantize" else None
