"""Timeouts of calls that wait for files, and the signal mask that holds meanwhile (fs/select.c)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.kernel.wait import deadline_after
from ring3.linux.model.settings import Persona
from ring3.linux.model.signal_state import UNBLOCKABLE
from ring3.linux.signals.send import set_current_blocked
from ring3.linux.timers.timespec import pack_timespec, pack_timeval, read_duration, read_timespec

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.linux.model.task import LinuxTask

SIGSET_SIZE: Final = 8


class Timeout:
    """When a call gives up, and where it says how much time was left.

    Attributes:
        deadline: Monotonic nanoseconds, None for never.
        immediate: It does not wait at all.
    """

    def __init__(self, task: LinuxTask, address: int, bits: int = 64, *, timeval: bool = False) -> None:
        """Reads a timeout.

        Args:
            task: The caller.
            address: Where it lies; 0 for none.
            bits: Its width.
            timeval: It is a ``struct timeval``, not a ``struct timespec``.

        Raises:
            Errno: EFAULT; EINVAL.
        """
        self._task = task
        self._address = address
        self._bits = bits
        self._pack = pack_timeval if timeval else pack_timespec
        read = read_duration if timeval else read_timespec
        duration = read(task, address, bits) if address else None
        self.immediate = duration == 0
        self.deadline = None if duration is None else deadline_after(task, duration)

    def store_rest(self) -> None:
        """Tells the program how much was left; a bad address is no error, because the call is done."""
        if self.deadline is not None and not self._task.settings.personality & Persona.STICKY_TIMEOUTS:
            left = 0 if self.immediate else max(0, self.deadline - self._task.kernel.clocks.monotonic())
            with suppress(Errno):
                self._task.memory.write(self._address, self._pack(left, self._bits))


def set_mask(task: LinuxTask, address: int, size: int) -> None:
    """Blocks other signals while the call waits; nothing happens at address 0.

    Raises:
        Errno: EINVAL, not the size of a signal set; EFAULT.
    """
    if not address:
        return
    if size != SIGSET_SIZE:
        raise Errno(E.EINVAL)
    mask = task.memory.read_u64(address)
    if task.saved_mask is None:  # else the call is made again, and its mask is in force
        task.saved_mask = task.blocked
    set_current_blocked(task, mask & ~UNBLOCKABLE)


def restore_mask(task: LinuxTask) -> None:
    """Goes back to the mask from before `set_mask`."""
    if task.saved_mask is not None:
        mask, task.saved_mask = task.saved_mask, None
        set_current_blocked(task, mask)


def finish(task: LinuxTask, result: int | Waiting, timeout: Timeout) -> int | Waiting:
    """The end of a call with a mask and a timeout, done or waiting."""
    if not isinstance(result, int):
        return _finish_later(task, result, timeout)
    timeout.store_rest()
    restore_mask(task)
    return result


async def _finish_later(task: LinuxTask, waiting: Waiting, timeout: Timeout) -> int:
    """Waits with the mask of `set_mask`; after a signal, delivering it brings the old mask back.

    Raises:
        Errno: ERESTARTNOHAND, a signal came first; as what waits.
    """
    try:
        result = await waiting
    except Errno as error:
        timeout.store_rest()
        if error.number is E.ERESTARTSYS:
            raise Errno(E.ERESTARTNOHAND) from None
        restore_mask(task)
        raise
    timeout.store_rest()
    restore_mask(task)
    return result


def finish_interruptible(task: LinuxTask, result: int | Waiting) -> int | Waiting:
    """The end of a call with a mask that answers EINTR to any signal."""
    if not isinstance(result, int):
        return _finish_interruptible_later(task, result)
    restore_mask(task)
    return result


async def _finish_interruptible_later(task: LinuxTask, waiting: Waiting) -> int:
    try:
        result = await waiting
    except Errno as error:
        if error.number is not E.EINTR:
            restore_mask(task)
        raise
    restore_mask(task)
    return result
