"""The headers that Linux's build makes from its system-call tables.

Two kinds, each in a directory ``generated/`` below ``arch/x86/include``:

* for the kernel, ``asm/syscalls_64.h`` and ``asm/syscalls_32.h``: one macro call per system call, which the C
  file that holds the table (``arch/x86/entry/syscall_64.c``) expands twice, once to declare the functions and
  once to list them;
* for programs, ``uapi/asm/unistd_64.h``, ``unistd_x32.h`` and ``unistd_32.h``: ``#define __NR_read 0``.

The kernel's kind has had several forms. `Form.QUALIFIED` is that of Linux 4.17 to 5.3: three arguments, of
which the last (a qualifier) is empty here because today's tables carry none; until 5.6 a few rows such as
clone said ``ptregs`` there, without effect since 4.17. `Form.PLAIN` is that of Linux 5.14 and later.

Sources: ``arch/x86/entry/syscalls/syscalltbl.sh`` of Linux 4.17 to 5.3 (the version before "Split the x32
syscalls into their own table"), ``scripts/syscalltbl.sh`` of Linux 6.1 and of 2024 (with ``noreturn``), and
``scripts/syscallhdr.sh`` and ``arch/x86/entry/syscalls/Makefile`` of Linux 6.1. Always true: the text is a
function of the rows alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ring3.abi.kinds import Enum
from ring3.abi.tbl import NI_SYSCALL, Abi, TblRow, rows_of


class Form(Enum):
    """How a row is written in the kernel's own header."""

    QUALIFIED = "4.17"
    """``__SYSCALL_64(0, __x64_sys_read, )``, with a second spelling for kernels built otherwise."""

    PLAIN = "5.14"
    """``__SYSCALL(0, sys_read)``, every number from 0 on, the prefix left to the C file."""


def syscalls_64(rows: Iterable[TblRow], form: Form = Form.QUALIFIED) -> str:
    """Returns ``asm/syscalls_64.h`` for the rows of syscall_64.tbl.

    In the form of 4.17 a row has the name of its stub for x86 and the bare name for User-Mode Linux, whose
    handlers take their arguments directly; x32 rows follow in the same file for kernels with
    CONFIG_X86_X32_ABI.
    """
    if form is Form.PLAIN:
        return _text(_plain(rows_of(rows, Abi.X86_64)))
    return _text(line for row in rows for line in _qualified_64(row))


def syscalls_32(rows: Iterable[TblRow], form: Form = Form.QUALIFIED) -> str:
    """Returns ``asm/syscalls_32.h`` for the rows of syscall_32.tbl.

    In the form of 4.17 a row has the bare entry point for a 32-bit kernel and the ``__ia32_`` stub for a
    64-bit one (in the tables of that time the latter was a column of its own, filled for every call that
    existed).
    """
    rows = rows_of(rows, Abi.I386)
    if form is Form.PLAIN:
        return _text(_plain(rows))
    return _text(line for row in rows for line in _qualified_32(row))


def unistd_64(rows: Iterable[TblRow]) -> str:
    """Returns ``uapi/asm/unistd_64.h`` for the rows of syscall_64.tbl."""
    return _unistd("unistd_64.h", rows_of(rows, Abi.X86_64), "{}")


def unistd_x32(rows: Iterable[TblRow]) -> str:
    """Returns ``uapi/asm/unistd_x32.h`` for the rows of syscall_64.tbl.

    The numbers refer to ``__X32_SYSCALL_BIT``, which ``asm/unistd.h`` defines.
    """
    return _unistd("unistd_x32.h", rows_of(rows, Abi.X32), "(__X32_SYSCALL_BIT + {})")


def unistd_32(rows: Iterable[TblRow]) -> str:
    """Returns ``uapi/asm/unistd_32.h`` for the rows of syscall_32.tbl."""
    return _unistd("unistd_32.h", rows_of(rows, Abi.I386), "{}")


def _text(lines: Iterable[str]) -> str:
    return "".join(line + "\n" for line in lines)


def _qualified_64(row: TblRow) -> Iterator[str]:
    """Yields a row of syscall_64.tbl as Linux 4.17 wrote it: nothing for a row without an entry point."""
    lines: list[str] = []
    if row.entry is not None:
        lines.append(f"__SYSCALL_64({row.number}, __x64_{row.entry}, )")
        if row.entry.startswith("sys_"):
            bare = f"__SYSCALL_64({row.number}, {row.entry}, )"
            lines = ["#ifdef CONFIG_X86", *lines, "#else /* CONFIG_UML */", bare, "#endif"]
    if row.abi == "x32":
        lines = ["#ifdef CONFIG_X86_X32_ABI", *lines, "#endif"]
    yield from lines


def _qualified_32(row: TblRow) -> Iterator[str]:
    """Yields a row of syscall_32.tbl as Linux 4.17 wrote it: nothing for a row without an entry point."""
    if row.entry is not None:
        yield "#ifdef CONFIG_X86_32"
        yield f"__SYSCALL_I386({row.number}, {row.entry}, )"
        yield "#else"
        yield f"__SYSCALL_I386({row.number}, __ia32_{row.compat or row.entry}, )"
        yield "#endif"


def _plain(rows: Iterable[TblRow]) -> Iterator[str]:
    """Yields rows as Linux 5.14 and later write them, with a line for every hole."""
    expected = 0
    for row in rows:
        yield from (f"__SYSCALL({number}, {NI_SYSCALL})" for number in range(expected, row.number))
        expected = row.number + 1
        entry = row.entry or NI_SYSCALL
        if row.compat is not None:
            macro = "__SYSCALL_COMPAT_NORETURN" if row.noreturn else "__SYSCALL_WITH_COMPAT"
            yield f"{macro}({row.number}, {entry}, {row.compat})"
        else:
            macro = "__SYSCALL_NORETURN" if row.noreturn else "__SYSCALL"
            yield f"{macro}({row.number}, {entry})"


def _unistd(file: str, rows: tuple[TblRow, ...], value: str) -> str:
    """Returns a header of ``__NR_`` numbers; `value` is the format of a number."""
    guard = "_UAPI_ASM_" + file.upper().replace(".", "_")
    return _text(
        [
            f"#ifndef {guard}",
            f"#define {guard}",
            "",
            *(f"#define __NR_{row.name} {value.format(row.number)}" for row in rows),
            "",
            "#ifdef __KERNEL__",
            f"#define __NR_syscalls {rows[-1].number + 1 if rows else 0}",
            "#endif",
            "",
            f"#endif /* {guard} */",
        ]
    )
