"""dtrace as a program of a machine: it traces that machine, and its files, output and children are the program's."""

from __future__ import annotations

import contextlib
import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, cast

from ring3.abi.errno import Errno
from ring3.fs.namei import Walk
from ring3.fs.permission import KERNEL
from ring3.session.guest_host import GuestHost, Output, system_of
from ring3.session.tools import Interruption, Program
from ring3.trace.dtrace.command import Command, Interrupted

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

_BUFFER: Final = 1 << 16
"""Bytes of output that are kept until somebody wants to see them."""


class _Elsewhere(Output):
    """A file, which takes the place of standard output for each write: there may be several."""

    def __init__(self, program: Program, path: str, letter: str) -> None:
        super().__init__(program, "o")
        self._path = os.fsencode(path)
        program.tell(letter, self._path)
        program.tell("f")

    def write(self, data: Buffer, /) -> int:
        """Has the program write everything behind what the file has."""
        self._program.tell("a", self._path)
        taken = super().write(data)
        self._program.tell("f")
        return taken


class ProgramFiles:
    """The files of the program."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def read(self, path: str) -> bytes:
        """The contents of a file, or of standard input."""
        return self._program.contents(path)

    def append_to(self, path: str) -> IO[bytes]:
        """A file to write to the end of.

        Raises:
            OSError: It cannot be written to.
        """
        self._check(path)
        return cast("IO[bytes]", _Elsewhere(self._program, path, "a"))

    def create(self, path: str) -> IO[bytes]:
        """An empty file to write to.

        Raises:
            OSError: It cannot be made.
        """
        self._check(path)
        return cast("IO[bytes]", _Elsewhere(self._program, path, "f"))

    def _check(self, path: str) -> None:
        """Looks whether the program can open a file for writing; what it would answer comes too late for a script.

        Raises:
            OSError: There is no such folder, or it is one itself.
        """
        task: Any = self._program.task
        fs = task.process.fs if system_of(self._program) == "solaris" else task.fs
        walk = Walk(fs.root, KERNEL)
        number = 0
        try:
            last = walk.parent(fs.cwd, os.fsencode(path))
            with contextlib.suppress(Errno):
                number = errno.EISDIR if walk.step(last).inode.is_directory else 0
        except Errno as error:
            number = getattr(errno, error.number.name, errno.EIO)
        if number:
            raise OSError(number, os.strerror(number))

    def run(self, command: str) -> None:
        """Has the program run a command."""
        self._program.tell("s", os.fsencode(command))


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except Interruption:
        raise Interrupted from None


def perform(program: Program) -> int:
    """Runs dtrace for a program; returns its status."""
    host = GuestHost(program, system_of(program))
    stdout = io.BufferedWriter(Output(program, "o"), _BUFFER)
    stderr = io.TextIOWrapper(
        io.BufferedWriter(Output(program, "e")),
        encoding="utf-8",
        errors="surrogateescape",
        write_through=True,
    )
    try:
        return Command(host, stdout, stderr, ProgramFiles(program), _interruptible).main(program.words[1:])
    except Interruption:
        return 0
    finally:
        stdout.flush()
        host.end_program()
        host.close()
