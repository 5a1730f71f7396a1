"""What a session needs of a debugger that lives in the machine it stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ring3.debug.mdb.targets.events import Event


class Resident(Protocol):
    """A debugger that lives in the machine it stops, as kmdb does, instead of running it.

    Attributes:
        events: What it stops for.
        matched: What it has stopped for.
    """

    events: dict[int, Event]
    matched: list[Event]

    def add_event(self, text: str) -> Event:
        """One more thing to stop for."""

    def delete_event(self, number: int) -> None:
        """One less."""

    def arm(self) -> None:
        """Has the machine know where to stop."""

    def leave(self) -> None:
        """Lets the machine go on."""

    def step(self) -> None:
        """Lets it execute one instruction."""

    def call(self, function: int, arguments: Sequence[int], told: Callable[[int], None]) -> None:
        """Has it call a function, and tells what that has returned."""

    def run_to(self, address: int, stack: int) -> None:
        """Lets it run to an address, where the stack is no deeper."""
