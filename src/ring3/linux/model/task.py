"""What a task of Linux has beyond what every kernel's has."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from copy import copy
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import E, Errno
from ring3.abi.signals import Sig
from ring3.fs.file import FdTable
from ring3.fs.namei import FsContext
from ring3.image.linux.boot import GDT_ENTRIES, GDT_TLS_MIN, GDT_USER_DS, L
from ring3.kernel.mm.mm import Mm
from ring3.kernel.task import Task
from ring3.kernel.wait import WaitQueue
from ring3.linux.calls.processes.limits import DEFAULTS
from ring3.linux.calls.signals.altstack import AltStack
from ring3.linux.calls.signals.signals import interrupted
from ring3.linux.entry.syscall_work import SECCOMP, set_work
from ring3.linux.exec.executable import ExecFile
from ring3.linux.model.credentials import Cap, Credentials
from ring3.linux.model.process import Process, Rusage
from ring3.linux.model.scheduling import Scheduling
from ring3.linux.model.settings import MmContext, Settings
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.signal_state import Pending
from ring3.linux.signals.send import recalculate, send_to_thread, set_blocked
from ring3.linux.tracing.stops import Trace
from ring3.machine.descriptors import TI_LDT, Segment
from ring3.machine.registers import Seg

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.permission import Who
    from ring3.linux.calls.sched.rseq import Registration
    from ring3.linux.calls.tracing.seccomp import Seccomp
    from ring3.linux.exec.program import Start
    from ring3.linux.filters.user_dispatch import Dispatch
    from ring3.linux.kernel import LinuxKernel

RLIMIT_CPU: Final = 0
RLIMIT_NOFILE: Final = 7
_MM_LIMITS: Final = {2: "data", 3: "stack", 8: "memlock", 9: "address_space"}
_NO_SEGMENT: Final = Segment(0, 0, 0, 0)


class LinuxTask(Task):
    """A thread of a Linux program.

    Attributes:
        tgid: Number of the process, what getpid(2) says.
        process: The process.
        files: Open files.
        fs: Where it stands in the tree of files.
        program: What execve(2) has loaded last.
        file_access: Whom its file operations are done for, with the credentials that this was made from.
        credentials: Whom it runs as.
        exe: Path of the program, what /proc/self/exe leads to.
        rlimits: Soft and hard limits by number, shared by the threads of a process.
        signals: Those pending for this thread alone.
        blocked: Signals it does not take now.
        saved_mask: The mask to go back to after the signal that ends sigsuspend(2) or ppoll(2).
        waited_for: Signals that sigtimedwait(2) takes although they are blocked.
        altstack: The alternate signal stack.
        must_stop: Its process is stopped.
        stopped: Woken when it may go on.
        restart: What restart_syscall(2) does.
        clear_child_tid: Address that is cleared when it ends, 0 for none.
        robust_list: Address that set_robust_list(2) gave, 0 for none.
        compat_robust_list: The same from a 32-bit caller.
        tls: The three GDT entries of set_thread_area(2), as they lie in the GDT while it runs.
        by_sysenter: The call in progress came by ``sysenter``, on the short path.
        orig_ax: The number of the call in which it waits, on the short path.
        vfork_done: Woken when it no longer uses its parent's memory.
        parent_death_signal: What it gets when its parent ends (PR_SET_PDEATHSIG).
        trace: How it is traced, None if it is not.
        single_stepped: Its tracer has set the trap flag.
        scheduling: What it asks of the scheduler.
        settings: What it was told about itself by prctl(2).
        seccomp: Which system calls it has given up, None for none.
        dispatch: Which of its calls it catches itself, None for none.
        rseq: Where it has its restartable sequences, None for nowhere.
        trap_number: Vector of its last exception.
        error_code: Error code of its last exception.
        fault_address: Address of its last page fault.
        pidfd_ino: What stat(2) calls descriptors that stand for it alone, 0 while there are none.
    """

    pidfd_ino = 0
    kernel: LinuxKernel
    process: Process
    program: Start

    def __init__(self, kernel: LinuxKernel, tid: int, name: str, mm: Mm, stack: int) -> None:
        super().__init__(kernel, tid, name, mm, stack)
        self.tgid = tid
        self.files = FdTable()
        self.fs = FsContext(kernel.vfs.root, kernel.cwd)
        self.file_access: tuple[Credentials, Who] | None = None
        self.credentials = Credentials()
        self.exe = ""
        self.rlimits = list(DEFAULTS)
        self.signals = Pending()
        self.blocked = 0
        self.saved_mask: int | None = None
        self.waited_for = 0
        self.altstack = AltStack()
        self.must_stop = False
        self.stopped = WaitQueue()
        self.restart: Callable[[], int | Coroutine[Any, Any, int]] | None = None
        self.clear_child_tid = 0
        self.robust_list = self.compat_robust_list = 0
        self.tls = [0, 0, 0]
        self.by_sysenter = False
        self.orig_ax = 0
        self.vfork_done: WaitQueue | None = None
        self.parent_death_signal = 0
        self.trace: Trace | None = None
        self.single_stepped = False
        self.scheduling = Scheduling()
        self.settings = Settings()
        self.seccomp: Seccomp | None = None
        self.dispatch: Dispatch | None = None
        self.rseq: Registration | None = None
        self.trap_number = self.error_code = self.fault_address = 0

    # -- signals -----------------------------------------------------------------------------------------------

    def interrupted(self) -> bool:
        """Whether a handler that waits must give up, because a signal is to be taken."""
        return interrupted(self)

    def set_blocked(self, mask: int) -> None:
        """Replaces the mask of blocked signals."""
        set_blocked(self, mask)

    def resume_from_stop(self) -> None:
        """Lets it go on after its process was stopped."""
        if self.must_stop:
            self.must_stop = False
            recalculate(self)
            self.stopped.wake()

    @property
    def is_narrow(self) -> bool:
        """Whether it runs 32-bit code."""
        return self.regs.cs == L["USER32_CS"]

    def broken_pipe(self) -> None:
        """It wrote where nobody reads."""
        send_to_thread(self, SigInfo(int(Sig.SIGPIPE)))

    def file_too_large(self) -> None:
        """It wrote beyond RLIMIT_FSIZE."""
        send_to_thread(self, SigInfo(int(Sig.SIGXFSZ)))

    def terminal_group(self) -> int:
        """The process group that its terminal serves."""
        return self.kernel.terminal_groups.get(self.process.sid, self.process.sid)

    def set_terminal_group(self, pgid: int) -> None:
        """Gives its terminal to another process group of its session.

        Raises:
            Errno: EPERM, it is of another session; ESRCH, there is none; EINVAL, a negative number.
        """
        if pgid < 0:
            raise Errno(E.EINVAL)
        group = self.kernel.processes.group(pgid)
        if not group:
            raise Errno(E.ESRCH)
        if all(process.sid != self.process.sid for process in group):
            raise Errno(E.EPERM)
        self.kernel.terminal_groups[self.process.sid] = pgid

    # -- scheduling --------------------------------------------------------------------------------------------

    def reschedule(self) -> None:
        """Lets the other tasks run first."""
        if self.kernel.has_others():
            self.kernel.to_end(self)

    def set_scheduling(self, scheduling: Scheduling) -> None:
        """Replaces what it asks of the scheduler; others may come first from now on."""
        self.scheduling = scheduling
        self.kernel.ranks_changed(self)

    def set_no_tsc(self, on: bool) -> None:
        """Forbids it to read the time-stamp counter (CR4.TSD), or allows that again."""
        self.settings.no_tsc = on
        if self is self.kernel.current:
            self.kernel.apply_settings(self)

    def set_seccomp(self, seccomp: Seccomp) -> None:
        """Gives system calls up; each is asked for from now on."""
        self.seccomp = seccomp
        set_work(self, SECCOMP)

    def set_credentials(self, credentials: Credentials) -> None:
        """Replaces whom it runs as, and tells those who enforce it."""
        self.credentials = credentials
        may_lock = credentials.capable(Cap.IPC_LOCK)
        if self.memory.limits.ipc_lock != may_lock:
            limits = self.memory.limits = copy(self.memory.limits)
            limits.ipc_lock = may_lock

    @property
    def mm_context(self) -> MmContext:
        """What belongs to its address space."""
        return self.kernel.context(self.memory)

    # -- kernel memory -----------------------------------------------------------------------------------------

    @property
    def in_ia32_syscall(self) -> bool:
        """Whether the call in progress came through a 32-bit door (TS_COMPAT)."""
        return bool(self.kernel.machine.ram.q[self.struct + (L["TASK_STATUS"] >> 3)] & L["TS_COMPAT"])

    def set_flag(self, bit: int) -> None:
        """Sets a bit of ``thread_info.flags`` in guest RAM."""
        self.kernel.machine.ram.q[self.struct] |= 1 << bit

    def clear_flag(self, bit: int) -> None:
        """Clears a bit of ``thread_info.flags`` in guest RAM."""
        self.kernel.machine.ram.q[self.struct] &= ~(1 << bit)

    @property
    def landing_pad(self) -> int:
        """Where the fast 32-bit doors come back, 0 for a 64-bit program."""
        return self.kernel.machine.ram.q[self.struct + (L["TASK_LANDING_PAD"] >> 3)]

    @landing_pad.setter
    def landing_pad(self, address: int) -> None:
        self.kernel.machine.ram.q[self.struct + (L["TASK_LANDING_PAD"] >> 3)] = address

    # -- segments ----------------------------------------------------------------------------------------------

    def load_tls(self) -> None:
        """Puts the task's GDT entries into the GDT."""
        at = (self.kernel.linux.gdt >> 3) + GDT_TLS_MIN
        q = self.kernel.machine.ram.q
        q[at], q[at + 1], q[at + 2] = self.tls

    def load_user_segment(self, segment: Seg, selector: int) -> None:
        """Loads DS, ES, FS or GS as the instruction does; what cannot be loaded becomes the null selector."""
        load = self.kernel.load_user_segment
        index = selector >> 3
        if selector & TI_LDT:
            ldt = self.mm_context.ldt
            found = None if ldt is None else ldt.segment(selector)
            load(segment, selector | 3 if found else 0, found or _NO_SEGMENT)
        elif selector | 3 == L["USER_DS"]:
            load(segment, selector | 3, GDT_USER_DS)
        elif GDT_TLS_MIN <= index < GDT_TLS_MIN + 3 and self.tls[index - GDT_TLS_MIN]:
            descriptor = Segment.from_bytes(self.tls[index - GDT_TLS_MIN].to_bytes(8, "little"))
            load(segment, selector | 3, descriptor)
        else:
            load(segment, 0, _NO_SEGMENT)

    def descriptor(self, selector: int) -> Segment | None:
        """What a selector names in the GDT or the program's own table, None for nothing."""
        index = selector >> 3
        if selector & TI_LDT:
            ldt = self.mm_context.ldt
            raw = ldt[index] if ldt is not None and index < ldt.entries else 0
        else:
            kernel = self.kernel
            raw = kernel.machine.ram.q[(kernel.linux.gdt >> 3) + index] if index < GDT_ENTRIES else 0
        return Segment.from_bytes(raw.to_bytes(8, "little")) if raw else None

    def refresh_segments(self) -> None:
        """Loads anew those segment registers that point at a TLS entry that has changed."""
        cpu = self.kernel.machine.cpu
        for segment in (Seg.DS, Seg.ES, Seg.FS, Seg.GS):
            selector = cpu.selector(segment)
            if not selector & TI_LDT and GDT_TLS_MIN <= selector >> 3 < GDT_TLS_MIN + 3:
                self.load_user_segment(segment, selector)

    # -- files -------------------------------------------------------------------------------------------------

    @property
    def exe_place(self) -> Dentry | None:
        """Where the program that it runs was found."""
        file = self.program.file
        return file.place if isinstance(file, ExecFile) else None

    # -- what it shares ----------------------------------------------------------------------------------------

    def set_rlimit(self, resource: int, soft: int, hard: int) -> None:
        """Sets a limit, and tells those who enforce it."""
        self.rlimits[resource] = (soft, hard)
        if resource == RLIMIT_NOFILE:
            self.files.limit = soft
        elif resource == RLIMIT_CPU:
            self.watch_cpu_time()
        name = _MM_LIMITS.get(resource)
        if name is not None:
            limits = self.memory.limits = copy(self.memory.limits)
            setattr(limits, name, soft)

    def watch_cpu_time(self) -> None:
        """Has RLIMIT_CPU of its process watched."""
        from ring3.linux.timers import cpu_limit  # noqa: PLC0415 -- few programs ever need it

        cpu_limit.watch(self)

    def inherit(self, parent: LinuxTask, *, share_files: bool, share_fs: bool) -> None:
        """Takes over from a parent what clone(2) copies or shares."""
        self.files = parent.files.share() if share_files else parent.files.copy()
        self.fs = parent.fs if share_fs else parent.fs.copy()
        self.credentials = parent.credentials
        self.exe = parent.exe
        self.program = parent.program
        self.rlimits = parent.rlimits if self.process is parent.process else list(parent.rlimits)
        self.blocked = parent.blocked
        self.tls = list(parent.tls)
        self.scheduling = parent.scheduling.for_child()
        self.settings = parent.settings.for_child()
        if parent.seccomp is not None:
            self.set_seccomp(parent.seccomp)
        if parent.rseq is not None and self.mm is not parent.mm:
            self.rseq = parent.rseq.copy()
        self.landing_pad = parent.landing_pad

    def unshare(self, *, files: bool, fs: bool) -> None:
        """Gets copies of its own of what it shares."""
        if files:
            shared, self.files = self.files, self.files.copy()
            shared.release()
        if fs:
            self.fs = self.fs.copy()

    def leave_files(self) -> None:
        """Drops its descriptors; the last user closes them."""
        self.files.release()

    def leave_memory(self) -> None:
        """Drops its address space: clears the thread's number there, lets a vfork parent go on, frees it if last."""
        mm = self.mm
        if mm is None:
            return
        self.kernel.leaving_memory(self)
        self.mm = None
        if self.vfork_done is not None:
            done, self.vfork_done = self.vfork_done, None
            done.wake()
        self.kernel.drop_memory(mm)

    def usage(self) -> Rusage:
        """Resources used so far."""
        mm = self.mm
        return Rusage(
            utime=self.kernel.cpu_time(self),
            maxrss=mm.peak_rss() * 4 if mm is not None else 0,
            majflt=mm.major_faults if mm is not None else 0,
        )
