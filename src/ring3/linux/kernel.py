"""The Linux kernel on a machine: its image, its table of calls, its tasks.

`LinuxKernel` ties the rooms together: it boots the image, binds each stub to the layers of its call, and says how a
task enters and leaves. What the calls do is in the files by family; `linux.table` imports them all.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Final, cast

from ring3.abi import tbl
from ring3.abi.errno import E, Errno
from ring3.image.linux import boot
from ring3.fs.file import FdTable
from ring3.kernel.clock import Clocks, HostClocks
from ring3.kernel.core import Kernel, Result
from ring3.kernel.mm.layout import Random
from ring3.kernel.mm.objects import Objects
from ring3.kernel.regs import FrameType, UserRegs, WindowRegs, copy_regs, frame_type
from ring3.kernel.task import Task
from ring3.linux import table, traps
from ring3.linux.credentials import Credentials
from ring3.linux.definition import Layers, Syscall
from ring3.linux.exec import Start, load_data_segments, start_thread
from ring3.linux.short_path import run_short
from ring3.linux.task import LinuxTask
from ring3.linux.vdso import Vdso
from ring3.machine.board import Machine
from ring3.machine.cpu import Event
from ring3.machine.descriptors import Tss
from ring3.machine.registers import Gpr

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

USER_SEGMENTS: Final = {
    L["USER32_CS"]: boot.GDT_USER32_CS,
    L["USER_DS"]: boot.GDT_USER_DS,
    L["USER_CS"]: boot.GDT_USER_CS,
}


class LinuxKernel(Kernel):
    """Linux on one machine.

    Attributes:
        linux: The booted image: tables, GDT, entry state.
        layers: The layers of each call made so far, by entry point.
        hostname: What uname(2) calls the machine.
        clocks: Where the time comes from.
        random_bytes: Where randomness comes from.
        aslr: Random bits for addresses, None for fixed ones.
        objects: What concerns all memory objects.
        hwcap: What AT_HWCAP says.
        window: The user registers while the short path works on them.
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
        self.clocks: Clocks = HostClocks()
        self.random_bytes: Callable[[int], bytes] = os.urandom
        self.aslr: Random | None = lambda bits: int.from_bytes(self.random_bytes(8), "little") & (1 << bits) - 1
        self.objects = Objects()
        self.hwcap = CPUID_1_EDX
        self._vdsos: dict[int, Vdso] = {}
        self._absent: set[str] = set()
        self._bind_stubs()
        self._birth = self._initial_state()
        self.short_path = not full_path
        machine.on_change = self.check_entry_state

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

    def _first_call(self, address: int, entry: str, symbol: str, task: Task, regs: UserRegs, argument: int) -> Result:
        """Binds the stub to its layers when it is first used, so that booting compiles none."""
        stub = self.stubs[address] = self._syscall_stub(entry, symbol)
        return stub(task, regs, argument)

    def _absent_call(self, entry: str, task: Task, regs: UserRegs, argument: int) -> Result:
        if entry not in self._absent:
            self._absent.add(entry)
            self.report(f"{entry.removeprefix('sys_')} is not implemented: ENOSYS (reported once)")
        raise Errno(E.ENOSYS)

    # -- programs ----------------------------------------------------------------------------------------------

    def vdso(self, bits: int) -> Vdso:
        """The vDSO for programs of a width."""
        if bits not in self._vdsos:
            self._vdsos[bits] = Vdso.load(self.machine.ram, bits)
        return self._vdsos[bits]

    def spawn(self, start: Start, name: str, files: FdTable, credentials: Credentials) -> LinuxTask:
        """Makes a task that runs a prepared program.

        Args:
            start: The program in memory.
            name: Its name; 15 bytes of it are kept.
            files: Its descriptors.
            credentials: Whom it runs as.

        Raises:
            OutOfFrames: There is no frame for its kernel stack.
        """
        task = LinuxTask(self, self.new_tid(), name[:15], start.mm, self.machine.ram.alloc(), files, credentials)
        start_thread(task.frame, start)
        self.machine.ram.q[task.struct + (L["TASK_LANDING_PAD"] >> 3)] = start.landing_pad
        cpu = self.machine.cpu
        kept = cpu.save()
        cpu.load(self._birth)
        load_data_segments(self, start.bits)
        saved = cpu.save()
        cpu.load(kept)
        self.add(task, saved)
        return task

    # -- entry and exit ----------------------------------------------------------------------------------------

    def frame_at(self, physical: int) -> UserRegs:
        """``pt_regs`` at a physical address."""
        return PT_REGS(self.machine.ram.q, physical >> 3)

    def failed(self, task: Task, error: Errno) -> int:
        """The negative errno."""
        return -error.number

    def switch_entry_stack(self, task: Task) -> None:
        """Sets the per-CPU variables and TSS.RSP0, as __switch_to does."""
        q, top = self.machine.ram.q, task.stack_top
        per_cpu = self.linux.per_cpu
        q[(per_cpu + L["PCPU_TOP_OF_STACK"]) >> 3] = top
        q[(per_cpu + L["PCPU_CURRENT"]) >> 3] = top - L["THREAD_SIZE"]
        at = per_cpu + L["PCPU_TSS"] + Tss.RSP0
        self.machine.ram.bytes[at : at + 8] = top.to_bytes(8, "little")
        cast(LinuxTask, task).load_tls()

    def birth(self) -> tuple[bytes, int]:
        """Ring 0 with a clean floating-point state, about to run ret_from_fork_asm."""
        return self._birth, self.image.symbols["ret_from_fork_asm"]

    def run_task(self, task: Task) -> None:
        """Runs the task by the path in force."""
        while task.on_cpu:
            if self.short_path:
                run_short(self, task)
            else:
                run, handle = self.machine.cpu.run, self.handle
                while task.on_cpu and not self.short_path:
                    handle(task, run())

    def check_entry_state(self) -> None:
        """Chooses the path anew after ring 0's memory or an MSR was changed from outside."""
        self.short_path = not self.full_path and self.linux.entry.holds(self.machine, self.image)

    def resumed(self, task: Task) -> None:
        """Does the exit work of a call that waited on the short path."""
        if self.machine.ram.q[task.struct] & traps.EXIT_WORK:
            traps.exit_work(task, task.regs, 0)

    def leave_by_iret(self, task: Task) -> None:
        """On the short path: gives registers back that only ``iret`` can, through ring 0's own code."""
        window, frame = self.window, task.frame
        window.by_iret = False
        copy_regs(window, frame)
        start = self.image.symbols["swapgs_restore_regs_and_return_to_usermode"]
        self.enter_ring0(start, task.stack_top - self.frame_size, L["KERNEL_CS"], L["KERNEL_DS"])

    def _initial_state(self) -> bytes:
        """The registers of a task that has not run yet: the FPU as the machine code sets it, all else zero."""
        cpu = self.machine.cpu
        cpu.rip = self.image.symbols["fpu__init_cpu"]
        cpu.set_gpr(Gpr.RSP, self.image.symbols["entry_stack_top"])
        stop = cpu.run()
        assert stop is Event.HALT, stop
        return cpu.save()


def _ni_syscall(task: Task, regs: UserRegs, argument: int) -> Result:
    raise Errno(E.ENOSYS)
