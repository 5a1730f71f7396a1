"""fork(2), vfork(2), clone(2) and clone3(2) (kernel/fork.c)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Pointer, SizeT, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.processes import CLONE_ARGS
from ring3.abi.signals import Sig
from ring3.linux.definition import syscall
from ring3.linux.tasks.birth import unshare
from ring3.linux.tasks.clone import NAMESPACES, C, CloneArgs, kernel_clone
from ring3.linux.tasks.namespaces import renewed

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.linux.model.task import LinuxTask


CSIGNAL: Final = 0xFF
CLONE_ARGS_SIZE_VER0: Final = 64
CLONE_ARGS_SIZE: Final = 88
MAX_PID_NS_LEVEL: Final = 32
"""How deep namespaces of numbers can be nested."""


@syscall("full")
def sys_fork(task: LinuxTask) -> int | Waiting:
    """Makes a copy of the process."""
    return kernel_clone(task, CloneArgs(0, int(Sig.SIGCHLD)))


@syscall("full")
def sys_vfork(task: LinuxTask) -> int | Waiting:
    """Makes a child in the same memory, and waits until it has execed or ended."""
    return kernel_clone(task, CloneArgs(int(C.CLONE_VFORK | C.CLONE_VM), int(Sig.SIGCHLD)))


@syscall("full")
def sys_clone(
    task: LinuxTask,
    clone_flags: UnsignedLong,
    newsp: UnsignedLong,
    parent_tidptr: Pointer,
    child_tidptr: Pointer,
    tls: UnsignedLong,
) -> int | Waiting:
    """Makes a child that shares what the flags say."""
    return _legacy(task, clone_flags, newsp, parent_tidptr, child_tidptr, tls)


@syscall("full")
def compat_sys_ia32_clone(
    task: LinuxTask,
    clone_flags: UnsignedLong,
    newsp: UnsignedLong,
    parent_tidptr: Pointer,
    tls_val: UnsignedLong,
    child_tidptr: Pointer,
) -> int | Waiting:
    """The same with i386's order of arguments."""
    return _legacy(task, clone_flags, newsp, parent_tidptr, child_tidptr, tls_val)


def _legacy(
    task: LinuxTask, flags: int, stack: int, parent_tid: int, child_tid: int, tls: int
) -> int | Waiting:
    flags &= 0xFFFF_FFFF
    signal = flags & CSIGNAL
    return kernel_clone(
        task, CloneArgs(flags & ~CSIGNAL, signal, stack, parent_tid, child_tid, tls, pidfd=parent_tid)
    )


@syscall("partial", "no cgroups (EINVAL)")
def sys_clone3(task: LinuxTask, uargs: Pointer, size: SizeT) -> int | Waiting:
    """Makes a child; as clone, with its arguments in a struct."""
    if size > 4096:
        raise Errno(E.E2BIG)
    if size < CLONE_ARGS_SIZE_VER0:
        raise Errno(E.EINVAL)
    fields = CLONE_ARGS.form(64).unpack(task.memory.read_extensible(uargs, size, CLONE_ARGS_SIZE))
    (
        flags,
        pidfd,
        child_tid,
        parent_tid,
        exit_signal,
        stack,
        stack_size,
        tls,
        set_tid,
        set_tid_size,
        _cgroup,
    ) = fields
    if set_tid_size > MAX_PID_NS_LEVEL or bool(set_tid) != bool(set_tid_size):
        raise Errno(E.EINVAL)
    numbers = struct.unpack(f"<{set_tid_size}i", task.memory.read(set_tid, 4 * set_tid_size))
    if flags & (CSIGNAL & ~C.CLONE_NEWTIME | C.CLONE_DETACHED) or flags >> 34:
        raise Errno(E.EINVAL)
    if exit_signal > 64 or (flags & (C.CLONE_THREAD | C.CLONE_PARENT) and exit_signal):
        raise Errno(E.EINVAL)
    if bool(stack) != bool(stack_size):
        raise Errno(E.EINVAL)
    return kernel_clone(
        task, CloneArgs(flags, exit_signal, stack + stack_size, parent_tid, child_tid, tls, pidfd, numbers)
    )


@syscall("full")
def sys_unshare(task: LinuxTask, unshare_flags: UnsignedLong) -> int:
    """Stops sharing files, directories and namespaces with other tasks."""
    flags = unshare_flags
    known = (
        C.CLONE_FS
        | C.CLONE_FILES
        | C.CLONE_SYSVSEM
        | C.CLONE_THREAD
        | C.CLONE_SIGHAND
        | C.CLONE_VM
        | NAMESPACES
    )
    if flags & ~known:
        raise Errno(E.EINVAL)
    if flags & (C.CLONE_THREAD | C.CLONE_SIGHAND | C.CLONE_VM) and len(task.process.threads) > 1:
        raise Errno(E.EINVAL)
    if flags & C.CLONE_NEWUSER and len(task.process.threads) > 1:
        raise Errno(E.EINVAL)
    if flags & C.CLONE_NEWTIME and len(task.process.threads) > 1:
        raise Errno(E.EINVAL)
    others = renewed(task, flags & NAMESPACES) if flags & NAMESPACES else None
    unshare(
        task,
        files=bool(flags & C.CLONE_FILES),
        fs=bool(flags & (C.CLONE_FS | C.CLONE_NEWNS | C.CLONE_NEWUSER)),
    )
    if others is not None:
        others.give(task)
    return 0
