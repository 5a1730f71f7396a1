"""What a task of Linux has beyond what every kernel's has: state, and questions about it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from ring3.fs.descriptors import FdTable
from ring3.fs.namei import FsContext
from ring3.image.linux.boot import L
from ring3.kernel.mm.mm import Mm
from ring3.kernel.task import Task
from ring3.kernel.wait import WaitQueue
from ring3.linux.model.altstack import AltStack
from ring3.linux.model.credentials import Credentials
from ring3.linux.model.limits import initial_limits
from ring3.linux.model.process import Process, Rusage
from ring3.linux.model.scheduling import Scheduling
from ring3.linux.model.settings import MmContext, Settings
from ring3.linux.model.signal_state import Pending
from ring3.linux.model.syscall_work import SECCOMP, USER_DISPATCH, clear_work, set_work
from ring3.linux.model.trace import Breakpoints, Trace

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.permission import Who
    from ring3.linux.model.filters import Dispatch, Seccomp
    from ring3.linux.model.keys import TaskKeyrings
    from ring3.linux.model.memory_policy import MemoryPolicy
    from ring3.linux.model.namespaces import PidNamespace
    from ring3.linux.model.program import Start
    from ring3.linux.model.rseq import Registration
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.undo import UndoList

_SIGPENDING: Final = 1 << L["TIF_SIGPENDING"]


class LinuxTask(Task):
    """A thread of a Linux program.

    Attributes:
        tgid: Number of the process.
        vtid: Its number in its own namespace, what gettid(2) says (task_pid_vnr).
        vtgid: That of its process, what getpid(2) says.
        process: The process.
        files: Open files.
        fs: Where it stands in the tree of files.
        program: What execve(2) has loaded last.
        file_access: Whom its file operations are done for, with the credentials that this was made from.
        credentials: Whom it runs as.
        namespaces: What it has for its own machine.
        exe: Path of the program, what /proc/self/exe leads to.
        rlimits: Soft and hard limits by number, shared by the threads of a process.
        signals: Those pending for this thread alone.
        blocked: Signals it does not take now.
        saved_mask: The mask to go back to after the signal that ends sigsuspend(2) or ppoll(2).
        waited_for: Signals that sigtimedwait(2) takes although they are blocked.
        altstack: The alternate signal stack.
        must_stop: It is to stop because its process does, or has for that.
        stop_signal: The last signal that stopped its process.
        may_stop: No SIGCONT has come since it took the signal that is to stop its process (JOBCTL_STOP_DEQUEUED).
        stopped: Woken when it may go on.
        restart: What restart_syscall(2) does.
        undo_list: What semop(2) is to take back when it and those that share the list have ended.
        clear_child_tid: Address that is cleared when it ends, 0 for none.
        robust_list: Address that set_robust_list(2) gave, 0 for none.
        compat_robust_list: The same from a 32-bit caller.
        tls: The three GDT entries of set_thread_area(2), as they lie in the GDT while it runs.
        by_sysenter: The call in progress came by ``sysenter``, on the short path.
        orig_ax: The number of the call in which it waits, on the short path.
        vfork_done: Woken when it no longer uses its parent's memory.
        parent_death_signal: What it gets when its parent ends (PR_SET_PDEATHSIG).
        trace: How it is traced, None if it is not.
        stepping: Its tracer lets it execute single instructions.
        forced_tf: The trap flag in its flags is its tracer's.
        scheduling: What it asks of the scheduler.
        settings: What it was told about itself by prctl(2).
        seccomp: Which system calls it has given up, None for none.
        dispatch: Which of its calls it catches itself, None for none.
        rseq: Where it has its restartable sequences, None for nowhere.
        trap_number: Vector of its last exception.
        error_code: Error code of its last exception.
        fault_address: Address of its last page fault.
        memory_policy: On which nodes its memory is to lie, None for any.
        debug_status: Why it was trapped last: DR6 without the bits that are always set.
        debug_registers: The others of them, None while no tracer has set one.
        keyrings: The keyrings that it has, None while it has asked for none.
        pidfd_ino: What stat(2) calls descriptors that stand for it alone, 0 while there are none.
    """

    memory_policy: MemoryPolicy | None = None
    debug_status = 0
    debug_registers: Breakpoints | None = None
    pidfd_ino = 0
    keyrings: TaskKeyrings | None = None
    kernel: LinuxSystem
    process: Process
    program: Start

    def __init__(self, kernel: LinuxSystem, tid: int, name: str, mm: Mm | None, stack: int) -> None:
        super().__init__(kernel, tid, name, mm, stack)
        self.tgid = self.vtid = self.vtgid = tid
        self.files = FdTable()
        self.fs = FsContext(kernel.vfs.root, kernel.cwd)
        self.file_access: tuple[Credentials, Who] | None = None
        self.credentials = Credentials()
        self.namespaces = kernel.namespaces
        self.exe = ""
        self.rlimits = initial_limits(kernel.max_tasks)
        self.signals = Pending()
        self.blocked = 0
        self.saved_mask: int | None = None
        self.waited_for = 0
        self.altstack = AltStack()
        self.must_stop = self.may_stop = False
        self.stop_signal = 0
        self.stopped = WaitQueue()
        self.restart: Callable[[], int | Coroutine[Any, Any, int]] | None = None
        self.undo_list: UndoList | None = None
        self.clear_child_tid = 0
        self.robust_list = self.compat_robust_list = 0
        self.tls = [0, 0, 0]
        self.by_sysenter = False
        self.orig_ax = 0
        self.vfork_done: WaitQueue | None = None
        self.parent_death_signal = 0
        self.trace: Trace | None = None
        self.stepping = self.forced_tf = False
        self.scheduling = Scheduling()
        self.settings = Settings()
        self.seccomp: Seccomp | None = None
        self.dispatch: Dispatch | None = None
        self.rseq: Registration | None = None
        self.minflt = self.majflt = 0
        self.trap_number = self.error_code = self.fault_address = 0

    @property
    def mm_context(self) -> MmContext:
        """What belongs to its address space."""
        return self.kernel.contexts[self.memory]

    @property
    def pid_ns(self) -> PidNamespace:
        """The namespace whose numbers it gives and gets (task_active_pid_ns)."""
        return self.process.pid_ns

    @property
    def exe_place(self) -> Dentry | None:
        """Where the program that it runs was found."""
        return self.program.file.place

    @property
    def is_narrow(self) -> bool:
        """Whether it runs 32-bit code, or none (user_64bit_mode)."""
        return self.regs.cs != L["USER_CS"]

    def interrupted(self) -> bool:
        """Whether a handler that waits has to look for signals or a stop (signal_pending): it was told to."""
        return bool(self.kernel.machine.ram.q[self.struct] & _SIGPENDING)

    @property
    def program_ended(self) -> bool:
        """Whether its process has ended, which may live on without its first thread."""
        return self.process.dead

    @property
    def program_exit_code(self) -> int:
        """What its process ended with."""
        return self.process.exit_code

    def usage(self) -> Rusage:
        """Resources used so far, but for memory, which is the process's (`max_rss`)."""
        return Rusage(
            utime=self.kernel.cpu_time(self),
            minflt=self.minflt,
            majflt=self.majflt,
            nvcsw=self.waits,
            nivcsw=self.preemptions,
        )

    def max_rss(self) -> int:
        """The most KiB of memory that its process had, up to now (ru_maxrss)."""
        return max(self.process.usage.maxrss, 0 if self.mm is None else self.mm.peak_rss() * 4)

    # -- what becomes of it ------------------------------------------------------------------------------------

    def after_exec(self, program: Start) -> None:
        """Another program runs in it from now on: what the one before had set up in its own memory is forgotten."""
        self.program = program
        self.landing_pad = program.landing_pad
        self.rseq = None
        self.dispatch = None
        clear_work(self, USER_DISPATCH)
        self.altstack = self.altstack.after_exec()
        self.tls = [0, 0, 0]
        self.clear_child_tid = 0
        self.debug_status = 0
        if self.debug_registers is not None:
            self.debug_registers.clear()
        if self.keyrings is not None:
            self.keyrings.after_exec()

    def for_child(self, child: LinuxTask, *, share_files: bool, share_fs: bool) -> None:
        """Gives a child what clone(2) copies or shares, but for the memory, the process and the registers."""
        child.files = self.files.share() if share_files else self.files.copy()
        child.fs = self.fs if share_fs else self.fs.copy()
        child.credentials = self.credentials
        child.namespaces = self.namespaces
        child.exe = self.exe
        child.program = self.program
        child.rlimits = self.rlimits if child.process is self.process else list(self.rlimits)
        child.blocked = self.blocked
        child.tls = list(self.tls)
        child.scheduling = self.scheduling.for_child()
        child.settings = self.settings.for_child()
        if self.seccomp is not None:
            child.seccomp = self.seccomp
            for listener in self.seccomp.listeners():
                listener.users += 1
            set_work(child, SECCOMP)
        if self.rseq is not None and child.mm is not self.mm:
            child.rseq = self.rseq.copy()
        child.landing_pad = self.landing_pad
        child.debug_status = self.debug_status
        if self.memory_policy is not None:
            child.memory_policy = self.memory_policy
        if self.keyrings is not None:
            child.keyrings = self.keyrings.for_child(is_thread=child.process is self.process)

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
