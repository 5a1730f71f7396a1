"""inotify(7): a queue of what happens to files and directories (fs/notify/inotify of Linux 6.x)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.structs.files import INOTIFY_EVENT
from ring3.fs import notify
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.file import O_RDONLY, WouldBlock
from ring3.fs.readiness import READABLE
from ring3.kernel.wait import Listening, WaitQueue

if TYPE_CHECKING:
    from ring3.fs.inode import Inode
    from ring3.fs.vfs import Vfs

IN_ALL_EVENTS: Final = 0xFFF
IN_UNMOUNT: Final = 0x2000
IN_Q_OVERFLOW: Final = 0x4000
IN_IGNORED: Final = 0x8000
IN_ONLYDIR: Final = 0x100_0000
IN_DONT_FOLLOW: Final = 0x200_0000
IN_EXCL_UNLINK: Final = 0x400_0000
IN_MASK_CREATE: Final = 0x1000_0000
IN_MASK_ADD: Final = 0x2000_0000
IN_ONESHOT: Final = 0x8000_0000
ALL_BITS: Final = (
    IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK
    | IN_MASK_CREATE | IN_MASK_ADD | notify.ISDIR | IN_ONESHOT
)  # fmt: skip
_KEPT: Final = IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT
_FORM: Final = INOTIFY_EVENT.form(64)


class InotifyLimits:
    """The limits by their names in /proc/sys/fs/inotify, and what of them is used."""

    def __init__(self) -> None:
        self.max_queued_events = 16384
        self.max_user_instances = 128
        self.max_user_watches = 65536
        self.instances = 0
        self.watches = 0


class Event(NamedTuple):
    """One event."""

    wd: int
    mask: int
    cookie: int
    name: bytes

    def pack(self) -> bytes:
        """As read(2) gives it: the name is padded to a multiple of the struct."""
        room = -(-(len(self.name) + 1) // _FORM.size) * _FORM.size if self.name else 0
        return _FORM.pack(self.wd, self.mask, self.cookie, room) + self.name.ljust(room, b"\0")


class Watch:
    """What one instance wants to know of one inode.

    Attributes:
        number: Its descriptor.
        inode: The inode.
        mask: Which events, and IN_EXCL_UNLINK and IN_ONESHOT.
    """

    def __init__(self, owner: InotifyFile, number: int, inode: Inode, mask: int) -> None:
        self._owner = owner
        self.number = number
        self.inode = inode
        self.mask = mask

    def tell(self, mask: int, name: bytes, cookie: int, *, gone: bool) -> None:
        """Queues an event, if it is wanted."""
        if not mask & (self.mask & IN_ALL_EVENTS | IN_UNMOUNT) or (gone and self.mask & IN_EXCL_UNLINK):
            return
        self._owner.queue(Event(self.number, mask, cookie, name))
        if self.mask & IN_ONESHOT:
            self._owner.remove(self.number)

    def ended(self) -> None:
        """There is nothing more to watch."""
        self._owner.remove(self.number)


class InotifyFile(AnonymousFile):
    """An instance: what is watched, and what has happened.

    Attributes:
        watches: By descriptor.
        events: What has happened and was not read.
        waiters: Woken when something happens.
    """

    kind = b"inotify"

    def __init__(self, vfs: Vfs, limits: InotifyLimits, flags: int) -> None:
        """Makes one.

        Raises:
            Errno: EMFILE, there are too many.
        """
        if limits.instances >= limits.max_user_instances:
            raise Errno(E.EMFILE)
        super().__init__(vfs, O_RDONLY | flags)
        limits.instances += 1
        self._limits = limits
        self._next = 1
        self.watches: dict[int, Watch] = {}
        self.events: deque[Event] = deque()
        self.waiters = WaitQueue()

    def path(self) -> bytes:
        """``anon_inode:inotify``."""
        return b"anon_inode:" + self.kind

    def watch(self, inode: Inode, mask: int) -> int:
        """Watches an inode, or changes what is wanted of one that is watched; returns the descriptor.

        Raises:
            Errno: EEXIST, IN_MASK_CREATE and it is watched; ENOSPC, too many watches.
        """
        for watch in self.watches.values():
            if watch.inode.fs is inode.fs and watch.inode.ino == inode.ino:
                if mask & IN_MASK_CREATE:
                    raise Errno(E.EEXIST)
                watch.mask = mask & _KEPT | (watch.mask if mask & IN_MASK_ADD else 0)
                return watch.number
        if self._limits.watches >= self._limits.max_user_watches:
            raise Errno(E.ENOSPC)
        self._limits.watches += 1
        watch = self.watches[self._next] = Watch(self, self._next, inode, mask & _KEPT)
        self._next += 1
        notify.add(inode, watch)
        return watch.number

    def remove(self, number: int) -> None:
        """Ends a watch.

        Raises:
            Errno: EINVAL, there is none.
        """
        watch = self.watches.pop(number, None)
        if watch is None:
            raise Errno(E.EINVAL)
        self._limits.watches -= 1
        notify.remove(watch.inode, watch)
        self.queue(Event(number, IN_IGNORED, 0, b""))

    def queue(self, event: Event) -> None:
        """Adds an event; one like the last is that one, and too many are one that says so."""
        if self.events and self.events[-1] == event:
            return
        if len(self.events) >= self._limits.max_queued_events:
            event = Event(-1, IN_Q_OVERFLOW, 0, b"")
            if self.events[-1] == event:
                return
        self.events.append(event)
        self.waiters.wake(READABLE)

    def read(self, size: int) -> bytes:
        """As many events as there is room for.

        Raises:
            Errno: EINVAL, the next one does not fit.
            WouldBlock: There is none.
        """
        if not self.events:
            raise WouldBlock(self, READABLE)
        found = b""
        while self.events:
            text = self.events[0].pack()
            if len(found) + len(text) > size:
                break
            found += text
            self.events.popleft()
        if not found:
            raise Errno(E.EINVAL)
        return found

    def available(self) -> int:
        """Bytes of all events (FIONREAD)."""
        return sum(len(event.pack()) for event in self.events)

    def poll(self) -> int:
        """Readable if something has happened."""
        return READABLE if self.events else 0

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when something happens."""
        return self.waiters.listen(callback, events)

    def details(self) -> str:
        """What is watched."""
        return "".join(
            f"inotify wd:{number:x} ino:{watch.inode.ino:x} sdev:{watch.inode.fs.dev:x} mask:{watch.mask:x} "
            f"ignored_mask:0 \n"
            for number, watch in self.watches.items()
        )

    def close(self) -> None:
        """Nobody reads it any more."""
        for watch in self.watches.values():
            notify.remove(watch.inode, watch)
        self._limits.watches -= len(self.watches)
        self._limits.instances -= 1
        self.watches.clear()
