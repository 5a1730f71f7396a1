"""Which functions there are: importing this module defines them all."""

from ring3.solaris import (
    copyops,
    exit,  # noqa: A004 -- the call's name
    fasttrap,
    identity,
    lwp_private,
    memory,
    modctl,
    nosys,
    rw,
    sysconfig,
    systeminfo,
    traps,
    uname,
)
from ring3.solaris.definition import FUNCTIONS

__all__ = ["FAMILIES", "FUNCTIONS"]

FAMILIES = (
    copyops, exit, fasttrap, identity, lwp_private, memory, modctl, nosys, rw, sysconfig, systeminfo, traps, uname
)  # fmt: skip
"""The modules that define functions."""
