"""The pictures of ``ring3 strace``: a trace of Perfetto (``--perfetto``) and a profile (``--flame``)."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ring3.cli.recording import Recording
from ring3.errors import UserError
from ring3.trace.pictures.stacks import render_for
from ring3.trace.strace.pictures import profile, record

if TYPE_CHECKING:
    from ring3.cli.caller import Caller
    from ring3.computer import Linux
    from ring3.linux.model.task import LinuxTask
    from ring3.trace.strace.command_line import Asked


class Pictures:
    """The files that a command line asks for, until the ``with`` block ends."""

    def __init__(self, caller: Caller, asked: Asked) -> None:
        """Opens them.

        Raises:
            UserError: One cannot be opened, or its name says no form.
        """
        self._asked = asked
        try:
            self._render = render_for(asked.flame) if asked.flame else None
        except UserError as error:
            raise UserError(str(error), 1) from None  # as all of strace's mistakes
        with ExitStack() as files:
            self._trace = self._opened(files, caller, asked.perfetto)
            self._profile = self._opened(files, caller, asked.flame)
            self._files = files.pop_all()

    @staticmethod
    def _opened(files: ExitStack, caller: Caller, path: str) -> Recording | None:
        return files.enter_context(Recording(caller, path)) if path else None

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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Closes them.

        Raises:
            UserError: One could not be written, and nothing else went wrong.
        """
        self._files.__exit__(kind, error, where)
