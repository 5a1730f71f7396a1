"""Where a debugger's programs run: a machine of its own, or one that others use too."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from ring3.computer import Solaris

if TYPE_CHECKING:
    from ring3.computer import Computer
    from ring3.debug.mdb.console import Console
    from ring3.kernel.core import Kernel
    from ring3.kernel.task import Task


class Programs(Protocol):
    """A machine, and the programs that a debugger has on it.

    Attributes:
        kernel: Its kernel.
        system: ``linux`` or ``solaris``.
    """

    kernel: Kernel[Any]
    system: str

    def load(self, path: str, arguments: Sequence[str]) -> Task:
        """Loads a program; it stands before its first instruction.

        Raises:
            UserError: It cannot be run.
        """

    def running(self, interrupt: Callable[[], None]) -> AbstractContextManager[None]:
        """While a program runs: it has the terminal, and the key that interrupts it.

        Args:
            interrupt: Asks it to stop.
        """

    def kill(self, task: Task) -> None:
        """Ends a program."""

    def close(self) -> None:
        """The debugger needs the machine no more: what it has loaded there ends."""


class Host(Protocol):
    """What the command needs of where it runs."""

    def boot(self, path: str) -> Programs:
        """The machine that can run a program, or any for ""."""

    def locate(self, path: str) -> str:
        """Where the host has a file: the machine's own ones are in the package."""

    def read(self, path: str) -> bytes:
        """The contents of a file.

        Raises:
            OSError: As open(2) and read(2).
        """

    def task(self, number: int) -> Task:
        """A process that runs already.

        Raises:
            UserError: There is none.
        """

    def resident(self, path: str, arguments: Sequence[str], console: Console, commands: Sequence[str]) -> int:
        """Has kmdb in the machine: talks, then lets it go on; returns the status of the command.

        Args:
            path: The program to run on a machine of its own, "" for none.
            arguments: Its arguments.
            console: Who talks to it.
            commands: What to do instead of talking.
        """


class OwnMachine:
    """A machine that nobody else uses.

    Attributes:
        kernel: Its kernel.
        system: ``linux`` or ``solaris``.
    """

    def __init__(self, computer: Computer, confine: Callable[[], object] = lambda: None) -> None:
        """Takes a computer over.

        Args:
            computer: The computer.
            confine: Called when a program is loaded, before it runs.
        """
        self._computer = computer
        self._confine = confine
        self.kernel = computer.kernel
        self.system = "solaris" if isinstance(computer, Solaris) else "linux"

    def load(self, path: str, arguments: Sequence[str]) -> Task:
        """Loads a program."""
        task = self._computer.load(path, arguments)
        self._confine()
        self.kernel.listen_to_host()
        return task

    @contextmanager
    def running(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Has the keyboard's interrupt stop the program instead of this process."""
        try:
            before = signal.signal(signal.SIGINT, lambda _number, _frame: interrupt())
        except ValueError:  # not in the main thread: somebody else takes signals
            yield
            return
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def kill(self, task: Task) -> None:
        """It ends with the machine."""

    def close(self) -> None:
        """Switches the machine off."""
        self._computer.close()
