"""The Linux kernel on a machine: its image, its table of calls, its tasks.

`LinuxKernel` ties the rooms together: it boots the image, binds each stub to the layers of its call, and says how a
task enters and leaves. What the calls do is in the files by family; `linux.table` imports them all.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi import tbl
from ring3.abi.errno import E, Errno
from ring3.errors import OutOfFrames
from ring3.fs.file import FdTable
from ring3.fs.tmpfs import MemoryFileSystem
from ring3.fs.vfs import Vfs
from ring3.image.linux import boot
from ring3.kernel.core import Result
from ring3.kernel.functions import FunctionTable, KernelFunction
from ring3.kernel.futex import Futexes
from ring3.kernel.mm.layout import Random
from ring3.kernel.mm.mm import Mm
from ring3.kernel.mm.objects import Objects
from ring3.kernel.regs import NAMES, FrameType, UserRegs, WindowRegs, copy_regs, frame_type
from ring3.kernel.two_ways import TwoWays
from ring3.kernel.wait import WaitQueue
from ring3.linux import table
from ring3.linux.calls.processes.exit import clear_child_tid
from ring3.linux.calls.processes.futex import wake
from ring3.linux.calls.processes.threads import release_robust_lists
from ring3.linux.calls.system.tls import set_tls
from ring3.linux.definition import Layers, Syscall
from ring3.linux.entry import traps
from ring3.linux.entry.short_path import leave_ia32, run_short
from ring3.linux.exec.executable import open_for
from ring3.linux.exec.program import Start, load_data_segments, start_thread
from ring3.linux.futexes.pi import release_all as release_locks
from ring3.linux.model.credentials import Credentials
from ring3.linux.model.process import Process, Processes
from ring3.linux.model.scheduling import Policy
from ring3.linux.model.settings import MmContext
from ring3.linux.model.signal_state import Actions
from ring3.linux.model.task import LinuxTask
from ring3.linux.x86.fpu import Fpu
from ring3.linux.x86.ldt_windows import LdtWindows
from ring3.linux.x86.vdso import Vdso
from ring3.loader.program import Executable
from ring3.machine.board import Machine
from ring3.machine.cpu import Event
from ring3.machine.descriptors import Tss
from ring3.machine.registers import Gpr

if TYPE_CHECKING:
    from ring3.fs.pty import Pty
    from ring3.kernel.probes import Attacher
    from ring3.linux.calls.system.ldt import Ldt

L: Final = boot.L

PT_REGS: Final[FrameType] = frame_type(
    {
        "r15": L["PT_R15"], "r14": L["PT_R14"], "r13": L["PT_R13"], "r12": L["PT_R12"], "bp": L["PT_BP"],
        "bx": L["PT_BX"], "r11": L["PT_R11"], "r10": L["PT_R10"], "r9": L["PT_R9"], "r8": L["PT_R8"],
        "ax": L["PT_AX"], "cx": L["PT_CX"], "dx": L["PT_DX"], "si": L["PT_SI"], "di": L["PT_DI"],
        "orig_ax": L["PT_ORIG_AX"], "ip": L["PT_IP"], "cs": L["PT_CS"], "flags": L["PT_FLAGS"], "sp": L["PT_SP"],
        "ss": L["PT_SS"],
    }
)  # fmt: skip
"""``struct pt_regs`` in guest RAM."""

CPUID_1_EDX: Final = 0x078B_FBFD
"""Feature bits of the CPU model (CPUID leaf 1, EDX); the tests compare it with the instruction."""

CR4_TSD: Final = 1 << 2
"""Only ring 0 may read the time-stamp counter (SDM 3A, 2.5)."""

MIN_THREADS: Final = 20
MAX_THREADS: Final = 4096
"""How many threads a machine may have at most; less if 16 KiB of each would be more than an eighth of RAM
(set_max_threads in kernel/fork.c)."""

USER_SEGMENTS: Final = {
    L["USER32_CS"]: boot.GDT_USER32_CS,
    L["USER_DS"]: boot.GDT_USER_DS,
    L["USER_CS"]: boot.GDT_USER_CS,
}


class LinuxKernel(TwoWays[LinuxTask]):
    """Linux on one machine.

    Attributes:
        linux: The booted image: tables, GDT, entry state.
        layers: The layers of each call made so far, by entry point.
        hostname: What uname(2) calls the machine.
        domainname: Its NIS domain.
        aslr: Random bits for addresses, None for fixed ones.
        objects: What concerns all memory objects.
        processes: All processes.
        futexes: Who waits on which word of memory.
        clock_was_set: Woken when the wall clock was set.
        max_tasks: How many threads there may be (kernel.threads-max).
        terminals: The pseudoterminal of a session, None for no terminal; others have that of the host.
        terminal_groups: Which process group the terminal of a session serves.
        vfs: All files.
        cwd: Where programs start that nobody forked.
        open_program: Opens a file to be run, for a task that names it.
        hwcap: What AT_HWCAP says.
        fpu: The floating-point state of the task that runs.
        window: The user registers while the short path works on them.
        ldt_windows: Where the kernel sees the descriptor tables of programs.
        loaded_ldt: The one in the CPU.
        ranked: Some thread asked for a policy that comes before others.
    """

    frame_size = L["PT_SIZE"]

    def __init__(self, machine: Machine, full_path: bool = False) -> None:
        """Boots Linux.

        Args:
            machine: A computer that is on.
            full_path: Run ring 0's code for every event instead of only when it matters.
        """
        self.linux = boot.boot(machine)
        super().__init__(machine, self.linux.kernel, full_path)
        self.layers: dict[str, Layers] = {}
        self.window = WindowRegs(machine.cpu, USER_SEGMENTS)
        self.hostname = "ring3"
        self.domainname = "(none)"
        self.aslr: Random | None = lambda bits: (
            int.from_bytes(self.random_bytes(8), "little") & (1 << bits) - 1
        )
        self.objects = Objects()
        self.vfs = Vfs(machine.ram, self.objects, self.wall_clock)
        self.vfs.mount(MemoryFileSystem(self.vfs))
        self.cwd = self.vfs.root
        self.hwcap = CPUID_1_EDX
        self.processes = Processes()
        self.futexes = Futexes()
        self.clock_was_set = WaitQueue()
        self.max_tasks = max(MIN_THREADS, min(MAX_THREADS, machine.ram.size >> 17))
        self.terminals: dict[int, Pty | None] = {}
        self.terminal_groups: dict[int, int] = {}
        self.open_program: Callable[[LinuxTask, bytes], Executable] = open_for
        self._contexts: dict[Mm, MmContext] = {}
        self.ldt_windows = LdtWindows(machine.kernel_pmap)
        self.loaded_ldt: Ldt | None = None
        self.ranked = False
        self._vdsos: dict[int, Vdso] = {}
        self._absent: set[str] = set()
        self._bind_stubs()
        self._birth = self._initial_state()
        self.fpu = Fpu(self)
        self.open_short_path(self.linux.entry)

    def wall_clock(self) -> int:
        """Nanoseconds since 1970, by the clocks in force."""
        return self.clocks.realtime()

    # -- calls -------------------------------------------------------------------------------------------------

    def call(self, entry: str) -> Layers:
        """The layers of a call by its entry point, such as ``sys_write``.

        Raises:
            KeyError: No such call is defined.
        """
        layers = self.layers.get(entry)
        if layers is None:
            layers = self.layers[entry] = Layers(table.DEFINED[entry])
        return layers

    def define(self, definition: Syscall, number: int, abi: tbl.Abi = tbl.Abi.X86_64) -> int:
        """Adds a call of one's own: makes its stub and puts the stub's address into the table in RAM.

        Args:
            definition: The call.
            number: Its number; the table must be long enough to hold it.
            abi: The table: that of x86-64 or that of i386.

        Returns:
            The stub's address.

        Raises:
            ValueError: The number is outside the table.
        """
        size = tbl.NR_SYSCALLS if abi is tbl.Abi.X86_64 else tbl.IA32_NR_SYSCALLS
        if not 0 <= number < size:
            raise ValueError(f"the table of {abi} has the numbers 0 to {size - 1}, not {number}")
        symbol = ("__ia32_" if abi is tbl.Abi.I386 else "__x64_") + definition.entry
        self.layers[definition.entry] = Layers(definition)
        address = self.image.add_stub(symbol)
        self.stubs[address] = self._syscall_stub(definition.entry, symbol)
        self.machine.ram.q[(self.linux.tables[abi] >> 3) + number] = address
        return address

    def _bind_stubs(self) -> None:
        for address, symbol in self.linux.stubs.items():
            entry = symbol.removeprefix("__x64_").removeprefix("__ia32_")
            if entry == tbl.NI_SYSCALL:
                self.stubs[address] = _ni_syscall
            elif entry in table.DEFINED:
                self.stubs[address] = partial(self._first_call, address, entry, symbol)
            else:
                self.stubs[address] = partial(self._absent_call, entry)
        symbols = self.image.symbols
        for name in boot.GATES:
            self.stubs[symbols[f"exc_{name}"]] = partial(traps.exception, traps.VECTORS[name])
        self.stubs[symbols["common_interrupt"]] = traps.spurious
        self.stubs[symbols["exit_to_user_mode_loop"]] = traps.exit_work
        self.stubs[symbols["syscall_trace_enter"]] = traps.trace_enter
        self.stubs[symbols["syscall_exit_work"]] = traps.trace_exit

    def _syscall_stub(self, entry: str, symbol: str) -> traps.Stub:
        return self.call(entry).entry(symbol)

    def _first_call(
        self, address: int, entry: str, symbol: str, task: LinuxTask, regs: UserRegs, argument: int
    ) -> Result:
        """Binds the stub to its layers when it is first used, so that booting compiles none."""
        stub = self.stubs[address] = self._syscall_stub(entry, symbol)
        return stub(task, regs, argument)

    def _absent_call(self, entry: str, task: LinuxTask, regs: UserRegs, argument: int) -> Result:
        self.report_absent(entry.removeprefix("sys_"))
        raise Errno(E.ENOSYS)

    def report_absent(self, name: str) -> None:
        """Tells the user, once, that something is not there."""
        if name not in self._absent:
            self._absent.add(name)
            self.report(f"{name} is not implemented: ENOSYS (reported once)")

    @property
    def function_table(self) -> FunctionTable[KernelFunction]:
        """Linux's functions."""
        from ring3.linux.functions import load  # noqa: PLC0415 -- imports every family of calls

        return load()

    def own_points(self) -> Mapping[type, Attacher]:
        """Those of `linux.probes`."""
        from ring3.linux.probes import OWN  # noqa: PLC0415 -- most programs run without

        return OWN

    # -- programs ----------------------------------------------------------------------------------------------

    def vdso(self, bits: int) -> Vdso:
        """The vDSO for programs of a width."""
        if bits not in self._vdsos:
            self._vdsos[bits] = Vdso.load(self.machine.ram, bits)
        return self._vdsos[bits]

    def spawn(self, start: Start, name: str, files: FdTable, credentials: Credentials) -> LinuxTask:
        """Makes the first task of a process of its own that runs a prepared program.

        Args:
            start: The program in memory.
            name: Its name; 15 bytes of it are kept.
            files: Its descriptors.
            credentials: Whom it runs as.

        Raises:
            OutOfFrames: There is no frame for its kernel stack.
        """
        tid = self.new_tid()
        task = LinuxTask(self, tid, name[:15], start.mm, self.machine.ram.alloc())
        self.share_memory(start.mm)
        task.mm_context.runs(start.exe)
        task.files = files
        task.set_credentials(credentials)
        task.program = start
        place = task.exe_place
        task.exe = "" if place is None else os.fsdecode(place.path())
        task.process = Process(tid, None, tid, tid, Actions())
        task.process.threads.append(task)
        task.process.started = self.clocks.monotonic()
        self.processes.add(task.process)
        start_thread(task.frame, start)
        task.landing_pad = start.landing_pad
        cpu = self.machine.cpu
        kept = cpu.save()
        cpu.load(self._birth)
        load_data_segments(self, start.bits)
        saved = cpu.save()
        cpu.load(kept)
        self.add(task, saved)
        return task

    def new_task(self, parent: LinuxTask, mm: Mm, tid: int) -> LinuxTask:
        """A task that does not run yet, for clone(2); with a number that is free, or with any for 0.

        Raises:
            Errno: EAGAIN, no number is free; ENOMEM, no frame is.
        """
        context = None if mm is parent.mm else parent.mm_context.fork()
        try:
            task = LinuxTask(self, tid or self.new_tid(), parent.name, mm, self.machine.ram.alloc())
        except (Errno, OutOfFrames) as error:
            if context is not None:
                context.destroy()
            raise error if isinstance(error, Errno) else Errno(E.ENOMEM) from None
        self.share_memory(mm, context)
        return task

    def start_child(self, parent: LinuxTask, child: LinuxTask, stack: int, tls: int | None) -> None:
        """Gives a new task its registers, those of its parent but for rax, and puts it into the run queue.

        Args:
            parent: The running task.
            child: The new one.
            stack: Its stack pointer, 0 for the parent's.
            tls: Its FS base, or the address of a ``struct user_desc`` for 32-bit callers; None for the parent's.
        """
        copy_regs(parent.regs, child.frame)
        child.frame.ax = 0
        if stack:
            child.frame.sp = stack
        cpu = self.machine.cpu
        kept = cpu.save()
        try:
            if cpu.cpl == 3:
                self.enter_ring0(0, 0, L["KERNEL_CS"], L["KERNEL_DS"])
            if tls is not None:
                if parent.in_ia32_syscall:
                    set_tls(child, tls, allocate=False)
                    child.refresh_segments()
                else:
                    cpu.fs_base = tls
            saved = cpu.save()
        finally:
            cpu.load(kept)
        self.add(child, saved)

    def reset_user_state(self) -> None:
        """Gives the running task a program's initial floating-point state and segment bases."""
        cpu = self.machine.cpu
        self.fpu.clear()
        cpu.fs_base = 0
        cpu.wrmsr(self.user_gs_msr(), 0)

    def number_in_use(self, number: int) -> bool:
        """Whether a number names a task, a process, a group or a session."""
        return number in self.tasks or self.processes.number_in_use(number)

    def renumber(self, task: LinuxTask, tid: int) -> None:
        """Gives a thread the number of its process's first one, which execve has ended."""
        del self.tasks[task.tid]
        task.tid = tid
        self.tasks[tid] = task

    def running_task(self) -> LinuxTask:
        """The task whose call is in progress."""
        assert isinstance(self.current, LinuxTask)
        return self.current

    def thread(self, tid: int) -> LinuxTask | None:
        """A living thread by number, or None."""
        found = self.tasks.get(tid)
        return None if found is None else found

    def process_with(self, number: int) -> Process:
        """The process that a number names: its own, or that of any of its threads.

        Raises:
            Errno: ESRCH, there is none.
        """
        thread = self.thread(number)
        return self.processes[number] if thread is None else thread.process

    def threads(self) -> list[LinuxTask]:
        """All living threads."""
        return list(self.tasks.values())

    def context(self, mm: Mm) -> MmContext:
        """What belongs to an address space that some task uses."""
        return self._contexts[mm]

    def share_memory(self, mm: Mm, context: MmContext | None = None) -> None:
        """One more task uses an address space; if it is the first one, ``context`` belongs to it."""
        self._contexts.setdefault(mm, context or MmContext()).users += 1

    def drop_memory(self, mm: Mm) -> None:
        """One task less uses an address space; the last one gives it back."""
        context = self._contexts[mm]
        context.users -= 1
        if not context.users:
            del self._contexts[mm]
            context.destroy()
            self.forget_memory(mm.pmap)
            mm.destroy()

    def leaving_memory(self, task: LinuxTask) -> None:
        """A task is about to leave its address space: what other threads there expect of it (mm_release)."""
        release_robust_lists(task)
        release_locks(task)
        if self._contexts[task.memory].users > 1:
            clear_child_tid(task)

    def wake_futex(self, task: LinuxTask, address: int) -> None:
        """Wakes one waiter on a futex of the task; nothing happens if there cannot be one."""
        with contextlib.suppress(Errno):
            wake(task, address, shared=True, count=1)

    # -- entry and exit ----------------------------------------------------------------------------------------

    def frame_at(self, physical: int) -> UserRegs:
        """``pt_regs`` at a physical address."""
        return PT_REGS(self.machine.ram.q, physical >> 3)

    def failed(self, task: LinuxTask, error: Errno) -> int:
        """The negative errno."""
        return -error.number

    def switch_entry_stack(self, task: LinuxTask) -> None:
        """Sets the per-CPU variables and TSS.RSP0, as __switch_to does."""
        q, top = self.machine.ram.q, task.stack_top
        per_cpu = self.linux.per_cpu
        q[(per_cpu + L["PCPU_TOP_OF_STACK"]) >> 3] = top
        q[(per_cpu + L["PCPU_CURRENT"]) >> 3] = top - L["THREAD_SIZE"]
        at = per_cpu + L["PCPU_TSS"] + Tss.RSP0
        self.machine.ram.bytes[at : at + 8] = top.to_bytes(8, "little")
        task.load_tls()
        self.window.orig_ax = task.orig_ax
        self.apply_settings(task)
        if task.rseq is not None:
            task.rseq.switched_to(task)

    def apply_settings(self, task: LinuxTask) -> None:
        """Makes the CPU what a thread wants it to be: its descriptor table, whether it may read the TSC."""
        ldt = self._contexts[task.memory].ldt
        if ldt is not None and ldt is not self.loaded_ldt:
            ldt.load()
        elif ldt is None and self.loaded_ldt is not None:
            self.loaded_ldt.unload()
        cpu = self.machine.cpu
        cr4 = cpu.control(4)
        if bool(cr4 & CR4_TSD) != task.settings.no_tsc:
            cpu.set_control(4, cr4 ^ CR4_TSD)

    # -- who comes first ---------------------------------------------------------------------------------------

    def next_task(self) -> LinuxTask:
        """The first in the run queue, or of those of the highest rank."""
        if not self.ranked:
            return self._ready.popleft()
        first = max(self._ready, key=_rank)
        self._ready.remove(first)
        return first

    def ranks_changed(self, task: LinuxTask) -> None:
        """A thread asks something else of the scheduler."""
        self.ranked = self.ranked or task.scheduling.rank > 0
        if self.ranked and self.current is not None:
            self.current.set_flag(L["TIF_NEED_RESCHED"])

    def ready(self, task: LinuxTask) -> None:
        """Puts a task that waited into the run queue; the running one makes room for a higher rank."""
        super().ready(task)
        running = self.current
        if self.ranked and running is not None and running.on_cpu and _rank(task) > _rank(running):
            running.set_flag(L["TIF_NEED_RESCHED"])

    def preempt(self, task: LinuxTask) -> None:
        """The task had its turn; one with SCHED_FIFO stays the first of its rank."""
        super().preempt(task)
        if task.scheduling.policy == Policy.FIFO:
            self._ready.appendleft(self._ready.pop())

    def give_way(self, task: LinuxTask) -> None:
        """The task makes room for one of a higher rank; it stays the first of its own."""
        super().preempt(task)
        if task.scheduling.rank:
            self._ready.appendleft(self._ready.pop())

    def to_end(self, task: LinuxTask) -> None:
        """The task lets all others of its rank run first."""
        super().preempt(task)

    def birth(self) -> tuple[bytes, int]:
        """Ring 0 with a clean floating-point state, about to run ret_from_fork_asm."""
        return self._birth, self.image.symbols["ret_from_fork_asm"]

    def run_task(self, task: LinuxTask) -> None:
        """Runs the task by the path in force."""
        if task.on_cpu and self.machine.cpu.cpl == 3 and self.machine.ram.q[task.struct] & traps.EXIT_WORK:
            # it was preempted in ring 3, and a signal came: what the timer interrupt's exit would do
            self.window.orig_ax = (1 << 64) - 1
            self._leave_through(task, "error_return")
        super().run_task(task)

    def run_short(self, task: LinuxTask) -> None:
        """Runs the task without ring 0 as long as that is right."""
        run_short(self, task)

    def resumed(self, task: LinuxTask) -> None:
        """Does the exit work of a call that waited on the short path."""
        self.finish(task)

    def finish(self, task: LinuxTask) -> None:
        """The end of every event on the short path: what the exit code would do before ring 3 runs.

        A thread that has to stop does so in ring 0: its registers lie on its kernel stack then, for a tracer to see.
        """
        if self.machine.ram.q[task.struct] & traps.EXIT_WORK:
            if task.trace is None and not task.must_stop:
                work = traps.exit_work(task, task.regs, 0)
                if not isinstance(work, int):
                    work.close()
            if self.machine.ram.q[task.struct] & traps.EXIT_WORK:
                self._leave_through(task, "error_return")
                return
        leave_ia32(self, task)
        if self.window.by_iret:
            self._leave_through(task, "swapgs_restore_regs_and_return_to_usermode")

    def _leave_through(self, task: LinuxTask, symbol: str) -> None:
        """Moves the user registers to the kernel stack and goes on in ring 0, with the stack pointer at them."""
        window, frame = self.window, task.frame
        window.by_iret = task.by_sysenter = False
        copy_regs(window, frame)
        task.regs = frame
        start = self.image.symbols[symbol]
        self.enter_ring0(start, task.stack_top - self.frame_size, L["KERNEL_CS"], L["KERNEL_DS"])

    def undo_iret(self, task: LinuxTask, regs: UserRegs) -> UserRegs:
        """After ``iret`` refused what it was to give back, as a bad selector: the exception is ring 3's own.

        So it is on Linux (fixup_bad_iret of arch/x86/kernel/traps.c): sigreturn(2) and ptrace(2) can ask for anything.

        Args:
            task: The running task.
            regs: The registers in ring 0, which but for the five that ``iret`` takes are the user's already.

        Returns:
            The user registers, on the kernel stack; ring 0 goes on with the way out that leads there.
        """
        frame = task.frame
        for name in NAMES[: NAMES.index("orig_ax")]:
            setattr(frame, name, getattr(regs, name))
        frame.orig_ax = (1 << 64) - 1
        task.regs = frame
        start = self.image.symbols["error_return"]
        self.enter_ring0(start, task.stack_top - self.frame_size, L["KERNEL_CS"], L["KERNEL_DS"])
        return frame

    def _initial_state(self) -> bytes:
        """The registers of a task that has not run yet: the FPU as the machine code sets it, all else zero."""
        cpu = self.machine.cpu
        cpu.rip = self.image.symbols["fpu__init_cpu"]
        cpu.set_gpr(Gpr.RSP, self.image.symbols["entry_stack_top"])
        stop = cpu.run()
        assert stop is Event.HALT, stop
        return cpu.save()


def _rank(task: LinuxTask) -> int:
    return task.scheduling.rank


def _ni_syscall(task: LinuxTask, regs: UserRegs, argument: int) -> Result:
    raise Errno(E.ENOSYS)
