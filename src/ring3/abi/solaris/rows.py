"""Solaris's calls with the meanings of their arguments, by their names in sysent, from `ring3/abi/data/solaris/calls`.

The rows have the arguments of illumos's 64-bit table; which slot is which call, how many arguments it is passed and
how its result comes back stands in `ring3.abi.solaris.sysent`. Names and meanings are those of section 2 of illumos's
manual and, for calls behind a library function, of its prototypes (usr/src/uts/common/syscall).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from ring3 import resources
from ring3.abi.rows import Rows
from ring3.abi.values import ValueSet, parse


def _constants(module: str) -> Mapping[str, int]:
    """The members of the enumerations of a module of this folder."""
    found: dict[str, int] = {}
    for kind in vars(import_module(f"ring3.abi.solaris.{module}")).values():
        if (
            isinstance(kind, type)
            and issubclass(kind, int)
            and kind is not int
            and kind.__module__.endswith(module)
        ):
            found |= {member.name: int(member) for member in kind}  # type: ignore[attr-defined]
    return found


@cache
def values() -> Mapping[str, ValueSet]:
    """Every set of values by name."""
    return parse(resources.read_text("abi/data/solaris/values"), _constants)


@cache
def every() -> Rows:
    """Every row by the call's name in sysent."""
    return Rows([resources.read_text("abi/data/solaris/calls")], values)
