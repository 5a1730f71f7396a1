"""Times as people read them, which stand as remarks behind numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

DATES: Final = frozenset({"utimbuf", "stat", "stat32", "stat64"})
"""Structs whose seconds are times of day."""
_NOW: Final = (1 << 30) - 1
_OMIT: Final = (1 << 30) - 2
"""Nanoseconds that stand for something else (UTIME_NOW and UTIME_OMIT of include/linux/stat.h)."""


def date(seconds: int, fraction: int = 0, digits: int = 0) -> str:
    """The remark behind a time in seconds since 1970; nothing behind 0 and what is no time.

    Args:
        seconds: The time.
        fraction: What is beyond that, in the unit that so many
        digits: behind the point are.
    """
    if not (seconds or fraction) or not 0 <= fraction < 10 ** max(digits, 1):
        return ""
    try:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds))
        zone = time.strftime("%z", time.localtime(seconds))
    except (OverflowError, OSError, ValueError):
        return ""
    part = f".{fraction:0{digits}}" if digits and fraction else ""
    return f" /* {text}{part}{zone} */"


def _timespec(seconds: int, nanoseconds: int) -> str:
    if nanoseconds in (_NOW, _OMIT):
        return " /* UTIME_NOW */" if nanoseconds == _NOW else " /* UTIME_OMIT */"
    return date(seconds, nanoseconds, 9)


DATED: Final[Mapping[str, Callable[[int, int], str]]] = {
    "timespec": _timespec,
    "timespec32": _timespec,
    "timeval": lambda seconds, microseconds: date(seconds, microseconds, 6),
    "timeval32": lambda seconds, microseconds: date(seconds, microseconds, 6),
}
"""What stands behind times that a file is given."""
