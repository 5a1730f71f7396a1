"""Makes a run: a machine is booted for it, or goes back to a snapshot; what comes of it is noted.

A machine of its own costs some 10 ms in a process that has booted one before; a forked copy of one that is up costs
more, because the host copies each page of Python's memory that the run touches.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter, deque
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import Errno
from ring3.computer import host_credentials
from ring3.errors import Deadlock, Ring3Error, UserError
from ring3.fleet import causes
from ring3.fleet.outcome import Ending, Outcome
from ring3.fleet.run import HOME, Run
from ring3.fleet.sink import Sink
from ring3.fleet.started import STARTED
from ring3.fs.descriptors import FdTable
from ring3.fs.namei import Walk
from ring3.fs.permission import KERNEL
from ring3.fs.view import make_directories
from ring3.kernel.observed import Call
from ring3.kernel.randomness import SeededBytes
from ring3.kernel.watched_stubs import StubCall
from ring3.linux.model.task import LinuxTask
from ring3.python.machine import Linux
from ring3.python.process import Process
from ring3.python.streams import Feed
from ring3.trace.called import name_of
from ring3.trace.faults.witness import Hung, Witness
from ring3.trace.inject.injector import Injector
from ring3.trace.inject.parse import parse
from ring3.trace.policy.guard import Decides, Guard

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.python.trace import Trace

LAST: Final = 10
"""System calls that are kept of the end of each run."""
FIRST: Final = 100
"""Of calls of one name, so many are looked at for whether they wrote."""


def execute(run: Run, contents: Mapping[str, bytes]) -> Outcome:
    """Makes a run.

    Args:
        run: Its inputs.
        contents: What they stand for, by hash.
    """
    try:
        if run.has_started:
            return _go_on(run, contents)
        with Linux(seed=run.seed, virtual_time=True, ram_bytes=run.limits.memory) as machine:
            return _Execution(machine, run, contents).outcome()
    except UserError as error:
        return Outcome(Ending.REFUSED, error.status, f"refused: {error}", str(error))
    except Ring3Error as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return Outcome(Ending.BROKEN, cause=f"broken: {what}", detail=what)


def _go_on(run: Run, contents: Mapping[str, bytes]) -> Outcome:
    """Makes a run that begins in a snapshot; its machine is kept for the next one, unless something was wrong."""
    try:
        machine = STARTED.machine(run.program.digest, contents[run.program.digest])
        machine.kernel.random_bytes = SeededBytes(run.seed)
        with machine.kernel.probes.for_a_while():
            return _Execution(machine, run, contents).outcome()
    except BaseException:
        STARTED.forget()
        raise


class _Watch(Witness):
    """Ends a run that is too much, and keeps its last calls."""

    def __init__(self, machine: Linux, process: Process, run: Run, sinks: tuple[Sink, Sink]) -> None:
        task: Any = process.task
        super().__init__(machine.kernel, task, run.limits.calls)
        self.last: deque[str] = deque(maxlen=LAST)
        self._sinks = sinks
        self._output = run.limits.output

    def entry(self, call: Call) -> None:
        """A call begins."""
        super().entry(call)
        if any(sink.size > self._output for sink in self._sinks):
            raise Hung

    def returned(self, call: Call) -> None:
        """It ends."""
        super().returned(call)
        assert isinstance(call, StubCall)
        name = name_of(call)
        if isinstance(call.error, Errno):
            self.last.append(f"{name} = {call.error.number.name}")
        else:
            self.last.append(f"{name} = {call.value}" if isinstance(call.value, int) else name)

    def left(self, call: Call) -> None:
        """Its task ends in it."""
        assert isinstance(call, StubCall)
        self.last.append(name_of(call))


class _Execution:
    """One run on its machine."""

    def __init__(self, machine: Linux, run: Run, contents: Mapping[str, bytes]) -> None:
        self._machine = machine
        self._run = run
        self._contents = contents
        self._trace: Trace | None = None

    def outcome(self) -> Outcome:
        """Makes the run."""
        run, machine = self._run, self._machine
        machine.kernel.report = lambda _line: None
        vfs = machine.kernel.vfs
        sinks = Sink(vfs, run.keep), Sink(vfs, run.keep)
        feed = Feed(vfs, self._contents[run.input])
        feed.end()
        streams = feed, *sinks
        process = self._taken(streams) if run.has_started else self._loaded(streams)
        watch = _Watch(machine, process, run, sinks)
        guard = self._observe()
        ending = self._go(process)
        found = Outcome(ending, stdout=sinks[0].written(), stderr=sinks[1].written())
        found.status = -1 if process.status is None else process.status
        found.calls, found.writes = _counted(watch.calls)
        found.last = list(watch.last)
        found.files, found.descriptors = watch.files, watch.open
        found.denied = guard.refused if guard else 0
        found.trace = str(self._trace) if self._trace else ""
        causes.explain(found, process.crash)
        return found

    def _loaded(self, streams: tuple[File, ...]) -> Process:
        """The program, loaded, with its standard streams."""
        run, machine = self._run, self._machine
        environment = dict(run.environment)
        machine.mount_view(environment)
        for put in (*run.files, run.program):
            self._put(put.path, self._contents[put.digest], put.mode, keeps=put is run.program)
        files = FdTable()
        for fd, file in enumerate(streams):
            files.install(file, fd)
        name, *words = run.arguments
        home = make_directories(machine.kernel.vfs, os.fsencode(HOME))
        process = Process(machine, machine.load(name, words, environment, files, home))
        machine.processes.append(process)
        return process

    def _taken(self, streams: tuple[File, ...]) -> Process:
        """The first program that has started, with other standard streams."""
        for put in self._run.files:
            self._put(put.path, self._contents[put.digest], put.mode, keeps=False)
        process = next(process for process in self._machine.processes if not process.ended)
        assert isinstance(process.task, LinuxTask)
        for fd, file in enumerate(streams):
            process.task.files.replace(fd, file)
        return process

    def _observe(self) -> Guard | None:
        """Attaches what changes calls, and what shows them."""
        run, kernel = self._run, self._machine.kernel
        guard = Guard(kernel, self._policy(), lambda _line: None) if run.policy else None
        injector = Injector(kernel, [parse(rule) for rule in run.faults], run.seed) if run.faults else None
        if run.trace:
            self._trace = self._machine.trace()
        if injector is not None:
            injector.at_end()
        return guard

    def _policy(self) -> Decides:
        from ring3.trace.policy import oci, toml  # noqa: PLC0415 -- few runs have one

        text = self._contents[self._run.policy].decode("utf-8", "replace")
        return oci.parse(text) if text.lstrip().startswith("{") else toml.parse(text)

    def _go(self, process: Process) -> Ending:
        try:
            process.run()
        except Hung:
            return Ending.HANG
        except Deadlock:
            return Ending.DEADLOCK
        return Ending.SIGNAL if process.task.program_exit_code & 0x7F else Ending.EXIT

    def _put(self, path: str, data: bytes, mode: int, *, keeps: bool) -> None:
        """Puts a file there; a program of the host that is the same file stays where it is."""
        if keeps and _is_on_host(path, data):
            return
        machine = self._machine
        machine.put(path, data, mode)
        who = host_credentials()
        if path.startswith(HOME + "/"):
            folder, vfs = os.fsencode(path), machine.kernel.vfs
            while folder != os.fsencode(HOME):
                Walk(vfs.root, KERNEL).find(vfs.root, folder).inode.set_owner(who.uid, who.gid)
                folder = os.path.dirname(folder)


def _is_on_host(path: str, data: bytes) -> bool:
    with suppress(OSError), open(path, "rb") as file:
        return (
            os.fstat(file.fileno()).st_size == len(data)
            and hashlib.file_digest(file, "sha256").digest() == hashlib.sha256(data).digest()
        )
    return False


def _counted(calls: list[tuple[str, bool]]) -> tuple[dict[str, int], dict[str, list[int]]]:
    """How many calls of each name there were, and which of the first ones wrote."""
    counts: Counter[str] = Counter()
    writes: dict[str, list[int]] = {}
    for name, wrote in calls:
        counts[name] += 1
        if wrote and counts[name] <= FIRST:
            writes.setdefault(name, []).append(counts[name])
    return dict(counts), writes
