"""The first stub, as it is started: before this process gives up the right to start any.

All others are its copies. It waits at its first stop until somebody takes it over (`stub.Stubs`), and ends with this
process.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
from contextlib import suppress
from typing import Final

from ring3 import resources
from ring3.errors import UserError

RAM_FD: Final = 3
LIST_FD: Final = 4
LIST_SIZE: Final = 16 << 12
REQUESTS: Final = (2, 6, 7, 12, 13, 26, 31, 32, 0x4200, 0x4201, 0x4202, 0x4204, 0x4205)
"""The requests of ptrace(2) that stubs need once the first of them is there: PEEKDATA, POKEUSER, CONT, GETREGS,
SETREGS, SET_THREAD_AREA, SYSEMU, SYSEMU_SINGLESTEP, SETOPTIONS, GETEVENTMSG, GETSIGINFO, GETREGSET and SETREGSET. None
of them takes a process over."""
_WALL: Final = 0x4000_0000
_FIRST_FREE: Final = 16
_CLOSE_RANGE: Final = 436
_NOBODYS_FD: Final = 0xFFFF_FFFF
"""The stub's descriptors are made from copies of ours from here on, so that none overwrites another."""
_MFD_EXEC: Final = 0x10


class First:
    """A stub that was started.

    Attributes:
        pid: Its number on the host.
        list_fd: The memfd of the list of calls.
    """

    __slots__ = ("list_fd", "pid")

    def __init__(self, ram_fd: int) -> None:
        """Starts it.

        Args:
            ram_fd: The memfd of guest RAM.

        Raises:
            UserError: The host does not allow it.
        """
        try:
            self.list_fd = os.memfd_create("ring3-calls", os.MFD_CLOEXEC)
        except OSError as error:
            raise _refusal(f"it makes no file in memory: {error.strerror}") from None
        os.ftruncate(self.list_fd, LIST_SIZE)
        try:
            self.pid = _spawn(ram_fd, self.list_fd)
            _check(os.waitpid(self.pid, _WALL)[1])  # Landlock lets nobody become traced from inside its walls
        except UserError:
            os.close(self.list_fd)
            raise

    def end(self) -> None:
        """Ends it; it was not taken over."""
        os.close(self.list_fd)
        end(self.pid)


def end(pid: int) -> None:
    """Ends a stub."""
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, _WALL)


def _check(status: int) -> None:
    """Makes sure that a stub has come to its first stop.

    Raises:
        UserError: It has ended.
    """
    if os.WIFEXITED(status):
        why = os.strerror(os.WEXITSTATUS(status))
        what = "lets no child be traced" if _closes() else "refuses close_range(2)"
        raise UserError(f"the host's processor cannot be used: this host {what}: {why}")
    if not os.WIFSTOPPED(status):
        raise UserError(f"the host's processor cannot be used: a child was ended, status {status:#x}")


def _closes() -> bool:
    """Whether the host lets a process close a range of descriptors, which is the first thing that a stub does."""
    return bool(ctypes.CDLL(None).syscall(_CLOSE_RANGE, _NOBODYS_FD, _NOBODYS_FD, 0) == 0)


def _spawn(ram_fd: int, list_fd: int) -> int:
    """Starts the stub's file with RAM and the list for descriptors; its number."""
    fds: list[int] = []
    try:
        try:
            exe = os.memfd_create("ring3-stub", os.MFD_CLOEXEC | _MFD_EXEC)
        except OSError:  # before Linux 6.3 every such file could be executed
            exe = os.memfd_create("ring3-stub", os.MFD_CLOEXEC)
        fds.append(exe)
        os.write(exe, resources.read_bytes("machine/host_cpu/stub"))
        fds += (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE) for fd in (ram_fd, list_fd))
        moved = [(os.POSIX_SPAWN_DUP2, fd, to) for fd, to in zip(fds[1:], (RAM_FD, LIST_FD), strict=True)]
        path = f"/proc/self/fd/{exe}"
        return os.posix_spawn(path, [str(os.getpid())], {}, file_actions=moved, setsigmask=())
    except OSError as error:
        raise _refusal(f"no process can be started for it: {error.strerror}") from None
    finally:
        for fd in fds:
            os.close(fd)


def _refusal(what: str) -> UserError:
    from ring3.machine.host_cpu.availability import refusal  # noqa: PLC0415 -- few hosts do not allow it

    return refusal(what)
