"""A handler's failure as Solaris numbers it."""

from __future__ import annotations

from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE


def solaris_number(error: Errno) -> int:
    """The number for rax: a member of `SolarisE`, or the one with the name of what a room shared with Linux raised.

    Raises:
        KeyError: Solaris has no error of that name.
    """
    number = error.number
    return int(number) if isinstance(number, SolarisE) else int(SolarisE[number.name])


def describe_number(number: int) -> str:
    """Name and text of an error number: ``EFAULT (Bad address)``."""
    error = SolarisE(number)
    return f"{error.name} ({error.text})"
