"""The timers that a process has, as everybody sees them; what they do is in `ring3.linux.timers`."""

from __future__ import annotations

from typing import Protocol


class Stoppable(Protocol):
    """What goes on until it is stopped."""

    def stop(self) -> None:
        """Ends it."""


class ProcessTimer(Stoppable, Protocol):
    """A timer of a process.

    Attributes:
        interval: Nanoseconds after which it starts again, 0 for never.
    """

    interval: int

    def remaining(self) -> int:
        """Nanoseconds until it expires, 0 if it does not run."""


class Itimer(ProcessTimer, Protocol):
    """One of the three that setitimer(2) sets."""

    def set(self, value: int, interval: int) -> None:
        """Starts it anew, or stops it with a value of 0."""


class NumberedTimer(ProcessTimer, Protocol):
    """One that timer_create(2) made.

    Attributes:
        number: Its number.
        overrun: How often it would have expired between its last signal and when that was taken.
    """

    number: int
    overrun: int

    def set(self, value: int, interval: int, absolute: bool) -> None:
        """Starts it anew, or stops it with a value of 0."""

    def described(self, pid: int) -> str:
        """Its lines in /proc/PID/timers, PID being that number."""
