"""One run of a program, with a fault or without, in a process of its own: what came of it, as a value.

The process is forked from this one, which has no machine: so a run costs a boot and no imports. A program that makes
many times as many calls as it made undisturbed, or uses many times its processor time, hangs.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
import tempfile
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any, Final

from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.errors import Deadlock, Ring3Error
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.watched_stubs import StubCall
from ring3.linux.files.lookup import AT_FDCWD, start_of, walk
from ring3.linux.model.task import LinuxTask
from ring3.sandbox import Sandbox
from ring3.trace.called import name_of
from ring3.trace.inject.injector import Injector
from ring3.trace.inject.parse import parse
from ring3.trace.policy.paths import real_paths

if TYPE_CHECKING:
    from ring3.kernel.events import Exited
    from ring3.linux.kernel import LinuxKernel

HUNG: Final = "hung"
BROKEN: Final = "broken"
_OPENS: Final = frozenset({"open", "openat", "creat"})
_WRITABLE: Final = 3
_CREATED: Final = 0o100
_MOST_BYTES: Final = 1 << 20


class Outcome(NamedTuple):
    """What came of a run.

    Attributes:
        status: Its status as a shell has it; -1 if it hung or could not be run.
        how: "" for an ordinary end, `HUNG`, or `BROKEN` where the machine failed.
        output: What it wrote to standard output, as a digest.
        calls: The calls of all its tasks, in order; whether each was about a file open for writing.
        files: What is in the files that it opened for writing, as a digest; "" for those that are not there.
        open: How many descriptors the first task had at its end.
    """

    status: int
    how: str
    output: str
    calls: list[tuple[str, bool]]
    files: dict[str, str]
    open: int


class _Hung(Ring3Error):
    """The program made too many calls."""


class _Witness(CallObserver):
    """Sees calls, files that are opened for writing, and what is left at the end."""

    def __init__(self, kernel: LinuxKernel, first: LinuxTask, most_calls: int) -> None:
        self.calls: list[tuple[str, bool]] = []
        self.files: dict[str, str] = {}
        self.open = 0
        self._first = first
        self._most = most_calls
        self._written: set[int] = set()
        kernel.probes.attach(points.SystemCall(), self)
        kernel.probes.attach(points.TaskExited(), self._exited)

    def entry(self, call: Call) -> None:
        """A call begins."""
        assert isinstance(call, StubCall)
        name = name_of(call)
        self.calls.append((name, bool(call.arguments) and call.arguments[0] in self._written))
        if len(self.calls) > self._most:
            raise _Hung
        if name in _OPENS:
            flags = (
                call.arguments[2]
                if name == "openat"
                else call.arguments[1]
                if name == "open"
                else _CREATED | 1
            )
            if flags & _WRITABLE or flags & _CREATED:
                call.notes[self] = real_paths(call)

    def returned(self, call: Call) -> None:
        """It ends: a file that is open for writing now is kept in mind."""
        paths = call.notes.get(self)
        if paths and call.error is None and isinstance(call.value, int) and call.value >= 0:
            self.files.update(dict.fromkeys(paths, ""))
            self._written.add(call.value)

    def _exited(self, event: Exited) -> None:
        task = event.task
        if task is self._first and isinstance(task, LinuxTask):
            self.open = len(task.files)
            self.files = {path: _digest_of(task, path) for path in self.files}


def _digest_of(task: LinuxTask, path: str) -> str:
    """What is in a file now; "" if it is not there."""
    raw = os.fsencode(path)
    try:
        place = walk(task).find(start_of(task, AT_FDCWD, raw), raw)
        if not place.inode.is_regular:
            return "special"
        return _digest(place.inode.open(place, os.O_RDONLY).pread(_MOST_BYTES, 0))
    except Errno:
        return ""


def _digest(raw: bytes) -> str:
    return f"{len(raw)}:{hashlib.sha256(raw).hexdigest()[:16]}"


def attempt(
    path: str, arguments: Sequence[str], rule: str, most_calls: int, seconds: int, sandbox: Sandbox
) -> Outcome:
    """Runs a program once.

    Args:
        path: The program.
        arguments: Its arguments.
        rule: What is injected, as ``-e inject=`` has it; "" for nothing.
        most_calls: With more it hangs.
        seconds: Of the processor; with more it hangs.
        sandbox: What it has.
    """
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as output:
        child = os.fork()
        if not child:
            _in_child(path, arguments, rule, most_calls, seconds, sandbox, told, output)
        _, status = os.waitpid(child, 0)
        told.seek(0)
        text = told.read()
        output.seek(0)
        digest = _digest(output.read())
    if not text:
        return Outcome(-1, HUNG if os.WIFSIGNALED(status) else BROKEN, digest, [], {}, 0)
    read: dict[str, Any] = json.loads(text)
    calls = [(str(name), bool(written)) for name, written in read["calls"]]
    return Outcome(read["status"], read["how"], digest, calls, read["files"], read["open"])


def _in_child(
    path: str,
    arguments: Sequence[str],
    rule: str,
    most_calls: int,
    seconds: int,
    sandbox: Sandbox,
    told: IO[bytes],
    output: IO[bytes],
) -> None:
    """Runs it and ends."""
    from ring3.computer import Linux  # noqa: PLC0415 -- the campaign itself has no machine

    how, status = BROKEN, -1
    witness = None
    try:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(output.fileno(), 1)
        os.dup2(null, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        with Linux(seed=0, sandbox=sandbox) as linux:
            linux.kernel.report = lambda _line: None
            task = linux.load(path, arguments)
            witness = _Witness(linux.kernel, task, most_calls)
            if rule:
                Injector(linux.kernel, [parse(rule)]).at_end()
            status, how = linux.run(task), ""
    except (_Hung, Deadlock):
        how = HUNG
    except Ring3Error:
        how = BROKEN
    finally:
        found = witness
        answer = {
            "status": status,
            "how": how,
            "calls": found.calls if found else [],
            "files": found.files if found else {},
            "open": found.open if found else 0,
        }
        told.write(json.dumps(answer).encode())
        told.flush()
        sys.stdout.flush()
        os._exit(0)
