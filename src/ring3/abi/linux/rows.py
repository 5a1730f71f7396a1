"""Linux's calls with the meanings of their arguments, from `ring3/abi/data/linux/calls`: one row for each entry point.

Names and types are those of the kernel's ``SYSCALL_DEFINE`` (Linux 7.2); meanings are those of section 2 of the manual
pages, and of the uapi headers for what is newer. Rows are for those who show calls; handlers have the C types in their
signatures, and a test compares the two.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from ring3 import resources
from ring3.abi.linux import values
from ring3.abi.rows import Rows, read

FAMILIES: Final = (
    "absent",
    "files",
    "ioctl",
    "ipc",
    "memory",
    "mounts",
    "processes",
    "signals",
    "sockets",
    "system",
    "time",
    "tracing",
    "waiting",
)
"""The files."""


@cache
def every() -> Rows:
    """Every row by entry point; calls that have none are under their names."""
    return Rows((resources.read_text(f"abi/data/linux/calls/{family}") for family in FAMILIES), values.every)


@cache
def entries(family: str) -> frozenset[str]:
    """The entry points that have a row in a file."""
    return frozenset(entry for entry, _ in read(resources.read_text(f"abi/data/linux/calls/{family}")))
