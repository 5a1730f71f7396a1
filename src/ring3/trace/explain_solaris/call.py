"""Which call of sysent a program makes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ring3.abi.solaris import sysent, sysnum
from ring3.abi.solaris.sysent import Flavour


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that a program is about to make.

    Attributes:
        number: Its number, as the kernel takes it: eax.
        name: Its name, "" for a number that has none.
    """

    number: int
    name: str


@cache
def call_names(flavour: Flavour) -> dict[int, str]:
    """Every call's name by its number: sysent's, or that of name_to_sysnum where the table has none."""
    bound = {number: name for name, number in sysnum.load(flavour) if name != "nosys"}
    return {
        row.number: name
        for row in sysent.load(flavour)
        if (name := bound.get(row.number, "") if row.absent else row.name)
    }
