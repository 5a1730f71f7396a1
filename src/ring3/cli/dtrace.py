"""``ring3 dtrace``: dtrace(1M), with its own command line, on a machine that is booted when a probe needs it."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final, TextIO, cast

from ring3.cli.caller import caller_of
from ring3.trace.dtrace.command import Command, Interrupted
from ring3.trace.dtrace.command_line import ABSENT, FLAGS, PICTURES, USAGE, WITH_VALUE
from ring3.trace.dtrace.machine.host import Computer, MachineHost

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

    from ring3.cli.caller import Caller

_DTRACES: Final = ("--json", *(f"--{name}" for name in PICTURES))
"""Words with two dashes that are not of the machine; they come behind those that are."""
EXAMPLES: Final = """\
Before dtrace's own options, those of the machine may stand: --os linux|solaris, --cpu auto|emulated|host,
--path full|short, --seed N, --virtual-time, and those of `ring3 run` that say what programs have (docs/sandbox.md).

examples:
  ring3 dtrace -n 'syscall:::entry { @[probefunc] = count(); }' -c 'ls /'
  ring3 dtrace -n 'tick-1s { printf("%Y\\n", walltimestamp); }'
  ring3 dtrace -qs script.d argument
  ring3 dtrace opensnoop -c 'cat /etc/hostname'
  ring3 dtrace --flame hot.svg -n 'profile-997 /arg1/ { @[ustack()] = count(); }' -c ./program
  ring3 dtrace --perfetto trace.pftrace -n 'syscall::openat:entry' -c ./program    (docs/pictures.md)

scripts that come with it: execsnoop opensnoop rwsnoop procsystime errinfo syscallbyproc hotuser offcpu
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Takes every word as it is: dtrace(1M) has options that argparse would take for its own."""
    parser.prefix_chars = "\0"
    parser.add_argument("words", metavar="[OPTION...] [ARG...]", nargs="*")
    parser.set_defaults(main=run)


def declare_own(parser: argparse.ArgumentParser) -> None:
    """Declares the options of the machine that may stand before its own, and these."""
    from ring3.cli import program  # noqa: PLC0415 - imports a whole system
    from ring3.cli.completed import add_letters  # noqa: PLC0415 - for completion only

    program.add_on(parser)
    program.take([], parser)
    letters = [*sorted(FLAGS - ABSENT - {"h"}), *(f"{letter}:" for letter in sorted(WITH_VALUE))]
    add_letters(parser, "".join(letters), files="os", directories="IL")
    parser.add_argument("--json", action="store_true")
    for name in PICTURES:
        parser.add_argument(f"--{name}", metavar="FILE")
    parser.add_argument("words", metavar="FILE", nargs="*")


def run(options: argparse.Namespace) -> int:
    """Runs dtrace; returns its status."""
    caller = caller_of(options)
    words = list(options.words)
    if words[:1] == ["--help"]:
        print(f"usage: ring3 {USAGE.removeprefix('Usage: ')}\n{EXAMPLES}", file=caller.stdout)
        return 0
    if caller.machine_name is not None:
        return _run_on(options, caller, words)
    machine = _machine_options(words)
    host = MachineHost(
        lambda program: _boot(machine, program),
        lambda computer: _confine(machine, computer),
        system=getattr(machine, "os", None) or "linux",
    )
    try:
        return Command(host, sys.stdout.buffer, sys.stderr).main(words)
    finally:
        host.close()


def _run_on(options: argparse.Namespace, caller: Caller, words: list[str]) -> int:
    """Runs dtrace on the caller's machine."""
    from ring3.cli.callers import CallersPrograms  # noqa: PLC0415 - imports a whole system
    from ring3.trace.dtrace.machine.up import UpHost  # noqa: PLC0415

    with caller.computer(options, "") as computer:
        programs = CallersPrograms(caller, computer)
        host = UpHost(programs, programs.system)
        stdout = io.BufferedWriter(cast("io.RawIOBase", _Bytes(caller)))
        try:
            return Command(
                host, stdout, cast("IO[str]", caller.stderr), _CallersFiles(caller), _interruptible
            ).main(words)
        finally:
            stdout.flush()
            programs.close()


class _Bytes(io.RawIOBase):
    """Standard output of a caller."""

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self._caller = caller

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Buffer, /) -> int:
        """Writes everything."""
        taken = bytes(data)
        self._caller.write_bytes(taken)
        return len(taken)


class _CallersFiles:
    """The files of a caller."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def read(self, path: str) -> bytes:
        """The contents of a file, or of standard input."""
        if path == "-":
            return self._caller.stdin.read().encode("utf-8", "surrogateescape")
        return self._caller.read(path)

    def append_to(self, path: str) -> IO[bytes]:
        """A file to write to the end of."""
        stream = self._caller.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        return cast("IO[bytes]", cast("TextIO", stream).buffer)

    def create(self, path: str) -> IO[bytes]:
        """An empty file to write to."""
        stream = self._caller.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        return cast("IO[bytes]", cast("TextIO", stream).buffer)

    def run(self, command: str) -> None:
        """Runs a command by the shell of who serves the machine."""
        os.system(command)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Turns a caller's Ctrl-C into `Interrupted`."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted from None


def _machine_options(words: list[str]) -> argparse.Namespace:
    """Takes the machine's options from the front of the words."""
    if not words or not words[0].startswith("--"):
        return argparse.Namespace(os=None)
    from ring3.cli import program  # noqa: PLC0415 - imports a whole system
    from ring3.cli.main import Parser  # noqa: PLC0415

    parser = Parser(prog="ring3 dtrace", add_help=False, allow_abbrev=False)
    return program.take(words, parser, _DTRACES)


def _boot(options: argparse.Namespace, path: str) -> tuple[Computer, str]:
    from ring3.cli.here import Here  # noqa: PLC0415
    from ring3.computer import Solaris  # noqa: PLC0415 - most programs in D need no machine

    computer = Here().computer(options, path)
    return computer, "solaris" if isinstance(computer, Solaris) else "linux"


def _confine(options: argparse.Namespace, computer: Computer) -> None:
    from ring3.cli.confined import SHELL, confine  # noqa: PLC0415 - as above
    from ring3.computer import Linux, Solaris  # noqa: PLC0415 - as above

    assert isinstance(computer, Linux | Solaris)
    confine(computer, options, SHELL)
