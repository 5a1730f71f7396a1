"""A machine that several commands use, each in a thread of its own, and the thread that runs it meanwhile.

At any moment one thread *has* the machine: its own, which runs programs, or that of a command, which looks, attaches
and loads while nothing runs. A command that calls `Kernel.run` gives the machine back until what it waits for has come;
so everything that works on a machine of one's own works here, and several commands wait at the same time.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Condition
from typing import TYPE_CHECKING, Any, cast

from ring3.errors import Ring3Error, UserError

if TYPE_CHECKING:
    from ring3.computer import Linux, Solaris
    from ring3.kernel.core import Ending

DOWN = 69
"""EX_UNAVAILABLE of sysexits.h."""


class Turn:
    """A command's claim to the machine.

    Attributes:
        name: What the command is called.
        interruption: What its waiting is to end with, if anything.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.interruption: BaseException | None = None
        self._until: Ending | None = None

    def waits_for(self, until: Ending | None) -> None:
        """It waits for something, or no more."""
        self._until = until

    @property
    def is_due(self) -> bool:
        """Whether what it waits for has come."""
        until = self._until
        return until is not None and (self.interruption is not None or until.program_ended)

    def check(self) -> None:
        """Raises what has come for it meanwhile."""
        interruption, self.interruption = self.interruption, None
        if interruption is not None:
            raise interruption


class SharedMachine:
    """A computer, and whose turn it is.

    Attributes:
        computer: The computer; nobody else runs or closes it.
        holder: The command that has it now, None while it runs.
    """

    def __init__(self, computer: Linux | Solaris) -> None:
        """Takes a computer over, in the thread that will `serve` it."""
        self.computer = computer
        self.holder: Turn | None = None
        self._kernel = cast("Any", computer.kernel)
        attention = self._kernel.listen_to_host()
        if attention is None:
            raise UserError("signals of this process are somebody else's", DOWN)
        self._run = self._kernel.run
        self._kernel.run = self._run_until
        self._kernel.host.expects_alarm = True
        self._changed = Condition()
        self._runs = False
        self._claims: list[Turn] = []
        self._waiting: list[Turn] = []
        self._posted: deque[Callable[[], None]] = deque()
        self._failure: Ring3Error | None = None
        self._closing = False
        heard, self._bell = os.pipe()
        os.set_blocking(self._bell, False)
        attention.listen(heard, lambda data: self._do_posted())

    # -- for commands ----------------------------------------------------------------------------------------------

    @contextmanager
    def hold(self, turn: Turn) -> Iterator[None]:
        """Has the machine for a command; nothing runs but by `Kernel.run`.

        Raises:
            Ring3Error: It failed, or is about to go down.
        """
        self._claim(turn)
        try:
            yield
        finally:
            self._let_go()

    @contextmanager
    def lend(self, turn: Turn) -> Iterator[None]:
        """Gives the machine to others for a while, in the middle of `hold`.

        Raises:
            Ring3Error: It failed meanwhile, or is about to go down.
        """
        self._let_go()
        try:
            yield
        finally:
            self._claim(turn)

    @contextmanager
    def stopped_by(self, turn: Turn) -> Iterator[None]:
        """For those who list machines: a command has stopped it, in whatever thread."""
        before, self.holder = self.holder, turn
        try:
            yield
        finally:
            self.holder = before

    def post(self, work: Callable[[], None]) -> None:
        """Has something done by the machine's thread, between the turns of tasks."""
        self._posted.append(work)
        self.ring()

    def interrupt(self, turn: Turn, reason: BaseException) -> None:
        """Has the waiting of a command end with an exception."""
        turn.interruption = reason
        self.ring()
        with self._changed:
            self._changed.notify_all()

    def ring(self) -> None:
        """Has the machine's thread look around."""
        with suppress(BlockingIOError):
            os.write(self._bell, b"!")

    def close(self) -> None:
        """Ends `serve`, and every command that waits."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self.ring()

    def _claim(self, turn: Turn) -> None:
        """Waits until the command has the machine."""
        with self._changed:
            self._claims.append(turn)
            self.ring()
            self._take(turn)

    def _take(self, turn: Turn) -> None:
        """Waits until the machine is free; `_changed` is held."""
        self._changed.wait_for(lambda: not (self._runs or self.holder) or self._is_over)
        self._claims.remove(turn)
        if self._is_over:
            raise self._failure or UserError("the machine goes down", DOWN)
        self.holder = turn

    def _let_go(self) -> None:
        with self._changed:
            self.holder = None
            self._changed.notify_all()

    @property
    def _is_over(self) -> bool:
        return self._closing or self._failure is not None

    def _run_until(self, until: Ending) -> None:
        """In the place of `Kernel.run`: lets the machine run until something has come."""
        with self._changed:
            turn = self.holder
            assert turn is not None
            turn.waits_for(until)
            self._waiting.append(turn)
            self.holder = None
            self._changed.notify_all()
            self._changed.wait_for(lambda: turn not in self._waiting or self._is_over)
            turn.waits_for(None)
            if turn in self._waiting:
                self._waiting.remove(turn)
                self._claims.append(turn)
            self._take(turn)
        turn.check()

    # -- the machine's thread --------------------------------------------------------------------------------------

    @property
    def program_ended(self) -> bool:
        """For `Kernel.run`: whether a command wants the machine."""
        if self._claims or self._closing:
            return True
        return any(turn.is_due for turn in self._waiting)

    def serve(self) -> None:
        """Runs the machine until it is closed.

        Raises:
            Ring3Error: It failed: those who wait are told the same.
        """
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or not (self.holder or self._claims))
                if self._closing:
                    return
                self._runs = True
            try:
                self._run(self)
            except Ring3Error as error:
                self._failure = error
                raise
            finally:
                self.computer.machine.cpu.rest()
                with self._changed:
                    self._runs = False
                    due = [turn for turn in self._waiting if turn.is_due]
                    self._claims += due
                    self._waiting = [turn for turn in self._waiting if turn not in due]
                    self._changed.notify_all()

    def _do_posted(self) -> None:
        while self._posted:
            self._posted.popleft()()
