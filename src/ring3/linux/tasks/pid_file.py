"""A descriptor that stands for a process or a thread (fs/pidfs.c, kernel/pid.c of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.file import O_RDWR
from ring3.fs.opening import O_EXCL
from ring3.fs.readiness import POLLHUP, READABLE
from ring3.linux.model.namespaces import numbers_down_to

if TYPE_CHECKING:
    from ring3.fs.file import Stat
    from ring3.kernel.wait import Listening
    from ring3.linux.model.process import Process
    from ring3.linux.model.task import LinuxTask


PIDFD_THREAD: Final = O_EXCL
"""The descriptor stands for one thread, whichever it is (include/uapi/linux/pidfd.h)."""


class PidFile(AnonymousFile):
    """A process, or one thread of it.

    Attributes:
        process: The process.
        tid: The number that it had when this was made: the process's own for its first thread.
    """

    kind = b"[pidfd]"
    requests = "pidfd"

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
        self._kernel = kernel
        self._processes = kernel.processes
        subject = self._thread or process
        subject.pidfd_ino = subject.pidfd_ino or kernel.vfs.new_ino()
        self._ino = subject.pidfd_ino

    @property
    def exists(self) -> bool:
        """Whether it is there, if only to be waited for."""
        if self._thread is None:
            return self.process in (self._processes.get(self.tid), self._processes.init)
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

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
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
        if not self.exists:
            return "Pid:\t-1\nNSpid:\t-1\n"
        viewer = self._kernel.running_task().pid_ns
        below = numbers_down_to(self.process.pid_ns, viewer, self.tid)
        return f"Pid:\t{viewer.shown(self.tid)}\nNSpid:\t{below or 0}\n"


def pid_file(task: LinuxTask, fd: int) -> PidFile:
    """The process that a descriptor stands for.

    Raises:
        Errno: EBADF, it is none such.
    """
    file = task.files[fd]
    if not isinstance(file, PidFile):
        raise Errno(E.EBADF)
    return file


def install(task: LinuxTask, process: Process, thread: LinuxTask | None, flags: int) -> int:
    """Gives the caller a descriptor for a process or thread."""
    return task.files.install(PidFile(task, process, thread, flags), cloexec=True)
