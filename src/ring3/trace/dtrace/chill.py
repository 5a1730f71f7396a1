"""chill(): lets time pass at a probe, but no more than half a second within each second.

Source: dtrace_action_chill() of illumos, dtrace_chill_max and dtrace_chill_interval.
"""

from __future__ import annotations

from ring3.trace.dtrace.errors import Fault, FaultKind
from ring3.trace.dtrace.providers.base import Clock, Target

_MOST = 500_000_000
_INTERVAL = 1_000_000_000


class Chill:
    """What time a session has let pass."""

    def __init__(self, clock: Clock, target: Target) -> None:
        """Measure by a clock, and have a target wait."""
        self._clock = clock
        self._target = target
        self._since = 0
        self._passed = 0

    def __call__(self, nanoseconds: int) -> None:
        """Let time pass.

        Raises:
            Fault: ILLOP, it is more than there may be within a second.
        """
        now = self._clock.now()
        if now - self._since > _INTERVAL:
            self._since, self._passed = now, 0
        if not 0 <= nanoseconds <= _MOST - self._passed:
            raise Fault(FaultKind.ILLOP)
        self._passed += nanoseconds
        self._target.chill(nanoseconds)
