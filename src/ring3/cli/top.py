"""``ring3 top``: what a machine that is up does, now and again, with keys as in htop."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Final

from ring3.cli.main import RawFormatter
from ring3.errors import UserError
from ring3.session.client import ask
from ring3.session.folder import Folder
from ring3.session.top.sample import Sample, between

EPILOG: Final = """\
Keys: F1 or h explains them. Without a terminal, the table is printed once.
"""
_LEAST: Final = 0.1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.formatter_class = RawFormatter
    parser.epilog = EPILOG
    parser.add_argument("machine", metavar="NAME", help="the machine")
    parser.add_argument(
        "-d", "--delay", metavar="SECONDS", type=_seconds, default=2.0, help="between two looks (default: 2)"
    )
    parser.add_argument("--once", action="store_true", help="print the table once")
    parser.set_defaults(main=run)


def run(options: argparse.Namespace) -> int:
    """Shows the machine until the user has had enough."""
    name = options.machine
    if options.once or not (os.isatty(0) and os.isatty(1)):
        from ring3.session.top.view import plain  # noqa: PLC0415 -- rich imports much

        sys.stdout.write(plain(between(None, _sample(name))))
        return 0
    _watch(name, options.delay)
    return 0


def _watch(name: str, delay: float) -> None:
    """Shows the machine on this terminal.

    Raises:
        UserError: The machine is gone.
    """
    from ring3.session.top.board import Board, Kill  # noqa: PLC0415 -- rich imports much
    from ring3.session.top.keys import keys  # noqa: PLC0415
    from ring3.session.top.terminal import Terminal  # noqa: PLC0415
    from ring3.session.top.view import view  # noqa: PLC0415

    board = Board()
    sample = _sample(name)
    frame, due = between(None, sample), time.monotonic() + min(delay, 0.5)
    with Terminal() as terminal:
        while not board.is_over:
            terminal.show(view(frame, board, *terminal.size))
            sent = terminal.wait(due - time.monotonic())
            if sent is None:
                return
            for key in keys(sent):
                asked = board.key(key)
                if isinstance(asked, Kill):
                    board.message = _answer(name, "kill", str(asked.pid), str(asked.number))
            if time.monotonic() >= due:
                before, sample = sample, _sample(name)
                frame, due = between(before, sample), time.monotonic() + delay


def _sample(name: str) -> Sample:
    try:
        return Sample.parse(_answer(name, "top"))
    except ValueError:
        raise UserError(
            f"the machine {name} does not know what top asks: it is one of another version"
        ) from None


def _answer(name: str, *words: str) -> str:
    connection = Folder().connect(name)
    try:
        return ask(name, connection, *words)
    finally:
        connection.close()


def _seconds(word: str) -> float:
    try:
        found = float(word)
    except ValueError:
        found = 0.0
    if not _LEAST <= found < 1e6:
        raise argparse.ArgumentTypeError(f"{word!r} is no number of seconds from {_LEAST} on")
    return found
