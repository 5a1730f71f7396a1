"""What a process is to stop for: breakpoints, watchpoints, system calls, signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.debug.mdb.errors import MdbError

if TYPE_CHECKING:
    from ring3.debug.breakpoints import Breakpoint
    from ring3.debug.watchpoints import Watchpoint


class Event:
    """One thing to stop for.

    Attributes:
        number: Its id.
        text: What it is: ``stop at libc.so.1`modctl``.
        address: Where, for a breakpoint or watchpoint; None while its symbol is not there.
        symbol: The symbol it was asked for by, "" for an address.
        signal: The signal, 0 for none.
        call: The system call's number, None for none.
        at_return: It is the return that stops.
        size: Bytes of a watchpoint, 0 for none.
        access: ``r``, ``w`` and ``x`` of it.
        is_enabled: Whether it counts.
        is_temporary: It goes when it was met.
        is_sticky: ``:z`` leaves it.
        hits: How often it was met.
        limit: After how many it is off, 0 for never.
        action: The command that is run.
        armed: What the engine has of it.
    """

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text
        self.address: int | None = None
        self.symbol = ""
        self.signal = 0
        self.call: int | None = None
        self.at_return = False
        self.size = 0
        self.access = ""
        self.is_enabled = True
        self.is_temporary = False
        self.is_sticky = False
        self.hits = 0
        self.limit = 0
        self.action = ""
        self.armed: Breakpoint | Watchpoint | None = None

    @property
    def state(self) -> str:
        """How ::events shows it: armed, active, or idle."""
        return "*" if self.armed is not None else "+" if self.signal or self.call is not None else "-"


class Events(dict[int, Event]):
    """All things to stop for, by id; an id is given once."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 1

    def new(self, text: str) -> Event:
        """One more."""
        event = self[self._next] = Event(self._next, text)
        self._next += 1
        return event

    def take(self, number: int) -> Event:
        """One less.

        Raises:
            MdbError: There is none of that number.
        """
        event = self.pop(number, None)
        if event is None:
            raise MdbError(f"no event with id {number}")
        return event
