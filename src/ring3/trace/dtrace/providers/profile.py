"""The provider profile: probes that fire by the clock, `profile-N` on every CPU and `tick-N` on one.

There is one CPU. A rate above 5000 a second makes no probe, as on Solaris; a number without a unit is a rate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ring3.trace.dtrace.options import interval
from ring3.trace.dtrace.providers.base import Clock, Context, Description, Fire, Probe, select

_NAME = re.compile(r"(profile|tick)-([0-9]+[a-z]*)")
SHORTEST = 200_000
"""The shortest interval in nanoseconds."""
LISTED = (
    "profile-97",
    "profile-199",
    "profile-499",
    "profile-997",
    "profile-1999",
    "profile-4001",
    "profile-4999",
)
_TICKS = ("tick-1", "tick-10", "tick-100", "tick-500", "tick-1000", "tick-5000")


class Sampler:
    """What goes on in a system where nothing does."""

    def begin(self, interval_: int, *, exactly: bool) -> tuple[Callable[[], Context], Callable[[], None]]:
        """Gives what takes a sample, and what ends the sampling.

        Args:
            interval_: Nanoseconds between two samples.
            exactly: Whether time in the kernel is told from time in programs.
        """
        del interval_, exactly
        return Context, lambda: None


class ProfileProvider:
    """Probes made on demand, on a clock."""

    name = "profile"

    def __init__(self, clock: Clock, sampler: Sampler | None = None) -> None:
        """Fire by `clock`.

        Args:
            clock: The time.
            sampler: Tells what goes on when a probe fires; None where nothing does.
        """
        self.go_by(clock, sampler)
        self._probes = {name: _probe(name) for name in (*LISTED, *_TICKS)}

    def go_by(self, clock: Clock, sampler: Sampler | None) -> None:
        """Fire by a clock, what is enabled from now on."""
        self._clock = clock
        self._sampler = sampler or Sampler()

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches; one that names an interval is made."""
        name = description.name
        if description.number is None and name not in self._probes and period(name) is not None:
            probe = _probe(name)
            if select(description, [probe]):
                self._probes[name] = probe
        return select(description, self._probes.values())

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire at every interval."""
        interval_ = period(probe.name)
        assert interval_ is not None

        sample, leave = self._sampler.begin(interval_, exactly=probe.name.startswith("profile"))
        end = self._clock.every(interval_, lambda: fire(sample()))

        def undo() -> None:
            end()
            leave()

        return undo


def _probe(name: str) -> Probe:
    return Probe("profile", "", "", name)


def period(name: str) -> int | None:
    """The interval of a probe's name in nanoseconds; None if there is no such probe."""
    match = _NAME.fullmatch(name)
    if not match:
        return None
    found = interval(match[2])
    return found if found is not None and found >= SHORTEST else None
