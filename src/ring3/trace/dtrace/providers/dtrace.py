"""The provider dtrace: BEGIN before everything, END after it, ERROR when a clause was aborted."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ring3.trace.dtrace.providers.base import Context, Description, Fire, Probe, select
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Type


class DtraceProvider:
    """Its probes are fired by the session itself."""

    name = "dtrace"

    def __init__(self) -> None:
        self.begin, self.end, self.error = (
            Probe(
                "dtrace",
                "",
                "",
                name,
                types=_error_types if name == "ERROR" else None,
            )
            for name in ("BEGIN", "END", "ERROR")
        )
        self._fire: dict[Probe, Fire] = {}

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches."""
        return select(description, (self.begin, self.end, self.error))

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire a probe when the session says so."""
        self._fire[probe] = fire
        return lambda: self._fire.pop(probe, None) and None

    def fire(self, probe: Probe, context: Context) -> None:
        """Fire one of the probes, if it is enabled."""
        call = self._fire.get(probe)
        if call:
            call(context)


def _error_types(types: TypeSpace) -> list[Type]:
    return [types.integer(8, signed=True)] * 6
