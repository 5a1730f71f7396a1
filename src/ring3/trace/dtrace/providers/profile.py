"""The provider profile: probes that fire by the clock, `profile-N` on every CPU and `tick-N` on one.

There is one CPU. A rate above 5000 a second makes no probe, as on Solaris; a number without a unit is a rate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ring3.trace.dtrace.options import interval
from ring3.trace.dtrace.providers.base import ARGUMENTS, Clock, Context, Description, Fire, Probe, select
from ring3.trace.dtrace.stability import Attributes

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
_ATTRIBUTES = Attributes(5, 5, 5)


class ProfileProvider:
    """Probes made on demand, on a clock."""

    name = "profile"

    def __init__(self, clock: Clock, where: Callable[[], tuple[int, int]] = lambda: (0, 0)) -> None:
        """Fire by `clock`.

        Args:
            clock: The time.
            where: The program counters arg0 (kernel) and arg1 (user) tell of.
        """
        self._clock = clock
        self._where = where
        self._probes = {name: _probe(name) for name in (*LISTED, *_TICKS)}

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

        def tick() -> None:
            kernel, user = self._where()
            fire(Context((kernel, user, *(0,) * (ARGUMENTS - 2))))

        return self._clock.every(interval_, tick)


def _probe(name: str) -> Probe:
    return Probe("profile", "", "", name, attributes=_ATTRIBUTES)


def period(name: str) -> int | None:
    """The interval of a probe's name in nanoseconds; None if there is no such probe."""
    match = _NAME.fullmatch(name)
    if not match:
        return None
    found = interval(match[2])
    return found if found is not None and found >= SHORTEST else None
