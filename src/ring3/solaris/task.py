"""A thread of a Solaris program, an lwp: its Python side, and its kthread_t and klwp_t in guest RAM.

Both structures lie at the low end of the page that is the thread's kernel stack, ``struct regs`` at its top. Their
fields that the machine code uses are named in image/solaris/layout.h; everything else about a thread is here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import Enum
from ring3.image.solaris.boot import L
from ring3.kernel.mm.mm import Mm
from ring3.kernel.task import Task
from ring3.kernel.wait import WaitQueue

if TYPE_CHECKING:
    from ring3.fs.descriptors import FdTable
    from ring3.solaris.credentials import Cred
    from ring3.solaris.door_files import Door as OpenDoor
    from ring3.solaris.door_files import Invocation
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.process import Process
    from ring3.solaris.siginfo import Info
    from ring3.solaris.tracing import Stop

_MACHINE_CODE: Final = 0x400
"""Bytes below ``struct regs`` that are left to the frames of machine code."""

T_PRE_POST: Final = L["T_PRE_POST"] >> 3
SS_DISABLE: Final = 2


class Door(Enum):
    """A way into the kernel of 32-bit programs: each leaves registers of its own behind."""

    INT = "int $0x91"
    SYSCALL = "syscall"
    SYSENTER = "sysenter"


class SolarisTask(Task):
    """A thread (kthread_t, klwp_t) of a process.

    Attributes:
        process: Whose it is (proc_t).
        lwpid: Its number there.
        sigmask: Blocked signals, bit N-1 for signal N.
        oldmask: What it is to become when the call in progress is over (sigsuspend), None for what it is.
        sigwait: What sigtimedwait waits for.
        sigqueue: Signals for it alone, oldest first.
        altstack: Where handlers with SA_ONSTACK run: address, size, flags.
        oldcontext: ``lwp_oldcontext``: the context that getcontext links to.
        justreturn: The call in progress has set all registers itself.
        unparked: lwp_unpark came: the next lwp_park does not wait.
        sleeping: Woken by lwp_unpark and lwp_continue.
        suspended: It waits for lwp_continue.
        detached: Nobody waits for its end.
        sysnum: Number of the call that waits.
        private_bases: The segments whose base lwp_private has set.
        private: In a 32-bit program the bases of LWPFS_SEL's and LWPGS_SEL's segments.
        serving: The call of a door of its process that it serves.
        bound_door: The private door that it serves alone.
        stop: Why a controller finds it stopped, None while it is not (`tracing`).
        stop_requested: It stops before ring 3 runs again.
        cursig: The signal that it is about to take, while its controller decides on it.
        curfault: The fault whose signal it is about to be sent, likewise; 0 for none.
        aborts_call: The call that it is stopped before is not made.
        door: By which door the call in progress came, None for ``syscall`` of a 64-bit program.
    """

    kernel: SolarisKernel

    def __init__(
        self, kernel: SolarisKernel, process: Process, tid: int, name: str, mm: Mm, stack: int
    ) -> None:
        super().__init__(kernel, tid, name, mm, stack)
        self.process = process
        self.lwpid = process.next_lwpid
        process.next_lwpid += 1
        process.lwps[self.lwpid] = self
        self.sigmask = 0
        self.oldmask: int | None = None
        self.sigwait = 0
        self.sigqueue: deque[Info] = deque()
        self.altstack = (0, 0, SS_DISABLE)
        self.oldcontext = 0
        self.justreturn = False
        self.unparked = False
        self.sleeping = WaitQueue()
        self.suspended = False
        self.detached = False
        self.sysnum = 0
        self.private_bases: set[int] = set()
        self.private = [0, 0]
        self.door: Door | None = None
        self.serving: Invocation | None = None
        self.bound_door: OpenDoor | None = None
        self.stop: Stop | None = None
        self.stop_requested = False
        self.cursig: Info | None = None
        self.curfault = 0
        self.aborts_call = False
        self._buffers = 0
        base = kernel.machine.direct_map + stack
        q = kernel.machine.ram.q
        q[self.struct + (L["T_STACK"] >> 3)] = self.stack_top - L["REGS_SIZE"]
        q[self.struct + (L["T_LWP"] >> 3)] = base + L["LWP_OFFSET"]
        q[self.struct + (L["T_LPL"] >> 3)] = kernel.image.symbols["lpl_bootstrap"]

        self.set_model(process.ilp32)
        if process.tracing is not None:
            process.tracing.adopt(self)

    @property
    def ilp32(self) -> bool:
        """Whether the program is one of 32 bits (the data model ILP32)."""
        return self.process.ilp32

    @property
    def bits(self) -> int:
        """The width of the program's pointers and longs."""
        return 32 if self.process.ilp32 else 64

    def set_model(self, ilp32: bool) -> None:
        """Notes the program's data model where the machine code looks (lwp_getdatamodel)."""
        model = L["DATAMODEL_ILP32" if ilp32 else "DATAMODEL_NATIVE"]
        self.kernel.machine.ram.bytes[self.stack + L["LWP_OFFSET"] + L["LWP_MODEL"]] = model

    def signed(self, value: int) -> int:
        """A register's value as a long of the program."""
        value &= (1 << self.bits) - 1
        return value - (value >> self.bits - 1 << self.bits)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self.process.pid

    @property
    def files(self) -> FdTable:
        """The process's open files."""
        return self.process.files

    @property
    def cred(self) -> Cred:
        """Whom the process runs as."""
        return self.process.cred

    @property
    def exe(self) -> str:
        """Absolute path of the program."""
        return self.process.exe

    @property
    def program_ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.exited

    @property
    def program_exit_code(self) -> int:
        """What the process ended with."""
        return self.process.exit_code

    def interrupted(self) -> bool:
        """Whether a signal is to be taken."""
        from ring3.solaris.signals import next_signal  # noqa: PLC0415 -- it needs this module

        return next_signal(self, take=False) is not None

    @property
    def thread_pointer(self) -> int:
        """Address of the kthread_t."""
        return self.kernel.machine.direct_map + self.stack

    @property
    def errno(self) -> int:
        """``lwp_errno``: the error of the call in progress, 0 for none."""
        return self.kernel.machine.ram.bytes[self.stack + L["LWP_OFFSET"] + L["LWP_ERRNO"]]

    @errno.setter
    def errno(self, number: int) -> None:
        self.kernel.machine.ram.bytes[self.stack + L["LWP_OFFSET"] + L["LWP_ERRNO"]] = number

    @property
    def call_number(self) -> int:
        """The number of the call that it is in: ring 0's machine code notes it in the kthread_t (t_sysnum)."""
        at = self.stack + L["T_SYSNUM"]
        return int.from_bytes(self.kernel.machine.ram.bytes[at : at + 2], "little") or self.sysnum

    def set_post_sys(self) -> None:
        """Makes the call in progress return the long way (``t_post_sys = 1``)."""
        self.kernel.machine.ram.bytes[self.stack + L["T_POST_SYS"]] = 1

    def clear_post_sys(self) -> None:
        """Undoes it, and takes note that signals are being looked at."""
        at = self.stack + L["T_POST_SYS"]
        self.kernel.machine.ram.bytes[at : at + 2] = b"\0\0"

    def set_sig_check(self) -> None:
        """Makes the thread look for signals before ring 3 runs again (``t_sig_check = 1``)."""
        self.kernel.machine.ram.bytes[self.stack + L["T_SIG_CHECK"]] = 1

    @contextmanager
    def buffer(self, size: int) -> Iterator[int]:
        """Room on the kernel stack, as a local variable of the function that asks: its address in ring 0."""
        kept = self._buffers
        self._buffers += (size + 15) & ~15
        address = self.stack_top - L["REGS_SIZE"] - _MACHINE_CODE - self._buffers
        assert address > self.thread_pointer + L["LWP_OFFSET"] + 0x40, "the kernel stack is full"
        try:
            yield address
        finally:
            self._buffers = kept
