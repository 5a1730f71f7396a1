"""Processes that scripts ask of and that are no tasks of the machine: init, process 0, dtrace where it runs outside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final, NamedTuple


class Outsider(NamedTuple):
    """A process that is no task.

    Attributes:
        tid: The number in whose place it is described.
        facts: What is said of it, by the names of `facts`; everything else is 0.
        cpu_time: The nanoseconds it has run.
    """

    tid: int
    facts: Mapping[str, int | bytes]
    cpu_time: int = 0


_EVERYWHERE: Final[Mapping[str, int | bytes]] = {"nlwp": 1, "cwd": b"/", "root": b"/", "zonename": b"global"}
INIT: Final = Outsider(1, {**_EVERYWHERE, "pid": 1, "tid": 1, "execname": b"init", "psargs": b"/sbin/init"})
"""The parent of processes that no program has made."""


def _dtrace() -> Outsider:
    own = {"pid": os.getpid(), "tid": os.getpid(), "ppid": os.getppid()}
    users = {"uid": os.getuid(), "euid": os.geteuid(), "gid": os.getgid(), "egid": os.getegid()}
    groups = {"pgid": os.getpgrp(), "sid": os.getsid(0)}
    names = {"execname": b"dtrace", "psargs": b"dtrace"}
    return Outsider(0, {**_EVERYWHERE, **own, **users, **groups, **names})


DTRACE: Final = _dtrace()
"""dtrace's own process: what BEGIN and END see where no task runs."""


IDLE: Final = {
    "linux": Outsider(1 << 18, {**_EVERYWHERE, "execname": b"swapper/0", "psargs": b"swapper/0"}),
    "solaris": Outsider(1 << 18 | 1, {**_EVERYWHERE, "tid": 1, "execname": b"sched", "psargs": b"sched"}),
}
"""Process 0 of each system, which has the processor when nobody else wants it."""
_BY_NUMBER: Final = {each.tid: each for each in (INIT, DTRACE, *IDLE.values())}


def outsider(tid: int) -> Outsider | None:
    """The one described in the place of a number."""
    return _BY_NUMBER.get(tid)
