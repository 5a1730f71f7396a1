"""Linux's system-call tables for x86: which number is which call, and which function answers it.

Linux keeps two text files, ``arch/x86/entry/syscalls/syscall_64.tbl`` and ``syscall_32.tbl``, and its build
makes three tables from them. This module reads the copies in ``data/linux/`` and resolves them the same way:

========  ===================  ====================================================================
ABI       rows                 symbol of the function
========  ===================  ====================================================================
x86_64    ``common``, ``64``   ``__x64_`` + entry point
x32       ``common``, ``x32``  ``__x64_`` + entry point (so ``__x64_compat_sys_*`` for many x32 rows)
i386      ``i386``             ``__ia32_`` + compat entry point where there is one, else entry point
========  ===================  ====================================================================

The i386 line is that of a 64-bit kernel with CONFIG_IA32_EMULATION. A number without a row, and a row without
an entry point, resolve to ``sys_ni_syscall``, which answers ENOSYS; so a table has no holes and its length is
NR_syscalls.

Sources: ``scripts/syscalltbl.sh`` and ``arch/x86/entry/syscall_{64,x32,32}.c`` of Linux 6.1, read together
with the patch that added the ``noreturn`` column in 2024. The rows are Linux 7.0's: Linux 6.1's files with
the known changes since then hash to the git blobs of 6.17, 6.19 and 7.0, and numbers and names are those of
the installed headers of Linux 7.2.0. Left out: configuration options that turn calls off (there the kernel
links a weak ``sys_ni_syscall``).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from ring3 import resources
from ring3.abi.kinds import NamedTuple, StrEnum

X32_SYSCALL_BIT: Final = 0x4000_0000
"""What an x32 program adds to a number (``__X32_SYSCALL_BIT``, arch/x86/include/uapi/asm/unistd.h)."""

NR_SYSCALLS: Final = 472
"""One more than the highest x86-64 number (``NR_syscalls``, arch/x86/include/asm/unistd.h)."""

IA32_NR_SYSCALLS: Final = 472
"""One more than the highest i386 number (``IA32_NR_syscalls``, same file)."""

X32_NR_SYSCALLS: Final = 548
"""One more than the highest x32 number, without the x32 bit (``X32_NR_syscalls``, same file)."""

NI_SYSCALL: Final = "sys_ni_syscall"
"""Bare name of the function that answers ENOSYS (kernel/sys_ni.c)."""

_ENTRY: Final = ("sys_", "compat_sys_")


class Abi(StrEnum):
    """A way to number system calls that Linux on x86 knows."""

    X86_64 = "x86_64"
    I386 = "i386"
    X32 = "x32"


_SERVES: Final = {
    "common": (Abi.X86_64, Abi.X32),
    "64": (Abi.X86_64,),
    "x32": (Abi.X32,),
    "i386": (Abi.I386,),
}


class TblRow(NamedTuple):
    """One row of a ``.tbl`` file.

    Attributes:
        number: The call's number, without the x32 bit.
        abi: The second column: ``common``, ``64``, ``x32`` or ``i386``.
        name: The call's name, as in ``__NR_name``.
        entry: Bare name of the function (``sys_read``), or None if the number is only kept.
        compat: Bare name of the function a 64-bit kernel uses for i386 programs, or None if that is `entry`.
        noreturn: Whether the function never returns.
    """

    number: int
    abi: str
    name: str
    entry: str | None
    compat: str | None
    noreturn: bool


class Slot(NamedTuple):
    """One place in a resolved table.

    Attributes:
        number: Its index, the call's number without the x32 bit.
        name: The call's name, or None where no row has this number.
        symbol: The function, as the kernel's symbol table spells it (``__x64_sys_read``).
    """

    number: int
    name: str | None
    symbol: str


def parse(text: str, source: str) -> tuple[TblRow, ...]:
    """Returns the rows of a ``.tbl`` file, in the file's order.

    Lines that are empty or start with ``#`` are skipped. As in scripts/syscalltbl.sh, the numbers of one ABI
    must rise.

    Args:
        text: What the file holds.
        source: Its name, for error messages.

    Raises:
        ValueError: A row is malformed, or its number or name is taken already. The message starts
        ``source:line:``.
    """
    rows: list[TblRow] = []
    highest: dict[Abi, int] = {}
    names: set[tuple[Abi, str]] = set()
    for line_number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        try:
            row = _row(fields)
            for abi in _SERVES[row.abi]:
                if row.number <= highest.get(abi, -1):
                    raise ValueError(f"number {row.number} repeats or is out of order for {abi}")
                if (abi, row.name) in names:
                    raise ValueError(f"name {row.name!r} repeats for {abi}")
                highest[abi] = row.number
                names.add((abi, row.name))
        except ValueError as error:
            raise ValueError(f"{source}:{line_number}: {error}") from None
        rows.append(row)
    return tuple(rows)


def _row(fields: list[str]) -> TblRow:
    """Returns one row from its columns, or raises ValueError saying which column is wrong."""
    if not 3 <= len(fields) <= 6:
        raise ValueError(f"expected 3 to 6 columns, found {len(fields)}")
    number, abi, name = fields[:3]
    optional: list[str | None] = [*fields[3:], None, None, None]
    entry, compat, noreturn = optional[:3]
    if not (number.isascii() and number.isdecimal()):
        raise ValueError(f"{number!r} is not a system-call number")
    if abi not in _SERVES:
        raise ValueError(f"unknown abi {abi!r}, expected one of {', '.join(_SERVES)}")
    if not name.isidentifier():
        raise ValueError(f"{name!r} is not a system-call name")
    if compat == "-":
        compat = None
    for column in (entry, compat):
        if column is not None and not (column.startswith(_ENTRY) and column.isidentifier()):
            raise ValueError(f"{column!r} is not an entry point: it must start with sys_ or compat_sys_")
    if compat is not None and abi != "i386":
        raise ValueError(f"a compat entry point makes no sense for abi {abi!r}")
    if noreturn not in (None, "noreturn"):
        raise ValueError(f"{noreturn!r} in the last column, expected 'noreturn'")
    return TblRow(int(number), abi, name, entry, compat, noreturn is not None)


def rows_of(rows: Iterable[TblRow], abi: Abi) -> tuple[TblRow, ...]:
    """Returns those of `rows` that programs of `abi` can reach, in the same order."""
    return tuple(row for row in rows if abi in _SERVES[row.abi])


def resolve(rows: Iterable[TblRow], abi: Abi) -> tuple[Slot, ...]:
    """Returns the table that Linux's build makes for `abi`: indexed by number, holes filled."""
    by_number = {row.number: row for row in rows_of(rows, abi)}
    prefix = "__ia32_" if abi is Abi.I386 else "__x64_"
    slots = []
    for number in range(max(by_number, default=-1) + 1):
        row = by_number.get(number)
        if row is None:
            slots.append(Slot(number, None, prefix + NI_SYSCALL))
        else:
            slots.append(Slot(number, row.name, prefix + (row.compat or row.entry or NI_SYSCALL)))
    return tuple(slots)


@cache
def load_x86_64() -> tuple[TblRow, ...]:
    """Returns the rows of Linux's syscall_64.tbl: those for x86-64 and those for x32."""
    return _load("syscall_64.tbl")


@cache
def load_i386() -> tuple[TblRow, ...]:
    """Returns the rows of Linux's syscall_32.tbl."""
    return _load("syscall_32.tbl")


def _load(name: str) -> tuple[TblRow, ...]:
    return parse(resources.read_text(f"abi/data/linux/{name}"), name)


@cache
def sys_call_table(abi: Abi) -> tuple[Slot, ...]:
    """Returns Linux's table for `abi`, indexed by number without the x32 bit, one slot per number."""
    return resolve(load_i386() if abi is Abi.I386 else load_x86_64(), abi)
