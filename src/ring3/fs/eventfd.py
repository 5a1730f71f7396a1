"""eventfd(2): a counter that can be waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.file import O_RDWR, WouldBlock
from ring3.fs.readiness import POLLERR, POLLIN, POLLOUT, READABLE, WRITABLE
from ring3.kernel.wait import Listening, WaitQueue

if TYPE_CHECKING:
    from ring3.fs.vfs import Vfs

LARGEST: Final = (1 << 64) - 2


class EventFile(AnonymousFile):
    """A counter.

    Attributes:
        count: Its value.
        semaphore: A read takes 1 and not all (EFD_SEMAPHORE).
        queue: Woken when the counter changes.
        number: What /proc/PID/fdinfo calls it.
    """

    kind = b"[eventfd]"

    def __init__(self, vfs: Vfs, count: int, flags: int, semaphore: bool) -> None:
        super().__init__(vfs, O_RDWR | flags)
        self.count = count
        self.semaphore = semaphore
        self.queue = WaitQueue()
        self.number = vfs.new_ino()

    def read(self, size: int) -> bytes:
        """The counter, which is 0 then; or 1, and it is 1 less.

        Raises:
            Errno: EINVAL, fewer than 8 bytes are asked for.
            WouldBlock: It is 0.
        """
        if size < 8:
            raise Errno(E.EINVAL)
        if not self.count:
            raise WouldBlock(self, READABLE, for_one=True)
        taken = 1 if self.semaphore else self.count
        self.count -= taken
        self.queue.wake(WRITABLE)
        return taken.to_bytes(8, "little")

    def unread(self, data: bytes) -> None:
        """Adds it again."""
        if len(data) == 8:
            self.count += int.from_bytes(data, "little")

    def write(self, data: bytes | memoryview) -> int:
        """Adds a number.

        Raises:
            Errno: EINVAL, not 8 bytes, or the number that has all bits set.
            WouldBlock: The sum would be too large.
        """
        if len(data) != 8:
            raise Errno(E.EINVAL)
        added = int.from_bytes(data, "little")
        if added > LARGEST:
            raise Errno(E.EINVAL)
        if self.count + added > LARGEST:
            raise WouldBlock(self, WRITABLE)
        self.count += added
        self.queue.wake(READABLE)
        return 8

    def poll(self) -> int:
        """Readable if it is not 0, writable if 1 can be added."""
        found = POLLIN if self.count else 0
        if self.count < LARGEST:
            found |= POLLOUT
        return found | POLLERR if self.count > LARGEST else found

    def details(self) -> str:
        """The counter, and its kind."""
        return f"eventfd-count: {self.count:16x}\neventfd-id: {self.number}\neventfd-semaphore: {self.semaphore:d}\n"

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when the counter changes."""
        return self.queue.listen(callback, events)
