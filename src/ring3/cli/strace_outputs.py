"""Where a trace goes: standard error, a file, a file for each task, or a command that reads it."""

from __future__ import annotations

import io
import os
import stat
import subprocess
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from ring3.cli.confined import beside
from ring3.confinement import NOTHING
from ring3.errors import UserError
from ring3.trace.strace.lines import Output
from ring3.trace.strace.observing import Destination

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ring3.cli.caller import Caller


class Wanted(Protocol):
    """What a command line says of outputs.

    Attributes:
        output: The file, or ``|COMMAND``; None for standard error.
        counts: How often options are given; with ``A`` the file is appended to.
        separately: Each task has a file of its own.
    """

    @property
    def output(self) -> str | None:
        """The file."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How often options are given."""

    @property
    def separately(self) -> bool:
        """Whether each task has a file of its own."""


class Outputs:
    """The outputs of one trace, until the ``with`` block ends.

    Attributes:
        destination: Where lines go.
        needs: What opening more of them takes.
    """

    def __init__(self, caller: Caller, asked: Wanted) -> None:
        """Opens what can be opened before there is a task.

        Raises:
            UserError: It cannot be opened; the message is strace's.
        """
        self._caller = caller
        self._name = asked.output
        self._flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if "A" in asked.counts else os.O_TRUNC)
        self._reader: subprocess.Popen[bytes] | None = None
        self._open: dict[int, tuple[io.TextIOBase, Output]] = {}
        is_given = self._name is not None
        separately = asked.separately and is_given
        self.destination = Destination(self._of if separately else self._shared, not separately, is_given)
        self.needs = beside(self._name or "") if separately else NOTHING
        if not separately:
            self._shared(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for stream, output in self._open.values():
            output.flush()
            with suppress(OSError):
                if stream is not self._caller.stderr:
                    stream.close()
        if self._reader is not None:
            self._reader.wait()

    def tell(self, text: str) -> None:
        """Says something on standard error, which the trace may be on too."""
        print(f"strace: {text}", file=self._caller.stderr, flush=True)

    def _shared(self, _task: int) -> Output:
        """The output that all tasks share."""
        if 0 not in self._open:
            stream = self._opened()
            at_once = stream is self._caller.stderr
            self._open[0] = stream, self._output(stream, self._name or "standard error", at_once=at_once)
        return self._open[0][1]

    def _of(self, task: int) -> Output:
        """The file of one task."""
        if task not in self._open:
            name = f"{self._name}.{task}"
            stream = self._file(name)
            self._open[task] = stream, self._output(stream, name, at_once=False)
        return self._open[task][1]

    def _opened(self) -> io.TextIOBase:
        if self._name is None:
            return self._caller.stderr
        if not self._name.startswith(("|", "!")):
            return self._file(self._name)
        if self._caller.machine_name is not None:
            raise UserError("-o with a command is for a machine of its own", 1)
        self._reader = subprocess.Popen(self._name[1:], shell=True, stdin=subprocess.PIPE)
        assert self._reader.stdin is not None
        return io.TextIOWrapper(self._reader.stdin, encoding="utf-8", errors="surrogateescape")

    def _file(self, name: str) -> io.TextIOBase:
        try:
            return self._caller.open(name, self._flags)
        except OSError as error:
            raise UserError(f"Can't fopen '{name}': {error.strerror}", 1) from None

    def _output(self, stream: io.TextIOBase, name: str, *, at_once: bool) -> Output:
        """A stream as an output; whoever reads a terminal or a pipe wants to see at once what is there."""
        if not at_once:
            with suppress(OSError):
                mode = os.fstat(stream.fileno()).st_mode
                at_once = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(stream.fileno())
        careful = _Careful(stream, lambda why: self.tell(f"{name}: {why}"))
        return Output(careful.write, careful.flush, at_once)


class _Careful:
    """A stream whose failure is said once: what is written afterwards is lost, and the program goes on."""

    def __init__(self, stream: io.TextIOBase, tell: Callable[[str], None]) -> None:
        self._stream = stream
        self._tell = tell
        self._has_failed = False

    def write(self, text: str) -> None:
        """Writes, if that is possible still."""
        if not self._has_failed:
            try:
                self._stream.write(text)
            except OSError as error:
                self._fail(error)

    def flush(self) -> None:
        """Has everything seen, if that is possible still."""
        if not self._has_failed:
            try:
                self._stream.flush()
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        self._has_failed = True
        with suppress(OSError):
            self._tell(error.strerror or str(error))
