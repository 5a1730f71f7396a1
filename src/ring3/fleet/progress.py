"""How far a sweep is: runs done, how many a second, and how long the rest takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

Clock = Callable[[], float]
_WINDOW = 20.0
"""Seconds that the rate is taken from."""


class Progress(NamedTuple):
    """How far a sweep is.

    Attributes:
        done: Runs that have an outcome.
        total: All runs, as far as they are known.
        made: Those of them that were made now.
        rate: How many are made a second; 0.0 while that is not known.
        left: Seconds that the others take; None while that is not known.
    """

    done: int
    total: int
    made: int
    rate: float
    left: float | None

    def __str__(self) -> str:
        text = f"{self.done} of {self.total} runs"
        if self.made:
            text += f", {self.rate:.1f} a second"
        if self.left is not None and self.done < self.total:
            text += f", {duration(self.left)} left"
        return text


class Meter:
    """Measures how a sweep goes on."""

    def __init__(self, total: int, clock: Clock = time.monotonic) -> None:
        """Begins.

        Args:
            total: How many runs there are.
            clock: Tells the time, in seconds.
        """
        self._total = total
        self._clock = clock
        self._done = self._made = 0
        self._marks: list[tuple[float, int]] = [(clock(), 0)]

    def found(self, count: int) -> None:
        """So many more runs had an outcome already."""
        self._done += count

    def made(self, count: int) -> None:
        """So many more were made."""
        self._done += count
        self._made += count
        now = self._clock()
        self._marks.append((now, self._made))
        while len(self._marks) > 2 and now - self._marks[1][0] > _WINDOW:
            del self._marks[0]

    def progress(self) -> Progress:
        """How far it is now."""
        (first, before), (last, made) = self._marks[0], self._marks[-1]
        rate = (made - before) / (last - first) if last > first else 0.0
        left = (self._total - self._done) / rate if rate else None
        return Progress(self._done, self._total, self._made, rate, left)


def duration(seconds: float) -> str:
    """A time as people say it: ``42 s``, ``3:05``, ``1:02:03``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
