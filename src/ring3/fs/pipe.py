"""Pipes (pipe(7)): bytes in a queue of limited size between open files.

Writes of up to PIPE_BUF bytes are never split. The size is counted in bytes, where Linux counts pages that may be
partly filled; so a pipe here never takes fewer bytes than Linux's.
"""

from __future__ import annotations

import stat
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.file import O_ACCMODE, O_DIRECT, O_RDONLY, O_WRONLY, File, Stat, WouldBlock
from ring3.fs.readiness import POLLERR, POLLHUP, READABLE, WRITABLE
from ring3.kernel.wait import Listening, WaitQueue

if TYPE_CHECKING:
    from ring3.fs.inode import Inode
    from ring3.fs.locks import Locks
    from ring3.fs.vfs import Vfs

PIPE_BUF: Final = 4096
"""Bytes that are written whole or not at all."""
CAPACITY: Final = 65536
"""Bytes a new pipe holds."""
MAX_CAPACITY: Final = 1 << 20
"""Bytes that an ordinary user may make it hold (/proc/sys/fs/pipe-max-size)."""
SMALL_CAPACITY: Final = 2 * PIPE_BUF
"""Bytes that a new pipe holds of a user whose pipes hold too much (PIPE_MIN_DEF_BUFFERS)."""
USER_CAPACITY: Final = 64 << 20
"""Bytes that all pipes of an ordinary user may hold before that (/proc/sys/fs/pipe-user-pages-soft, in pages)."""


class Packet(bytes):
    """What one write has put into a pipe in packet mode (O_DIRECT, pipe(2)): one read takes it, or cuts it off."""

    __slots__ = ()


class Pipe:
    """What lies between the two ends.

    Attributes:
        vfs: The machine's files.
        ino: Its inode number.
        capacity: Bytes it holds at most.
        size: Bytes it holds.
        readers: Open files that can read.
        writers: Open files that can write.
        queue: Woken with the events of poll(2) that have become possible.
        opened: How often a reading and a writing end was opened, for those who wait for that.
        owner: User and group who made it.
        attributes: What programs have changed of its attributes, None for nothing.
    """

    def __init__(self, vfs: Vfs, owner: tuple[int, int] = (0, 0)) -> None:
        self.vfs = vfs
        self.owner = owner
        self.ino = vfs.new_ino()
        self.capacity = CAPACITY
        self.size = 0
        self.readers = 0
        self.writers = 0
        self.queue = WaitQueue()
        self.opened = [0, 0]
        self.created = vfs.now()
        self.attributes: Inode | None = None
        self._chunks: deque[bytes] = deque()
        self._padding = 0  # room that packets take beyond their bytes

    def open_end(self, flags: int) -> None:
        """One more reader, writer or both; with the first one it takes room among its owner's pipes."""
        if not (self.readers or self.writers):
            held = self.vfs.pipe_room.get(self.owner[0], 0)
            self.capacity = CAPACITY if held + CAPACITY <= self._most_for_owner() else SMALL_CAPACITY
            self._take_room(self.capacity)
        mode = flags & O_ACCMODE
        if mode != O_WRONLY:
            self.readers += 1
            self.opened[0] += 1
        if mode != O_RDONLY:
            self.writers += 1
            self.opened[1] += 1

    def close_end(self, flags: int) -> None:
        """One reader, writer or both less; with the last one its contents go."""
        mode = flags & O_ACCMODE
        if mode != O_WRONLY:
            self.readers -= 1
        if mode != O_RDONLY:
            self.writers -= 1
        if not (self.readers or self.writers):
            self._take_room(-self.capacity)
            self._chunks.clear()
            self.size = self._padding = 0
        self.queue.wake()

    def _most_for_owner(self) -> int:
        """Bytes that all pipes of the owner may hold; user 0's what Linux would have memory for."""
        most = self.vfs.ram.size // 2
        return min(most, USER_CAPACITY) if self.owner[0] else most

    def _take_room(self, size: int) -> None:
        room = self.vfs.pipe_room
        room[self.owner[0]] = room.get(self.owner[0], 0) + size

    def take(self, size: int) -> bytes:
        """Removes up to ``size`` bytes from the front."""
        parts = []
        lost = 0
        while size and self._chunks:
            chunk = self._chunks[0]
            if isinstance(chunk, Packet):
                self._chunks.popleft()
                self._padding -= PIPE_BUF - len(chunk)
                lost = max(0, len(chunk) - size)
                parts.append(chunk[:size])
                break
            if len(chunk) <= size:
                self._chunks.popleft()
            else:
                self._chunks[0] = chunk[size:]
                chunk = chunk[:size]
            parts.append(chunk)
            size -= len(chunk)
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self.size -= len(data) + lost
        if data:
            self.queue.wake(WRITABLE)
        return data

    def peek(self, size: int) -> bytes:
        """Up to ``size`` bytes from the front, which stay there."""
        parts = []
        for chunk in self._chunks:
            if size <= 0:
                break
            parts.append(chunk[:size])
            if isinstance(chunk, Packet):
                break
            size -= len(chunk)
        return b"".join(parts)

    def give_back(self, data: bytes) -> None:
        """Puts bytes back to the front."""
        if data:
            self._chunks.appendleft(data)
            self.size += len(data)

    def put(self, data: bytes | memoryview) -> int:
        """Adds what there is room for at the end; returns how many bytes, 0 if it must be all of them and is not."""
        room = self.room
        if len(data) > room:
            if len(data) <= PIPE_BUF:
                return 0
            data = data[:room]
        if data:
            self._chunks.append(bytes(data))
            self.size += len(data)
            self.queue.wake(READABLE)
        return len(data)

    def put_packets(self, data: bytes | memoryview) -> int:
        """Adds packets of up to PIPE_BUF bytes, as many as there is room for; returns how many bytes they hold.

        Each takes the room of PIPE_BUF bytes, as it has a page of its own.
        """
        done = self._join(data)
        while done < len(data) and self.room >= PIPE_BUF:
            packet = Packet(data[done : done + PIPE_BUF])
            self._chunks.append(packet)
            self._padding += PIPE_BUF - len(packet)
            self.size += len(packet)
            done += len(packet)
        if done:
            self.queue.wake(READABLE)
        return done

    def _join(self, data: bytes | memoryview) -> int:
        """Adds less than a page to the end of bytes that came without packet mode, as these share a page."""
        last = self._chunks[-1] if self._chunks else None
        if last is None or isinstance(last, Packet) or len(last) % PIPE_BUF + len(data) > PIPE_BUF:
            return 0
        self._chunks[-1] = last + bytes(data)
        self.size += len(data)
        return len(data)

    @property
    def room(self) -> int:
        """Bytes that can be put into it."""
        return self.capacity - self.size - self._padding

    def resize(self, capacity: int) -> int:
        """Makes it hold another number of bytes, rounded up to a power of two of pages (F_SETPIPE_SZ).

        Raises:
            Errno: EINVAL, too many; EBUSY, it holds more now; EPERM or, for user 0, ENOMEM, all pipes of its owner
                would hold too much.
        """
        if capacity > 1 << 31:
            raise Errno(E.EINVAL)
        wanted = PIPE_BUF
        while wanted < capacity:
            wanted *= 2
        if wanted < self.size + self._padding:
            raise Errno(E.EBUSY)
        more = wanted - self.capacity
        if more > 0 and self.vfs.pipe_room[self.owner[0]] + more > self._most_for_owner():
            raise Errno(E.EPERM if self.owner[0] else E.ENOMEM)
        self._take_room(more)
        self.capacity = wanted
        self.queue.wake(WRITABLE)
        return wanted


class PipeFile(File):
    """One end of a pipe, or both for a FIFO opened so."""

    takes_whole_pages = True

    def __init__(self, pipe: Pipe, flags: int, inode: Inode | None = None, name: bytes = b"") -> None:
        """Opens an end; ``inode`` and ``name`` are those of a FIFO."""
        super().__init__(flags)
        self.pipe = pipe
        self._inode = inode
        self._name = name
        pipe.open_end(flags)
        self._hung_up_before = pipe.opened[1] if not pipe.writers else -1
        pipe.queue.wake()

    @property
    def inode(self) -> Inode | None:
        """The inode of a FIFO."""
        return self._inode

    def read(self, size: int) -> bytes:
        """What is in the pipe; nothing once all writers are gone.

        Raises:
            WouldBlock: It is empty and somebody could write.
        """
        if not size:
            return b""
        data = self.pipe.take(size)
        if not data and self.pipe.writers:
            raise WouldBlock(self, READABLE, for_one=True)
        return data

    def unread(self, data: bytes) -> None:
        """Puts it back."""
        self.pipe.give_back(data)

    def write(self, data: bytes | memoryview) -> int:
        """Puts bytes into the pipe.

        Raises:
            Errno: EPIPE, nobody can read them.
            WouldBlock: There is no room.
        """
        if not self.pipe.readers and len(data):
            raise Errno(E.EPIPE)
        done = self.pipe.put_packets(data) if self.flags & O_DIRECT else self.pipe.put(data)
        if not done and len(data):
            raise WouldBlock(self, WRITABLE)
        return done

    def available(self) -> int:
        """Bytes in the pipe."""
        return self.pipe.size

    def poll(self) -> int:
        """Readable with bytes in it, writable with room for PIPE_BUF of them (pipe_poll in fs/pipe.c)."""
        pipe, found = self.pipe, 0
        if self.readable:
            if pipe.size:
                found |= READABLE
            if not pipe.writers and pipe.opened[1] != self._hung_up_before:
                found |= POLLHUP
        if self.writable:
            if pipe.room >= PIPE_BUF:
                found |= WRITABLE
            if not pipe.readers:
                found |= POLLERR
        return found

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when bytes come or go, or an end is opened or closed."""
        return self.pipe.queue.listen(callback, events | POLLERR | POLLHUP)

    @property
    def attributes(self) -> Inode:
        """A FIFO's inode, or what is kept of a pipe."""
        if self._inode is not None:
            return self._inode
        if self.pipe.attributes is None:
            from ring3.fs.unnamed import UnnamedInode  # noqa: PLC0415 - hardly a program changes them

            self.pipe.attributes = UnnamedInode("pipefs", self.stat(), self.pipe.vfs.now)
        return self.pipe.attributes

    @property
    def lockable(self) -> Inode:
        """Both ends are one inode."""
        return self.attributes

    @property
    def locks(self) -> Locks | None:
        """Those on the inode, if it has been needed."""
        inode = self._inode or self.pipe.attributes
        return None if inode is None else inode.locks

    def stat(self) -> Stat:
        """A FIFO's attributes, or a pipe's."""
        if self._inode is not None:
            return self._inode.stat()
        pipe, when = self.pipe, self.pipe.created
        if pipe.attributes is not None:
            return pipe.attributes.stat()
        return Stat(
            pipe.vfs.pipe_dev, pipe.ino, stat.S_IFIFO | 0o600, 1, *pipe.owner, 0, 0, 4096, 0, when, when, when
        )

    def path(self) -> bytes:
        """``pipe:[N]``, or a FIFO's path."""
        return self._name or b"pipe:[%d]" % self.pipe.ino

    def reopen(self, flags: int) -> File:
        """The same pipe, opened anew."""
        return PipeFile(self.pipe, flags, self._inode, self._name)

    def close(self) -> None:
        """The pipe has a reader or writer less."""
        self.pipe.close_end(self.flags)


def make_pipe(vfs: Vfs, flags: int = 0, owner: tuple[int, int] = (0, 0)) -> tuple[PipeFile, PipeFile]:
    """A new pipe's reading and writing end, with status flags such as O_NONBLOCK; O_DIRECT is the writer's alone."""
    pipe = Pipe(vfs, owner)
    writer = PipeFile(pipe, O_WRONLY | flags)
    return PipeFile(pipe, O_RDONLY | flags & ~O_DIRECT), writer
