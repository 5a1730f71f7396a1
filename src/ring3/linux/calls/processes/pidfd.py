"""Descriptors that stand for processes: pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2).

A number can be given away again when its process is gone; a descriptor keeps meaning the same one. It is readable once
the process has ended and has hung up once nobody waits for it any more; clone(2) makes one with CLONE_PIDFD, and
waitid(2) takes one with P_PIDFD. Sources: fs/pidfs.c, kernel/pid.c and kernel/signal.c of Linux 6.12. The ioctls that
open namespaces are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ring3.abi.c_types import UNSIGNED_INT, FdArg, Int, Pid, Pointer, Signal, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.abi.signals import NSIG, SiCode
from ring3.fs.file import O_NONBLOCK, File
from ring3.fs.pseudo import PseudoDirectory
from ring3.linux.definition import syscall
from ring3.linux.model.process import INIT, Process
from ring3.linux.model.siginfo import SigInfo, unpack
from ring3.linux.signals.kill import check_kill_permission, kill_pid_info, kill_something_info, signal_from
from ring3.linux.signals.send import do_send_specific
from ring3.linux.tasks.access import may_look_into
from ring3.linux.tasks.pid_file import PIDFD_THREAD, PidFile, install, pid_file

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class Scope(IntFlag):
    """Who gets a signal (include/uapi/linux/pidfd.h)."""

    THREAD = 1
    THREAD_GROUP = 2
    PROCESS_GROUP = 4


PidfdFlags = Annotated[int, UNSIGNED_INT]


def _named(task: LinuxTask, file: File) -> PidFile:
    """The same, where a directory of /proc will do too (pidfd_to_pid)."""
    inode = file.inode
    if isinstance(inode, PseudoDirectory) and isinstance(inode.about, Process):
        return PidFile(task, inode.about, None, 0)
    if not isinstance(file, PidFile):
        raise Errno(E.EBADF)
    return file


@syscall("full")
def sys_pidfd_open(task: LinuxTask, pid: Pid, flags: PidfdFlags) -> int:
    """Makes a descriptor for a process, or with PIDFD_THREAD for a thread."""
    if flags & ~(O_NONBLOCK | PIDFD_THREAD) or pid <= 0:
        raise Errno(E.EINVAL)
    kernel, pid = task.kernel, task.pid_ns.found(pid)
    process = kernel.processes.init if pid == INIT else kernel.processes.get(pid)
    if process is not None:
        return install(task, process, None, flags)
    thread = kernel.thread(pid)
    if thread is not None and flags & PIDFD_THREAD:
        return install(task, thread.process, thread, flags)
    raise Errno(E.EINVAL if kernel.number_in_use(pid) else E.ESRCH)


def _info(task: LinuxTask, target: PidFile, signal: int, uinfo: int, scope: Scope) -> SigInfo:
    """What the signal says: the program's own words, or who sends it."""
    if not uinfo:
        return signal_from(task, signal, int(SiCode.SI_TKILL if scope is Scope.THREAD else SiCode.SI_USER))
    info = unpack(task.memory.read(uinfo, 128), 32 if task.in_ia32_syscall else 64)
    if info.signo != signal:
        raise Errno(E.EINVAL)
    to_others = target.thread is not task or scope is Scope.PROCESS_GROUP
    if to_others and (info.code >= 0 or info.code == SiCode.SI_TKILL):
        raise Errno(E.EPERM)
    return info


@syscall("full")
def sys_pidfd_send_signal(task: LinuxTask, pidfd: Int, sig: Signal, info: Pointer, flags: UnsignedInt) -> int:
    """Sends a signal to a process, to one thread of it, or to the process group that it leads."""
    if flags not in (0, *Scope):
        raise Errno(E.EINVAL)
    file = task.files[pidfd]
    target = _named(task, file)
    by_file = Scope.THREAD if target.flags & PIDFD_THREAD else Scope.THREAD_GROUP
    scope = Scope(flags) if flags else by_file
    said = _info(task, target, sig, info, scope)
    if scope is Scope.PROCESS_GROUP:
        members = task.kernel.processes.group(target.tid)
        if not 0 <= sig <= NSIG and members:
            raise Errno(E.EINVAL)
        kill_something_info(task, members, said)
        return 0
    if not target.exists:
        raise Errno(E.ESRCH)
    if not 0 <= sig <= NSIG:
        raise Errno(E.EINVAL)
    if scope is Scope.THREAD_GROUP:
        kill_pid_info(task, target.process, said)
        return 0
    if not check_kill_permission(task, target.process, sig):
        raise Errno(E.EPERM)
    if sig and target.thread is not None:
        do_send_specific(target.thread, said)
    return 0


@syscall("full")
def sys_pidfd_getfd(task: LinuxTask, pidfd: Int, fd: FdArg, flags: UnsignedInt) -> int:
    """Copies another process's descriptor to the caller, who must be allowed to trace it."""
    if flags:
        raise Errno(E.EINVAL)
    thread = pid_file(task, pidfd).thread
    if thread is None:
        raise Errno(E.ESRCH)
    if not may_look_into(task, thread):
        raise Errno(E.EPERM)
    return task.files.install(thread.files[fd], cloexec=True)
