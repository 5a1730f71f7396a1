"""A process: what its lwps share (``proc_t``), and the family of processes.

State alone; what acts on it is with the calls: `birth` (fork, lwp_create), `exit`, `waitsys`, `signals`.
Process 1 is not there: it adopts orphans and reaps them at once.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.kernel.wait import WaitQueue

if TYPE_CHECKING:
    from ring3.fs.descriptors import FdTable
    from ring3.fs.file import File
    from ring3.fs.namei import FsContext
    from ring3.solaris.clocks import IntervalTimer
    from ring3.solaris.credentials import Cred
    from ring3.solaris.exec import Start
    from ring3.solaris.siginfo import Info
    from ring3.solaris.task import SolarisTask
    from ring3.solaris.timers import PosixTimer
    from ring3.solaris.tracing import Tracing

DEFAULT_PROJECT: Final = 3
"""The project of users that have no other (project(5))."""
INIT: Final = 1
"""The process that adopts orphans, and the group and session of a program that nobody here started."""


class Action:
    """What a process does on a signal (``struct sigaction``).

    Attributes:
        handler: SIG_DFL, SIG_IGN or an address.
        flags: ``sa_flags``.
        mask: Signals blocked while the handler runs, a bit each.
    """

    __slots__ = ("flags", "handler", "mask")

    def __init__(self, handler: int = 0, flags: int = 0, mask: int = 0) -> None:
        self.handler = handler
        self.flags = flags
        self.mask = mask


class Process:
    """One process.

    Attributes:
        pid: Its number.
        ppid: Its parent's.
        pgid: The process group.
        sid: The session.
        files: Open files.
        fs: Where it stands in the tree.
        cred: Whom it runs as.
        ilp32: It is a program of 32 bits (p_model).
        exe: Absolute path of the program.
        comm: What it is called, if somebody has called it otherwise than its program (u_comm).
        args: Its arguments, as psinfo shows them.
        start: The program as it was started.
        actions: What it does on signals, but for those with SIG_DFL.
        sigqueue: Signals for whichever lwp takes them, oldest first.
        lwps: Its lwps by number.
        children: Its children by number, dead ones until they are waited for.
        stack_prot: `Prot` bits of the stack (p_stkprot).
        changed: Woken when a child or an lwp has ended.
        exited: It has ended.
        exit_code: As wait(2) encodes it, then.
        nice: Its nice value, 20 for an ordinary one (p_nice of a process that shares time).
        project: Its project.
        task: Its task.
        stopped: The signal that has stopped it, 0 while it runs.
        news: That it has stopped or gone on, until its parent has waited for that.
        started: Wall clock at its birth, in nanoseconds.
        cpu_time: Nanoseconds that ended lwps had the CPU; ``children_time`` those of children waited for.
        zombies: lwps that have ended and were not waited for, unless they were detached.
        next_lwpid: The number of the next lwp.
        page: Physical address of the page with its ``proc_t``.
        told_files: The open files that these tell of, by address of their ``file_t``.
        told_pages: Those with what is told of its files and memory, once somebody has looked (`told`).
        timers: Its interval timers by number.
        posix_timers: Those of timer_create by number.
        tracing: What a controller traces of it, None while nobody ever did.
        limits: Its limits that were set: current and most.
        shared_pages: Addresses of the pages that its lwps share with the kernel (schedctl).
    """

    def __init__(self, pid: int, ppid: int, files: FdTable, fs: FsContext, cred: Cred, started: int) -> None:
        self.pid = pid
        self.ppid = ppid
        self.pgid = pid
        self.sid = pid
        self.files = files
        self.fs = fs
        self.cred = cred
        self.ilp32 = False
        self.exe = ""
        self.comm = b""
        self.args = b""
        self.start: Start | None = None
        self.actions: dict[int, Action] = {}
        self.sigqueue: deque[Info] = deque()
        self.lwps: dict[int, SolarisTask] = {}
        self.children: dict[int, Process] = {}
        self.stack_prot = 3
        self.changed = WaitQueue()
        self.exited = False
        self.exit_code = 0
        self.nice = 20
        self.project = DEFAULT_PROJECT
        self.task = 1
        self.stopped = 0
        self.news: Info | None = None
        self.started = started
        self.cpu_time = 0
        self.children_time = 0
        self.zombies: dict[int, bool] = {}
        self.next_lwpid = 1
        self.page = 0
        self.told_pages: list[int] = []
        self.told_files: dict[int, File] = {}
        self.timers: dict[int, IntervalTimer] = {}
        self.posix_timers: dict[int, PosixTimer] = {}
        self.shared_pages: dict[int, int] = {}
        self.tracing: Tracing | None = None
        self.limits: dict[int, tuple[int, int]] = {}

    @property
    def name(self) -> bytes:
        """What it is called: by its program, if nobody says otherwise."""
        return self.comm or self.exe.rpartition("/")[2].encode("utf-8", "surrogateescape")

    def action(self, signal: int) -> Action:
        """What it does on a signal."""
        return self.actions.get(signal) or _DEFAULT


_DEFAULT: Final = Action()
