"""The pictures that a command line asks for: their files are open, and their forms known, before anything starts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

from ring3.errors import UserError
from ring3.trace.dtrace.errors import DtraceError

if TYPE_CHECKING:
    from ring3.trace.dtrace.command_line import Arguments
    from ring3.trace.dtrace.files import Files
    from ring3.trace.dtrace.hosts import Host
    from ring3.trace.dtrace.session import Session
    from ring3.trace.pictures.stacks import Render
    from ring3.trace.recording import Recording


class Pictures:
    """Open files, by the options that ask for them."""

    def __init__(self, title: str, files: Mapping[str, Recording], render: Render | None) -> None:
        """Take files.

        Args:
            title: What is observed.
            files: The files: `flame`, `plot`, `perfetto`.
            render: What draws a profile, if there is to be one.
        """
        self._title = title
        self._files = files
        self._render = render

    def recorded(self, host: Host) -> AbstractContextManager[object]:
        """Record what a host's program does, if that is wanted, until the context is left."""
        file = self._files.get("perfetto")
        return host.recorded(file.write) if file is not None else contextlib.nullcontext()

    def draw(self, session: Session) -> None:
        """Draw what the aggregations of a session that is over hold.

        Raises:
            DtraceError: no aggregation has what a picture is made of.
        """
        if not self._files.keys() & {"flame", "plot"}:
            return
        from ring3.trace.dtrace import drawing  # noqa: PLC0415 - who draws nothing pays for nothing

        for kind, file in self._files.items():
            if kind == "flame" and self._render is not None:
                profile = drawing.profile(self._title, session.aggregations, session.consumer.frame)
                file.write(self._render(profile).encode())
            elif kind == "plot":
                file.write(drawing.plot(self._title, session.aggregations).encode())


@contextlib.contextmanager
def pictures(arguments: Arguments, files: Files) -> Iterator[Pictures]:
    """Open the files that a command line asks for, until the context is left.

    Raises:
        DtraceError: if one cannot be written, or no picture can be made of what is asked for.
    """
    asked = arguments.pictures
    if "perfetto" in asked and not (arguments.commands or arguments.processes):
        raise DtraceError("--perfetto: there is no program; -c starts one")
    with ExitStack() as stack:
        render = _render(asked["flame"]) if "flame" in asked else None
        opened = {kind: stack.enter_context(_recording(path, files)) for kind, path in asked.items()}
        title = " ".join(arguments.commands) or (arguments.programs[0].value if arguments.programs else "")
        yield Pictures(title, opened, render)


def _render(path: str) -> Render:
    """What draws a profile in the form that a file's name asks for."""
    from ring3.trace.pictures.stacks import render_for  # noqa: PLC0415 - who draws nothing pays for nothing

    try:
        return render_for(path)
    except UserError as error:
        raise DtraceError(str(error)) from None


@contextlib.contextmanager
def _recording(path: str, files: Files) -> Iterator[Recording]:
    from ring3.trace.recording import Recording  # noqa: PLC0415 - as above

    try:
        file = Recording(files.create(path))
    except OSError as error:
        raise _unwritten(path, error) from None
    try:
        yield file
    finally:
        file.close()
    if file.failure is not None:
        raise _unwritten(path, file.failure)


def _unwritten(path: str, error: OSError) -> DtraceError:
    return DtraceError(f"failed to write {path}: {error.strerror}")
