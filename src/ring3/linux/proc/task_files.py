"""The files about a task in /proc whose contents are texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import NamedTuple
from ring3.linux.proc import adjustable, process

if TYPE_CHECKING:
    from ring3.linux.model.namespaces import PidNamespace
    from ring3.linux.model.task import LinuxTask

Text = Callable[["LinuxTask"], bytes]

Store = Callable[["LinuxTask", bytes], None]


class TaskFile(NamedTuple):
    """A file about a task.

    Attributes:
        text: Makes its contents.
        mode: Its permissions.
        private: Only who may trace the task can read it.
        store: Takes what is written to it.
        requests: Which requests of ioctl(2) it answers.
    """

    text: Text
    mode: int = 0o444
    private: bool = False
    store: Store | None = None
    requests: str = ""


FILES: Final[dict[bytes, TaskFile]] = {
    b"auxv": TaskFile(process.auxv, 0o400, private=True),
    b"cgroup": TaskFile(process.cgroup),
    b"clear_refs": TaskFile(lambda _: b"", 0o200, store=adjustable.clear_refs),
    b"cmdline": TaskFile(process.cmdline),
    b"comm": TaskFile(adjustable.comm, 0o644, store=adjustable.set_comm),
    b"coredump_filter": TaskFile(adjustable.coredump_filter, 0o644, store=adjustable.set_coredump_filter),
    b"environ": TaskFile(process.environ, 0o400, private=True),
    b"limits": TaskFile(process.limits),
    b"maps": TaskFile(process.maps, private=True, requests="maps"),
    b"oom_adj": TaskFile(adjustable.oom_adj, 0o644, store=adjustable.set_oom_adj),
    b"oom_score": TaskFile(adjustable.oom_score),
    b"oom_score_adj": TaskFile(adjustable.oom_score_adj, 0o644, store=adjustable.set_oom_score_adj),
    b"personality": TaskFile(process.personality, 0o400, private=True),
    b"schedstat": TaskFile(process.schedstat),
    b"smaps": TaskFile(process.smaps, private=True),
    b"smaps_rollup": TaskFile(process.smaps_rollup, private=True),
    b"statm": TaskFile(process.statm),
    b"syscall": TaskFile(process.syscall, 0o400, private=True),
    b"timerslack_ns": TaskFile(adjustable.timerslack_ns, 0o666, store=adjustable.set_timerslack_ns),
    b"wchan": TaskFile(process.wchan),
}
NUMBERED: Final[dict[bytes, Callable[[LinuxTask, PidNamespace], bytes]]] = {
    b"stat": process.stat,
    b"status": process.status,
}
"""Those with numbers of processes in them."""
OF_PROCESSES: Final[dict[bytes, Callable[[LinuxTask, PidNamespace], bytes]]] = {b"timers": process.timers}
"""The same that threads have not."""
