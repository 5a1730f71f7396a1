"""Programs that a client starts, attaches to, lets go and ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ring3.debug.gdb.packets import Malformed, hexed, number
from ring3.debug.processes import ProcessTarget
from ring3.debug.stops import Reason

if TYPE_CHECKING:
    from ring3.debug.gdb.naming import Naming
    from ring3.debug.target import Target
    from ring3.linux.model.task import LinuxTask

Spawn = Callable[[str, Sequence[str], Mapping[str, str]], "LinuxTask"]
"""Loads a program: gets its path, its arguments without the first, and its environment."""


class Programs:
    """What begins and ends at a client's wish.

    Attributes:
        environment: How that of programs to come differs from this process's: values, None for what is not there.
    """

    def __init__(self, target: Target, naming: Naming, spawn: Spawn | None) -> None:
        self._target = target
        self._naming = naming
        self._spawn = spawn
        self._last: Sequence[str] = ()
        self._own: set[int] = set()
        self.environment: dict[bytes, bytes | None] = {}

    def _processes(self) -> ProcessTarget:
        if not isinstance(self._target, ProcessTarget):
            raise Malformed("the machine as a whole is debugged")
        return self._target

    def follow(self, *, children: bool) -> None:
        """Says whether children are debugged too."""
        if isinstance(self._target, ProcessTarget):
            self._target.follows_children = children

    def run(self, rest: str) -> None:
        """Loads a program, which stops before its first instruction.

        Raises:
            Malformed: No program is meant, or none can be loaded here.
            UserError: It cannot be run.
        """
        target = self._processes()
        words = [os.fsdecode(hexed(word)) for word in rest.split(";")]
        if words[:1] == [""]:
            words[:1] = self._last[:1]
        if not words or self._spawn is None:
            raise Malformed("there is no program to run")
        self._last = words
        variables = {os.fsencode(name): os.fsencode(value) for name, value in os.environ.items()}
        for name, value in self.environment.items():
            variables.pop(name, None)
            if value is not None:
                variables[name] = value
        environment = {os.fsdecode(name): os.fsdecode(value) for name, value in variables.items()}
        task = self._spawn(words[0], words[1:], environment)
        self._own.add(task.tgid)
        target.attach(task)

    def has_run(self, rest: str) -> bool:
        """Whether a process was started for the client, which ends it when it leaves."""
        return (number(rest) in self._own) if rest else bool(self._own)

    def attach(self, rest: str) -> None:
        """Debugs a process that runs.

        Raises:
            Malformed: There is none of that number.
            UserError: It cannot be debugged.
        """
        target = self._processes()
        task = target.kernel.thread(number(rest))
        if task is None:
            raise Malformed("there is no such process")
        target.attach(task)

    def detach(self, rest: str) -> str:
        """Lets a process go, or all."""
        target = self._target
        if not isinstance(target, ProcessTarget):
            target.close()
            return "OK"
        pids = {thread.pid for thread in target.threads}
        wanted = {number(rest)} if rest else pids
        if not wanted <= pids:
            raise Malformed("there is no such process")
        for pid in wanted:
            target.detach(pid)
        return "OK"

    def kill(self, rest: str) -> str:
        """Ends a process; returns when it has ended."""
        target, pid = self._processes(), number(rest)
        if pid not in {thread.pid for thread in target.threads}:
            raise Malformed("there is no such process")
        target.kill(pid)
        while any(thread.pid == pid for thread in target.threads):
            stop = target.wait()
            if stop is not None and stop.reason is not Reason.EXIT and stop.thread.pid == pid:
                target.resume(stop.thread)
        target.forget_stops(pid)
        return "OK"

    def kill_all(self) -> None:
        """Ends all that are debugged."""
        if isinstance(self._target, ProcessTarget):
            for pid in {thread.pid for thread in self._target.threads}:
                self.kill(f"{pid:x}")
