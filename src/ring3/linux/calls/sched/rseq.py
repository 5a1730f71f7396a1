"""Restartable sequences: rseq(2), and what preemption and signals do to them (kernel/rseq.c of Linux 6.x).

A thread registers a ``struct rseq`` in its memory. The kernel stores there on which CPU it runs (0, there is one), and
when it takes the CPU away from the thread or delivers a signal inside the critical section that the struct points at,
the thread goes on at the section's abort address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.linux.definition import syscall
from ring3.linux.model.rseq import Registration
from ring3.linux.signals.rseq import RSEQ_CS_AT, rseq_handle_notify_resume, store_cpu

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

RSEQ_FLAG_UNREGISTER: Final = 1
ORIGINAL_SIZE: Final = 32
FEATURE_SIZE: Final = 28
"""Bytes of ``struct rseq`` that have a meaning, what AT_RSEQ_FEATURE_SIZE says."""
ALIGNMENT: Final = 32
UNINITIALIZED: Final = 0xFFFF_FFFF


@syscall("full")
def sys_rseq(task: LinuxTask, rseq: Pointer, rseq_len: UnsignedInt, flags: Int, sig: UnsignedInt) -> int:
    """Registers the calling thread's ``struct rseq``, or takes that back."""
    now = task.rseq
    if flags & RSEQ_FLAG_UNREGISTER:
        if flags & ~RSEQ_FLAG_UNREGISTER or now is None or now.address != rseq or now.size != rseq_len:
            raise Errno(E.EINVAL)
        if now.signature != sig:
            raise Errno(E.EPERM)
        store_cpu(task, now, UNINITIALIZED)
        task.rseq = None
        return 0
    if flags:
        raise Errno(E.EINVAL)
    if now is not None:
        if now.address != rseq or now.size != rseq_len:
            raise Errno(E.EINVAL)
        raise Errno(E.EBUSY if now.signature == sig else E.EPERM)
    if rseq_len < ORIGINAL_SIZE or rseq % ALIGNMENT:
        raise Errno(E.EINVAL)
    if rseq + rseq_len > task.memory.task_size:
        raise Errno(E.EFAULT)
    task.memory.write_u64(rseq + RSEQ_CS_AT, 0)
    task.rseq = Registration(rseq, rseq_len, sig)
    rseq_handle_notify_resume(task, task.regs, task.rseq)  # on the way out on Linux, which has it at hand
    return 0
