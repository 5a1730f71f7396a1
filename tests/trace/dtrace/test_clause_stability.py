"""How stable programs are, as `dtrace -v` tells: by the tables of the Dynamic Tracing Guide."""

from __future__ import annotations

import pytest

from ring3.trace.dtrace import clause_stability
from ring3.trace.dtrace.providers.base import Description, Probe
from tests.trace.dtrace.test_command import dtrace

READ = Probe("syscall", "", "read", "entry")
WRITE = Probe("syscall", "", "write", "entry")
CREATE = Probe("proc", "genunix", "", "create")
SAMPLE = Probe("profile", "", "", "tick-1")


@pytest.mark.parametrize(
    ("description", "probes", "attributes"),
    [
        (Description("dtrace", name="BEGIN"), [Probe("dtrace", "", "", "BEGIN")], "Stable/Stable/Common"),
        (Description(name="BEGIN"), [Probe("dtrace", "", "", "BEGIN")], "Unstable/Unstable/Common"),
        (Description("dtr*", name="BEGIN"), [Probe("dtrace", "", "", "BEGIN")], "Unstable/Unstable/Common"),
        (Description("syscall", "", "read", "entry"), [READ], "Private/Private/ISA"),
        (Description("syscall", "", "r*", "entry"), [READ], "Evolving/Evolving/Common"),
        (Description("syscall", "", "", "entry"), [READ, WRITE], "Unstable/Unstable/Common"),
        (Description("proc", "", "", "create"), [CREATE], "Evolving/Evolving/ISA"),
        (Description("proc", "genunix", "", "create"), [CREATE], "Private/Private/Unknown"),
        (Description("profile", "", "", "tick-1"), [SAMPLE], "Evolving/Evolving/Common"),
        (Description("pid12", "", "", "entry"), [Probe("pid12", "a", "f", "entry")], "Evolving/Evolving/ISA"),
        (Description("own12", "", "", "go"), [Probe("own12", "a", "f", "go")], "Private/Private/Unknown"),
        (Description(number=4), [READ], "Private/Private/ISA"),
    ],
    ids=lambda value: str(value) if isinstance(value, Description) else "",
)
def test_a_description_is_as_stable_as_its_weakest_part(
    description: Description, probes: list[Probe], attributes: str
) -> None:
    assert str(clause_stability.of_description(description, probes)) == attributes


@pytest.mark.parametrize(
    ("statement", "data"),
    [
        ("trace(pid)", "Stable"),
        ("trace((int)curthread)", "Private"),
        ("trace(htons(pid))", "Evolving"),
        ("@[1] = sum(htons(pid))", "Evolving"),
        ("x = 1 ? 2 : htons(pid)", "Evolving"),
    ],
)
def test_a_clause_is_as_stable_as_the_weakest_name_in_it(statement: str, data: str) -> None:
    _, stdout, _ = dtrace("-ev", "-n", f"BEGIN {{ {statement}; }}")
    _, _, statements = stdout.partition("\tMinimum Statement Attributes\n")
    assert statements.splitlines()[1] == f"\t\tData Semantics:   {data}"
    assert "\nStability attributes for description BEGIN :\n" in stdout
    assert "\n:::BEGIN\n" in stdout
