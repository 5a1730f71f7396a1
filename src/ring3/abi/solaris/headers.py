"""What Solaris's source makes of its system calls: the numbers for programs, and the rows of the table.

* for programs, ``sys/syscall.h``: ``#define SYS_modctl 152``;
* for the kernel, the rows of ``sysent.c``, each made by a macro: ``SYSENT_CI("modctl", modctl, 6)``.

Both are written by hand in Solaris; here they come from the rows, so they hold what the tables hold and no comments.

Sources: usr/src/uts/common/sys/syscall.h and common/os/sysent.c of illumos-gate; the seed, 2.2 and 2.3.2.
"""

from __future__ import annotations

from collections.abc import Iterable

from ring3.abi.solaris.sysent import SysentKind, SysentRow

_BARE = {SysentKind.NOSYS: "SYSENT_NOSYS()", SysentKind.LOADABLE: "SYSENT_LOADABLE()"}


def syscall_h(rows: Iterable[SysentRow], bindings: Iterable[tuple[str, int]]) -> str:
    """Returns the ``#define`` lines of ``sys/syscall.h``.

    Args:
        rows: The table: a call is named as there.
        bindings: Names and numbers of name_to_sysnum, for calls that the table does not name.
    """
    names = {number: name for name, number in bindings}
    lines = []
    for row in rows:
        name = names.get(row.number, "nosys") if row.absent else row.name
        if name != "nosys":
            lines.append(f"#define\tSYS_{name}\t{row.number}\n")
    return "".join(lines)


def sysent_c(rows: Iterable[SysentRow]) -> str:
    """Returns the initialisers of ``sysent[NSYSCALL]``, a line a row."""
    return "".join(f"/* {row.number:3} */ {macro(row)},\n" for row in rows)


def macro(row: SysentRow) -> str:
    """Returns the macro call that makes a row, as the seed shows it: ``SYSENT_CI("modctl", modctl, 6)``."""
    return _BARE.get(row.kind) or f'SYSENT_{row.kind}("{row.name}", {row.handler}, {row.nargs})'
