"""The systems that dtrace(1M) can be over: what one has to do for it, and the one that is no machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ring3.trace.dtrace.errors import DtraceError
from ring3.trace.dtrace.host_clock import HostClock
from ring3.trace.dtrace.providers.base import Clock, NoTarget, Provider, Target
from ring3.trace.dtrace.providers.profile import ProfileProvider


class Host(Protocol):
    """The system that is traced, and how its time passes."""

    system: str
    target: Target
    time: Clock
    providers: Sequence[Provider]
    ended: str
    """What is told of the program that was started, once it has ended."""
    look_interval: int
    """Nanoseconds after which dtrace looks at its buffers. Where it is a program of the machine, its calls for that are
    seen like those of others."""

    def identity(self) -> dict[str, int]:
        """The numbers of dtrace's own process, and of its user: `pid`, `ppid`, `pgid`, `sid`, `uid` and so on."""

    def variable(self, name: str) -> str | None:
        """A variable in the environment of dtrace's own process; None if it is not there."""

    def start(self, command: str, changes: Mapping[str, str | None]) -> int:
        """Start a program, stopped before its first instruction; returns its process number.

        Args:
            command: Its words.
            changes: What is different in its environment; None for what is taken out of it.
        """

    def grab(self, number: int) -> bool:
        """Have the session end with a process; whether there is one of that number."""

    def recorded(self, write: Callable[[bytes], object]) -> AbstractContextManager[object]:
        """Record what the program does as a trace of Perfetto, until the context is left; `write` takes its bytes."""

    def load_libraries(self, *, to_main: bool = False) -> None:
        """Run the program that was started to where it begins, its libraries being mapped, or to its main()."""

    def settle(self) -> None:
        """The probes are known: have `target` and `time` be what they fire in."""

    def run(self, finished: Callable[[], bool], flush: Callable[[], None]) -> None:
        """Let time pass until `finished`, or until the program that was started is gone; `flush` now and then."""

    def leave(self) -> None:
        """The session is over: come back from `run`."""

    def close(self) -> None:
        """Let go of the system."""


class HostAlone:
    """No machine: only BEGIN, END, ERROR and the clock."""

    system = "linux"

    ended = ""
    look_interval = 1_000_000_000

    def __init__(self) -> None:
        self.clock = HostClock()
        self.time: Clock = self.clock
        self.target: Target = NoTarget(os.getpid())
        self.profile = ProfileProvider(self.clock)
        self.providers: Sequence[Provider] = (self.profile,)

    def identity(self) -> dict[str, int]:
        """Those of this process."""
        return {
            "pid": os.getpid(),
            "ppid": os.getppid(),
            "pgid": os.getpgrp(),
            "sid": os.getsid(0),
            "uid": os.getuid(),
            "euid": os.geteuid(),
            "gid": os.getgid(),
            "egid": os.getegid(),
        }

    def variable(self, name: str) -> str | None:
        """One of this process."""
        return os.environ.get(name)

    def start(self, command: str, changes: Mapping[str, str | None]) -> int:
        """There is nothing to start a program in.

        Raises:
            DtraceError: always.
        """
        del changes
        raise DtraceError(f"failed to create process {command}: no machine")

    def grab(self, number: int) -> bool:
        """There is none."""
        del number
        return False

    def recorded(self, write: Callable[[bytes], object]) -> AbstractContextManager[object]:
        """There is nothing to record.

        Raises:
            DtraceError: always.
        """
        raise DtraceError("--perfetto: there is no program; -c starts one")

    def load_libraries(self, *, to_main: bool = False) -> None:
        """There is no program."""

    def settle(self) -> None:
        """It is as it was."""

    def run(self, finished: Callable[[], bool], flush: Callable[[], None]) -> None:
        """Wait for what the clock has."""
        while not finished():
            self.clock.step()
            flush()

    def leave(self) -> None:
        """`run` sees it itself."""

    def close(self) -> None:
        """There is nothing to let go of."""
