"""The state of Linux on one machine: what the mechanisms find behind ``task.kernel``.

`LinuxKernel` adds what it takes to run: stubs, the way in and out, who comes first.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ring3.fs.tmpfs import MemoryFileSystem
from ring3.fs.vfs import Vfs
from ring3.image.linux import boot
from ring3.kernel.futex import Futexes
from ring3.kernel.mm.layout import Random
from ring3.kernel.mm.objects import Objects
from ring3.kernel.reach import Reach
from ring3.kernel.regs import FrameType, UserRegs, WindowRegs, frame_type
from ring3.kernel.task import TaskState
from ring3.kernel.two_ways import TwoWays
from ring3.kernel.wait import WaitQueue
from ring3.linux.model.credentials import Credentials
from ring3.linux.model.limits import NR_OPEN
from ring3.linux.model.namespaces import FIRST_NUMBER, first
from ring3.linux.model.process import INIT, Process, Processes
from ring3.linux.model.settings import MmContext
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.task import LinuxTask
from ring3.linux.model.user_namespace import INITIAL
from ring3.linux.x86.fpu import make_fpu
from ring3.linux.x86.ldt import Descriptors
from ring3.linux.x86.vdso import Vdso
from ring3.machine.board import Machine
from ring3.machine.cpu import Event
from ring3.machine.registers import Gpr

if TYPE_CHECKING:
    from ring3.fs.inotify import InotifyLimits
    from ring3.fs.mounts import MountTree
    from ring3.fs.pty import Pty
    from ring3.kernel.ipc import Ipc
    from ring3.kernel.mm.mm import Mm
    from ring3.linux.definition import Layers
    from ring3.linux.model.keys import Keys
    from ring3.linux.model.mqueue import PosixQueues
    from ring3.linux.model.namespaces import Namespaces, PidNamespace, TimeNamespace
    from ring3.linux.model.notices import FanotifyLimits
    from ring3.linux.model.pid_namespace import InnerPidNamespace
    from ring3.linux.model.user_namespace import UserNamespace
    from ring3.loader.program import Executable
    from ring3.net.network import Network

L: Final = boot.L

PT_REGS: Final[FrameType] = frame_type(
    {
        "r15": L["PT_R15"], "r14": L["PT_R14"], "r13": L["PT_R13"], "r12": L["PT_R12"], "bp": L["PT_BP"],
        "bx": L["PT_BX"], "r11": L["PT_R11"], "r10": L["PT_R10"], "r9": L["PT_R9"], "r8": L["PT_R8"],
        "ax": L["PT_AX"], "cx": L["PT_CX"], "dx": L["PT_DX"], "si": L["PT_SI"], "di": L["PT_DI"],
        "orig_ax": L["PT_ORIG_AX"], "ip": L["PT_IP"], "cs": L["PT_CS"], "flags": L["PT_FLAGS"], "sp": L["PT_SP"],
        "ss": L["PT_SS"],
    },
    __name__,
    "PT_REGS",
)  # fmt: skip
"""``struct pt_regs`` in guest RAM."""

MIN_THREADS: Final = 20
RAM_OF_A_THREAD: Final = 128 << 10
"""A machine may have as many threads as 16 KiB of each are an eighth of RAM (set_max_threads in kernel/fork.c)."""

MOUNT_MAX: Final = 100_000
"""How many mounts a namespace may have; less if 16 KiB of each were more than RAM."""

USER_SEGMENTS: Final = {
    L["USER32_CS"]: boot.GDT_USER32_CS,
    L["USER_DS"]: boot.GDT_USER_DS,
    L["USER_CS"]: boot.GDT_USER_CS,
}


class LinuxSystem(TwoWays[LinuxTask]):
    """Linux on one machine.

    Attributes:
        linux: The booted image: tables, GDT, entry state.
        namespaces: Those of programs that nobody forked.
        reach: How far its network reaches; settled before a program runs.
        lease_break_time: Seconds in which a lease has to be given up; 0 for any time.
        core_pattern: What core files are called (core(5)).
        core_uses_pid: Where that has no number of the process, it is added.
        mount_max: How many mounts a namespace may have (fs.mount-max).
        kept_numbers: Numbers below /proc/sys that programs have set and that change nothing, by path.
        aslr: Random bits for addresses, None for fixed ones.
        objects: What concerns all memory objects.
        processes: All processes.
        futexes: Who waits on which word of memory.
        clock_was_set: Woken when the wall clock was set.
        max_tasks: How many threads there may be (kernel.threads-max).
        terminals: The pseudoterminal of a session, None for no terminal; others have that of the host.
        stopped_alone: Told of a process without a parent that a signal has stopped, and by which.
        dying: Told of a thread whose process a signal is about to end, with its registers and the signal.
        terminal_groups: Which process group the terminal of a session serves.
        vfs: All files.
        cwd: Where programs start that nobody forked.
        open_program: Opens a file to be run, for a task that names it.
        hwcap: What AT_HWCAP says.
        contexts: What belongs to the address spaces in use.
        fpu: The floating-point state of the task that runs.
        window: The user registers while the short path works on them.
        descriptors: The descriptor tables of programs.
        newborn: The registers of a task that has not run yet.
        nr_open: The most that RLIMIT_NOFILE may be (fs.nr_open).
        has_settings: Some thread has, or had, what `cpu_context.apply_settings` gives to the CPU.
        pid_namespaces: The innermost namespace with a number for one of the machine's, by that; not the first one.
    """

    frame_size = L["PT_SIZE"]
    open_program: Callable[[LinuxTask, bytes], Executable]

    def __init__(self, machine: Machine, full_path: bool = False) -> None:
        """Boots Linux.

        Args:
            machine: A computer that is on.
            full_path: Run ring 0's code for every event instead of only when it matters.
        """
        self.linux = boot.boot(machine)
        super().__init__(machine, self.linux.kernel, full_path)
        self.window = WindowRegs(machine.cpu, USER_SEGMENTS)
        self._last_namespace = FIRST_NUMBER - 1
        self.reach = Reach.LOOPBACK
        self.lease_break_time = 45
        self.core_pattern, self.core_uses_pid = "core", 0
        self.mount_max = min(MOUNT_MAX, machine.ram.size >> 14)
        self.kept_numbers: dict[bytes, int] = {}
        self.aslr: Random | None = lambda bits: (
            int.from_bytes(self.random_bytes(8), "little") & (1 << bits) - 1
        )
        self.objects = Objects()
        self.vfs = Vfs(machine.ram, self.objects, self.wall_clock)
        self.vfs.mount(MemoryFileSystem(self.vfs))
        self.namespaces = first(self.first_network, self.vfs.tree)
        self.cwd = self.vfs.root
        self.hwcap = machine.cpu.feature_bits
        self.processes = Processes()
        self.futexes = Futexes()
        self.clock_was_set = WaitQueue()
        self.max_tasks = max(MIN_THREADS, machine.ram.size // RAM_OF_A_THREAD)
        self.terminals: dict[int, Pty | None] = {}
        self.stopped_alone: Callable[[Process, int], None] = lambda process, signal: None
        self.dying: Callable[[LinuxTask, UserRegs, SigInfo], None] = lambda task, regs, info: None
        self.terminal_groups: dict[int, int] = {}
        self.contexts: dict[Mm, MmContext] = {}
        self.descriptors = Descriptors(machine, self.linux.gdt)
        self.has_settings = False
        self.pid_namespaces: dict[int, InnerPidNamespace] = {}
        self.nr_open = NR_OPEN
        self._vdsos: dict[int, Vdso] = {}
        self._absent: set[str] = set()
        self.newborn = self._initial_state()
        self.fpu = make_fpu(self)

    def fixtures(self) -> dict[str, Any]:
        """What belongs to the image, the CPU and the host's descriptors."""
        return {"linux": self.linux, "window": self.window, "fpu": self.fpu, "held": self.vfs.held}

    # -- what a running kernel adds ----------------------------------------------------------------------------

    @abstractmethod
    def call(self, entry: str) -> Layers:
        """The layers of a call by its entry point, such as ``sys_write``."""

    @abstractmethod
    def defines(self, entry: str) -> bool:
        """Whether there is a call of this entry point."""

    @abstractmethod
    def first_network(self) -> Network:
        """What all sockets of the first network share."""

    @abstractmethod
    def new_network(self) -> Network:
        """What all sockets of another one share; it reaches nowhere."""

    @abstractmethod
    def ranks_changed(self, task: LinuxTask) -> None:
        """A thread asks something else of the scheduler."""

    @abstractmethod
    def give_way(self, task: LinuxTask) -> None:
        """The task makes room for one of a higher rank; it stays the first of its own."""

    @abstractmethod
    def to_end(self, task: LinuxTask) -> None:
        """The task lets all others of its rank run first."""

    # -- tasks and processes -----------------------------------------------------------------------------------

    def running_task(self) -> LinuxTask:
        """The task whose call is in progress."""
        assert self.current is not None
        return self.current

    def thread(self, tid: int) -> LinuxTask | None:
        """A living thread by number, or None; process 1 is found too, though nobody lists it."""
        return self.init_task if tid == INIT else self.tasks.get(tid)

    def unreaped(self, tid: int) -> LinuxTask | None:
        """A thread by number that lives, or a process's first one that nobody has waited for (find_task_by_vpid)."""
        living = self.thread(tid)
        process = self.processes.get(tid) if living is None else None
        return living if process is None else process.remains

    @cached_property
    def init_task(self) -> LinuxTask:
        """The kernel's own process 1, user 0's, which has no program: it sleeps and takes no signals."""
        task = LinuxTask(self, INIT, "init", None, 0)
        task.process, task.state, task.credentials = (
            self.processes.init,
            TaskState.WAITING,
            Credentials.of(0, 0),
        )
        return task

    def threads(self) -> list[LinuxTask]:
        """All living threads."""
        return list(self.tasks.values())

    def process_with(self, number: int) -> Process:
        """The process that a number names: its own, or that of any of its threads.

        Raises:
            Errno: ESRCH, there is none.
        """
        if number == INIT:
            return self.processes.init
        thread = self.thread(number)
        return self.processes[number] if thread is None else thread.process

    def new_tid(self) -> int:
        """A task number that is not in use, in no namespace."""
        tid = super().new_tid()
        self.forget_number(tid)
        return tid

    def forget_number(self, number: int) -> None:
        """What a number named is gone, and something else gets it."""
        namespace: PidNamespace | None = self.pid_namespaces.pop(number, None)
        while namespace is not None:
            namespace.forget(number)
            namespace = namespace.parent

    def number_in_use(self, number: int) -> bool:
        """Whether a number names a task, a process, a group or a session."""
        return number in self.tasks or self.processes.number_in_use(number)

    @cached_property
    def inotify(self) -> InotifyLimits:
        """The limits of inotify(7)."""
        from ring3.fs.inotify import InotifyLimits  # noqa: PLC0415 - few programs use it

        return InotifyLimits()

    @cached_property
    def fanotify(self) -> FanotifyLimits:
        """The limits of fanotify(7)."""
        from ring3.linux.model.notices import FanotifyLimits  # noqa: PLC0415 - few programs use it

        return FanotifyLimits()

    @cached_property
    def keys(self) -> Keys:
        """Keys and keyrings."""
        from ring3.linux.model.keys import Keys  # noqa: PLC0415 -- few programs use them

        return Keys()

    # -- namespaces: those of the task that runs, or of the machine while none does -------------------------------

    @property
    def _in_force(self) -> Namespaces:
        return self.namespaces if self.current is None else self.current.namespaces

    @property
    def viewer(self) -> UserNamespace:
        """The user namespace of who looks."""
        return INITIAL if self.current is None else self.current.credentials.user_ns

    @property
    def mounts(self) -> MountTree:
        """What is mounted where."""
        return self._in_force.mnt.tree

    @property
    def time_namespace(self) -> TimeNamespace:
        """By how much its clocks are ahead."""
        return self._in_force.time

    @property
    def hostname(self) -> str:
        """What uname(2) calls the machine."""
        return self._in_force.uts.hostname

    @hostname.setter
    def hostname(self, name: str) -> None:
        self._in_force.uts.hostname = name

    @property
    def domainname(self) -> str:
        """Its NIS domain."""
        return self._in_force.uts.domainname

    @domainname.setter
    def domainname(self, name: str) -> None:
        self._in_force.uts.domainname = name

    @property
    def network(self) -> Network:
        """What all sockets share."""
        return self._in_force.net.network

    @property
    def ipc(self) -> Ipc:
        """System V interprocess communication."""
        return self._in_force.ipc.system_v

    @property
    def posix_queues(self) -> PosixQueues:
        """POSIX message queues."""
        return self._in_force.ipc.queues

    def new_namespace_number(self) -> int:
        """What a new namespace is called."""
        self._last_namespace += 1
        return self._last_namespace

    # -- the machine -------------------------------------------------------------------------------------------

    def wall_clock(self) -> int:
        """Nanoseconds since 1970, by the clocks in force."""
        return self.clocks.realtime()

    def vdso(self, bits: int) -> Vdso:
        """The vDSO for programs of a width."""
        if bits not in self._vdsos:
            self._vdsos[bits] = Vdso.load(self.machine.ram, bits)
        return self._vdsos[bits]

    def frame_at(self, physical: int) -> UserRegs:
        """``pt_regs`` at a physical address."""
        return PT_REGS(self.machine.ram.q, physical >> 3)

    def report_absent(self, name: str) -> None:
        """Tells the user, once, that something is not there."""
        if name not in self._absent:
            self._absent.add(name)
            task = self.running_task()
            self.log(f"{task.name} ({task.tgid}): {name} is not implemented: ENOSYS (reported once)")

    def _initial_state(self) -> bytes:
        """The registers of a task that has not run yet: the FPU as the machine code sets it, all else zero."""
        cpu = self.machine.cpu
        cpu.rip = self.image.symbols["fpu__init_cpu"]
        cpu.set_gpr(Gpr.RSP, self.image.symbols["entry_stack_top"])
        stop = cpu.run()
        assert stop is Event.HALT, stop
        return cpu.save()
