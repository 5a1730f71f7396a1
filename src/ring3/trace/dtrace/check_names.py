"""Names: variables of every scope, what D brings, constants, kernel symbols, aggregations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ring3.trace.dtrace import builtins, check_aggregates, check_calls, nodes
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.nodes import Node
from ring3.trace.dtrace.symbols import Kind, Symbol
from ring3.trace.dtrace.types import (
    Dynamic,
    Pointer,
    Struct,
    Type,
    Void,
    is_translated,
    resolve,
)

if TYPE_CHECKING:
    from ring3.trace.dtrace.checker import Checker


TUPLE_REGISTERS = 8
"""The most keys of an associative array: the registers the D machine has for them."""


def name(checker: Checker, node: Node) -> Node:
    """A word, or `self->x` and `this->x`."""
    assert isinstance(node, nodes.Name)
    symbol = find(checker, node)
    if symbol is None:
        _unknown(checker, node)
    node.symbol = symbol
    if symbol.kind is Kind.INLINE:
        return _inline(checker, node, symbol)
    if symbol.kind is Kind.ENUMERATOR:
        assert symbol.type
        return checker.make_constant(node.line, symbol.value, symbol.type)
    if symbol.kind in (Kind.ARRAY, Kind.FUNCTION) or (symbol.kind is Kind.BUILT_IN and symbol.type is None):
        message = f"{symbol.described} '{symbol.full_name}' may not be referenced as scalar"
        fail("D_IDENT_BADREF", node.line, message)
    if symbol.type is None:
        fail("D_VAR_UNDEF", node.line, f"{symbol.full_name} has not yet been declared or assigned")
    node.type = symbol.type
    node.lvalue = True
    return node


def _unknown(checker: Checker, node: nodes.Name) -> NoReturn:
    """Complain of a word nobody knows: a variable, or a symbol of a module behind a backquote."""
    if node.scope:
        message = f"{node.scope}->{node.name} has not yet been declared or assigned"
        fail("D_VAR_UNDEF", node.line, message)
    module, mark, _ = node.name.rpartition("`")
    what = "variable"
    if mark:
        what = "symbol" if not module.strip("`") or checker.knows_module(module) else "module"
    fail("D_IDENT_UNDEF", node.line, f"failed to resolve {node.name}: Unknown {what} name")


def _inline(checker: Checker, node: nodes.Name, symbol: Symbol) -> Node:
    """An inline's expression, as a value of the inline's type."""
    if symbol.keys is not None:
        fail(
            "D_IDENT_BADREF", node.line, f"associative array '{symbol.name}' may not be referenced as scalar"
        )
    assert symbol.expression
    assert symbol.type
    if isinstance(symbol.expression, nodes.Constant) and not isinstance(resolve(symbol.type), Struct):
        return checker.make_constant(node.line, symbol.expression.value, symbol.type)
    node.type = symbol.type
    return node


def find(checker: Checker, node: nodes.Name) -> Symbol | None:
    """The symbol of a word: a variable, what D brings, a constant; behind a backquote, a kernel symbol."""
    if node.symbol:
        return node.symbol
    found = checker.symbols.find(node.name, node.scope)
    if found or node.scope:
        return found
    known = _builtin(checker, node.name) or _constant(checker, node.name)
    return known or (_kernel(checker, node.name) if "`" in node.name else None)


def is_built_in(word: str) -> bool:
    """Whether D brings a variable or a function of that name."""
    return word in builtins.VARIABLES or _is_function(word)


def _is_function(word: str) -> bool:
    return word in builtins.SUBROUTINES or word in builtins.ACTIONS or word in builtins.AGGREGATES


def _builtin(checker: Checker, word: str) -> Symbol | None:
    word = word.removeprefix("D`")
    kind = builtins.VARIABLES.get(word)
    if kind is None:
        return Symbol(word, Kind.FUNCTION) if _is_function(word) else None
    return checker.symbols.add(Symbol(word, Kind.BUILT_IN, _builtin_type(checker, kind)))


def _builtin_type(checker: Checker, kind: str) -> Type | None:
    """The type of a built-in; None for arrays; of a struct nobody knows the layout of, a pointer to nothing."""
    if kind == "array":
        return None
    if kind == "curthread":
        return checker.types.pointer(_thread(checker))
    if kind.endswith(" *") and checker.types.find(kind.removesuffix(" *")) is None:
        return checker.types.pointer(checker.types.struct("struct", kind.removesuffix("_t *")))
    return builtins.named_type(checker.types, kind)


def _thread(checker: Checker) -> Type:
    """What curthread leads to: `kthread_t` of Solaris, which Linux calls `struct task_struct`."""
    found = checker.types.find("kthread_t")
    if found is None:
        return checker.types.struct("struct", "kthread")
    row = resolve(found)
    return row if str(row) == "struct task_struct" else found


def _constant(checker: Checker, word: str) -> Symbol | None:
    value = checker.constants(word)
    if value is None:
        return None
    return checker.symbols.add(Symbol(word, Kind.ENUMERATOR, checker.types.int, value=value))


def _kernel(checker: Checker, word: str) -> Symbol | None:
    found = checker.kernel_symbol(word)
    if found is None:
        return None
    return checker.symbols.add(Symbol(word, Kind.SYMBOL, found[1] or checker.types.void, value=found[0]))


def existing_or_new(checker: Checker, node: nodes.Name) -> Symbol:
    """The symbol a word names where something is assigned to it; a new variable, if there is none."""
    found = find(checker, node)
    if found is None:
        found = checker.symbols.add(Symbol(node.name, Kind.VARIABLE, scope=node.scope))
    if found.kind is Kind.FUNCTION or found.kind is Kind.ENUMERATOR:
        fail("D_OP_LVAL", node.line, "operator = requires modifiable lvalue as an operand")
    node.symbol = found
    return found


def ensure_array(checker: Checker, node: nodes.Index, kind: Type | None) -> None:
    """Where an element is assigned of a word nobody knows, make that word an associative array."""
    base = node.base
    if not isinstance(base, nodes.Name) or find(checker, base):
        return
    if base.scope == "this":
        fail("D_ARR_LOCAL", node.line, f"local variables may not be used as associative arrays: {base.name}")
    symbol = checker.symbols.add(Symbol(base.name, Kind.ARRAY, kind, scope=base.scope))
    base.symbol = symbol


def element(checker: Checker, node: nodes.Index, symbol: Symbol) -> Node:
    """An element of an associative array: the first use fixes the types of the keys."""
    node.keys = [checker.value(key) for key in node.keys]
    if len(node.keys) > TUPLE_REGISTERS:
        fail("", 0, "Insufficient tuple registers to generate code")
    check_keys(symbol, node.keys, node.line, f"{symbol.full_name}[ ]", "associative array")
    if symbol.type is None:
        fail("D_VAR_UNDEF", node.line, f"{symbol.full_name} has not yet been declared or assigned")
    node.type = symbol.type
    node.lvalue = symbol.writable
    return node


def check_keys(symbol: Symbol, keys: list[Node], line: int, shown: str, what: str) -> None:
    """Compare the keys of a tuple with those the first use fixed, or fix them.

    Raises:
        CompileError: D_KEY_TYPE, D_PROTO_LEN, D_PROTO_ARG.
    """
    for number, key in enumerate(keys, 1):
        if isinstance(resolve(key.type), Void) or not _is_key(key, what):
            message = f"{key.type} expression may not be used as {what} index: key #{number}"
            fail("D_KEY_TYPE", line, message)
    if symbol.keys is None:
        symbol.keys = [key.type for key in keys]
        return
    if len(keys) != len(symbol.keys):
        plural = "" if len(keys) == 1 else "s"
        message = f"{shown} prototype mismatch: {len(keys)} key{plural} passed, {len(symbol.keys)} expected"
        fail("D_PROTO_LEN", line, message)
    for number, (key, wanted) in enumerate(zip(keys, symbol.keys, strict=True), 1):
        if not check_calls.compatible_argument(wanted, key):
            check_calls.wrong_argument(f"{shown} key #{number}", "key", str(wanted), str(key.type), line)


def _is_key(key: Node, what: str) -> bool:
    kind = resolve(key.type)
    if isinstance(kind, Pointer) and is_translated(kind.target):
        return False
    if isinstance(kind, Dynamic):
        return what == "aggregation" and kind.what in ("stack", "symbol address")
    return True


def aggregation(checker: Checker, node: Node) -> Node:
    """An aggregation where a value is wanted: only actions take one, and they ask for it themselves."""
    assert isinstance(node, nodes.Aggregation)
    node.type = checker.types.dynamic["aggregation"]
    node.symbol = checker.symbols.find(node.name, "@")
    return node


def assign_aggregation(checker: Checker, node: nodes.Assign) -> Node:
    """`@name[keys] = function(arguments)`."""
    target = node.target
    assert isinstance(target, nodes.Aggregation)
    call = node.value
    if node.operator != "=":
        fail("D_OP_LVAL", node.line, f"operator {node.operator} requires modifiable lvalue as an operand")
    if not isinstance(call, nodes.Call):
        fail(
            "D_AGG_FUNC", node.line, f"@{target.name} must be assigned the result of an aggregating function"
        )
    if call.name not in builtins.AGGREGATES:
        known = call.name in builtins.SUBROUTINES or call.name in builtins.ACTIONS
        if not known:
            fail("D_FUNC_UNDEF", node.line, f"undefined function name: {call.name}")
        fail(
            "D_AGG_FUNC", node.line, f"@{target.name} must be assigned the result of an aggregating function"
        )
    target.keys = [checker.value(key) for key in target.keys]
    symbol = checker.symbols.find(target.name, "@")
    if symbol is None:
        symbol = checker.symbols.add(
            Symbol(target.name, Kind.AGGREGATION, checker.types.dynamic["aggregation"])
        )
    target.symbol = symbol
    check_keys(symbol, target.keys, node.line, f"@{target.name}[ ]", "aggregation")
    check_aggregates.aggregate(checker, symbol, call)
    target.type = node.type = checker.types.dynamic["aggregation"]
    return node
