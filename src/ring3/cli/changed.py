"""``ring3 run --diff``, ``--save-diff``, ``--apply-diff``: what a program has changed in files that stay in memory."""

from __future__ import annotations

import argparse
import os
from typing import IO

from ring3.cli import program
from ring3.cli.caller import caller_of
from ring3.computer import Linux, Solaris
from ring3.errors import UserError
from ring3.sandbox.changes import Baseline, Change, baseline, changes, save
from ring3.sandbox.layers import apply


class Changes:
    """While a program runs, from when it was loaded; says afterwards what it has changed."""

    def __init__(self, options: argparse.Namespace, computer: Linux | Solaris) -> None:
        """Does ``--apply-diff``, before the first program is loaded, and opens what ``--save-diff`` names.

        Raises:
            UserError: That is not possible.
        """
        if not isinstance(computer, Linux):
            raise UserError("--diff, --save-diff and --apply-diff are for programs of Linux")
        caller = caller_of(options)
        if caller.machine_name is not None:
            raise UserError("--diff, --save-diff and --apply-diff are for a program on a machine of its own")
        self._options = options
        self._vfs = computer.kernel.vfs
        self._before: Baseline = {}
        if options.apply_diff:
            computer.mount_view(caller.environment)
            for path in options.apply_diff:
                apply(self._vfs, path)
        self._file = _opened(options.save_diff) if options.save_diff else None

    def __enter__(self) -> None:
        self._before = baseline(self._vfs)

    def __exit__(self, *error: object) -> None:
        found = changes(self._vfs, self._before)
        if self._options.diff:
            for change in found:
                program.write_line(self._options, f"{change.kind} {_shown(change.path)}")
        if self._file is not None:
            _save(found, self._file, self._options.save_diff)


def _shown(path: bytes) -> str:
    """A path on one line, whatever is in it; bytes that are no text are left to who writes it."""
    return "".join(
        character if character.isprintable() or "\udc80" <= character <= "\udcff" else repr(character)[1:-1]
        for character in os.fsdecode(path)
    )


def _opened(name: str) -> IO[bytes]:
    try:
        return open(name, "wb")
    except OSError as error:
        raise UserError(f"--save-diff {name}: {error.strerror}", 1) from None


def _save(found: list[Change], file: IO[bytes], name: str) -> None:
    try:
        with file:
            save(found, file)
    except OSError as error:
        raise UserError(f"--save-diff {name}: {error.strerror}", 1) from None
