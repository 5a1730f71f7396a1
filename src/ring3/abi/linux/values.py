"""Linux's sets of named values, from `ring3/abi/data/linux/values`.

Sources: the headers that each set names, of Linux 7.2; the tests compile them for both widths. Sets without a header
are of constants that only C libraries or the kernel itself define: socket(2), access(2), readdir(3), splice(2),
mount(2), syslog(2), keyctl(3) and ``include/linux/socket.h``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Final

from ring3 import resources
from ring3.abi.values import ValueSet, parse

FAMILIES: Final = (
    "files",
    "futex",
    "ioctl",
    "ipc",
    "memory",
    "network",
    "processes",
    "signals",
    "system",
    "terminals",
    "time",
)
"""The files."""


def _constants(module: str) -> Mapping[str, int]:
    found = vars(import_module(f"ring3.abi.linux.{module}"))
    return {name: value for name, value in found.items() if type(value) is int}


@cache
def every() -> Mapping[str, ValueSet]:
    """Every set by name.

    Raises:
        ValueError: A name repeats in another file.
    """
    found: dict[str, ValueSet] = {}
    for family in FAMILIES:
        sets = parse(resources.read_text(f"abi/data/linux/values/{family}"), _constants)
        if repeated := sets.keys() & found.keys():
            raise ValueError(f"{sorted(repeated)} repeat")
        found.update(sets)
    return found
