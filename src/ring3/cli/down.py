"""``ring3 down``: ends machines that are up, of whatever version they are."""

from __future__ import annotations

import argparse
import os
import signal

from ring3.errors import UserError
from ring3.session.folder import Folder, peer


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("machines", metavar="NAME", nargs="*", help="the machines")
    parser.add_argument("-a", "--all", action="store_true", help="all that are up")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Ends them, and returns when they are over."""
    folder = Folder()
    names = folder.names() if options.all else options.machines
    if not names and not options.all:
        raise UserError("no NAME is given: see ring3 ls, or use --all")
    for name in names:
        _end(folder, name)
    return 0


def _end(folder: Folder, name: str) -> None:
    """Asks the server to stop as the host does, and waits until it has let go of this connection."""
    connection = folder.connect(name)
    pid, _ = peer(connection)
    if not pid:
        raise UserError(f"the server of {name} is out of this process's sight")
    os.kill(pid, signal.SIGTERM)
    while connection.recv(64):
        pass
    connection.close()
