"""Processes of which scripts ask though no task of the machine is one: init, and dtrace where it runs outside."""

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


def outsider(tid: int) -> Outsider | None:
    """The one described in the place of a number."""
    return {INIT.tid: INIT, DTRACE.tid: DTRACE}.get(tid)
