"""Translators and providers that a program defines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.trace.dtrace import check_calls, nodes, translators
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.symbols import Kind, Symbol
from ring3.trace.dtrace.translators import Translator
from ring3.trace.dtrace.types import (
    Array,
    Struct,
    Type,
    compatible,
    is_arithmetic,
    is_pointer,
    is_string_like,
    resolve,
    target_of,
)

if TYPE_CHECKING:
    from ring3.trace.dtrace.checker import Checker


def translator(checker: Checker, item: nodes.TranslatorDefinition) -> None:
    """A translator: its members are checked with the input's name as a variable.

    Raises:
        CompileError: D_XLATE_*, D_TYPE_MEMBER.
    """
    output = resolve(item.output)
    if not isinstance(output, Struct):
        fail("D_XLATE_SOU", item.line, "translator output type must be a struct or union")
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
        fail("D_XLATE_MEMB", line, f"translator member {name} is not a member of {resolve(new.output)}")
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


NAME_LENGTH = 63
"""The longest name a provider or one of its probes has: DTRACE_PROVNAMELEN without the NUL."""


def _check_name(what: str, name: str, shown: str, line: int) -> None:
    if "`" in name:
        fail("D_PROV_BADNAME", line, f"{what} name may not contain scoping operator: {shown}")
    if len(name) > NAME_LENGTH:
        fail("D_PROV_BADNAME", line, f"{what} name may not exceed {NAME_LENGTH} characters: {shown}")


def provider(checker: Checker, item: nodes.ProviderDefinition) -> None:
    """A provider's probes, which programs that carry them fire themselves.

    Raises:
        CompileError: D_PROV_*.
    """
    if item.name[-1:].isdigit():
        fail("D_PROV_BADNAME", item.line, f"provider name may not end with a digit: {item.name}")
    _check_name("provider", item.name, item.name, item.line)
    names = set()
    for probe in item.probes:
        shown = f"::{probe.shown_name}"
        _check_name("probe", probe.shown_name, shown, probe.line)
        if probe.name in names:
            fail("D_PROV_PRDUP", probe.line, f"probe redeclared: {item.name}:{shown}")
        names.add(probe.name)
        for number, (place, wanted) in enumerate(zip(probe.mapping, probe.translated, strict=True), 1):
            given = probe.native[place]
            if not _translates(checker, given, wanted):
                message = (
                    f"translator for {item.name}:{shown} output argument #{number} from {given} to {wanted} "
                    "is not defined"
                )
                fail("D_PROV_PRXLATOR", probe.line, message)


def _translates(checker: Checker, given: Type, wanted: Type) -> bool:
    """Whether an argument is of the type that scripts see, or a translator makes that of it."""
    if str(given) == str(wanted) or (is_arithmetic(given) and is_arithmetic(wanted)):
        return True
    pointed = target_of(wanted) if is_pointer(wanted) else wanted
    return compatible(given, wanted) or translators.find(checker.translators, pointed, given) is not None
