"""Solaris's system-call table: which number is which call, how many arguments it takes, how it returns.

The kernel holds ``struct sysent sysent[256]``, and ``sys_syscall`` indexes it with the number from eax (seed,
2.3 and 2.4). usr/src/uts/common/os/sysent.c fills each element with one of a few macros, and `SysentKind`
names them. What they put into the structure, on a 64-bit kernel:

========  =======  =================  ===============  ============================================
kind      sy_narg  sy_flags           sy_call          sy_callc
========  =======  =================  ===============  ============================================
CI        count    SE_32RVAL1         NULL             the handler, returning int
CL        count    SE_64RVAL          NULL             the handler, returning long
2CI       count    SE_32RVAL1 and 2   NULL             the handler, returning two ints in an int64
AP        count    SE_64RVAL          the handler      ``syscall_ap``, which passes (argp, rvalp)
LOADABLE  0        SE_LOADABLE        ``nosys``        ``loadable_syscall``
NOSYS     0        SE_64RVAL          NULL             ``nosys``
========  =======  =================  ===============  ============================================

``nosys`` sends SIGSYS and, if that does not end the process, fails with ENOSYS; so does a number of 256 or
more (``_syscall_ill``) and a LOADABLE slot whose module cannot be loaded.

The illumos flavour is the table of a kernel since 2021, checked against stored versions of sysent.c from 2015
and 2021. The solaris11 flavour changes names and argument counts where Solaris 11's differ; its source is not
public, so the kind of a row is inferred: illumos's kind, or CI where illumos has no call in that slot.

A kernel of 64 bits has a second table, ``sysent32``, for programs of 32 (`load32`). Where a value or a struct is
another there, so is the handler: ``read32``, ``stat32``. The numbers are those of the 64-bit calls, and beside them
some that only such programs need, for large files. Of Solaris 11 it is known only by the 64-bit table: what is gone
there is gone here. Left out: the locks of loadable calls.

Sources: usr/src/uts/common/os/sysent.c (the macros and the rows), common/sys/systm.h (``struct sysent``,
SE_*), common/os/modctl.c (mod_setup, which binds LOADABLE slots), intel/os/syscall.c (nosys, syscall_ap) of
illumos-gate, all below usr/src/uts; and the third seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Literal, get_args

from ring3 import resources
from ring3.abi.kinds import IntFlag, StrEnum
from ring3.abi.solaris.layout import fields

Flavour = Literal["illumos", "solaris11"]
"""Which system's table: illumos, or Oracle's Solaris 11."""

NSYSCALL: Final = 256
"""Number of slots (``NSYSCALL``, sys/systm.h; seed 2.3.2, though its 2.2 speaks of 512)."""

MAXSYSARGS: Final = 8
"""Most arguments of any call (``MAXSYSARGS``, sys/systm.h); those beyond six are on the user's stack."""

SYSENT_SIZE: Final = 0x20
"""Size of ``struct sysent`` in bytes; a power of two, so that sys_syscall can shift (seed 2.3.1)."""

SYSENT_LAYOUT: Final = fields(
    ("sy_narg", 0x00, 1),
    ("sy_flags", 0x02, 2),
    ("sy_call", 0x08, 8),
    ("sy_lock", 0x10, 8),
    ("sy_callc", 0x18, 8),
)
"""``struct sysent`` of a 64-bit kernel (seed, 2.3.1 and 2.3.2: mdb's print of sysent[152])."""

_COLUMNS: Final = (
    "number",
    "name",
    "nargs",
    "handler",
    "kind",
    "note",
    "solaris11_name",
    "solaris11_nargs",
)
_COLUMNS32: Final = ("number", "name", "nargs", "handler", "kind")


class SysentFlag(IntFlag):
    """Bits of ``sy_flags`` (``SE_*``, sys/systm.h). SE_32RVAL1 is the absence of the two lowest bits."""

    SE_32RVAL1 = 0x00
    """The handler returns int32_t in rval1."""
    SE_32RVAL2 = 0x01
    """The handler returns two int32_t, rval1 in the low half of its result and rval2 in the high half."""
    SE_64RVAL = 0x02
    """The handler returns int64_t in rval1."""
    SE_LOADABLE = 0x08
    """The call is in a module."""
    SE_LOADED = 0x10
    """That module is loaded."""
    SE_NOUNLOAD = 0x20
    """That module must not be unloaded."""
    SE_ARGC = 0x40
    """A loadable call with C arguments rather than (argp, rvalp)."""


SE_RVAL_MASK: Final = SysentFlag.SE_32RVAL2 | SysentFlag.SE_64RVAL
"""The bits that say how results come back (``SE_RVAL_MASK``)."""


class SysentKind(StrEnum):
    """By which macro of sysent.c a row is made."""

    NOSYS = "NOSYS"
    CI = "CI"
    CL = "CL"
    TWO_CI = "2CI"
    AP = "AP"
    LOADABLE = "LOADABLE"


_FLAGS: Final = {
    SysentKind.NOSYS: SysentFlag.SE_64RVAL,
    SysentKind.CI: SysentFlag.SE_32RVAL1,
    SysentKind.CL: SysentFlag.SE_64RVAL,
    SysentKind.TWO_CI: SysentFlag.SE_32RVAL1 | SysentFlag.SE_32RVAL2,
    SysentKind.AP: SysentFlag.SE_64RVAL,
    SysentKind.LOADABLE: SysentFlag.SE_LOADABLE,
}

_ENTRY: Final = {
    SysentKind.NOSYS: "nosys",
    SysentKind.AP: "syscall_ap",
    SysentKind.LOADABLE: "loadable_syscall",
}


@dataclass(frozen=True, slots=True)
class SysentRow:
    """One element of ``sysent``.

    Attributes:
        number: Its index, the system-call number.
        name: The call's name in the source; ``loadable`` for a slot that no known module fills.
        nargs: ``sy_narg``.
        handler: The kernel function that does the work, bare name (``rexit``).
        kind: The macro.
        note: What the source says beside the row, or where the row is uncertain. May be empty.
    """

    number: int
    name: str
    nargs: int
    handler: str
    kind: SysentKind
    note: str

    @property
    def flags(self) -> SysentFlag:
        """Returns ``sy_flags``."""
        return _FLAGS[self.kind]

    @property
    def sy_call(self) -> str | None:
        """Returns the symbol that ``sy_call`` points to, or None for a null pointer."""
        if self.kind is SysentKind.AP:
            return self.handler
        return "nosys" if self.kind is SysentKind.LOADABLE else None

    @property
    def sy_callc(self) -> str:
        """Returns the symbol that ``sy_callc`` points to: what sys_syscall calls."""
        return _ENTRY.get(self.kind, self.handler)

    @property
    def absent(self) -> bool:
        """Returns whether the slot answers SIGSYS and ENOSYS unless a module fills it."""
        return self.kind in (SysentKind.NOSYS, SysentKind.LOADABLE)


def parse(text: str, flavour: Flavour, source: str) -> tuple[SysentRow, ...]:
    """Returns the rows of a sysent.tsv for one flavour, in the order of their numbers.

    Args:
        text: What the file holds: a header line, then one line of tab-separated columns for each slot.
        flavour: Which system's columns to read.
        source: The file's name, for error messages.

    Raises:
        ValueError: The flavour is unknown, the header or a row is malformed, or the numbers are not 0 to 255
            in order. For a row the message starts ``source:line:``.
    """
    if flavour not in get_args(Flavour):
        raise ValueError(f"no flavour {flavour!r}: expected one of {', '.join(get_args(Flavour))}")

    def both(column: dict[str, str], row: SysentRow) -> SysentRow:
        name, nargs = column["solaris11_name"], _count(column, "solaris11_nargs")
        if not name.isidentifier():
            raise ValueError(f"solaris11_name {name!r} is not a C name")
        return row if flavour == "illumos" else _solaris11(row, name, nargs)

    return _rows(text, _COLUMNS, source, both)


def parse32(text: str, native: tuple[SysentRow, ...], source: str) -> tuple[SysentRow, ...]:
    """Returns the rows of a sysent32.tsv, in the order of their numbers.

    Args:
        text: What the file holds, as for `parse`.
        native: The 64-bit table of the flavour: a call that illumos has in both is gone where it is gone there.
        source: The file's name, for error messages.

    Raises:
        ValueError: As `parse`.
    """
    illumos = load("illumos")

    def kept(column: dict[str, str], row: SysentRow) -> SysentRow:
        there = native[row.number]
        return there if there.absent and not illumos[row.number].absent else row

    return _rows(text, _COLUMNS32, source, kept)


def _rows(
    text: str, columns: tuple[str, ...], source: str, adapt: Callable[[dict[str, str], SysentRow], SysentRow]
) -> tuple[SysentRow, ...]:
    """The rows of a file of such columns, each as `adapt` makes it of its columns and illumos's row."""
    header, *lines = text.splitlines() or [""]
    if tuple(header.split("\t")) != columns:
        raise ValueError(f"{source}:1: expected the columns {' '.join(columns)}")
    rows: list[SysentRow] = []
    for number, line in enumerate(lines):
        values = line.split("\t")
        try:
            if len(values) != len(columns):
                raise ValueError(f"expected {len(columns)} columns, found {len(values)}")
            column = dict(zip(columns, values, strict=True))
            rows.append(adapt(column, _row(column, number)))
        except ValueError as error:
            raise ValueError(f"{source}:{number + 2}: {error}") from None
    if len(rows) != NSYSCALL:
        raise ValueError(f"{source}: {len(rows)} rows, expected {NSYSCALL}")
    return tuple(rows)


def _row(column: dict[str, str], expected: int) -> SysentRow:
    """Returns illumos's row, or raises ValueError saying which column is wrong."""
    number = _count(column, "number")
    if number != expected:
        raise ValueError(f"number {number} where {expected} was due")
    for name in ("name", "handler"):
        if not column[name].isidentifier():
            raise ValueError(f"{name} {column[name]!r} is not a C name")
    try:
        kind = SysentKind(column["kind"])
    except ValueError:
        raise ValueError(f"kind {column['kind']!r} is none of {', '.join(SysentKind)}") from None
    note = column.get("note", "")
    return SysentRow(number, column["name"], _count(column, "nargs"), column["handler"], kind, note)


def _count(column: dict[str, str], name: str) -> int:
    """Returns the number in a column, or raises ValueError if it is not a small natural number."""
    text = column[name]
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{name} {text!r} is not a number")
    value = int(text)
    if name != "number" and value > MAXSYSARGS:
        raise ValueError(f"{name} {value} is more than {MAXSYSARGS}")
    return value


def _solaris11(row: SysentRow, name: str, nargs: int) -> SysentRow:
    """Returns `row` as Solaris 11 has it, given its name and argument count there."""
    if name == "nosys":
        return SysentRow(row.number, name, 0, "nosys", SysentKind.NOSYS, "")
    if name == "loadable":
        if row.kind is SysentKind.LOADABLE:
            return row
        return SysentRow(row.number, name, 0, "loadable_syscall", SysentKind.LOADABLE, f"(was {row.name})")
    if row.absent:
        return SysentRow(row.number, name, nargs, name, SysentKind.CI, "Solaris 11 only; kind inferred")
    if name == row.name:
        return replace(row, nargs=nargs)
    return replace(row, name=name, nargs=nargs, handler=name, note="handler inferred from the name")


@cache
def load(flavour: Flavour) -> tuple[SysentRow, ...]:
    """Returns the 256 rows of a flavour's table, ordered by number.

    Raises:
        ValueError: The flavour is unknown, or the data file is damaged.
    """
    return parse(resources.read_text("abi/data/solaris/sysent.tsv"), flavour, "sysent.tsv")


@cache
def load32(flavour: Flavour) -> tuple[SysentRow, ...]:
    """Returns the 256 rows of a flavour's ``sysent32``, ordered by number.

    Raises:
        ValueError: The flavour is unknown, or the data file is damaged.
    """
    text = resources.read_text("abi/data/solaris/sysent32.tsv")
    return parse32(text, load(flavour), "sysent32.tsv")
