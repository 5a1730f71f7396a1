"""What stands before a line by the clock, and behind it for how long a call took."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from ring3.abi.kinds import NamedTuple

DIGITS: Final = {"s": 0, "ms": 3, "us": 6, "ns": 9}
"""Digits behind the point, by precision."""


class Absolute(NamedTuple):
    """A time of day (``--absolute-timestamps``).

    Attributes:
        form: ``none``, ``time`` or ``unix``.
        digits: Behind the point.
    """

    form: str = "time"
    digits: int = 0


def _fraction(nanoseconds: int, digits: int) -> str:
    return f".{nanoseconds % 10**9:09}"[: digits + 1] if digits else ""


def absolute(how: Absolute) -> Callable[[], str]:
    """Gives the time as it is."""

    def now() -> str:
        nanoseconds = time.time_ns()
        seconds = nanoseconds // 10**9
        whole = str(seconds) if how.form == "unix" else time.strftime("%H:%M:%S", time.localtime(seconds))
        return f"{whole}{_fraction(nanoseconds, how.digits)} "

    return now


def relative(digits: int) -> Callable[[], str]:
    """Gives the time since it was last asked."""
    last: int | None = None

    def since() -> str:
        nonlocal last
        now = time.monotonic_ns()
        spent = 0 if last is None else now - last
        last = now
        return f"{spent // 10**9:6}{_fraction(spent, digits)} "

    return since


def both(first: Callable[[], str], second: Callable[[], str]) -> Callable[[], str]:
    """The one before the other; the second in brackets behind a plus sign, as strace has it."""
    return lambda: f"{first()}(+{second()[:-1]}) "


def duration(digits: int) -> Callable[[int], str]:
    """Writes how long a call took, in nanoseconds."""
    return lambda spent: f" <{spent // 10**9}{_fraction(spent, digits)}>"
