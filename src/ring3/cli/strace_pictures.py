"""The pictures of ``ring3 strace``: a trace of Perfetto (``--perfetto``) and a profile (``--flame``)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from ring3.cli.recording import recording
from ring3.errors import UserError
from ring3.trace.pictures.stacks import render_for
from ring3.trace.strace.pictures import profile, record

if TYPE_CHECKING:
    from ring3.cli.caller import Caller
    from ring3.computer import Linux
    from ring3.linux.model.task import LinuxTask
    from ring3.trace.pictures.stacks import Render
    from ring3.trace.recording import Recording
    from ring3.trace.strace.command_line import Asked


class Pictures:
    """The files that a command line asks for."""

    def __init__(
        self, asked: Asked, trace: Recording | None, profile: Recording | None, render: Render | None
    ) -> None:
        """Takes open ones.

        Args:
            asked: The command line.
            trace: That of Perfetto, None for none.
            profile: That of the profile.
            render: What draws that.
        """
        self._asked = asked
        self._trace = trace
        self._profile = profile
        self._render = render

    def attach(self, stack: ExitStack, linux: Linux, tasks: Sequence[LinuxTask]) -> None:
        """Begins to watch tasks, until a stack is left, which writes what is not written then."""
        if self._trace is not None:
            stack.callback(record(linux, tasks, self._asked, self._trace.write).close)
        if self._profile is None or self._render is None:
            return
        file, render, title = self._profile, self._render, shlex.join(self._asked.words) or "ring3 strace"
        profiler = profile(linux, tasks, self._asked)
        stack.callback(lambda: file.write(render(profiler.profile(title)).encode("utf-8", "replace")))
        stack.callback(profiler.close)


@contextmanager
def pictures(caller: Caller, asked: Asked) -> Iterator[Pictures]:
    """Opens the files that a command line asks for, until the ``with`` block ends.

    Raises:
        UserError: One cannot be opened or written, or its name says no form.
    """
    try:
        render = render_for(asked.flame) if asked.flame else None
    except UserError as error:
        raise UserError(str(error), 1) from None  # as all of strace's mistakes
    with ExitStack() as files:
        trace, profile = (
            files.enter_context(recording(caller, path)) if path else None
            for path in (asked.perfetto, asked.flame)
        )
        yield Pictures(asked, trace, profile, render)
