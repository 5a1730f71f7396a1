"""``ring3 ps``: the processes on a machine that is up, also while a debugger has stopped it."""

from __future__ import annotations

import argparse

from ring3.session.client import ask
from ring3.session.folder import Folder


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("machine", metavar="NAME", help="the machine")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Prints the table."""
    print(ask(options.machine, Folder().connect(options.machine), "ps"), end="")
    return 0
