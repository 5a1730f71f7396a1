"""mdb as a program of a machine: it looks at the kernel that the program runs on, and at files.

Its commands come from the program's standard input, a line at a time. What would have to stop the machine, or run
programs in it, is done from outside (``ring3 mdb``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from ring3.debug.mdb.command import main
from ring3.errors import UserError
from ring3.session.guest_host import system_of
from ring3.session.tools import Interruption, Program

if TYPE_CHECKING:
    from ring3.debug.mdb.console import Console
    from ring3.kernel.core import Kernel
    from ring3.kernel.task import Task
    from ring3.line_editing import Candidates


class _Standard:
    """The program's standard streams; at a terminal it shows the prompt itself."""

    interactive = False

    def __init__(self, program: Program) -> None:
        self._program = program

    def line(self, prompt: str, candidates: Candidates) -> str | None:
        """The next line of standard input."""
        return self._program.line(prompt)

    def write(self, text: str) -> None:
        """To standard output."""
        self._program.tell("o", text.encode("utf-8", "surrogateescape"))

    def complain(self, text: str) -> None:
        """To standard error."""
        self._program.tell("e", text.encode("utf-8", "surrogateescape"))

    def flush(self) -> None:
        """Messages are on their way at once."""


class _Running:
    """The machine that the program runs on, which goes on running."""

    def __init__(self, program: Program) -> None:
        self.kernel: Kernel[Any] = program.kernel
        self.system = system_of(program)

    def load(self, path: str, arguments: Sequence[str]) -> NoReturn:
        """Refused: the machine runs this program.

        Raises:
            UserError: Always.
        """
        raise UserError(f"cannot run {path}: debug programs with ring3 mdb, from outside of the machine", 1)

    def running(self, interrupt: Callable[[], None]) -> NoReturn:
        """Refused likewise."""
        self.load("it", ())

    def kill(self, task: Task) -> None:
        """There is none of ours."""

    def close(self) -> None:
        """It stays up."""


class _Host:
    """Where mdb finds what it is pointed at: the machine, and the program's files."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def boot(self, path: str) -> _Running:
        """The machine."""
        return _Running(self._program)

    def locate(self, path: str) -> str:
        """The program opens files by its own paths."""
        return path

    def read(self, path: str) -> bytes:
        """The contents of a file of the machine."""
        return self._program.contents(path)

    def task(self, number: int) -> NoReturn:
        """Refused: who is stopped so would have to be run by this program.

        Raises:
            UserError: Always.
        """
        raise UserError(
            f"failed to grab {number}: use ring3 mdb --on NAME -p, from outside of the machine", 1
        )

    def resident(
        self, path: str, arguments: Sequence[str], console: Console, commands: Sequence[str]
    ) -> NoReturn:
        """Refused: kmdb stops the machine.

        Raises:
            UserError: Always.
        """
        raise UserError("kmdb is loaded with ring3 mdb -K, from outside of the machine", 1)


def perform(program: Program) -> int:
    """Runs mdb for a program; returns its status."""
    try:
        return main(program.words[1:], _Standard(program), _Host(program))
    except UserError as error:
        program.tell("e", f"mdb: {error}\n".encode())
        return error.status
    except OSError as error:
        program.tell("e", f"mdb: {os.fsdecode(error.filename or '')}{error.strerror}\n".encode())
        return 1
    except Interruption:
        return 0
