"""Linux's structs by family, and where each is by name.

Sources: the uapi headers of Linux 7.2 (`Struct.header`; the tests compile them for both widths) and, for structs that
only 32-bit programs on a 64-bit kernel have, ``include/linux/compat.h`` and ``arch/x86/include/asm/compat.h``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final

from ring3.abi.structs import Struct

FAMILIES: Final = (
    "aio",
    "files",
    "interfaces",
    "ipc",
    "keys",
    "memory",
    "mounts",
    "netlink",
    "processes",
    "security",
    "signals",
    "socket_addresses",
    "sockets",
    "stat",
    "system",
    "terminals",
    "time",
    "tracing",
    "uring",
    "waiting",
)
"""The modules of this folder."""


@cache
def every() -> dict[str, Struct]:
    """Every struct by name; imports all families.

    Raises:
        ValueError: A name repeats.
    """
    found: dict[str, Struct] = {}
    for family in FAMILIES:
        for row in vars(import_module(f"{__name__}.{family}")).values():
            if isinstance(row, Struct) and found.setdefault(row.name, row) is not row:
                raise ValueError(f"struct {row.name} repeats")
    return found
