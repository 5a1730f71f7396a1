"""A handler's failure as Solaris numbers it."""

from __future__ import annotations

from typing import Final

from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE

_NAMED_OTHERWISE: Final = {
    "ERESTARTSYS": SolarisE.EINTR,  # post_syscall makes ERESTART of it where the handler says so
    "ERESTARTNOHAND": SolarisE.EINTR,
    "ERESTARTNOINTR": SolarisE.EINTR,
    "ERESTART_RESTARTBLOCK": SolarisE.EINTR,
    "ENOTSUPP": SolarisE.ENOTSUP,
}


def solaris_number(error: Errno) -> int:
    """The number for rax: a member of `SolarisE`, or the one with the name of what a room shared with Linux raised.

    Raises:
        KeyError: Solaris has no error of that name.
    """
    number = error.number
    if isinstance(number, SolarisE):
        return int(number)
    return int(_NAMED_OTHERWISE.get(number.name) or SolarisE[number.name])


def describe_number(number: int) -> str:
    """Name and text of an error number: ``EFAULT (Bad address)``."""
    error = SolarisE(number)
    return f"{error.name} ({error.text})"
