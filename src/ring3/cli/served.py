"""Runs a command for a client of a machine that is up, in its server: the same modules, with another caller."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from threading import Lock
from typing import TYPE_CHECKING, Final

from ring3.cli.main import COMMANDS, parser, perform
from ring3.errors import UserError

if TYPE_CHECKING:
    from argparse import Namespace

    from ring3.session.command import Command

ALONE: Final = frozenset(("doctor", "up", "ls", "ps", "top", "down", "dis", "sweep"))
"""Commands that know nothing of a caller's machine."""
_PARSING: Final = Lock()
"""argparse writes to this process's streams."""


def perform_for(caller: Command) -> int:
    """Runs a client's command; returns its status."""
    words = caller.words
    try:
        options = _parse(caller, words)
    except SystemExit as end:  # --help, bad usage
        return end.code if isinstance(end.code, int) else 0
    except UserError as error:
        print(f"ring3: {error}", file=caller.stderr)
        return error.status
    options.caller = caller
    return perform(options, words, caller.stderr)


def _parse(caller: Command, words: list[str]) -> Namespace:
    if not words or words[0] in ALONE or words[0] not in COMMANDS:
        raise UserError(f"{' '.join(words[:1])}: not a command for a machine that is up")
    out, complaints = io.StringIO(), io.StringIO()
    try:
        with _PARSING, redirect_stdout(out), redirect_stderr(complaints):
            return parser(words).parse_args(words)
    finally:
        caller.stdout.write(out.getvalue())
        caller.stderr.write(complaints.getvalue())
