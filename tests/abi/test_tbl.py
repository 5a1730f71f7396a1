"""Linux's system-call tables: the reader, the rows, and what each ABI makes of them."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ring3.abi.tbl import (
    IA32_NR_SYSCALLS,
    NR_SYSCALLS,
    X32_NR_SYSCALLS,
    Abi,
    Slot,
    TblRow,
    load_i386,
    load_x86_64,
    parse,
    resolve,
    rows_of,
    sys_call_table,
)


def test_parse_reads_every_column() -> None:
    text = """\
# a comment

17\ti386\tbreak
60 common exit sys_exit - noreturn
134\ti386\tlseek  sys_lseek\tcompat_sys_lseek
512 x32 ioctl compat_sys_ioctl
"""
    assert parse(text, "t.tbl") == (
        TblRow(17, "i386", "break", None, None, False),
        TblRow(60, "common", "exit", "sys_exit", None, True),
        TblRow(134, "i386", "lseek", "sys_lseek", "compat_sys_lseek", False),
        TblRow(512, "x32", "ioctl", "compat_sys_ioctl", None, False),
    )


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("1 common", "expected 3 to 6 columns, found 2"),
        ("1 i386 exit sys_exit - noreturn more", "expected 3 to 6 columns, found 7"),
        ("0x10 common read sys_read", "'0x10' is not a system-call number"),
        ("-1 common read sys_read", "'-1' is not a system-call number"),
        ("1 arm read sys_read", "unknown abi 'arm'"),
        ("1 64 re-ad sys_read", "'re-ad' is not a system-call name"),
        ("1 64 read __x64_sys_read", "'__x64_sys_read' is not an entry point"),
        ("1 i386 read sys_read __ia32_sys_read", "'__ia32_sys_read' is not an entry point"),
        ("1 64 read sys_read compat_sys_read", "a compat entry point makes no sense for abi '64'"),
        ("1 i386 exit sys_exit - returns", "'returns' in the last column"),
        ("0 64 again sys_again", "number 0 repeats or is out of order for x86_64"),
        ("0 x32 again sys_again", "number 0 repeats or is out of order for x32"),
        ("1 64 first sys_first", "name 'first' repeats for x86_64"),
    ],
)
def test_parse_names_the_line_of_a_bad_row(row: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=r"^t\.tbl:3: ") as caught:
        parse(f"# comment\n0 common first sys_first\n{row}\n", "t.tbl")
    assert complaint in str(caught.value)


def test_one_number_may_serve_two_abis_differently() -> None:
    rows = parse("0 64 read sys_read\n0 x32 readv sys_readv\n", "t.tbl")
    assert [resolve(rows, abi)[0].name for abi in (Abi.X86_64, Abi.X32)] == ["read", "readv"]


COLUMNS: dict[str, tuple[str | None, str | None, bool]] = {
    "": (None, None, False),
    "sys_a": ("sys_a", None, False),
    "sys_a compat_sys_b": ("sys_a", "compat_sys_b", False),
    "sys_a - noreturn": ("sys_a", None, True),
    "sys_a sys_b noreturn": ("sys_a", "sys_b", True),
}


@given(st.dictionaries(st.integers(0, 999), st.sampled_from(list(COLUMNS)), max_size=8))
def test_parse_takes_any_columns_at_any_rising_numbers(calls: dict[int, str]) -> None:
    text = "\n".join(f"{number} i386 call{number} {calls[number]}" for number in sorted(calls))
    expected = [TblRow(n, "i386", f"call{n}", *COLUMNS[calls[n]]) for n in sorted(calls)]
    assert list(parse(text, "t.tbl")) == expected


@pytest.mark.parametrize(
    ("rows", "count", "digest"),
    [
        (load_x86_64(), 421, "d30d4996fce071e2"),
        (load_i386(), 461, "557078fef0048d90"),
    ],
)
def test_the_rows_are_those_that_were_checked(rows: tuple[TblRow, ...], count: int, digest: str) -> None:
    """Guards the entry-point columns, which no installed header repeats, against slips of the keyboard.

    The digest was taken when the rows, put back into the kernel's own file, hashed to Linux 7.0's git blob.
    """
    text = "".join(f"{r.number} {r.abi} {r.name} {r.entry} {r.compat} {r.noreturn}\n" for r in rows)
    assert len(rows) == count
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


@pytest.mark.parametrize(
    ("abi", "count"),
    [(Abi.X86_64, NR_SYSCALLS), (Abi.I386, IA32_NR_SYSCALLS), (Abi.X32, X32_NR_SYSCALLS)],
)
def test_a_table_has_a_slot_for_every_number(abi: Abi, count: int) -> None:
    table = sys_call_table(abi)
    assert [slot.number for slot in table] == list(range(count))
    assert table[-1].name is not None


@pytest.mark.parametrize(
    ("abi", "slot"),
    [
        (Abi.X86_64, Slot(1, "write", "__x64_sys_write")),
        (Abi.X86_64, Slot(4, "stat", "__x64_sys_newstat")),
        (Abi.X86_64, Slot(134, "uselib", "__x64_sys_ni_syscall")),
        (Abi.X86_64, Slot(337, None, "__x64_sys_ni_syscall")),
        (Abi.X32, Slot(1, "write", "__x64_sys_write")),
        (Abi.X32, Slot(13, None, "__x64_sys_ni_syscall")),
        (Abi.X32, Slot(512, "rt_sigaction", "__x64_compat_sys_rt_sigaction")),
        (Abi.X32, Slot(515, "readv", "__x64_sys_readv")),
        (Abi.I386, Slot(4, "write", "__ia32_sys_write")),
        (Abi.I386, Slot(5, "open", "__ia32_compat_sys_open")),
        (Abi.I386, Slot(17, "break", "__ia32_sys_ni_syscall")),
        (Abi.I386, Slot(113, "vm86old", "__ia32_sys_ni_syscall")),
        (Abi.I386, Slot(222, None, "__ia32_sys_ni_syscall")),
        (Abi.I386, Slot(90, "mmap", "__ia32_compat_sys_ia32_mmap")),
    ],
)
def test_a_number_resolves_as_in_linux(abi: Abi, slot: Slot) -> None:
    assert sys_call_table(abi)[slot.number] == slot


def test_the_calls_that_never_return() -> None:
    for rows in (load_x86_64(), load_i386()):
        assert [row.name for row in rows if row.noreturn] == ["exit", "exit_group"]


def test_x32_reaches_the_common_rows_and_its_own() -> None:
    own = [row.number for row in rows_of(load_x86_64(), Abi.X32) if row.abi == "x32"]
    assert own == list(range(512, 548))
    assert {row.abi for row in rows_of(load_x86_64(), Abi.X86_64)} == {"common", "64"}
