"""Files of bytes that a command writes for its caller while a program runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ring3.errors import UserError
from ring3.trace.recording import Recording

if TYPE_CHECKING:
    from ring3.cli.caller import Caller


@contextmanager
def recording(caller: Caller, path: str) -> Iterator[Recording]:
    """A file of the caller's, until the ``with`` block ends.

    Raises:
        UserError: It cannot be opened, or not all of it could be written and nothing else went wrong.
    """
    try:
        file = Recording(caller.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC).detach())
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}", 1) from None
    try:
        yield file
    finally:
        file.close()
    if file.failure is not None:
        raise UserError(f"{path}: {file.failure.strerror}", 1)
