"""What a task of Linux has beyond what every kernel's has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ring3.abi.signals import Sig
from ring3.fs.file import FdTable
from ring3.image.linux.boot import GDT_TLS_MIN, L
from ring3.kernel.mm.mm import Mm
from ring3.kernel.task import Task
from ring3.linux.credentials import Credentials
from ring3.linux.limits import DEFAULTS

if TYPE_CHECKING:
    from ring3.linux.kernel import LinuxKernel


@dataclass(frozen=True, slots=True)
class ForcedSignal:
    """A signal that an exception of the CPU sends: it cannot be ignored.

    Attributes:
        signal: Which.
        code: ``si_code``.
        address: ``si_addr``.
    """

    signal: Sig
    code: int
    address: int


class LinuxTask(Task):
    """A thread of a Linux program.

    Attributes:
        tgid: Number of the thread group, what getpid(2) says.
        files: Open files.
        credentials: Whom it runs as.
        exe: Path of the program, what /proc/self/exe leads to.
        forced: The signal that the last exception sent, until it is delivered.
        clear_child_tid: Address that set_tid_address(2) gave, 0 for none.
        tls: The three GDT entries of set_thread_area(2), as they lie in the GDT while the task runs.
        rlimits: Soft and hard limits by number.
        robust_list: Address that set_robust_list(2) gave, 0 for none.
    """

    kernel: LinuxKernel

    def __init__(
        self, kernel: LinuxKernel, tid: int, name: str, mm: Mm, stack: int, files: FdTable, credentials: Credentials
    ) -> None:
        super().__init__(kernel, tid, name, mm, stack)
        self.tgid = tid
        self.files = files
        self.credentials = credentials
        self.exe = ""
        self.forced: ForcedSignal | None = None
        self.clear_child_tid = 0
        self.robust_list = 0
        self.tls = [0, 0, 0]
        self.rlimits = list(DEFAULTS)

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

    def load_tls(self) -> None:
        """Puts the task's GDT entries into the GDT."""
        at = (self.kernel.linux.gdt >> 3) + GDT_TLS_MIN
        q = self.kernel.machine.ram.q
        q[at], q[at + 1], q[at + 2] = self.tls

    def set_rlimit(self, resource: int, soft: int, hard: int) -> None:
        """Sets a limit, and tells those who enforce it."""
        self.rlimits[resource] = (soft, hard)
        if resource == RLIMIT_NOFILE:
            self.files.limit = soft
        name = _MM_LIMITS.get(resource)
        if name is not None:
            setattr(self.memory.limits, name, soft)


RLIMIT_NOFILE: Final = 7
_MM_LIMITS: Final = {2: "data", 3: "stack", 8: "memlock", 9: "address_space"}
