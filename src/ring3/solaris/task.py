"""A thread of a Solaris program: its Python side, and its kthread_t and klwp_t in guest RAM.

Both structures lie at the low end of the page that is the thread's kernel stack, ``struct regs`` at its top. Their
fields that the machine code uses are named in image/solaris/layout.h; everything else about a thread is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ring3.abi.solaris.signals import SolarisSig
from ring3.fs.file import FdTable
from ring3.image.solaris.boot import L
from ring3.kernel.mm.mm import Mm
from ring3.kernel.task import Task
from ring3.solaris.credentials import Cred

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel

_MACHINE_CODE: Final = 0x400
"""Bytes below ``struct regs`` that are left to the frames of machine code."""

T_PRE_POST: Final = L["T_PRE_POST"] >> 3


class SolarisTask(Task):
    """A thread (kthread_t, klwp_t) and, there being one thread a process, its process (proc_t).

    Attributes:
        ppid: The parent's number: init's, for a program that nobody on this machine started.
        files: Open files.
        cred: Whom it runs as.
        exe: Absolute path of the program.
        ignored: Signals whose disposition is SIG_IGN, which exec leaves as it is.
        cursig: The signal to take before ring 3 runs again, or None.
        sysnum: Number of the call that waits.
        stack_prot: `Prot` bits of the stack (p_stkprot).
        private_bases: The segments whose base lwp_private has set.
    """

    kernel: SolarisKernel

    def __init__(
        self, kernel: SolarisKernel, tid: int, name: str, mm: Mm, stack: int, files: FdTable, cred: Cred
    ) -> None:
        super().__init__(kernel, tid, name, mm, stack)
        self.ppid = 1
        self.files = files
        self.cred = cred
        self.exe = ""
        self.ignored: set[SolarisSig] = set()
        self.cursig: SolarisSig | None = None
        self.sysnum = 0
        self.stack_prot = 3
        self.private_bases: set[int] = set()
        self._buffers = 0
        base = kernel.machine.direct_map + stack
        q = kernel.machine.ram.q
        q[self.struct + (L["T_STACK"] >> 3)] = self.stack_top - L["REGS_SIZE"]
        q[self.struct + (L["T_LWP"] >> 3)] = base + L["LWP_OFFSET"]
        q[self.struct + (L["T_LPL"] >> 3)] = kernel.image.symbols["lpl_bootstrap"]

    @property
    def pid(self) -> int:
        """The process's number."""
        return self.tid

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
