"""What tells observers of `points.Packet` that something was carried: a function that is watched, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ring3.kernel.events import Carried
from ring3.kernel.functions import KernelFunction
from ring3.kernel.observed import Call, CallObserver
from ring3.net.inet.address import Endpoint, ends_of
from ring3.net.inet.wire import IPPROTO_TCP

Teller = Callable[[Call], Iterable[Carried]]


class Tcp:
    """What goes between two ends.

    Attributes:
        local: The end here.
        remote: The other end.
    """

    def __init__(self, call: Call, local: Endpoint, remote: Endpoint) -> None:
        self._task = call.task
        self.local, self.remote = ends_of(local, remote)

    def sent(self, flags: int, data: bytes = b"") -> Carried:
        """Sent from here."""
        return Carried(self._task, IPPROTO_TCP, self.local, self.remote, flags, data)

    def got(self, flags: int, data: bytes = b"") -> Carried:
        """Sent from there."""
        return Carried(self._task, IPPROTO_TCP, self.remote, self.local, flags, data)


class AtEntry(CallObserver):
    """Tells when the function is called."""

    def __init__(self, tell: Teller, observer: Callable[[Carried], None]) -> None:
        self._tell = tell
        self._observer = observer

    def entry(self, call: Call) -> None:
        """It is called."""
        for carried in self._tell(call):
            self._observer(carried)


class AtReturn(CallObserver):
    """Tells when the function has returned or failed."""

    def __init__(self, tell: Teller, observer: Callable[[Carried], None]) -> None:
        self._tell = tell
        self._observer = observer

    def returned(self, call: Call) -> None:
        """It is done."""
        for carried in self._tell(call):
            self._observer(carried)


Watched = tuple[Callable[..., Any], type[AtEntry] | type[AtReturn], Teller]
"""A function, when it tells, and of what."""
Row = tuple[KernelFunction, type[AtEntry] | type[AtReturn], Teller]


def row_of(watched: Watched) -> Row:
    """A function as probes take it."""
    function, kind, tell = watched
    return KernelFunction(function.__name__, "", function), kind, tell
