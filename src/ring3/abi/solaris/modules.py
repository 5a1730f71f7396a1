"""The modules that our Solaris kernel says it has loaded: what MODINFO reports.

The row of pcie is the third seed's, to the byte; unix holds the seed's sys_syscall and genunix its modctl.
The other rows are illustrative: names and descriptions are those of real modules, addresses, sizes, ids and
numbers are not any real system's. In the file, bases and sizes are hexadecimal, a size is text plus data, and
a module without a linkage (unix, genunix) has an empty description, revision 0 and p0 -1.

Sources: the third seed (pcie); modinfo(8) of Oracle Solaris 11.4 and listings of real systems (names,
descriptions).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from ring3 import resources
from ring3.abi.solaris.modctl import MODMAXLINKINFOLEN, MODMAXNAMELEN

_COLUMNS: Final = ("id", "base", "size", "rev", "name", "linkinfo", "p0", "loadcnt")


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """One loaded and installed module.

    Attributes:
        id: mi_id; unique.
        base: mi_base, kernel virtual address of its text.
        size: mi_size, bytes of text and data.
        rev: mi_rev.
        name: mi_name.
        linkinfo: msi_linkinfo of its first linkage, empty if it has none.
        p0: msi_p0 of its first linkage, -1 for none.
        loadcnt: mi_loadcnt, how often it was loaded.
    """

    id: int
    base: int
    size: int
    rev: int
    name: str
    linkinfo: str
    p0: int
    loadcnt: int


def parse(text: str, source: str) -> tuple[ModuleRow, ...]:
    """Returns the rows of a modules.tsv, in the file's order.

    Lines that start with ``#`` are skipped; the first other line names the columns.

    Args:
        text: What the file holds.
        source: Its name, for error messages.

    Raises:
        ValueError: The header or a row is malformed, a text is too long for its field, or the ids do not
            rise. The message starts ``source:line:``.
    """
    rows: list[ModuleRow] = []
    header: list[str] | None = None
    for line_number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#"):
            continue
        columns = line.split("\t")
        try:
            if header is None:
                header = columns
                if tuple(header) != _COLUMNS:
                    raise ValueError(f"expected the columns {' '.join(_COLUMNS)}")
                continue
            row = _row(columns)
            if rows and row.id <= rows[-1].id:
                raise ValueError(f"id {row.id} repeats or is out of order")
        except ValueError as error:
            raise ValueError(f"{source}:{line_number}: {error}") from None
        rows.append(row)
    return tuple(rows)


def _row(columns: list[str]) -> ModuleRow:
    """Returns one row from its columns, or raises ValueError saying what is wrong with them."""
    if len(columns) != len(_COLUMNS):
        raise ValueError(f"expected {len(_COLUMNS)} columns, found {len(columns)}")
    number, base, size, rev, name, linkinfo, p0, loadcnt = columns
    if not 0 < len(name.encode()) < MODMAXNAMELEN:
        raise ValueError(f"name {name!r} does not fit into {MODMAXNAMELEN} bytes")
    if len(linkinfo.encode()) >= MODMAXLINKINFOLEN:
        raise ValueError(f"linkinfo {linkinfo!r} does not fit into {MODMAXLINKINFOLEN} bytes")
    return ModuleRow(
        int(number), int(base, 16), int(size, 16), int(rev), name, linkinfo, int(p0), int(loadcnt)
    )


@cache
def load() -> tuple[ModuleRow, ...]:
    """Returns the modules, ordered by id.

    Raises:
        ValueError: The data file is damaged.
    """
    return parse(resources.read_text("abi/data/solaris/modules.tsv"), "modules.tsv")
