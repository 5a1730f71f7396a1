"""What `dtrace -l` and `dtrace -v` print of probes and programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ring3.trace.dtrace import clause_stability, stability
from ring3.trace.dtrace.providers.base import Description, Probe, select
from ring3.trace.dtrace.stability import Attributes
from ring3.trace.dtrace.type_space import TypeSpace

if TYPE_CHECKING:
    from ring3.trace.dtrace.compiler import Program
    from ring3.trace.dtrace.session import Session

HEADER = f"{'ID':>5} {'PROVIDER':>10} {'MODULE':>17} {'FUNCTION':>33} NAME\n"


def probes(session: Session, programs: list[Program]) -> Iterable[Probe]:
    """The probes the programs match, each once; all there are without a program."""
    if not programs:
        return session.find(Description())
    return dict.fromkeys(
        probe for program in programs for clause in program.clauses for probe in clause.probes
    )


def unmatched(programs: list[Program]) -> Iterator[Description]:
    """The descriptions that no probe matches."""
    for program in programs:
        for clause in program.clauses:
            if not clause.probes:
                yield from clause.descriptions


def row(probe: Probe) -> str:
    """One line of the list."""
    return f"{probe.id:>5} {probe.provider:>10} {probe.module:>17} {probe.function:>33} {probe.name}\n"


def details(probe: Probe, types: TypeSpace) -> str:
    """What -lv adds: stability, and the types of the arguments."""
    arguments = stability.pattern(probe.provider).arguments
    return _details(clause_stability.of_probe(probe), arguments, probe, types)


def _details(names: Attributes, arguments: Attributes, probe: Probe, types: TypeSpace) -> str:
    kinds = probe.argument_types(types)
    lines = [f"\t\targs[{number}]: {kind}\n" for number, kind in enumerate(kinds)] or ["\t\tNone\n"]
    return (
        "\n"
        + names.block("Probe Description Attributes", "\t")
        + "\n"
        + arguments.block("Argument Attributes", "\t")
        + "\n\tArgument Types\n"
        + "".join(lines)
        + "\n"
    )


def stability_report(name: str, program: Program) -> str:
    """What -v tells of a program: the least stable of what it uses."""
    descriptions, statements = clause_stability.of_program(program)
    return (
        f"\nStability attributes for {name}:\n\n"
        + descriptions.block("Minimum Probe Description Attributes", "\t")
        + "\n"
        + statements.block("Minimum Statement Attributes", "\t")
    )


def descriptions_report(program: Program, types: TypeSpace) -> str:
    """What -v tells behind that of a program that is not run: of each description, where it means one kind of probe."""
    text = ""
    for clause in program.clauses:
        for description, attributes in zip(clause.descriptions, clause.attributes, strict=True):
            probes = select(description, clause.probes)
            text += f"\n{description}\n"
            if probes and attributes != stability.UNSTABLE:
                of_arguments = stability.pattern(probes[0].provider).arguments
                text += _details(attributes, of_arguments, probes[0], types)
    return text
