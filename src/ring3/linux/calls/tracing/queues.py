"""ptrace(2): what waits for a stopped thread, and what it was told to catch.

Structures: include/uapi/linux/ptrace.h; steps: ptrace_peek_siginfo and ptrace_get_rseq_configuration (kernel/ptrace.c)
and kernel/entry/syscall_user_dispatch.c of Linux 6.x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.tracing import PEEKSIGINFO, RSEQ_CONFIGURATION, USER_DISPATCH_CONFIG
from ring3.kernel.functions import function
from ring3.linux.filters import user_dispatch
from ring3.linux.model.siginfo import SIZE

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

PEEKSIGINFO_SHARED: Final = 1
_DISPATCH: Final = USER_DISPATCH_CONFIG.form(64)
_RSEQ: Final = RSEQ_CONFIGURATION.form(64)


@function("int ptrace_peek_siginfo(struct task_struct *child, unsigned long addr, unsigned long data)")
def ptrace_peek_siginfo(task: LinuxTask, target: LinuxTask, arguments: int, data: int) -> int:
    """PTRACE_PEEKSIGINFO: copies pending signals without taking them; returns how many.

    Raises:
        Errno: EINVAL, unknown flags or a negative count; EFAULT.
    """
    offset, flags, count = PEEKSIGINFO.integers(task.memory, arguments, 64)
    if flags & ~PEEKSIGINFO_SHARED or count < 0:
        raise Errno(E.EINVAL)
    queue = target.process.pending if flags & PEEKSIGINFO_SHARED else target.signals
    done = 0
    for info in queue.infos[offset : offset + count]:
        try:
            task.memory.write(data + done * SIZE, info.pack(32 if task.in_ia32_syscall else 64))
        except Errno:
            if not done:
                raise
            break
        done += 1
    return done


def get_dispatch(task: LinuxTask, target: LinuxTask, size: int, data: int) -> int:
    """PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG.

    Raises:
        Errno: EINVAL, another size than the struct's; EFAULT.
    """
    if size != _DISPATCH.size:
        raise Errno(E.EINVAL)
    found = target.dispatch
    mode = user_dispatch.OFF if found is None else user_dispatch.EXCLUSIVE_ON
    offset, length, selector = (0, 0, 0) if found is None else found
    task.memory.write(data, _DISPATCH.pack(mode, selector, offset, length))
    return 0


def set_dispatch(task: LinuxTask, target: LinuxTask, size: int, data: int) -> int:
    """PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG.

    Raises:
        Errno: EINVAL, another size than the struct's; EFAULT; as `user_dispatch.prctl`.
    """
    if size != _DISPATCH.size:
        raise Errno(E.EINVAL)
    mode, selector, offset, length = _DISPATCH.unpack(task.memory.read(data, size))
    return user_dispatch.set_syscall_user_dispatch(target, mode, offset, length, selector)


def get_rseq(task: LinuxTask, target: LinuxTask, size: int, data: int) -> int:
    """PTRACE_GET_RSEQ_CONFIGURATION: where the thread has its restartable sequences; returns the struct's size.

    Raises:
        Errno: EFAULT.
    """
    found = target.rseq
    raw = bytes(_RSEQ.size) if found is None else _RSEQ.pack(found.address, found.size, found.signature, 0, 0)
    task.memory.write(data, raw[:size])
    return len(raw)
