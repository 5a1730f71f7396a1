"""Who has called a command: its streams, its environment and files, and the machine that it is for.

There are two kinds: `Here`, this process with a machine of its own, and `ring3.session.command.Command`, a client of a
machine that is up. A command asks `caller_of` and works for both.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ring3.computer import Linux, Solaris
    from ring3.kernel.regs import UserRegs
    from ring3.kernel.task import Task
    from ring3.line_editing import Candidates
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.task import LinuxTask
    from ring3.sandbox import Sandbox

    Dying = Callable[[LinuxTask, UserRegs, SigInfo], None]


class Caller(Protocol):
    """Who has called."""

    @property
    def machine_name(self) -> str | None:
        """The machine that is up, None for one that the command boots."""

    @property
    def stdin(self) -> io.TextIOBase:
        """Standard input."""

    @property
    def stdout(self) -> io.TextIOBase:
        """Standard output."""

    @property
    def stderr(self) -> io.TextIOBase:
        """Standard error."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment."""

    @property
    def handed(self) -> Sequence[int]:
        """Descriptors that were handed over for the command itself."""

    def write_bytes(self, data: bytes) -> None:
        """Writes bytes to standard output."""

    def line(self, prompt: str, candidates: Candidates) -> str | None:
        """The next line of standard input, with its end; None where there are no more.

        Args:
            prompt: What stands before it on a terminal, where it can be edited.
            candidates: What a word can become that is typed on one.
        """

    def read(self, path: str) -> bytes:
        """The contents of a file.

        Raises:
            OSError: As open(2) and read(2).
        """

    def open(self, path: str, flags: int) -> io.TextIOBase:
        """Opens a file for writing.

        Raises:
            OSError: As open(2).
        """

    def has_root(self, options: argparse.Namespace) -> bool:
        """Whether the machine has a root of its own, so that programs are files of it and not of the host."""

    def has_commands(self, options: argparse.Namespace) -> bool:
        """Whether the machine has commands of its own, which come before those that the caller's PATH has."""

    def computer(self, options: argparse.Namespace, path: str) -> AbstractContextManager[Linux | Solaris]:
        """The machine, for as long as the command needs it.

        Args:
            options: The command's.
            path: The program that is to run on it, "" for none.
        """

    def away(self) -> AbstractContextManager[None]:
        """While the command thinks and others may use the machine; inside of `computer`."""

    def standing(self) -> AbstractContextManager[None]:
        """While the command has stopped the machine from inside, and thinks."""

    def report_to(self, computer: Linux | Solaris, report: Callable[[str], None]) -> None:
        """Has lines of the kernel's for the user go somewhere."""

    def load(
        self,
        computer: Linux | Solaris,
        path: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        sandbox: Sandbox,
    ) -> Task:
        """Loads a program, which has the caller's descriptors.

        Raises:
            UserError: It cannot be run.
        """

    def surround(
        self, computer: Linux | Solaris, task: Task, dying: Dying | None
    ) -> AbstractContextManager[None]:
        """What a program has while it runs: the caller's signals and terminal.

        Args:
            computer: The machine.
            task: The program.
            dying: Told of threads whose process a signal is about to end.
        """


def caller_of(options: argparse.Namespace) -> Caller:
    """Who has called a command with these options."""
    caller: Caller | None = getattr(options, "caller", None)
    if caller is None:
        from ring3.cli.here import Here  # noqa: PLC0415 - imports a whole system

        caller = options.caller = Here()
    return caller
