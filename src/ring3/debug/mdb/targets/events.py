"""What a process is to stop for: breakpoints, watchpoints, system calls, signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.debug.mdb.errors import NO_MAP, UNKNOWN_SYMBOL, MdbError

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
        limit: After how many something happens, 0 for never.
        at_limit: What then happens: ``d`` it is off, ``D`` it goes, ``s`` it stops; otherwise nothing but the stop.
        action: The command that is run.
        armed: What the engine has of it, perhaps nothing of its own; None while it is idle.
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
        self.at_limit = ""
        self.action = ""
        self.armed: list[Breakpoint | Watchpoint] | None = None

    @property
    def state(self) -> str:
        """How ::events shows it: active, or idle; armed they are only while the target runs."""
        return "+" if self.armed is not None or self.signal or self.call is not None else "-"

    @property
    def status(self) -> str:
        """Why it is idle, as ::events -v shows it (EMDB_NOMAP and its like in mdb_err.c)."""
        if self.state != "-":
            return "-"
        if not self.is_enabled:
            return "event specifier disabled"
        return UNKNOWN_SYMBOL if self.symbol and self.address is None else NO_MAP

    def hit(self) -> bool:
        """Counts that it was met; whether that stops: with a limit for stopping, only then."""
        self.hits += 1
        is_due = self.hits >= max(self.limit, 1)
        if is_due and self.at_limit == "d":
            self.is_enabled = False
        return is_due or self.at_limit != "s"

    @property
    def is_over(self) -> bool:
        """Whether it goes, now that it was met."""
        return self.is_temporary or (self.at_limit == "D" and self.hits >= max(self.limit, 1))


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
