"""Which probes a description matches."""

import pytest

from ring3.trace.dtrace.providers.base import Description, Probe, ProbeTable, select

PROBES = [
    Probe("fbt", module, function, what)
    for module, function in (
        ("unix", "copyin"),
        ("genunix", "copyin"),
        ("genunix", "modctl"),
        ("unix", "copyout"),
    )
    for what in ("entry", "return")
]


@pytest.mark.parametrize(
    ("description", "count"),
    [
        (Description(), 8),
        (Description(function="*"), 8),
        (Description(function="copyin"), 4),
        (Description("fbt", "unix", "copyin", "entry"), 1),
        (Description("syscall", function="copyin"), 0),
        (Description(function="copy*", name="return"), 3),
        (Description(function="copyou[s-u]"), 2),
        (Description(function="mod?tl"), 2),
        (Description(function="nothing"), 0),
        (Description(number=0), 8),
    ],
    ids=str,
)  # fmt: skip
def test_a_table_selects_what_is_selected_of_all(description: Description, count: int) -> None:
    found = ProbeTable(PROBES).select(description)
    assert found == select(description, PROBES)
    assert len(found) == count
