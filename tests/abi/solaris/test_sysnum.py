"""name_to_sysnum agrees with sysent: every name belongs to the call in its slot."""

from __future__ import annotations

import re

import pytest

from ring3.abi.solaris import sysent, sysnum
from ring3.abi.solaris.sysent import Flavour, SysentKind

FLAVOURS: tuple[Flavour, ...] = ("illumos", "solaris11")

OTHER_NAMES = {
    "exacctsys": "exacct",
    "setcontext": "getsetcontext",
    "nfs": "nfssys",
    "sigwait": "sigtimedwait",
    "meminfosys": "lgrpsys",
    "c2audit": "auditsys",
    "doorfs": "door",
    "rpcmod": "rpcsys",
    "autofs": "autofssys",
}
"""Names that are neither the call's nor the handler's name in sysent.c."""

THIRTY_TWO_BIT = {35, 38, 67, 69, 175, *range(213, 224), 225}
"""Numbers of calls that only 32-bit programs have."""


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_names_are_sysents(flavour: Flavour) -> None:
    rows = sysent.load(flavour)
    for name, number in sysnum.load(flavour):
        row = rows[number]
        if number in THIRTY_TWO_BIT:
            assert row.kind is SysentKind.NOSYS, name
        else:
            assert OTHER_NAMES.get(name, name) in (row.name, row.handler), (name, row)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_call_but_lwp_private_has_a_name(flavour: Flavour) -> None:
    named = {number for _, number in sysnum.load(flavour)}
    calls = {row.number for row in sysent.load(flavour) if not row.absent}
    assert calls - named == {166}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_modctl_is_the_seeds(flavour: Flavour) -> None:
    assert dict(sysnum.load(flavour))["modctl"] == 152


def test_file_has_the_real_ones_form() -> None:
    """Tabs bring the number to column 24."""
    lines = sysnum.load_text("illumos").splitlines()
    assert lines[0] == "nosys\t\t\t0"
    assert "lwp_mutex_timedlock\t210" in lines
    assert {line.expandtabs().rindex(" ") + 1 for line in lines} == {24}


def test_solaris11_lacks_what_it_dropped() -> None:
    numbers = dict(sysnum.load("solaris11"))
    assert "unlink" not in numbers
    assert (numbers["unlinkat"], numbers["s10_open"]) == (76, 5)


def test_parse_skips_comments_and_empty_lines() -> None:
    assert sysnum.parse("# a\n\nread\t\t\t3\n", "f") == {"read": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("read", "f:1: expected a name and a number, found 1 words"),
        ("read\t256", "f:1: '256' is not a number below 256"),
        ("read\t-1", "f:1: '-1' is not a number below 256"),
        ("3\tread", "f:1: '3' is not a C name"),
        ("read\t3\nwrite\t3", "f:2: write 3 repeats a name or a number"),
        ("read\t3\nread\t4", "f:2: read 4 repeats a name or a number"),
    ],
)
def test_damaged_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        sysnum.parse(text, "f")


def test_unknown_flavour() -> None:
    with pytest.raises(ValueError, match="no flavour 'sunos4'"):
        sysnum.load("sunos4")
