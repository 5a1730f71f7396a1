"""``ring3 tables``: which number is which system call, where it leads, and how much of it is there.

Each operating system is one entry of `SYSTEMS`: the ABIs it has, a function that lists the calls of one, and one
that gives a header the system's own build makes of them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import TextIOBase
from typing import IO, Final, cast

from ring3.abi import headers, tbl
from ring3.abi.solaris import headers as solaris_headers
from ring3.abi.solaris import sysent, sysnum
from ring3.abi.tbl import Abi
from ring3.cli.caller import caller_of
from ring3.cli.program import add_on
from ring3.computer import SYS_CALL_TABLES, Linux, Solaris, TableRow
from ring3.errors import UserError
from ring3.kernel.signature import Support

COLUMNS: Final = ("number", "name", "entry point", "address", "support", "note")


@dataclass(frozen=True, slots=True)
class Listing:
    """The calls of one ABI.

    Attributes:
        table: Symbol of the table in RAM, or None where there is none.
        address: Its address.
        remark: What a reader must know of the whole table, one line, or "".
        rows: The calls.
    """

    table: str | None
    address: int | None
    remark: str
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class System:
    """What one operating system has to show.

    Attributes:
        abis: Its ABIs; the first is the default.
        listing: Lists the calls of an ABI that a machine has.
        boot: Boots a machine with an ABI's table.
        header: The text of a header, by ABI and kind (one of `KINDS`).
    """

    abis: tuple[str, ...]
    listing: Callable[[Linux | Solaris, str], Listing]
    header: Callable[[str, str], str]
    boot: Callable[[str], Linux | Solaris]


KINDS: Final = ("syscalls", "unistd")


def _linux_listing(computer: Linux | Solaris, abi: str) -> Listing:
    assert isinstance(computer, Linux)
    rows = computer.table(Abi(abi))
    table = SYS_CALL_TABLES.get(Abi(abi))
    if table is None:
        remark = "CONFIG_X86_X32 is off: no x32 table lies in RAM, and every x32 number answers ENOSYS"
        return Listing(None, None, remark, rows)
    return Listing(table, computer.symbols[table], "", rows)


def _linux_header(abi: str, kind: str) -> str:
    if (
        kind == "syscalls"
    ):  # x32 has none of its own: its rows are in the 64-bit one, behind CONFIG_X86_X32_ABI
        return (
            headers.syscalls_32(tbl.load_i386())
            if abi == Abi.I386
            else headers.syscalls_64(tbl.load_x86_64())
        )
    if abi == Abi.I386:
        return headers.unistd_32(tbl.load_i386())
    make = headers.unistd_x32 if abi == Abi.X32 else headers.unistd_64
    return make(tbl.load_x86_64())


def _solaris_listing(computer: Linux | Solaris, flavour: str) -> Listing:
    assert isinstance(computer, Solaris)
    source = sysent.load(_FLAVOURS[flavour])
    rows = tuple(
        TableRow(
            row.number,
            row.name,
            row.handler,
            row.address,
            row.support,
            "; ".join(filter(None, (solaris_headers.macro(source[row.number]), row.note))),
        )
        for row in computer.table()
    )
    remark = f"struct sysent is 0x20 bytes and sy_callc lies at 0x18; the slots are those of {flavour}"
    return Listing("sysent", computer.symbols["sysent"], remark, rows)


def _solaris_header(flavour: str, kind: str) -> str:
    rows = sysent.load(_FLAVOURS[flavour])
    if kind == "syscalls":
        return solaris_headers.sysent_c(rows)
    return solaris_headers.syscall_h(rows, sysnum.load(_FLAVOURS[flavour]))


_FLAVOURS: Final[dict[str, sysent.Flavour]] = {"illumos": "illumos", "solaris11": "solaris11"}

SYSTEMS: Final = {
    "linux": System(tuple(Abi), _linux_listing, _linux_header, lambda abi: Linux()),
    "solaris": System(
        tuple(_FLAVOURS),
        _solaris_listing,
        _solaris_header,
        lambda abi: Solaris(flavour=_FLAVOURS[abi]),
    ),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.description = (
        "Lists the system calls of the booted machine: the function and the address that each slot of the table in "
        "RAM holds, and how much of the call there is (full, partial with a note, or none: it answers ENOSYS)."
    )
    known = ", ".join(dict.fromkeys(abi for system in SYSTEMS.values() for abi in system.abis))
    add_on(parser)
    parser.add_argument("--os", choices=tuple(SYSTEMS), default="linux", help="whose calls (default: linux)")
    parser.add_argument("--abi", metavar="ABI", help=f"{known} (default: the system's first)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--header",
        choices=KINDS,
        help="print the header that the system's build makes instead: asm/syscalls_64.h and the like for the kernel, "
        "asm/unistd_64.h and the like for programs",
    )
    form.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Prints the table or the header; returns the exit status."""
    caller = caller_of(options)
    system = SYSTEMS[options.os]
    abi = system.abis[0] if options.abi is None else options.abi
    if abi not in system.abis:
        raise UserError(f"{options.os} has no ABI {abi!r}: choose from {', '.join(system.abis)}")
    if options.header:
        caller.stdout.write(system.header(abi, options.header))
        return 0
    own = caller.machine_name is None
    with system.boot(abi) if own else caller.computer(options, "") as computer:
        listing = system.listing(computer, abi)
    if options.json:
        print(json.dumps(_as_json(options.os, abi, listing), indent=2), file=caller.stdout)
    elif caller.stdout.isatty():
        _print_rich(listing, caller.stdout)
    else:
        _print_plain(listing, caller.stdout)
    return 0


def _as_json(system: str, abi: str, listing: Listing) -> dict[str, object]:
    return {
        "os": system,
        "abi": abi,
        "table": {"symbol": listing.table, "address": _hex(listing.address)},
        "remark": listing.remark,
        "rows": [
            {
                "number": row.number,
                "name": row.name,
                "entry_point": row.symbol,
                "address": _hex(row.address),
                "support": row.support.value,
                "note": row.note,
            }
            for row in listing.rows
        ],
    }


def _hex(number: int | None) -> str | None:
    """Addresses are text in JSON: many readers keep numbers as doubles, which have 53 bits."""
    return None if number is None else f"{number:#x}"


def _cells(row: TableRow) -> tuple[str, ...]:
    return (
        str(row.number),
        row.name or "-",
        row.symbol,
        _hex(row.address) or "-",
        row.support.value,
        row.note,
    )


def _caption(listing: Listing) -> str:
    where = "" if listing.table is None else f"{listing.table} at {_hex(listing.address)}"
    return "; ".join(filter(None, (where, listing.remark)))


def _print_plain(listing: Listing, out: TextIOBase) -> None:
    """Columns for other programs: a line of names, a line a call, no field but the note has a space in it."""
    print(f"# {_caption(listing)}", file=out)
    rows: Sequence[Sequence[str]] = [[name.replace(" ", "_") for name in COLUMNS], *map(_cells, listing.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), file=out
        )


def _print_rich(listing: Listing, out: TextIOBase) -> None:
    from rich import box  # noqa: PLC0415 - 60 ms, and only people who read on a terminal need it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=_caption(listing), title_justify="left")
    for name in COLUMNS:
        shown.add_column(name, overflow="fold", no_wrap=name in ("number", "address", "support"))
    styles = {Support.FULL: "green", Support.PARTIAL: "yellow", Support.NONE: "dim"}
    for row in listing.rows:
        shown.add_row(*map(Text, _cells(row)), style=styles[row.support])
    Console(file=cast("IO[str]", out)).print(shown)
