"""``ring3 mdb``: mdb(1) and kmdb(1), with their own command line, on machines of their own or on one that is up."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NoReturn

from ring3.cli.caller import caller_of
from ring3.cli.callers import CallersConsole
from ring3.debug.mdb.command import LETTERS, USAGE, main
from ring3.errors import UserError

if TYPE_CHECKING:
    from ring3.cli.caller import Caller
    from ring3.computer import Linux, Solaris
    from ring3.debug.mdb.console import Console
    from ring3.debug.mdb.host import Programs
    from ring3.kernel.task import Task

EXAMPLES: Final = """\
Before mdb's own options, those of the machine may stand: --os linux|solaris, --cpu auto|emulated|host,
--path full|short, --seed N, --virtual-time, and those of `ring3 run` that say what programs have (docs/sandbox.md);
or --on NAME for a machine that is up.

examples:
  echo "main::dis" | ring3 mdb ./program
  ring3 mdb -e '0t2 << 0t10=K'
  ring3 mdb --os solaris /usr/sbin/modinfo
  ring3 mdb --os solaris -k
  ring3 mdb --os solaris -K /usr/sbin/modinfo -i 16
  ring3 mdb --on linux-1 -p PID        a process that another terminal has started
  ring3 mdb --on linux-1 -K            kmdb: Ctrl-C stops the machine, :c lets it go on, $q leaves it
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Takes every word as it is: mdb(1) has options that argparse would take for its own."""
    parser.prefix_chars = "\0"
    parser.add_argument("words", metavar="[OPTION...] [FILE]", nargs="*")
    parser.set_defaults(main=run)


def declare_own(parser: argparse.ArgumentParser) -> None:
    """Declares the options of the machine that may stand before its own, and these."""
    from ring3.cli import program  # noqa: PLC0415 - imports a whole system
    from ring3.cli.completed import add_letters  # noqa: PLC0415 - for completion only

    program.add_on(parser)
    program.take([], parser)
    add_letters(parser, LETTERS, directories="ILR")
    parser.add_argument("words", metavar="FILE", nargs="*")


def run(options: argparse.Namespace) -> int:
    """Runs mdb; returns its status."""
    caller = caller_of(options)
    words = list(options.words)
    if words[:1] == ["--help"]:
        print(f"{USAGE}\n{EXAMPLES}", file=caller.stdout)
        return 0
    machine = _machine_options(words)
    if caller.machine_name is None:
        return main(words, CallersConsole(caller, caller.away), OwnHost(machine))
    with caller.computer(machine, "") as computer:
        return main(words, CallersConsole(caller, caller.away), SharedHost(caller, computer))


def _machine_options(words: list[str]) -> argparse.Namespace:
    """Takes the machine's options from the front of the words."""
    if not words or not words[0].startswith("--"):
        return argparse.Namespace(os=None)
    from ring3.cli import program  # noqa: PLC0415 - imports a whole system
    from ring3.cli.main import Parser  # noqa: PLC0415

    return program.take(words, Parser(prog="ring3 mdb", add_help=False, allow_abbrev=False))


def locate(path: str, system: str | None) -> str:
    """Where the host has a file: on Solaris, those of its own system come first."""
    from ring3.solaris.view import USERLAND  # noqa: PLC0415 - imports a part of that system

    own = os.path.join(USERLAND, path.lstrip("/"))
    wanted = system == "solaris" or not os.path.exists(path)
    return own if wanted and path.startswith("/") and os.path.isfile(own) else path


class OwnHost:
    """Machines by the options of the command line."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options

    def boot(self, path: str) -> Programs:
        """Switches on a machine that can run a program, or any for ""."""
        from ring3.debug.mdb.host import OwnMachine  # noqa: PLC0415 - imports a whole system

        computer = self._boot(path)
        return OwnMachine(computer, lambda: self._confine(computer))

    def _boot(self, path: str) -> Linux | Solaris:
        from ring3.cli.here import Here  # noqa: PLC0415 - imports a whole system

        return Here().computer(self._options, self.locate(path) if path else "")

    def _confine(self, computer: Linux | Solaris) -> None:
        from ring3.cli.confined import DEBUGGER, confine  # noqa: PLC0415 - as above

        confine(computer, self._options, DEBUGGER)

    def locate(self, path: str) -> str:
        """Where the host has a file."""
        return locate(path, self._options.os)

    def read(self, path: str) -> bytes:
        """The contents of a file."""
        with open(path, "rb") as file:
            return file.read()

    def task(self, number: int) -> NoReturn:
        """There is none.

        Raises:
            UserError: Always.
        """
        raise UserError(f"failed to grab {number}: processes are on machines that are up: --on NAME", 1)

    def resident(self, path: str, arguments: Sequence[str], console: Console, commands: Sequence[str]) -> int:
        """Has kmdb in a machine of its own, which then runs a program."""
        from ring3.debug.mdb.kmdb import Kmdb, run_with_kmdb  # noqa: PLC0415 - imports a whole system

        with self._boot(path) as computer:
            kmdb = Kmdb(computer.kernel, _system(computer), console)
            try:
                if commands:
                    return int(not kmdb.session.run_all(commands))
                task = computer.load(path, arguments) if path else None
                if task is not None:
                    self._confine(computer)
                return run_with_kmdb(computer, task, kmdb)
            finally:
                kmdb.close()


class SharedHost:
    """A machine that is up."""

    def __init__(self, caller: Caller, computer: Linux | Solaris) -> None:
        self._caller = caller
        self._computer = computer

    def boot(self, path: str) -> Programs:
        """The machine, whatever program it is for."""
        from ring3.cli.callers import CallersPrograms  # noqa: PLC0415 - for a machine that is up

        del path
        return CallersPrograms(self._caller, self._computer)

    def locate(self, path: str) -> str:
        """Where the host has a file."""
        return locate(path, _system(self._computer))

    def read(self, path: str) -> bytes:
        """The contents of a file, as the caller may read it."""
        return self._caller.read(path)

    def task(self, number: int) -> Task:
        """A process that runs already.

        Raises:
            UserError: There is none.
        """
        task = self._computer.kernel.tasks.get(number)
        if task is None:
            raise UserError(f"cannot examine {number}: no such process", 1)
        return task

    def resident(self, path: str, arguments: Sequence[str], console: Console, commands: Sequence[str]) -> int:
        """Has kmdb in the machine, until it is quit."""
        from ring3.cli.console import serve  # noqa: PLC0415 - for a machine that is up

        if path:
            raise UserError(f"{path}: on a machine that is up, `ring3 run --on` runs programs", 2)
        del arguments, console
        return serve(self._caller, self._computer, commands, is_entered=True)


def _system(computer: Linux | Solaris) -> str:
    from ring3.computer import Solaris  # noqa: PLC0415 - imports a whole system

    return "solaris" if isinstance(computer, Solaris) else "linux"
