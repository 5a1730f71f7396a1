"""Syscall User Dispatch: a program catches its own system calls (kernel/entry/syscall_user_dispatch.c of Linux 6.x).

Calls made outside of one range of code, while a byte of the program's memory says so, become SIGSYS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.signals import Sig
from ring3.kernel.functions import function
from ring3.kernel.regs import UserRegs
from ring3.linux.filters.seccomp import ARCH_I386, ARCH_X86_64
from ring3.linux.model.filters import Dispatch
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.model.syscall_work import USER_DISPATCH, clear_work, set_work
from ring3.linux.signals.send import force_sig_info
from ring3.linux.tasks.exit import do_group_exit

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

OFF: Final = 0
EXCLUSIVE_ON: Final = 1
INCLUSIVE_ON: Final = 2
ALLOW: Final = 0
BLOCK: Final = 1
SYS_USER_DISPATCH: Final = 2
_M64: Final = (1 << 64) - 1


def stop(task: LinuxTask) -> None:
    """Catches nothing any more; new threads and new programs start so."""
    task.dispatch = None
    clear_work(task, USER_DISPATCH)


@function(
    "bool syscall_user_dispatch(struct pt_regs *regs)",
    calls={"do_group_exit", "force_sig_info"},
)
def syscall_user_dispatch(task: LinuxTask, regs: UserRegs, dispatch: Dispatch) -> bool:
    """Whether a call is not to be made because the program has caught it: SIGSYS is on its way then."""
    if (regs.ip - dispatch.offset) & _M64 < dispatch.length or _returns_from_signal(task, regs):
        return False
    if dispatch.selector:
        try:
            state = task.memory.read(dispatch.selector, 1)[0]
        except Errno:
            return do_group_exit(task, int(Sig.SIGSEGV))
        if state == ALLOW:
            return False
        if state != BLOCK:
            return do_group_exit(task, int(Sig.SIGSYS))
    arch = ARCH_I386 if task.in_ia32_syscall else ARCH_X86_64
    value = (regs.orig_ax & 0xFFFF_FFFF) | arch << 32
    regs.ax = regs.orig_ax
    force_sig_info(
        task, SigInfo(int(Sig.SIGSYS), SYS_USER_DISPATCH, Layout.SYS, address=regs.ip, value=value)
    )
    return True


@function(
    "int set_syscall_user_dispatch(unsigned long mode, unsigned long offset, unsigned long len, "
    "char __user *selector)",
)
def set_syscall_user_dispatch(task: LinuxTask, mode: int, offset: int, length: int, selector: int) -> int:
    """PR_SET_SYSCALL_USER_DISPATCH.

    Raises:
        Errno: EINVAL, a mode or range that makes no sense; EFAULT, a selector outside of user memory.
    """
    end = (offset + length) & _M64
    if mode == OFF:
        wrong = bool(offset or length or selector)
    elif mode == EXCLUSIVE_ON:
        wrong = bool(offset) and end <= offset
    elif mode == INCLUSIVE_ON:
        wrong = not length or end <= offset
        offset, length = end, -length & _M64
    else:
        wrong = True
    if wrong:
        raise Errno(E.EINVAL)
    if mode == OFF:
        if task.dispatch is not None:
            stop(task)
        return 0
    if selector >= task.memory.task_size:
        raise Errno(E.EFAULT)
    task.dispatch = Dispatch(offset, length, selector)
    set_work(task, USER_DISPATCH)
    return 0


def _returns_from_signal(task: LinuxTask, regs: UserRegs) -> bool:
    """Whether it is one of the 32-bit vDSO's two ways back from a signal handler (arch_syscall_is_vdso_sigreturn)."""
    vdso = task.kernel.vdso(32)
    base = task.memory.find_object(vdso.pages)
    ends = (
        vdso.symbols["__kernel_sigreturn"] + 8,
        vdso.symbols["__kernel_rt_sigreturn"] + 7,
    )  # behind int $0x80
    return bool(base) and regs.ip - base in ends
