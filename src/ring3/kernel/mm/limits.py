"""What an address space may use, and what it uses.

The rules are those of mm/mmap.c (may_expand_vm, is_data_mapping, acct_stack_growth) and mm/mlock.c of Linux 6.x.
Committed memory is judged as Linux does by default (overcommit_memory 0): only a single request for more than all
of RAM is refused.
"""

from __future__ import annotations

from typing import Final

from ring3.kernel.functions import function
from ring3.kernel.mm.vma import EXEC, GROWSDOWN, LOCKED, SHARED, WRITE, Vma
from ring3.machine.ram import PAGE_SHIFT

INFINITY: Final = (1 << 64) - 1
"""RLIM_INFINITY: no limit."""


class Limits:
    """Resource limits in bytes (setrlimit(2)), and the capability that lifts one of them.

    Attributes:
        address_space: RLIMIT_AS.
        data: RLIMIT_DATA.
        stack: RLIMIT_STACK.
        memlock: RLIMIT_MEMLOCK.
        ipc_lock: CAP_IPC_LOCK: ``memlock`` does not bind.
    """

    __slots__ = ("address_space", "data", "ipc_lock", "memlock", "stack")

    def __init__(
        self,
        address_space: int = INFINITY,
        data: int = INFINITY,
        stack: int = 8 << 20,
        memlock: int = 8 << 20,
        ipc_lock: bool = False,
    ) -> None:
        self.address_space = address_space
        self.data = data
        self.stack = stack
        self.memlock = memlock
        self.ipc_lock = ipc_lock


class Usage:
    """Pages of an address space by kind, mapped rather than present, as /proc/PID/status counts them.

    Attributes:
        total: All (VmSize).
        data: Private, writable, not a stack (VmData).
        stack: In mappings that grow down (VmStk).
        text: Executable and not writable (VmExe and VmLib).
        locked: In locked mappings (VmLck).
        peak: The most that ``total`` ever was (VmPeak).
    """

    __slots__ = ("data", "locked", "peak", "stack", "text", "total")

    def __init__(self) -> None:
        self.total = self.data = self.stack = self.text = self.locked = self.peak = 0

    def add(self, prot: int, flags: int, pages: int) -> None:
        """Counts pages of a mapping of that kind; a negative number takes them away."""
        self.total += pages
        self.peak = max(self.peak, self.total)
        if flags & LOCKED:
            self.locked += pages
        if flags & GROWSDOWN:
            self.stack += pages
        elif is_data(prot, flags):
            self.data += pages
        elif prot & (EXEC | WRITE) == EXEC:
            self.text += pages

    def count(self, vma: Vma, sign: int) -> None:
        """Counts a mapping (1) or stops counting it (-1)."""
        self.add(vma.prot, vma.flags, sign * vma.pages)


def is_data(prot: int, flags: int) -> bool:
    """Whether RLIMIT_DATA counts such a mapping."""
    return prot & WRITE != 0 and not flags & (SHARED | GROWSDOWN)


@function("bool may_expand_vm(struct mm_struct *mm, const vma_flags_t *vma_flags, unsigned long npages)")
def may_expand_vm(usage: Usage, limits: Limits, prot: int, flags: int, pages: int) -> bool:
    """Whether RLIMIT_AS and RLIMIT_DATA leave room for so many more pages of that kind."""
    if usage.total + pages > limits.address_space >> PAGE_SHIFT:
        return False
    return not is_data(prot, flags) or usage.data + pages <= limits.data >> PAGE_SHIFT


@function("bool mlock_future_ok(const struct mm_struct *mm, bool is_vma_locked, unsigned long bytes)")
def mlock_future_ok(usage: Usage, limits: Limits, pages: int) -> bool:
    """Whether RLIMIT_MEMLOCK leaves room for so many more locked pages."""
    return limits.ipc_lock or usage.locked + pages <= limits.memlock >> PAGE_SHIFT
