"""A process that makes runs, seen from the one that wants them: started when it is needed, and again when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, Final, NamedTuple

from ring3 import resources
from ring3.errors import Ring3Error
from ring3.fleet import batch
from ring3.fleet.batch import Batch
from ring3.fleet.outcome import Ending, Outcome
from ring3.fleet.run import Run

_PATIENCE: Final = 3
"""Processes that may end one after the other before one has made a run."""
_OWN_FAULTS: Final = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGABRT, signal.SIGFPE})
"""How a process ends by its own mistake and not by somebody's decision."""


class Made(NamedTuple):
    """A run that has been made.

    Attributes:
        name: Its name.
        outcome: What came of it, as JSON.
        seconds: What it has used of the processor.
    """

    name: str
    outcome: str
    seconds: float


class Lost(Ring3Error):
    """Processes that make runs end again and again, and the line says how."""


class Worker:
    """A process that makes runs."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: BinaryIO | None = None
        self._source: BinaryIO
        self._sink: BinaryIO
        self._is_stopped = False

    def work(self, asked: Batch) -> Iterator[Made]:
        """Makes the runs of a batch, each of them once.

        Raises:
            Lost: That is not possible.
        """
        left = list(asked.runs)
        deaths = 0
        while left:
            try:
                for made in self._ask(left, asked):
                    left.pop(0)
                    deaths = 0
                    yield made
            except (EOFError, OSError):
                reason = self._reap()
                if not left:
                    return
                deaths += 1
                outcome = _told_by(reason, left[0], deaths)
                if outcome is not None:
                    run, deaths = left.pop(0), 0
                    yield Made(run.name, outcome.to_json(), float(run.limits.seconds))
                elif deaths == _PATIENCE or self._is_stopped:
                    raise Lost(f"processes that make runs end: {self._words(reason)}") from None

    def _ask(self, runs: list[Run], asked: Batch) -> Iterator[Made]:
        if self._process is None:
            self._start()
            self._receive()
        batch.send(self._sink, "batch", [run.as_fields() for run in runs])
        while True:
            kind, value = self._receive()
            if kind == "done":
                return
            assert isinstance(value, list)
            if kind == "need":
                batch.send(self._sink, "contents", None, [asked.contents[digest] for digest in value])
            else:
                yield Made(*value)

    def _receive(self) -> tuple[str, object]:
        kind, value, _ = batch.receive(self._source)
        return kind, value

    def _start(self) -> None:
        read_end, given_sink = os.pipe()
        given_source, write_end = os.pipe()
        if self._complaints is None:
            self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with this object
        paths = [os.path.dirname(resources.ROOT), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ring3.fleet.host", str(given_source), str(given_sink)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._complaints,
            pass_fds=(given_source, given_sink),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        os.close(given_source)
        os.close(given_sink)
        if self._is_stopped:
            self.kill()
        self._source, self._sink = os.fdopen(read_end, "rb"), os.fdopen(write_end, "wb")

    def _reap(self) -> int:
        """Waits for the end of the process; returns its status as `subprocess` has it."""
        process, self._process = self._process, None
        if process is None:
            return 0
        for file in (self._source, self._sink):
            with suppress(OSError):
                file.close()
        process.kill()
        return process.wait()

    def _words(self, status: int) -> str:
        """How a process has ended, in words: its last line, if it has said something."""
        said = b""
        if self._complaints is not None:
            self._complaints.seek(0)
            said = self._complaints.read()
        lines = said.decode("utf-8", "replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        if last:
            return last.strip()
        return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"

    def kill(self) -> None:
        """Ends the process, from any thread; who waits for its runs gets another one."""
        process = self._process
        if process is not None:
            process.kill()

    def stop(self) -> None:
        """Ends the process, from any thread; who waits for its runs gets no more."""
        self._is_stopped = True
        self.kill()

    def close(self) -> None:
        """Ends the process, in the thread that works with it."""
        self.stop()
        self._reap()
        if self._complaints is not None:
            self._complaints.close()
            self._complaints = None


def _told_by(status: int, run: Run, deaths: int) -> Outcome | None:
    """What the end of a process tells of the run that it was about to make; None if nothing."""
    if status == -signal.SIGXCPU:
        return Outcome(
            Ending.HANG,
            cause="hang (computes)",
            detail=f"it used the processor for more than {run.limits.seconds} s",
        )
    if -status in _OWN_FAULTS and deaths == _PATIENCE - 1:
        what = f"the process that makes the run ends by {signal.Signals(-status).name}"
        return Outcome(Ending.BROKEN, cause=f"broken: {what}", detail=what)
    return None
