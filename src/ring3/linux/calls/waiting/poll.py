"""poll(2) and ppoll(2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.waiting import POLLFD
from ring3.fs.file import File
from ring3.fs.readiness import POLLERR, POLLHUP, POLLNVAL
from ring3.fs.waiting import Waiting, until_any
from ring3.kernel.wait import deadline_after
from ring3.linux.definition import syscall
from ring3.linux.timers import timeouts
from ring3.linux.timers.timeouts import Timeout

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_POLLFD: Final = POLLFD.form(64)


class Polled:
    """The array of ``struct pollfd`` of one call."""

    def __init__(self, task: LinuxTask, address: int, count: int) -> None:
        """Reads it.

        Raises:
            Errno: EINVAL, more than descriptors may be open; EFAULT.
        """
        if count > task.files.limit:
            raise Errno(E.EINVAL)
        self._task = task
        self._address = address
        self._rows = list(_POLLFD.iter_unpack(task.memory.read(address, count * _POLLFD.size)))
        self._found = [0] * count
        files = (task.files.get(fd) for fd, _, _ in self._rows)
        self._files = [None if file is None or file.is_path else file for file in files]

    @property
    def interests(self) -> list[tuple[File, int]]:
        """The open files and what is asked of each."""
        return [(file, row[1]) for row, file in zip(self._rows, self._files, strict=True) if file is not None]

    def look(self) -> bool:
        """Asks every file what it is ready for; whether any has an answer."""
        for index, (fd, events, _) in enumerate(self._rows):
            file = self._files[index]
            if file is not None:
                self._found[index] = file.poll() & (events | POLLERR | POLLHUP)
            else:
                self._found[index] = POLLNVAL if fd >= 0 else 0
        return any(self._found)

    def answer(self) -> int:
        """Stores what was found; returns how many descriptors have something.

        Raises:
            Errno: EFAULT.
        """
        raw = b"".join(
            _POLLFD.pack(fd, events, found)
            for (fd, events, _), found in zip(self._rows, self._found, strict=True)
        )
        self._task.memory.write(self._address, raw)
        return sum(found != 0 for found in self._found)


def _poll(task: LinuxTask, polled: Polled, deadline: int | None, immediate: bool) -> int | Waiting:
    if polled.look() or immediate:
        return polled.answer()
    return _wait(task, polled, deadline)


async def _wait(task: LinuxTask, polled: Polled, deadline: int | None) -> int:
    await until_any(task, polled.interests, polled.look, deadline)
    return polled.answer()


async def _restartable(task: LinuxTask, polled: Polled, deadline: int | None) -> int:
    """A wait that goes on after a signal without a handler, until the same deadline."""
    try:
        return await _wait(task, polled, deadline)
    except Errno as error:
        if error.number is not E.ERESTARTSYS:
            raise
        task.restart = lambda: _restartable(task, polled, deadline)
        raise Errno(E.ERESTART_RESTARTBLOCK) from None


@syscall("full")
def sys_poll(task: LinuxTask, ufds: Pointer, nfds: UnsignedInt, timeout_msecs: Int) -> int | Waiting:
    """Waits until one of several descriptors is ready."""
    polled = Polled(task, ufds, nfds)
    if polled.look() or not timeout_msecs:
        return polled.answer()
    deadline = None
    if timeout_msecs > 0:
        deadline = deadline_after(task, timeout_msecs * 10**6)
    return _restartable(task, polled, deadline)


@syscall("full", compat_sys_ppoll_time32=32, compat_sys_ppoll_time64=64)
def sys_ppoll(
    task: LinuxTask,
    ufds: Pointer,
    nfds: UnsignedInt,
    tsp: Pointer,
    sigmask: Pointer,
    sigsetsize: SizeT,
    *,
    bits: int = 64,
) -> int | Waiting:
    """Waits until one of several descriptors is ready, with another signal mask."""
    timeout = Timeout(task, tsp, bits)
    timeouts.set_mask(task, sigmask, sigsetsize)
    try:
        result = _poll(task, Polled(task, ufds, nfds), timeout.deadline, timeout.immediate)
    except Errno:
        timeouts.restore_mask(task)
        raise
    return timeouts.finish(task, result, timeout)
