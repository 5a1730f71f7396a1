"""``ring3 ls``: the machines that are up."""

from __future__ import annotations

import argparse
from typing import Final

from ring3.errors import UserError
from ring3.session.client import ask
from ring3.session.folder import Folder, peer

COLUMNS: Final = ("NAME", "SYSTEM", "PID", "UP", "PROGRAMS", "CLIENTS", "STATE")
PATIENCE: Final = 5.0
"""Seconds after which a server that says nothing is taken for stuck."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("-q", "--quiet", action="store_true", help="print the names alone")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Prints a line a machine; sockets that were left by killed servers are taken away."""
    folder = Folder()
    rows = [row for name in folder.names() if (row := _row(folder, name)) is not None]
    if options.quiet:
        for row in rows:
            print(row[0])
        return 0
    table = [COLUMNS, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _row(folder: Folder, name: str) -> tuple[str, ...] | None:
    try:
        connection = folder.connect(name)
    except UserError:
        return None
    pid = str(peer(connection)[0])
    connection.settimeout(PATIENCE)
    try:
        system, pid, age, programs, clients, state = ask(name, connection, "info").split("\t")
    except TimeoutError:
        return name, "?", pid, "?", "?", "?", "does not answer"
    except UserError as error:
        return name, "?", pid, "?", "?", "?", str(error)
    finally:
        connection.close()
    return name, system, pid, _age(int(age)), programs, clients, state


def _age(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
