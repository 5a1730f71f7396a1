"""A trace of Perfetto beside what a program in D does (`--perfetto`)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ring3.trace.dtrace.errors import DtraceError
from ring3.trace.recording import Recording

if TYPE_CHECKING:
    from ring3.trace.dtrace.command import Files, Host


@contextlib.contextmanager
def to(path: str, files: Files, host: Host) -> Iterator[None]:
    """Record what a host's program does to a file until the context is left; "" for nothing.

    Raises:
        DtraceError: if there is no program, or the file cannot be written.
    """
    if not path:
        yield
        return
    try:
        file = Recording(files.create(path))
    except OSError as error:
        raise _unwritten(path, error) from None
    try:
        with host.recorded(file.write):
            yield
    finally:
        file.close()
    if file.failure is not None:
        raise _unwritten(path, file.failure)


def _unwritten(path: str, error: OSError) -> DtraceError:
    return DtraceError(f"failed to write {path}: {error.strerror}")
