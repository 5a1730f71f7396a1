"""How stable a program is: as the weakest of what its descriptions and its clauses name.

Sources: the Dynamic Tracing Guide's chapters on stability and on variables; libdtrace's attributes of what D has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ring3.trace.dtrace import nodes, stability
from ring3.trace.dtrace.stability import Attributes
from ring3.trace.dtrace.symbols import Kind, Symbol

if TYPE_CHECKING:
    from ring3.trace.dtrace.compiler import MatchedClause, Program
    from ring3.trace.dtrace.providers.base import Description, Probe

_EVOLVING: Final = Attributes(5, 5, 5)
_OF_D: Final = {
    "curthread": Attributes(stability.STABLE.name, stability.PRIVATE.data, stability.STABLE.dependency),
    **dict.fromkeys(
        (
            *("ddi_pathname", "getmajor", "getminor", "htonl", "htonll", "htons", "ntohl", "ntohll", "ntohs"),
            *("mutex_owned", "mutex_owner", "mutex_type_adaptive", "mutex_type_spin"),
            *("rw_iswriter", "rw_read_held", "rw_write_held"),
        ),
        _EVOLVING,
    ),
}
"""Of what D itself has, that which is less than stable."""


def of_description(description: Description, probes: list[Probe]) -> Attributes:
    """How stable a description is, which matches probes."""
    if not probes:
        return stability.UNSTABLE
    if description.number is not None:
        return of_probe(probes[0])
    parts = (description.provider, description.module, description.function, description.name)
    return stability.described(parts, {probe.provider for probe in probes}, is_one=len(probes) == 1)


def of_probe(probe: Probe) -> Attributes:
    """How stable the name of a probe is, with all its parts."""
    parts = (probe.provider, probe.module, probe.function, probe.name)
    return stability.described(parts, {probe.provider}, is_one=True)


def of_program(program: Program) -> tuple[Attributes, Attributes]:
    """How stable the descriptions of a program are, and what its clauses say."""
    if not program.clauses:
        return stability.STABLE, stability.STABLE
    descriptions = statements = stability.MAXIMUM
    for clause in program.clauses:
        for attributes in clause.attributes:
            descriptions = descriptions.least(attributes)
        statements = statements.least(_of_clause(clause))
    return descriptions, statements


def _of_clause(clause: MatchedClause) -> Attributes:
    arguments = stability.UNSTABLE
    if len({probe.provider for probe in clause.probes}) == 1:
        arguments = stability.pattern(clause.probes[0].provider).arguments
    least = stability.STABLE
    for node in _within([clause.clause.predicate, clause.clause.statements]):
        if isinstance(node, nodes.Call):
            least = least.least(_OF_D.get(node.name, stability.STABLE))
        elif isinstance(node, nodes.Name) and node.symbol is not None:
            least = least.least(_of_symbol(node.symbol, arguments))
    return least


def _of_symbol(symbol: Symbol, arguments: Attributes) -> Attributes:
    if symbol.kind is Kind.SYMBOL:
        return stability.PRIVATE
    if symbol.kind is Kind.BUILT_IN:
        return arguments if symbol.name == "args" else _OF_D.get(symbol.name, stability.STABLE)
    return symbol.attributes


def _within(found: object) -> Iterator[object]:
    """Statements and expressions, and all that they are made of."""
    if isinstance(found, list | tuple):
        for each in found:
            yield from _within(each)
    elif isinstance(found, nodes.Node | nodes.Statement):
        yield found
        for kind in type(found).__mro__:
            for name in getattr(kind, "__slots__", ()):
                yield from _within(getattr(found, name))
