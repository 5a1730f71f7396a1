"""POSIX message queues: named files that hold messages by priority (ipc/mqueue.c of Linux 6.x, mq_overview(7))."""

from __future__ import annotations

import bisect
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.fs.file import File, Stat
from ring3.fs.inode import Inode
from ring3.fs.readiness import READABLE, WRITABLE
from ring3.fs.regular import seek
from ring3.kernel.wait import Listening, WaitQueue

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.permission import Who
    from ring3.fs.vfs import Vfs
    from ring3.linux.model.process import Process
    from ring3.net.netlink.socket import NetlinkSocket

WOKEN_UP: Final = 1
REMOVED: Final = 2
"""What the last byte of a cookie says (NOTIFY_WOKENUP, NOTIFY_REMOVED)."""
_SIZE: Final = 80
"""What stat(2) says of each (FILENT_SIZE)."""


class Message(NamedTuple):
    """One message.

    Attributes:
        order: The priority, negative, so that messages sort by it, and those of one priority by age.
        number: How many were sent before it.
        text: What it says.
    """

    order: int
    number: int
    text: bytes


class Notice(NamedTuple):
    """Who is told when a message comes to an empty queue, and how (mq_notify(3)).

    Attributes:
        process: Who.
        signal: The signal, 0 for none.
        value: What it brings.
        socket: Where a C library's thread waits for word (SIGEV_THREAD), None if none does.
        cookie: What is sent there, but for the last byte, which says what has happened.
    """

    process: Process
    signal: int = 0
    value: int = 0
    socket: NetlinkSocket | None = None
    cookie: bytes = b""

    def send(self, what: int) -> None:
        """Sends the cookie, if a thread waits for it."""
        if self.socket is not None:
            self.socket.put(self.cookie[:-1] + bytes([what]))


class PosixQueue(Inode):
    """A queue.

    Attributes:
        maxmsg: The most messages.
        msgsize: The most bytes of one.
        messages: Those that are in it, the next one first.
        changed: Woken when a message comes or goes.
        receivers: How many calls wait for a message.
        notice: Who is told of the next message, if anybody.
        asked_in: The table of descriptors of who asked for that.
        removed: Its name is gone.
    """

    def __init__(self, vfs: Vfs, mode: int, who: Who, maxmsg: int, msgsize: int) -> None:
        super().__init__(vfs.unnamed, vfs.new_ino(), stat.S_IFREG | mode, who.uid, who.gid)
        self.vfs = vfs
        self.maxmsg = maxmsg
        self.msgsize = msgsize
        self.messages: list[Message] = []
        self.changed = WaitQueue()
        self.receivers = 0
        self.notice: Notice | None = None
        self.asked_in: object = None
        self.removed = False
        self._sent = 0
        self._made = vfs.now()

    def open(self, dentry: Dentry, flags: int) -> File:
        """There is only mq_open(2).

        Raises:
            Errno: ENXIO.
        """
        raise Errno(E.ENXIO)

    def put(self, text: bytes, priority: int) -> None:
        """Adds a message."""
        bisect.insort(self.messages, Message(-priority, self._sent, text))
        self._sent += 1
        self.changed.wake(READABLE)

    def forget_notice(self) -> None:
        """Nobody is told any more; a thread that waits for word gets that."""
        notice, self.notice = self.notice, None
        if notice is not None:
            notice.send(REMOVED)

    def take(self) -> Message:
        """The oldest one of the highest priority, which is gone then."""
        message = self.messages.pop(0)
        self.changed.wake(WRITABLE)
        return message

    def stat(self) -> Stat:
        """All attributes."""
        times = (self._made, self._made, self._made)
        links = int(not self.removed)
        return Stat(self.fs.dev, self.ino, self.mode, links, self.uid, self.gid, 0, _SIZE, 4096, 0, *times)


class QueueFile(File):
    """An open queue.

    Attributes:
        queue: The queue.
        name: What /proc/PID/fd calls it.
    """

    hears_of_closing = True

    def __init__(self, queue: PosixQueue, name: bytes, flags: int) -> None:
        super().__init__(flags)
        self.queue = queue
        self.vfs = queue.vfs
        self.name = name

    @property
    def inode(self) -> Inode | None:
        """The queue."""
        return self.queue

    def read(self, size: int) -> bytes:
        """One line about what is in it, and who is told."""
        found = self.pread(size, self.position)
        self.position += len(found)
        return found

    def pread(self, size: int, offset: int) -> bytes:
        """The same at an offset."""
        queue, notice = self.queue, self.queue.notice
        waiting = sum(len(message.text) for message in queue.messages)
        how, signal, pid = (
            (0, 0, 0) if notice is None else (not notice.signal, notice.signal, notice.process.pid)
        )
        text = f"QSIZE:{waiting:<10} NOTIFY:{how:<5d} SIGNO:{signal:<5} NOTIFY_PID:{pid:<6}\n".encode()
        return text[offset : offset + size]

    def seek(self, offset: int, whence: int) -> int:
        """Moves the position (default_llseek)."""
        self.position = seek(self.position, _SIZE, offset, whence)
        return self.position

    def poll(self) -> int:
        """Readable if there is a message, writable if there is room for one."""
        queue = self.queue
        return READABLE * bool(queue.messages) | WRITABLE * (len(queue.messages) < queue.maxmsg)

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when a message comes or goes."""
        return self.queue.changed.listen(callback, events)

    def stat(self) -> Stat:
        """The queue's attributes."""
        return self.queue.stat()

    def path(self) -> bytes:
        """A slash and the name."""
        return b"/" + self.name

    def descriptor_closed(self, table: object) -> None:
        """Who asked to be told and closes any descriptor of the queue is not told any more (mqueue_flush_file)."""
        if table is self.queue.asked_in:
            self.queue.forget_notice()


class PosixQueues:
    """All of a kernel's, by name, and their limits by their names in /proc/sys/fs/mqueue.

    Attributes:
        named: Those that can be opened.
        queues_max: How many there may be.
        msg_max: The most messages of one.
        msgsize_max: The most bytes of a message.
        msg_default: How many messages where nobody says it.
        msgsize_default: How many bytes.
    """

    def __init__(self) -> None:
        self.named: dict[bytes, PosixQueue] = {}
        self.queues_max = 256
        self.msg_max = self.msg_default = 10
        self.msgsize_max = self.msgsize_default = 8192
