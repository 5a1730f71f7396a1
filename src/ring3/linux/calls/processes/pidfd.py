"""Descriptors that stand for processes: pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2).

A number can be given away again when its process is gone; a descriptor keeps meaning the same one. It is readable once
the process has ended and has hung up once nobody waits for it any more; clone(2) makes one with CLONE_PIDFD, and
waitid(2) takes one with P_PIDFD. Sources: fs/pidfs.c, kernel/pid.c and kernel/signal.c of Linux 6.12. The ioctls that
open namespaces are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import UNSIGNED_INT, Arg, FdArg, Int, Meaning, Pid, Pointer, Signal, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.abi.signals import NSIG, SiCode
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.file import O_NONBLOCK, O_RDWR, File, Stat
from ring3.fs.opening import O_EXCL
from ring3.fs.pseudo import PseudoDirectory
from ring3.fs.readiness import POLLHUP, READABLE
from ring3.kernel.wait import Listening
from ring3.linux.calls.processes.compare import may_look_into
from ring3.linux.calls.signals.signals import kill_many, kill_one, may_signal, signal_from
from ring3.linux.definition import syscall
from ring3.linux.model.process import Process
from ring3.linux.model.siginfo import SigInfo, unpack
from ring3.linux.signals.send import send_to_thread

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

PIDFD_THREAD: Final = O_EXCL
"""The descriptor stands for one thread, whichever it is (include/uapi/linux/pidfd.h)."""


class Scope(IntFlag):
    """Who gets a signal (include/uapi/linux/pidfd.h)."""

    THREAD = 1
    THREAD_GROUP = 2
    PROCESS_GROUP = 4


PidfdFlags = Annotated[int, Arg(UNSIGNED_INT, Meaning.FLAGS, "open")]


class PidFile(AnonymousFile):
    """A process, or one thread of it.

    Attributes:
        process: The process.
        tid: The number that it had when this was made: the process's own for its first thread.
    """

    kind = b"[pidfd]"

    def __init__(self, task: LinuxTask, process: Process, thread: LinuxTask | None, flags: int) -> None:
        """Makes one.

        Args:
            task: Who makes it.
            process: The process.
            thread: The thread, None for the first one, which may have ended before the others.
            flags: O_NONBLOCK and `PIDFD_THREAD`.
        """
        kernel = task.kernel
        super().__init__(kernel.vfs, O_RDWR | flags)
        self.process = process
        self.tid = process.pid if thread is None else thread.tid
        self._thread = None if self.tid == process.pid else thread
        self._processes = kernel.processes
        subject = self._thread or process
        subject.pidfd_ino = subject.pidfd_ino or kernel.vfs.new_ino()
        self._ino = subject.pidfd_ino

    @property
    def exists(self) -> bool:
        """Whether it is there, if only to be waited for."""
        if self._thread is None:
            return self._processes.get(self.tid) is self.process
        return self.thread is not None

    @property
    def thread(self) -> LinuxTask | None:
        """The living thread; None once it has ended, or has become its process's first one by execve(2)."""
        found = (thread for thread in self.process.threads if thread.tid == self.tid)
        return next((thread for thread in found if self._thread in (None, thread)), None)

    def poll(self) -> int:
        """Readable if it has ended, hung up if it has been waited for."""
        if not self.exists:
            return READABLE | POLLHUP
        return READABLE if self.process.dead else 0

    def listen(self, callback: Callable[[], None], events: int = -1) -> Listening:
        """Calls back when it ends."""
        return self.process.ended.listen(callback, events)

    def seek(self, offset: int, whence: int) -> int:
        """Has no position."""
        raise Errno(E.ESPIPE)

    def stat(self) -> Stat:
        """All descriptors of one process have an inode number in common."""
        return super().stat()._replace(ino=self._ino, mode=0o700)

    def details(self) -> str:
        """Its number, -1 if it is gone."""
        number = self.tid if self.exists else -1
        return f"Pid:\t{number}\nNSpid:\t{number}\n"


def pid_file(task: LinuxTask, fd: int) -> PidFile:
    """The process that a descriptor stands for.

    Raises:
        Errno: EBADF, it is none such.
    """
    file = task.files[fd]
    if not isinstance(file, PidFile):
        raise Errno(E.EBADF)
    return file


def _named(task: LinuxTask, file: File) -> PidFile:
    """The same, where a directory of /proc will do too (pidfd_to_pid)."""
    inode = file.inode
    if isinstance(inode, PseudoDirectory) and isinstance(inode.about, Process):
        return PidFile(task, inode.about, None, 0)
    if not isinstance(file, PidFile):
        raise Errno(E.EBADF)
    return file


def install(task: LinuxTask, process: Process, thread: LinuxTask | None, flags: int) -> int:
    """Gives the caller a descriptor for a process or thread."""
    return task.files.install(PidFile(task, process, thread, flags), cloexec=True)


@syscall("full")
def sys_pidfd_open(task: LinuxTask, pid: Pid, flags: PidfdFlags) -> int:
    """Makes a descriptor for a process, or with PIDFD_THREAD for a thread."""
    if flags & ~(O_NONBLOCK | PIDFD_THREAD) or pid <= 0:
        raise Errno(E.EINVAL)
    kernel = task.kernel
    process = kernel.processes.get(pid)
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
    info = unpack(task.memory.read(uinfo, 128), task.in_ia32_syscall)
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
        kill_many(task, members, said)
        return 0
    if not target.exists:
        raise Errno(E.ESRCH)
    if not 0 <= sig <= NSIG:
        raise Errno(E.EINVAL)
    if scope is Scope.THREAD_GROUP:
        kill_one(task, target.process, said)
        return 0
    if not may_signal(task, target.process, sig):
        raise Errno(E.EPERM)
    if sig and target.thread is not None:
        send_to_thread(target.thread, said)
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
