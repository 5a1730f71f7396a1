"""Processes: thread groups, their families, process groups and sessions.

A process is a `Process` and one `LinuxTask` a thread. Number 1 is the kernel's own: it adopts orphans and reaps them.
Sources: credentials(7), setsid(2), setpgid(2), wait(2), exit_group(2); kernel/exit.c and kernel/fork.c of Linux 6.x.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.signals import SIG_IGN, CldCode, SaFlags, Sig
from ring3.kernel.wait import WaitQueue
from ring3.linux.model.namespaces import MACHINE
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.model.signal_state import Actions, Pending

if TYPE_CHECKING:
    from ring3.linux.model.namespaces import PidNamespace
    from ring3.linux.model.task import LinuxTask
    from ring3.linux.model.timers import Itimer, NumberedTimer, Stoppable

INIT: Final = 1
"""Number of the process that adopts orphans."""


class Rusage:
    """What getrusage(2) reports; times in nanoseconds."""

    __slots__ = ("majflt", "maxrss", "minflt", "nivcsw", "nvcsw", "stime", "utime")

    def __init__(
        self,
        utime: int = 0,
        stime: int = 0,
        maxrss: int = 0,
        minflt: int = 0,
        majflt: int = 0,
        nvcsw: int = 0,
        nivcsw: int = 0,
    ) -> None:
        self.utime = utime
        self.stime = stime
        self.maxrss = maxrss
        self.minflt = minflt
        self.majflt = majflt
        self.nvcsw = nvcsw
        self.nivcsw = nivcsw

    def add(self, other: Rusage) -> None:
        """Adds another process's."""
        self.utime += other.utime
        self.stime += other.stime
        self.maxrss = max(self.maxrss, other.maxrss)
        self.minflt += other.minflt
        self.majflt += other.majflt
        self.nvcsw += other.nvcsw
        self.nivcsw += other.nivcsw


class Process:
    """A thread group.

    Attributes:
        pid: Its number, that of its first thread.
        pid_ns: The namespace that it was born in, which says what it calls others and itself.
        parent: Its parent, None for the child of number 1.
        parent_thread: The parent's thread whose child it is (PR_SET_PDEATHSIG).
        pgid: Number of its process group.
        sid: Number of its session.
        cpu_limit: What watches over RLIMIT_CPU, None if it never was limited.
        actions: What it does with signals.
        threads: Its living threads, oldest first.
        remains: Its first thread once that has ended: what /proc shows of a zombie.
        children: Its children, dead ones too until they are waited for.
        pending: Signals for any of its threads.
        exit_signal: What its parent gets when it ends, 0 for nothing.
        exit_code: As wait(2) encodes it, once `dead`: what ended all threads, or what the last one ended with.
        dead: All threads have ended.
        ending: exit_group or a deadly signal: what its exit code will be.
        stopped: The signal that stopped it, 0 while it runs.
        executing: The thread that runs execve(2), while it ends the others.
        first_traced_by: Who traced its first thread, which has ended before others.
        seen_first_by: A tracer that is not its parent and has not waited for its end yet: the parent cannot until then.
        report: A change for the parent to wait for: CLD_STOPPED or CLD_CONTINUED.
        signal_arrived: Woken when any signal is queued for it or one of its threads.
        child_changed: Woken when a child ended, stopped or went on.
        ended: Woken when it or one of its threads has ended, and when nobody waits for it any more.
        oom_score_adj: By how much it is likelier than others to be ended where memory ends, in thousandths of that.
        oom_score_adj_min: How far a program may lower that.
        pidfd_ino: What stat(2) calls descriptors that stand for it, 0 while there are none.
        has_execed: It ran execve since fork: setpgid(2) by the parent is EACCES.
        children_usage: Resources of children waited for.
        usage: Its own, as far as threads that ended go.
        started: Monotonic time of its start.
        itimers: Its interval timers, by number.
        posix_timers: Those that timer_create(2) made, by number.
        next_timer: The number of the next one.
        tracees: The threads it traces.
        tracee_exits: Number and exit code of tracees that have ended and are not its children.
        subreaper: It adopts orphans among its descendants (PR_SET_CHILD_SUBREAPER).
        timed_out: It was ended because the time that it was given is over.
        unkillable: It is the first one of a namespace of numbers: signals that it does not ask for do not reach it from
            within (SIGNAL_UNKILLABLE).
    """

    __slots__ = (
        "actions",
        "child_changed",
        "children",
        "children_usage",
        "cpu_limit",
        "dead",
        "ended",
        "ending",
        "executing",
        "exit_code",
        "exit_signal",
        "first_traced_by",
        "has_execed",
        "itimers",
        "next_timer",
        "oom_score_adj",
        "oom_score_adj_min",
        "parent",
        "parent_thread",
        "pending",
        "pgid",
        "pid",
        "pid_ns",
        "pidfd_ino",
        "posix_timers",
        "remains",
        "report",
        "seen_first_by",
        "sid",
        "signal_arrived",
        "started",
        "stopped",
        "subreaper",
        "threads",
        "timed_out",
        "tracee_exits",
        "tracees",
        "unkillable",
        "usage",
    )  # fmt: skip

    def __init__(
        self,
        pid: int,
        parent: Process | None,
        pgid: int,
        sid: int,
        actions: Actions,
        pid_ns: PidNamespace = MACHINE,
    ) -> None:
        self.pid = pid
        self.pid_ns = pid_ns
        self.parent = parent
        self.parent_thread: LinuxTask | None = None
        self.pgid = pgid
        self.sid = sid
        self.actions = actions
        self.cpu_limit: Stoppable | None = None
        self.threads: list[LinuxTask] = []
        self.remains: LinuxTask | None = None
        self.children: list[Process] = []
        self.pending = Pending()
        self.exit_signal = int(Sig.SIGCHLD)
        self.exit_code = 0
        self.oom_score_adj = self.oom_score_adj_min = 0
        self.dead = self.timed_out = self.unkillable = False
        self.ending: int | None = None
        self.executing: LinuxTask | None = None
        self.first_traced_by: Process | None = None
        self.seen_first_by: Process | None = None
        self.stopped = 0
        self.report = 0
        self.signal_arrived = WaitQueue()
        self.child_changed = WaitQueue()
        self.ended = WaitQueue()
        self.pidfd_ino = 0
        self.has_execed = False
        self.children_usage = Rusage()
        self.usage = Rusage()
        self.started = 0
        self.itimers: dict[int, Itimer] = {}
        self.posix_timers: dict[int, NumberedTimer] = {}
        self.next_timer = 0
        self.subreaper = False
        self.tracees: list[LinuxTask] = []
        self.tracee_exits: list[tuple[int, int]] = []

    def after_exec(self) -> None:
        """Another program runs in it from now on."""
        self.actions = self.actions.after_exec()
        self.has_execed = True
        self._delete_posix_timers()

    def stop_timers(self) -> None:
        """It has ended: so do its timers."""
        for timer in self.itimers.values():
            timer.stop()
        self.itimers.clear()
        if self.cpu_limit is not None:
            self.cpu_limit.stop()
        self._delete_posix_timers()

    def _delete_posix_timers(self) -> None:
        """It has ended or runs another program: those that timer_create(2) made do not outlive that."""
        for timer in self.posix_timers.values():
            timer.stop()
        self.posix_timers.clear()

    @property
    def leader(self) -> LinuxTask:
        """The oldest living thread."""
        return self.threads[0]

    @property
    def ppid(self) -> int:
        """The parent's number."""
        if self.parent is None:
            return 0 if self.pid == INIT else INIT
        return self.parent.pid


class Processes:
    """All processes of a kernel, by number.

    Attributes:
        watched_from_outside: Processes whose parents are on the host and let them go on when they have stopped.
        init: The kernel's own, user 0's, which has no program: it is not among the others and takes no signals.
    """

    def __init__(self) -> None:
        self._all: dict[int, Process] = {}
        self.watched_from_outside: set[int] = set()
        self.init = Process(INIT, None, INIT, INIT, Actions())

    def __iter__(self) -> Iterator[Process]:
        return iter(list(self._all.values()))

    def __len__(self) -> int:
        return len(self._all)

    def add(self, process: Process) -> None:
        """Adds a new process, to its parent's children too."""
        self._all[process.pid] = process
        if process.parent is not None:
            process.parent.children.append(process)

    def get(self, pid: int) -> Process | None:
        """A process by number, dead or alive, or None."""
        return self._all.get(pid)

    def __getitem__(self, pid: int) -> Process:
        """A process by number.

        Raises:
            Errno: ESRCH, there is none.
        """
        found = self._all.get(pid)
        if found is None:
            raise Errno(E.ESRCH)
        return found

    def group(self, pgid: int) -> list[Process]:
        """The processes of a process group."""
        return [process for process in self._all.values() if process.pgid == pgid]

    def is_orphaned(self, pgid: int) -> bool:
        """Whether nobody could continue a process group if it stopped (will_become_orphaned_pgrp)."""
        return not any(
            process.pid in self.watched_from_outside
            or (
                process.parent is not None
                and not process.parent.dead
                and process.parent.pgid != pgid
                and process.parent.sid == process.sid
            )
            for process in self.group(pgid)
            if not process.dead
        )

    def number_in_use(self, number: int) -> bool:
        """Whether a number names a process, a process group or a session."""
        return any(number in (p.pid, p.pgid, p.sid) for p in self._all.values())

    def forget(self, process: Process) -> None:
        """Removes a dead process that nobody waits for any more."""
        self._all.pop(process.pid, None)
        if process.parent is not None and process in process.parent.children:
            process.parent.children.remove(process)
        process.ended.wake()

    def adopt_children(self, of: Process) -> list[Process]:
        """Gives the children of a dead process to the nearest subreaper or to the first process of its namespace."""
        heir = _heir(of)
        orphans = list(of.children)
        of.children.clear()
        for child in orphans:
            child.parent = heir
            child.parent_thread = heir.leader if heir is not None and heir.threads else None
            child.exit_signal = int(Sig.SIGCHLD)
            if heir is not None:
                heir.children.append(child)
        return orphans


def _heir(of: Process) -> Process | None:
    """Who adopts the children of a dead process, None for the machine's number 1 (find_new_reaper)."""
    heir = of.parent
    while heir is not None and heir.pid_ns.level == of.pid_ns.level:
        if heir.subreaper and not heir.dead:
            return heir
        heir = heir.parent
    first = of.pid_ns.init
    return None if first is None or first.dead else first


def child_info(process: Process, code: int, status: int) -> SigInfo:
    """The SIGCHLD information about a change of a process, as its parent sees it."""
    ticks = 10**7
    return SigInfo(
        int(Sig.SIGCHLD),
        code,
        Layout.CHILD,
        process.pid if process.parent is None else process.parent.pid_ns.shown(process.pid),
        process.threads[0].credentials.uid if process.threads else 0,
        status,
        utime=process.usage.utime // ticks,
        stime=process.usage.stime // ticks,
    )


def exit_info(process: Process) -> SigInfo:
    """The SIGCHLD information about a process that has ended."""
    signal = process.exit_code & 0x7F
    if signal:
        code = CldCode.CLD_DUMPED if process.exit_code & 0x80 else CldCode.CLD_KILLED
        return child_info(process, int(code), signal)
    return child_info(process, int(CldCode.CLD_EXITED), process.exit_code >> 8 & 0xFF)


def wants_no_zombies(parent: Process) -> bool:
    """Whether a parent's children vanish when they end (SIGCHLD ignored, or SA_NOCLDWAIT)."""
    action = parent.actions[Sig.SIGCHLD]
    return action.handler == SIG_IGN or bool(action.flags & SaFlags.SA_NOCLDWAIT)
