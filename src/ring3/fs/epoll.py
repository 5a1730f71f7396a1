"""epoll(7): a set of files to wait for, and those of them that may be ready.

A file that changes puts its item on the ready list; waiting takes items from there, asks each file what it is ready
for, and puts level-triggered ones back as long as they are. Only who waits may ask: what a signalfd is ready for
depends on who that is, and a file changes while somebody else runs (ep_poll_callback asks nothing either). Files of the
host do not tell when they change: they are asked, and watched only while somebody waits. For those an edge is a
readiness that was not there when the file was last asked, or that follows a read or write.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.file import O_RDWR, File
from ring3.fs.readiness import POLLERR, POLLHUP, READABLE
from ring3.kernel.wait import Exclusive, Listening, WaitQueue

if TYPE_CHECKING:
    from ring3.fs.vfs import Vfs

EPOLLEXCLUSIVE: Final = 1 << 28
EPOLLWAKEUP: Final = 1 << 29
EPOLLONESHOT: Final = 1 << 30
EPOLLET: Final = 1 << 31
PRIVATE: Final = EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET
"""The bits that are not events."""
MAX_NESTS: Final = 4
"""How deep instances may watch each other (EP_MAX_NESTS)."""


class Item:
    """A descriptor that is watched.

    Attributes:
        file: The open file.
        events: What is asked, with EPOLLET and the like; no event at all if it has to be asked for again.
        data: What the program gets back with an event.
        listening: Who tells of changes.
        on_close: What happens when the file is closed.
        told: What the file was ready for when that was last told, for the edges of host files.
    """

    __slots__ = ("data", "events", "file", "listening", "on_close", "told")

    def __init__(self, file: File, events: int, data: int) -> None:
        self.file = file
        self.events = events
        self.data = data
        self.listening: Listening | None = None
        self.on_close: Callable[[], None] = lambda: None
        self.told = 0

    def ready(self) -> int:
        """What the file is ready for, of what is asked."""
        return self.file.poll() & self.events & ~PRIVATE


class EpollFile(AnonymousFile):
    """An epoll instance.

    Attributes:
        queue: Woken when an item may have become ready.
        busy_poll: How long, how much at once, and whether rather than by interrupts, the network's devices are asked
            while somebody waits: there are none here that could be.
    """

    kind = b"[eventpoll]"
    requests = "epoll"

    def __init__(self, vfs: Vfs) -> None:
        super().__init__(vfs, O_RDWR)
        self.queue = WaitQueue()
        self.busy_poll = 0, 0, 0
        self._items: dict[tuple[int, File], Item] = {}
        self._ready: OrderedDict[Item, None] = OrderedDict()

    def available(self) -> int:
        """It is asked by no such request (ep_eventpoll_ioctl)."""
        raise Errno(E.EINVAL)

    # -- the set -------------------------------------------------------------------------------------------------

    def add(self, fd: int, file: File, events: int, data: int) -> None:
        """Watches a descriptor.

        Raises:
            Errno: EEXIST, it is watched already; EPERM, its file cannot be; ELOOP, instances would watch each other.
        """
        if not file.pollable:
            raise Errno(E.EPERM)
        if isinstance(file, EpollFile) and (file.reaches(self) or file.depth() > MAX_NESTS):
            raise Errno(E.ELOOP)
        key = (fd, file)
        if key in self._items:
            raise Errno(E.EEXIST)
        item = self._items[key] = Item(file, events | POLLERR | POLLHUP, data)
        item.on_close = lambda: self._forget(key, item)
        file.on_close.append(item.on_close)
        self._watch(item)

    def change(self, fd: int, file: File, events: int, data: int) -> None:
        """Changes what is asked of a descriptor.

        Raises:
            Errno: ENOENT, it is not watched; EINVAL, EPOLLEXCLUSIVE cannot be changed.
        """
        item = self._items.get((fd, file))
        if item is None:
            raise Errno(E.ENOENT)
        if (item.events | events) & EPOLLEXCLUSIVE:
            raise Errno(E.EINVAL)
        item.events, item.data, item.told = events | POLLERR | POLLHUP, data, 0
        self._watch(item)

    def remove(self, fd: int, file: File) -> None:
        """Watches a descriptor no more.

        Raises:
            Errno: ENOENT, it is not watched.
        """
        item = self._items.get((fd, file))
        if item is None:
            raise Errno(E.ENOENT)
        self._forget((fd, file), item)

    def details(self) -> str:
        """What is watched, a line each."""
        rows = []
        for (fd, file), item in sorted(self._items.items(), key=lambda row: row[0][0]):
            status = file.stat()
            rows.append(
                f"tfd: {fd:8} events: {item.events:8x} data: {item.data:16x} "
                f" pos:{file.position} ino:{status.ino:x} sdev:{status.dev:x}\n"
            )
        return "".join(rows)

    def _watch(self, item: Item) -> None:
        if item.listening is not None:
            item.listening.cancel()
        if not item.file.asks_host:

            def changed() -> bool:
                return self._changed(item)

            callback = Exclusive(changed) if item.events & EPOLLEXCLUSIVE else changed
            item.listening = item.file.listen(callback, item.events & ~PRIVATE)
        if item.ready():
            self._changed(item)

    def _changed(self, item: Item) -> bool:
        """An item may have become ready; whether anybody waits for that."""
        self._ready[item] = None
        waited = self.queue.is_awaited
        self.queue.wake(READABLE)
        return waited

    def _forget(self, key: tuple[int, File], item: Item) -> None:
        if self._items.get(key) is item:
            del self._items[key]
            self._ready.pop(item, None)
            if item.listening is not None:
                item.listening.cancel()
            if item.on_close in item.file.on_close:
                item.file.on_close.remove(item.on_close)

    # -- what is ready -------------------------------------------------------------------------------------------

    def take(self, limit: int) -> list[tuple[int, int]]:
        """Events and data of up to ``limit`` items that are ready now; level-triggered ones stay on the list, last."""
        self._ask_host()
        found: list[tuple[int, int]] = []
        for _ in range(len(self._ready)):
            if len(found) == limit:
                break
            item, _ = self._ready.popitem(last=False)
            events = item.ready()
            if not events:
                continue
            found.append((events, item.data))
            if item.events & EPOLLONESHOT:
                item.events &= PRIVATE
            elif not item.events & EPOLLET:
                self._ready[item] = None
        return found

    def _ask_host(self) -> None:
        """Looks for host files that have become ready."""
        for item in self._items.values():
            if not item.file.asks_host:
                continue
            events = item.ready()
            if events and (not item.events & EPOLLET or events & ~item.told or item.file.used):
                self._ready[item] = None
            item.told = events
            item.file.used = False

    def poll(self) -> int:
        """Readable if an item is ready."""
        self._ask_host()
        return READABLE if any(item.ready() for item in self._ready) else 0

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when an item may have become ready; that is when host files are watched."""
        own = self.queue.listen(callback, events)
        hosts = [
            item.file.listen(callback, item.events & ~PRIVATE)
            for item in self._items.values()
            if item.file.asks_host and item.events & ~PRIVATE
        ]
        return _All([own, *hosts])

    # -- nesting -------------------------------------------------------------------------------------------------

    @property
    def asks_host(self) -> bool:  # type: ignore[override]
        """Whether one of its files does."""
        return any(item.file.asks_host for item in self._items.values())

    def _inner(self) -> list[EpollFile]:
        return [item.file for item in self._items.values() if isinstance(item.file, EpollFile)]

    def reaches(self, other: EpollFile) -> bool:
        """Whether it is the other one or watches it."""
        return self is other or any(inner.reaches(other) for inner in self._inner())

    def depth(self) -> int:
        """How many instances hang below each other here."""
        return 1 + max((inner.depth() for inner in self._inner()), default=0)

    def close(self) -> None:
        """Watches nothing more."""
        for key, item in list(self._items.items()):
            self._forget(key, item)


class _All:
    """Several listeners as one."""

    def __init__(self, parts: list[Listening]) -> None:
        self._parts = parts

    def cancel(self) -> None:
        """Ends all."""
        for part in self._parts:
            part.cancel()
