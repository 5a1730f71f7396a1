"""/etc/name_to_sysnum: the names under which the kernel binds system-call modules.

The file has one name and one number a line. At boot ``mod_setup`` reads it: a LOADABLE slot of sysent that
has a name here gets a lock and will try to load the module ``sys/<name>``; one without a name becomes plain
``nosys``. DTrace's syscall provider takes its function names from it too, which is why
``syscall::rexit:entry`` and not ``exit``.

The names are not always sysent's (``rexit`` for exit, ``doorfs`` for door) and some numbers are of calls that
only 32-bit programs have (``open64``): their slots in the 64-bit table are nosys. lwp_private (166) has no
name.

The illumos file holds the rows of usr/src/uts/intel/os/name_to_sysnum, with psecflags (later versions) and
upanic (inferred from sysent.c). The solaris11 file is derived, not copied: illumos's rows, without the calls
Solaris 11 dropped and with those it renamed.

Sources: usr/src/uts/intel/os/name_to_sysnum and common/os/modctl.c (mod_setup, mod_getsysname) of
illumos-gate; for ``modctl 152`` the third seed, 2.2.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from ring3 import resources
from ring3.abi.solaris.sysent import NSYSCALL, Flavour

_FILES: Final[dict[Flavour, str]] = {
    "illumos": "name_to_sysnum",
    "solaris11": "name_to_sysnum.solaris11",
}


def parse(text: str, source: str) -> dict[str, int]:
    """Returns the number of each name in a name_to_sysnum file, in the file's order.

    Empty lines, and lines that start with ``#``, are skipped.

    Args:
        text: What the file holds.
        source: Its name, for error messages.

    Raises:
        ValueError: A line is malformed, its number is not below NSYSCALL, or its name or number is taken
            already. The message starts ``source:line:``.
    """
    numbers: dict[str, int] = {}
    for line_number, line in enumerate(text.splitlines(), start=1):
        columns = line.split()
        if not columns or columns[0].startswith("#"):
            continue
        try:
            name, number = _binding(columns)
            if name in numbers or number in numbers.values():
                raise ValueError(f"{name} {number} repeats a name or a number")
        except ValueError as error:
            raise ValueError(f"{source}:{line_number}: {error}") from None
        numbers[name] = number
    return numbers


def _binding(columns: list[str]) -> tuple[str, int]:
    """Returns the name and number of one line, or raises ValueError saying what is wrong with it."""
    if len(columns) != 2:
        raise ValueError(f"expected a name and a number, found {len(columns)} words")
    name, number = columns
    if not name.isidentifier():
        raise ValueError(f"{name!r} is not a C name")
    if not (number.isascii() and number.isdigit() and int(number) < NSYSCALL):
        raise ValueError(f"{number!r} is not a number below {NSYSCALL}")
    return name, int(number)


def load_text(flavour: Flavour) -> str:
    """Returns a flavour's file as it would lie in /etc.

    Raises:
        ValueError: The flavour is unknown.
    """
    if flavour not in _FILES:
        raise ValueError(f"no flavour {flavour!r}: expected one of {', '.join(_FILES)}")
    return resources.read_text(f"abi/data/solaris/{_FILES[flavour]}")


@cache
def load(flavour: Flavour) -> tuple[tuple[str, int], ...]:
    """Returns the (name, number) pairs of a flavour's file, ordered by number.

    Raises:
        ValueError: The flavour is unknown, or the data file is damaged.
    """
    numbers = parse(load_text(flavour), _FILES[flavour])
    return tuple(sorted(numbers.items(), key=lambda binding: binding[1]))
