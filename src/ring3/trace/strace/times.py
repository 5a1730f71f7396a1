"""Times as people read them, which stand as remarks behind numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

DATES: Final = frozenset({"utimbuf", "stat", "stat32", "stat64"})
"""Structs whose seconds are times of day."""
TIMES_OF_FILES: Final = {(1 << 30) - 1: "UTIME_NOW", (1 << 30) - 2: "UTIME_OMIT"}
"""Nanoseconds that stand for something else (include/linux/stat.h)."""


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


DATED: Final[Mapping[str, Callable[[int, int], str]]] = {
    "timespec": lambda seconds, nanoseconds: date(seconds, nanoseconds, 9),
    "timespec32": lambda seconds, nanoseconds: date(seconds, nanoseconds, 9),
    "timeval": lambda seconds, microseconds: date(seconds, microseconds, 6),
    "timeval32": lambda seconds, microseconds: date(seconds, microseconds, 6),
}
"""What stands behind times that a file is given."""
