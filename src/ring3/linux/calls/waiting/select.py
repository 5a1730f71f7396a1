"""select(2) and pselect6(2)."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.signals import SIGSET_ARG
from ring3.abi.linux.structs.waiting import SELECT_ARGS
from ring3.fs.file import File
from ring3.fs.readiness import (
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLOUT,
    POLLPRI,
    POLLRDBAND,
    POLLRDNORM,
    POLLWRBAND,
    POLLWRNORM,
)
from ring3.fs.waiting import Waiting, until_any
from ring3.linux.definition import syscall
from ring3.linux.timers import timeouts
from ring3.linux.timers.timeouts import Timeout

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

MEANINGS: Final = (
    POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR,
    POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR,
    POLLPRI,
)
"""What makes a descriptor readable, writable and exceptional (fs/select.c)."""


class Selected:
    """The three sets of one call."""

    def __init__(self, task: LinuxTask, count: int, addresses: tuple[int, int, int]) -> None:
        """Reads them.

        Raises:
            Errno: EINVAL, a negative number; EBADF, a descriptor is not open; EFAULT.
        """
        if count < 0:
            raise Errno(E.EINVAL)
        self._task = task
        self._addresses = addresses
        count = min(count, task.files.size)
        word = 4 if task.in_ia32_syscall else 8
        self._size = (count + 8 * word - 1) // (8 * word) * word
        wanted = [
            int.from_bytes(task.memory.read(address, self._size), "little") & (1 << count) - 1
            if address
            else 0
            for address in addresses
        ]
        self._files: dict[int, tuple[File, int]] = {}
        for fd in _bits(wanted[0] | wanted[1] | wanted[2]):
            asked = (MEANINGS[n] for n in range(3) if wanted[n] >> fd & 1)
            self._files[fd] = (task.files[fd], functools.reduce(operator.or_, asked))
        self._wanted = wanted
        self._found = [0, 0, 0]

    @property
    def interests(self) -> list[tuple[File, int]]:
        """The files and what is asked of each."""
        return list(self._files.values())

    def look(self) -> bool:
        """Asks every file what it is ready for; whether any has an answer."""
        found = [0, 0, 0]
        for fd, (file, _) in self._files.items():
            ready = file.poll()
            for n in range(3):
                if self._wanted[n] >> fd & 1 and ready & MEANINGS[n]:
                    found[n] |= 1 << fd
        self._found = found
        return any(found)

    def answer(self) -> int:
        """Stores what was found; returns how many bits are set.

        Raises:
            Errno: EFAULT.
        """
        for address, bits in zip(self._addresses, self._found, strict=True):
            if address:
                self._task.memory.write(address, bits.to_bytes(self._size, "little"))
        return sum(bits.bit_count() for bits in self._found)


def _bits(number: int) -> list[int]:
    """The places of the bits that are set."""
    return [place for place in range(number.bit_length()) if number >> place & 1]


def _select(task: LinuxTask, selected: Selected, timeout: Timeout) -> int | Waiting:
    if selected.look() or timeout.immediate:
        return selected.answer()
    return _wait(task, selected, timeout.deadline)


async def _wait(task: LinuxTask, selected: Selected, deadline: int | None) -> int:
    await until_any(task, selected.interests, selected.look, deadline)
    return selected.answer()


def _plain(task: LinuxTask, n: int, inp: int, outp: int, exp: int, tvp: int, bits: int) -> int | Waiting:
    timeout = Timeout(task, tvp, bits, timeval=True)
    return timeouts.finish(task, _select(task, Selected(task, n, (inp, outp, exp)), timeout), timeout)


@syscall("full", compat_sys_select=32)
def sys_select(
    task: LinuxTask, n: Int, inp: Pointer, outp: Pointer, exp: Pointer, tvp: Pointer, *, bits: int = 64
) -> int | Waiting:
    """Waits until one of several descriptors is ready."""
    return _plain(task, n, inp, outp, exp, tvp, bits)


@syscall("full")
def compat_sys_old_select(task: LinuxTask, arg: Pointer) -> int | Waiting:
    """i386's first select: all arguments in memory."""
    n, inp, outp, exp, tvp = SELECT_ARGS.integers(task.memory, arg, 32)
    return _plain(task, n, inp, outp, exp, tvp, 32)


@syscall("full", compat_sys_pselect6_time32=32, compat_sys_pselect6_time64=64)
def sys_pselect6(
    task: LinuxTask,
    n: Int,
    inp: Pointer,
    outp: Pointer,
    exp: Pointer,
    tsp: Pointer,
    sig: Pointer,
    *,
    bits: int = 64,
) -> int | Waiting:
    """Waits until one of several descriptors is ready, with another signal mask."""
    mask, size = 0, 0
    if sig:
        mask, size = SIGSET_ARG.integers(task.memory, sig, 32 if task.in_ia32_syscall else 64)
    timeout = Timeout(task, tsp, bits)
    timeouts.set_mask(task, mask, size)
    try:
        result = _select(task, Selected(task, n, (inp, outp, exp)), timeout)
    except Errno:
        timeouts.restore_mask(task)
        raise
    return timeouts.finish(task, result, timeout)
