"""``ring3 mdb``: mdb(1) and kmdb(1), with their own command line, on machines that are booted when they are needed."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Final

from ring3.debug.mdb.command import USAGE, main
from ring3.debug.mdb.console import StreamConsole

if TYPE_CHECKING:
    from ring3.computer import Computer

EXAMPLES: Final = """\
Before mdb's own options, those of the machine may stand: --os linux|solaris, --cpu emulated|host,
--path full|short, --seed N, --virtual-time, and those of `ring3 run` that say what programs have (docs/sandbox.md).

examples:
  echo "main::dis" | ring3 mdb ./program
  ring3 mdb -e '0t2 << 0t10=K'
  ring3 mdb --os solaris /usr/sbin/modinfo
  ring3 mdb --os solaris -k
  ring3 mdb --os solaris -K /usr/sbin/modinfo -i 16
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Takes every word as it is: mdb(1) has options that argparse would take for its own."""
    parser.prefix_chars = "\0"
    parser.add_argument("words", metavar="[OPTION...] [FILE]", nargs="*")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Runs mdb; returns its status."""
    words = list(options.words)
    if words[:1] == ["--help"]:
        print(f"{USAGE}\n{EXAMPLES}")
        return 0
    host = MachineHost(_machine_options(words))
    return main(words, StreamConsole(sys.stdin, sys.stdout, sys.stderr), host)


def _machine_options(words: list[str]) -> argparse.Namespace:
    """Takes the machine's options from the front of the words."""
    if not words or not words[0].startswith("--"):
        return argparse.Namespace(os=None)
    from ring3.cli import program  # noqa: PLC0415 - imports a whole system
    from ring3.cli.main import Parser  # noqa: PLC0415

    return program.take(words, Parser(prog="ring3 mdb", add_help=False, allow_abbrev=False))


class MachineHost:
    """Machines by the options of the command line."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options

    def boot(self, path: str) -> tuple[Computer, str]:
        """Switches on a machine that can run a program, or any for ""."""
        from ring3.cli.here import Here  # noqa: PLC0415 - imports a whole system
        from ring3.computer import Solaris  # noqa: PLC0415

        computer = Here().computer(self._options, self.locate(path) if path else "")
        return computer, "solaris" if isinstance(computer, Solaris) else "linux"

    def locate(self, path: str) -> str:
        """Where the host has a file: on Solaris, those of its own system come first."""
        from ring3.solaris.view import USERLAND  # noqa: PLC0415 - imports a part of that system

        own = os.path.join(USERLAND, path.lstrip("/"))
        wanted = self._options.os == "solaris" or not os.path.exists(path)
        return own if wanted and path.startswith("/") and os.path.isfile(own) else path
