"""The sysent tables against the third seed, and the parser against damaged files."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files

import pytest

from ring3.abi.solaris.layout import offset_of
from ring3.abi.solaris.sysent import (
    NSYSCALL,
    SE_RVAL_MASK,
    SYSENT_LAYOUT,
    SYSENT_SIZE,
    Flavour,
    SysentFlag,
    SysentKind,
    load,
    load32,
    parse,
)

FLAVOURS: tuple[Flavour, ...] = ("illumos", "solaris11")
TEXT = (files("ring3.abi") / "data" / "solaris" / "sysent.tsv").read_text(encoding="utf-8")


def edited(number: int, column: int, value: str) -> str:
    """Returns the data file with one cell changed."""
    lines = TEXT.splitlines()
    cells = lines[number + 1].split("\t")
    cells[column] = value
    lines[number + 1] = "\t".join(cells)
    return "\n".join(lines)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_has_256_rows_in_order(flavour: Flavour) -> None:
    assert [row.number for row in load(flavour)] == list(range(NSYSCALL))


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_modctl_is_the_seeds(flavour: Flavour) -> None:
    row = load(flavour)[152]
    assert (row.name, row.nargs, row.kind) == ("modctl", 6, SysentKind.CI)
    assert (row.flags, row.sy_call, row.sy_callc) == (SysentFlag(0), None, "modctl")


def test_structure_is_the_seeds() -> None:
    assert [(field.name, field.offset) for field in SYSENT_LAYOUT] == [
        ("sy_narg", 0),
        ("sy_flags", 2),
        ("sy_call", 8),
        ("sy_lock", 0x10),
        ("sy_callc", 0x18),
    ]
    assert SYSENT_LAYOUT[-1].end == SYSENT_SIZE
    sysent = 0xFFFFFFFFFC242180
    assert sysent + 152 * SYSENT_SIZE + offset_of(SYSENT_LAYOUT, "sy_callc") == 0xFFFFFFFFFC243498


@pytest.mark.parametrize(
    ("number", "name", "handler", "kind"),
    [
        (0, "nosys", "nosys", SysentKind.NOSYS),
        (1, "exit", "rexit", SysentKind.CI),
        (4, "write", "write", SysentKind.CL),
        (20, "getpid", "getpid", SysentKind.TWO_CI),
        (21, "mount", "mount", SysentKind.AP),
        (115, "mmap", "smmap64", SysentKind.CL),
        (125, "upanic", "upanic", SysentKind.CI),
        (135, "uname", "uname", SysentKind.CI),
        (139, "systeminfo", "systeminfo", SysentKind.CL),
        (201, "door", "loadable_syscall", SysentKind.LOADABLE),
        (225, "nosys", "nosys", SysentKind.NOSYS),
    ],
)
def test_illumos_rows(number: int, name: str, handler: str, kind: SysentKind) -> None:
    row = load("illumos")[number]
    assert (row.name, row.handler, row.kind) == (name, handler, kind)


def test_how_results_come_back() -> None:
    rows = load("illumos")
    assert rows[20].flags & SE_RVAL_MASK == SysentFlag.SE_32RVAL2
    assert rows[3].flags & SE_RVAL_MASK == SysentFlag.SE_64RVAL
    assert rows[6].flags & SE_RVAL_MASK == SysentFlag.SE_32RVAL1


def test_pointers_of_the_odd_kinds() -> None:
    rows = load("illumos")
    assert (rows[21].sy_call, rows[21].sy_callc) == ("mount", "syscall_ap")
    assert (rows[42].sy_call, rows[42].sy_callc) == ("nosys", "loadable_syscall")
    assert (rows[0].sy_call, rows[0].sy_callc) == (None, "nosys")


def test_illumos_kinds_are_counted() -> None:
    counts = Counter(row.kind for row in load("illumos"))
    assert counts[SysentKind.AP] == 3
    assert counts[SysentKind.TWO_CI] == 8
    assert counts[SysentKind.NOSYS] == 19
    assert sum(counts.values()) == NSYSCALL


@pytest.mark.parametrize(
    ("number", "name", "nargs", "kind"),
    [
        (5, "s10_open", 3, SysentKind.CI),
        (9, "loadable", 0, SysentKind.LOADABLE),
        (59, "exece", 4, SysentKind.CI),
        (65, "loadable", 0, SysentKind.LOADABLE),
        (76, "unlinkat", 3, SysentKind.CI),
        (110, "utimensat", 4, SysentKind.CI),
        (140, "sharefs", 4, SysentKind.CI),
        (201, "door", 0, SysentKind.LOADABLE),
        (216, "loadable", 0, SysentKind.LOADABLE),
        (234, "accept", 4, SysentKind.CI),
    ],
)
def test_solaris11_differs(number: int, name: str, nargs: int, kind: SysentKind) -> None:
    row = load("solaris11")[number]
    assert (row.name, row.nargs, row.kind) == (name, nargs, kind)


def test_absent_slots_take_no_arguments() -> None:
    for flavour in FLAVOURS:
        assert {row.nargs for row in load(flavour) if row.absent} == {0}


@pytest.mark.parametrize(
    ("number", "column", "value", "message"),
    [
        (3, 0, "33", "sysent.tsv:5: number 33 where 3 was due"),
        (3, 1, "re ad", "sysent.tsv:5: name 're ad' is not a C name"),
        (3, 2, "three", "sysent.tsv:5: nargs 'three' is not a number"),
        (3, 2, "9", "sysent.tsv:5: nargs 9 is more than 8"),
        (3, 4, "CX", "sysent.tsv:5: kind 'CX' is none of NOSYS, CI, CL, 2CI, AP, LOADABLE"),
        (3, 7, "", "sysent.tsv:5: solaris11_nargs '' is not a number"),
        (3, 7, "3\tmore", "sysent.tsv:5: expected 8 columns, found 9"),
    ],
)
def test_damaged_row(number: int, column: int, value: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse(edited(number, column, value), "illumos", "sysent.tsv")


def test_missing_row() -> None:
    with pytest.raises(ValueError, match=r"^sysent\.tsv: 255 rows, expected 256"):
        parse("\n".join(TEXT.splitlines()[:-1]), "illumos", "sysent.tsv")


@pytest.mark.parametrize("text", ["", "number name\n"])
def test_bad_header(text: str) -> None:
    with pytest.raises(ValueError, match=r"^sysent\.tsv:1: expected the columns number name"):
        parse(text, "illumos", "sysent.tsv")


def test_unknown_flavour() -> None:
    with pytest.raises(ValueError, match="no flavour 'sunos4': expected one of illumos, solaris11"):
        load("sunos4")


def test_table_of_32_bit_programs() -> None:
    rows = load32("illumos")
    assert [row.number for row in rows] == list(range(256))
    assert [(rows[number].name, rows[number].handler, rows[number].nargs) for number in (3, 20, 175, 215)] == [
        ("read", "read32", 3), ("getpid", "getpid", 0), ("llseek", "llseek32", 4), ("stat64", "stat64_32", 2),
    ]  # fmt: skip
    native = load("illumos")
    for row in rows:  # the same numbers are the same calls
        if not (row.absent or native[row.number].absent):
            assert row.name == native[row.number].name, row.number


def test_what_solaris_11_has_not_is_not_in_its_table_of_32_bit_programs() -> None:
    assert load32("solaris11")[14].absent
    assert not load32("illumos")[14].absent
