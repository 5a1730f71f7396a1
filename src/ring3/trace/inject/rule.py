"""One rule of injection: for which calls, when, and what is done."""

from __future__ import annotations

from collections.abc import Callable

from ring3.abi.kinds import NamedTuple
from ring3.kernel.watched_stubs import StubCall

FOREVER = 1 << 64
"""A last occurrence that never comes."""


class Moments(NamedTuple):
    """Which of a task's calls of one kind are changed, counted from 1 (``when=FIRST..LAST+STEP``).

    Attributes:
        first: The first one.
        last: None after this one.
        step: Every how many.
    """

    first: int = 1
    last: int = FOREVER
    step: int = 1

    def include(self, count: int) -> bool:
        """Whether a task's call number `count` is one."""
        return self.first <= count <= self.last and (
            count == self.first or (self.step > 0 and (count - self.first) % self.step == 0)
        )


class Poke(NamedTuple):
    """Bytes that are written where an argument points to.

    Attributes:
        argument: Which one, from 0.
        data: The bytes.
    """

    argument: int
    data: bytes


class Rule(NamedTuple):
    """What is done to calls.

    Attributes:
        calls: Whether a call of a name and a width is meant.
        moments: Which of them, by their count.
        condition: What else must hold of a call; None for nothing.
        probability: How often it is done where it could be, 0 to 1.
        error: The errno that the call fails with, 0 for none.
        value: What it returns instead of being made; None for what it would.
        signal: The signal that its task gets at its beginning, 0 for none.
        instead: The call without side effects that is made instead, "" for none.
        delay_enter: Nanoseconds for which it is held up before it is made.
        delay_exit: The same afterwards.
        poke_enter: What is written before it is made.
        poke_exit: What is written afterwards.
        arguments: Arguments that it is given instead, by their place from 0.
        short: Bytes of a transfer at most; None for as many as are asked for.
        function: What may change the call in any way at its beginning; None for nothing.
    """

    calls: Callable[[str, int], bool]
    moments: Moments = Moments()
    condition: Callable[[StubCall], bool] | None = None
    probability: float = 1.0
    error: int = 0
    value: int | None = None
    signal: int = 0
    instead: str = ""
    delay_enter: int = 0
    delay_exit: int = 0
    poke_enter: tuple[Poke, ...] = ()
    poke_exit: tuple[Poke, ...] = ()
    arguments: tuple[tuple[int, int], ...] = ()
    short: int | None = None
    function: Callable[[StubCall], object] | None = None
