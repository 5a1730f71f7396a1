"""Timeouts of calls that wait for files, and the signal mask that holds meanwhile (fs/select.c)."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.linux.model.signal_state import UNBLOCKABLE
from ring3.linux.signals.send import set_current_blocked

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.linux.model.task import LinuxTask

NSEC: Final = 10**9
SIGSET_SIZE: Final = 8


class Layout(NamedTuple):
    """How a time lies in user memory.

    Attributes:
        form: Seconds and the rest, in the words of `struct`.
        unit: Nanoseconds of the rest's unit.
    """

    form: struct.Struct
    unit: int

    def read(self, task: LinuxTask, address: int) -> int | None:
        """Nanoseconds; None at address 0.

        Raises:
            Errno: EFAULT; EINVAL, negative or too much in the second word.
        """
        if not address:
            return None
        seconds, rest = self.form.unpack(task.memory.read(address, self.form.size))
        if self is TIMESPEC64 and task.in_ia32_syscall:
            rest &= 0xFFFF_FFFF
        if self.unit == 1000:  # microseconds may be more than a second (select(2))
            seconds, rest = seconds + rest // 10**6, rest % 10**6
        if seconds < 0 or not 0 <= rest * self.unit < NSEC:
            raise Errno(E.EINVAL)
        return int(seconds * NSEC + rest * self.unit)

    def write(self, task: LinuxTask, address: int, nanoseconds: int) -> None:
        """Stores what is left; a bad address is no error, because the call is done."""
        seconds, rest = divmod(nanoseconds, NSEC)
        limit = (1 << 31) - 1 if self.form.size == 8 else (1 << 63) - 1
        with suppress(Errno):
            task.memory.write(address, self.form.pack(min(seconds, limit), rest // self.unit))


TIMESPEC64: Final = Layout(struct.Struct("<qq"), 1)
TIMESPEC32: Final = Layout(struct.Struct("<ii"), 1)
TIMEVAL64: Final = Layout(struct.Struct("<qq"), 1000)
TIMEVAL32: Final = Layout(struct.Struct("<ii"), 1000)


class Timeout:
    """When a call gives up, and where it says how much time was left.

    Attributes:
        deadline: Monotonic nanoseconds, None for never.
        immediate: It does not wait at all.
    """

    def __init__(self, task: LinuxTask, address: int, layout: Layout) -> None:
        """Reads a timeout.

        Raises:
            Errno: EFAULT; EINVAL.
        """
        self._task = task
        self._address = address
        self._layout = layout
        duration = layout.read(task, address)
        self.immediate = duration == 0
        self.deadline = None if duration is None else task.kernel.clocks.monotonic() + duration

    def store_rest(self) -> None:
        """Tells the program how much was left."""
        if self.deadline is not None:
            left = 0 if self.immediate else max(0, self.deadline - self._task.kernel.clocks.monotonic())
            self._layout.write(self._task, self._address, left)


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
