"""Translators and providers that a program defines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.trace.dtrace import check_calls, nodes
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.symbols import Kind, Symbol
from ring3.trace.dtrace.translators import Translator
from ring3.trace.dtrace.types import Array, Struct, Type, compatible, is_string_like, resolve

if TYPE_CHECKING:
    from ring3.trace.dtrace.checker import Checker


def translator(checker: Checker, item: nodes.TranslatorDefinition) -> None:
    """A translator: its members are checked with the input's name as a variable.

    Raises:
        CompileError: D_XLATE_*, D_TYPE_MEMBER.
    """
    output = resolve(item.output)
    if not isinstance(output, Struct):
        fail("D_XLATE_SOU", item.line, f"translator output type must be a struct or union: {item.output}")
    if not output.complete:
        fail("D_XLATE_SOU", item.line, f"incomplete struct/union/enum {item.output}")
    checker.know_stock_translators()
    for other in checker.translators:
        if compatible(other.output, item.output) and compatible(other.input, item.input):
            message = f"translator from {item.input} to {item.output} has already been declared"
            fail("D_XLATE_REDECL", item.line, message)
    new = Translator(item.output, item.input, f"{item.name}_{len(checker.translators)}")
    scope = checker.symbols.scopes[""]
    hidden = scope.get(item.name)
    bound = Symbol(item.name, Kind.VARIABLE, item.input)
    bound.writable = False
    bound.parameters = [f"p_{new.name}"]
    scope[item.name] = bound
    checker.translators.append(new)
    try:
        for name, expression, line in item.members:
            _member(checker, new, output, name, expression, line, item.line)
    finally:
        scope.pop(item.name)
        if hidden:
            scope[item.name] = hidden


def _member(
    checker: Checker, new: Translator, output: Struct, name: str, expression: nodes.Node, line: int, end: int
) -> None:
    member = output.members.get(name)
    if member is None:
        fail("D_TYPE_MEMBER", line, f"{name} is not a member of {new.output}")
    if name in new.members:
        fail("D_XLATE_MEMB", line, f"translator member {name} is defined twice")
    checked = checker.value(expression)
    if not _fits(member.type, checked):
        message = (
            f'translator member {name} definition uses incompatible types: "{member.type}" = "{checked.type}"'
        )
        fail("D_XLATE_INCOMPAT", end, message)
    new.members[name] = checked


def _fits(kind: Type, expression: nodes.Node) -> bool:
    if isinstance(resolve(kind), Array) and is_string_like(kind):
        return is_string_like(expression.type)
    return check_calls.compatible_argument(kind, expression)


def provider(item: nodes.ProviderDefinition) -> None:
    """A provider's probes, which programs that carry them fire themselves.

    Raises:
        CompileError: D_PROV_*.
    """
    if item.name[-1:].isdigit():
        fail("D_PROV_BADNAME", item.line, f"provider name may not end with a digit: {item.name}")
    names = set()
    for probe in item.probes:
        if probe.name in names:
            fail("D_PROV_PRDUP", probe.line, f"probe redeclared: {item.name}:{probe.name}")
        names.add(probe.name)
