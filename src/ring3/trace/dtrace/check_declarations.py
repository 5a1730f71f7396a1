"""Declarations at program level: variables, typedefs, kernel symbols, inlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.trace.dtrace import arithmetic, check_calls, check_names, nodes
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.nodes import Node
from ring3.trace.dtrace.symbols import Kind, Symbol
from ring3.trace.dtrace.types import (
    Array,
    Function,
    Parameter,
    Struct,
    Tuple,
    Type,
    Typedef,
    Void,
    compatible,
    is_string_like,
    resolve,
)

if TYPE_CHECKING:
    from ring3.trace.dtrace.checker import Checker


def declare(checker: Checker, declared: nodes.Declared, *, in_header: bool = False) -> None:
    """A declaration at program level: a global, thread- or clause-local variable, a typedef, a kernel symbol.

    Headers of C may define a type again that is the same.

    Raises:
        CompileError: D_DECL_*.
    """
    kind, line = declared.type, declared.line
    resolved = resolve(kind)
    if declared.storage == "typedef":
        if not in_header and checker.find(nodes.Name(line, declared.name)):
            fail("D_DECL_IDRED", line, f"global variable identifier redeclared: {declared.name}")
        again = checker.types.is_declared(declared.name)
        known = checker.types.find(declared.name) if again or checker.types.is_own(declared.name) else None
        if known is not None and not (compatible(known, kind) and (in_header or not again)):
            fail("D_DECL_IDRED", line, f"typedef redeclared: {declared.name}")
        checker.types.define(declared.name, Typedef(declared.name, kind))
        return
    if declared.storage in ("auto", "register", "static"):
        fail("D_DECL_BADCLASS", line, "specified storage class not appropriate in D")
    if isinstance(resolved, Void):
        fail("D_DECL_VOIDOBJ", line, f"cannot have void object: {declared.name}")
    if isinstance(resolved, Struct) and not resolved.complete and declared.storage != "extern":
        fail("D_DECL_INCOMPLETE", line, f"incomplete struct/union/enum {kind}: {declared.name}")
    _define(checker, declared, kind)


def _define(checker: Checker, declared: nodes.Declared, kind: Type) -> None:
    resolved = resolve(kind)
    scope = declared.storage if declared.storage in ("self", "this") else ""
    is_array = isinstance(resolved, Tuple)
    if isinstance(resolved, Array) and resolved.count is None and declared.storage != "extern":
        message = f"array declaration requires array dimension or tuple signature: {declared.name}"
        fail("D_DECL_ARRNULL", declared.line, message)
    if is_array and scope == "this":
        fail(
            "D_DECL_LOCASSC",
            declared.line,
            f"associative arrays may not be declared as local variables: {declared.name}",
        )
    if isinstance(resolved, Function):
        return
    if checker.types.is_declared(declared.name):
        fail("D_DECL_IDRED", declared.line, f"typedef identifier redeclared: {declared.name}")
    old = checker.symbols.find(declared.name, scope)
    if old is None and not scope and check_names.is_built_in(declared.name):
        fail("D_DECL_IDRED", declared.line, f"built-in identifier redeclared: {declared.name}")
    value_type = resolved.value if isinstance(resolved, Tuple) else kind
    if old is None:
        symbol = Symbol(declared.name, Kind.ARRAY if is_array else Kind.VARIABLE, value_type, scope=scope)
        if isinstance(resolved, Tuple):
            symbol.keys = [key.type for key in resolved.keys]
        checker.symbols.add(symbol)
        return
    _compare_declarations(declared, old, value_type, resolved.keys if isinstance(resolved, Tuple) else None)


def _compare_declarations(
    declared: nodes.Declared, old: Symbol, kind: Type, keys: list[Parameter] | None
) -> None:
    """Compare a declaration with what a name is already: its kind, type and keys.

    Raises:
        CompileError: D_DECL_IDRED.
    """
    word = "scalar" if keys is None else "associative array"
    shown = ""
    if old.described != word or old.type is None or not compatible(old.type, kind):
        shown = f"\n\t current: {word} {kind}\n\tprevious: {old.described} {old.type or ''}"
    elif keys is not None and old.keys is not None:
        for number, (key, before) in enumerate(zip(keys, old.keys, strict=False), 1):
            if str(key.type) != str(before):
                shown = f", key #{number} of type "
                shown = f"\n\t current: {word}{shown}{key.type}\n\tprevious: {word}{shown}{before}"
                break
        else:
            if len(keys) != len(old.keys):
                shown = f"\n\t current: {word} of {kind}, tuple length {len(keys)}"
                shown += f"\n\tprevious: {word} of {old.type}, tuple length {len(old.keys)}"
    if shown or not old.writable:
        fail("D_DECL_IDRED", declared.line, f"identifier redeclared: {declared.name}{shown}")


def define_inline(checker: Checker, inline: nodes.Inline) -> None:
    """An inline definition: a name for an expression."""
    declared = inline.declared
    resolved = resolve(declared.type)
    _check_inline(checker, declared, resolved)
    symbol = Symbol(declared.name, Kind.INLINE, declared.type)
    if isinstance(resolved, Tuple):
        symbol.type = resolved.value
        symbol.keys = [key.type for key in resolved.keys]
        symbol.parameters = [key.name for key in resolved.keys]
        symbol.expression = inline.expression
        checker.symbols.add(symbol)
        _check_array_inline(checker, symbol, inline)
        return
    symbol.expression = checker.value(inline.expression)
    _check_inline_type(symbol, symbol.expression, declared.line)
    checker.symbols.add(symbol)


def _check_inline(checker: Checker, declared: nodes.Declared, resolved: Type) -> None:
    """What an inline may be: a new name of a type that has values.

    Raises:
        CompileError: D_DECL_*.
    """
    name, line = declared.name, declared.line
    if declared.storage:
        message = "specified storage class not appropriate for inline declaration"
        fail("D_DECL_BADCLASS", line, message)
    if not name:
        fail("D_DECL_USELESS", line, "inline declaration requires a name")
    old = checker.find(nodes.Name(line, name))
    if old:
        shown = f"{old.described} {'inline' if old.kind is Kind.INLINE else ''}"
        message = f"identifier redefined: {name}\n\t current: inline definition\n\tprevious: {shown}"
        fail("D_DECL_IDRED", line, message)
    _check_inlined(declared, resolved)


def _check_inlined(declared: nodes.Declared, resolved: Type) -> None:
    """The type of an inline: D_DECL_* for one without values, and for an array without names of keys."""
    name, line = declared.name, declared.line
    if isinstance(resolved, Array) and resolved.count is None:
        fail("D_DECL_ARRNULL", line, f"inline declaration requires array tuple signature: {name}")
    if isinstance(resolved, Array):
        fail("D_DECL_ARRNULL", line, f"inline declaration cannot be of scalar array type: {name}")
    if isinstance(resolved, Void):
        fail("D_DECL_VOIDOBJ", line, f"cannot declare void inline: {name}")
    if isinstance(resolved, Struct) and not resolved.complete:
        fail("D_DECL_INCOMPLETE", line, f"incomplete struct/union/enum {declared.type}: {name}")
    if isinstance(resolved, Tuple):
        for number, parameter in enumerate(resolved.keys, 1):
            if not parameter.name:
                message = f"parameter declaration requires a name: parameter #{number}"
                fail("D_DECL_PROTO_NAME", line, message)


def _check_inline_type(symbol: Symbol, expression: Node, line: int) -> None:
    assert symbol.type
    if not (
        check_calls.compatible_argument(symbol.type, expression)
        or (is_string_like(symbol.type) and is_string_like(expression.type))
    ):
        message = (
            f'inline {symbol.name} definition uses incompatible types: "{symbol.type}" = "{expression.type}"'
        )
        fail("D_OP_INCOMPAT", line, message)
    if isinstance(expression, nodes.Constant):
        expression.value = arithmetic.wrap(expression.value, symbol.type)


def _check_array_inline(checker: Checker, symbol: Symbol, inline: nodes.Inline) -> None:
    """An inline array: its parameters are names within the expression."""
    scope = checker.symbols.scopes[""]
    saved = dict(scope)
    assert symbol.keys is not None
    for parameter, kind in zip(symbol.parameters, symbol.keys, strict=True):
        inner = Symbol(parameter, Kind.VARIABLE, kind)
        inner.writable = False
        inner.parameters = [f"p_{symbol.name}_{parameter}"]
        scope[parameter] = inner
    try:
        symbol.expression = checker.value(inline.expression)
    finally:
        scope.clear()
        scope.update(saved)
