"""What listens by fanotify(7): marks, a queue of what has happened, and permissions to give (fs/notify/fanotify).

A group hears of all that happens on the file systems where it has a mark, and looks at its marks itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.fs import notify
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.file import O_RDWR, WouldBlock
from ring3.fs.mounts import top_of
from ring3.fs.readiness import READABLE
from ring3.kernel.wait import Listening, WaitQueue
from ring3.linux.calls.files.fanotify.record import Record, pack
from ring3.linux.calls.files.fanotify.values import (
    BY_DESCRIPTOR,
    FAN_ALLOW,
    FAN_AUDIT,
    FAN_DENY,
    FIDS,
    FILESYSTEM,
    FLAGS,
    MOUNT,
    OF_NAMES,
    ON_CHILD,
    ONDIR,
    PERMISSIONS,
    Q_OVERFLOW,
    Init,
)

if TYPE_CHECKING:
    from ring3.fs.inode import FileSystem
    from ring3.fs.notify import Event
    from ring3.linux.model.notices import FanotifyLimits
    from ring3.linux.model.task import LinuxTask

METADATA: Final = 24


class Key(NamedTuple):
    """What is marked.

    Attributes:
        kind: `MarkFlag.MOUNT`, `MarkFlag.FILESYSTEM`, or 0 for an inode.
        fs: The file system that it is on.
        number: Which inode or mount of it; 0 for the file system.
    """

    kind: int
    fs: FileSystem
    number: int = 0


class Mark:
    """What a group wants to hear of something, and what not.

    Attributes:
        mask: What it wants.
        ignored: What it does not want.
        survives: That stays so when the file is written.
        has_flags: ``ignored`` says itself whether it is about directories and children (FAN_MARK_IGNORE).
        evictable: The kernel may forget it (FAN_MARK_EVICTABLE).
    """

    __slots__ = ("evictable", "has_flags", "ignored", "mask", "survives")

    def __init__(self) -> None:
        self.mask = self.ignored = 0
        self.survives = self.has_flags = self.evictable = False

    def wants(self, mask: int, *, of_child: bool) -> int:
        """Which events it wants of what happens to its object, or to a child of it."""
        if (of_child and not self.mask & ON_CHILD) or (mask & ONDIR and not self.mask & ONDIR):
            return 0
        return self.mask

    def ignores(self, mask: int, *, of_child: bool) -> int:
        """Which it does not want (fsnotify_effective_ignore_mask)."""
        flags = self.ignored if self.has_flags else ONDIR | self.mask & ON_CHILD
        if (mask & ONDIR and not flags & ONDIR) or (of_child and not flags & ON_CHILD):
            return 0
        return self.ignored & ~FLAGS


class Question:
    """A permission that somebody waits for.

    Attributes:
        task: Who waits.
        record: What it wants to do.
        allowed: The answer, None while there is none.
        answered: Woken when there is one.
    """

    def __init__(self, task: LinuxTask, record: Record) -> None:
        self.task = task
        self.record = record
        self.allowed: bool | None = None
        self.answered = WaitQueue()

    def answer(self, allowed: bool) -> None:
        """Lets the one who waits go on."""
        self.allowed = allowed
        self.answered.wake()


class Waits(WouldBlock):
    """A permission is awaited: what was to be done is tried again when there is an answer."""

    always = True

    def __init__(self, group: Group, question: Question) -> None:
        super().__init__(group, READABLE)
        self._question = question

    def watch(self, callback: Callable[[], object]) -> Listening:
        """Calls back when there is an answer."""
        return self._question.answered.listen(callback)


class Group(AnonymousFile):
    """One who listens.

    Attributes:
        told: `Init` flags.
        event_flags: What its descriptors for events are opened with.
        marks: What it has marked.
        is_plain: It was made by somebody without privileges, and learns less.
    """

    kind = b"[fanotify]"

    def __init__(self, task: LinuxTask, told: int, event_flags: int, flags: int, *, is_plain: bool) -> None:
        super().__init__(task.kernel.vfs, O_RDWR | flags)
        self._kernel = task.kernel
        self._limits: FanotifyLimits = task.kernel.fanotify
        self._limits.groups += 1
        self.told = told
        self.event_flags = event_flags
        self.is_plain = is_plain
        self.marks: dict[Key, Mark] = {}
        self._records: deque[Record] = deque()
        self._questions: list[Question] = []
        self._waiters = WaitQueue()

    @property
    def fids(self) -> int:
        """How files are reported: `Init` flags, none for descriptors."""
        return self.told & FIDS

    # -- marks -----------------------------------------------------------------------------------------------------

    def mark(self, key: Key) -> Mark:
        """What is marked, or is from now on.

        Raises:
            Errno: ENOSPC, there are too many.
        """
        found = self.marks.get(key)
        if found is None:
            if not self.told & Init.UNLIMITED_MARKS and self._limits.marks >= self._limits.max_user_marks:
                raise Errno(E.ENOSPC)
            self._limits.marks += 1
            found = self.marks[key] = Mark()
            notify.join(key.fs, self)
        return found

    def unmark(self, key: Key) -> None:
        """What was marked is so no more."""
        del self.marks[key]
        self._limits.marks -= 1
        if not any(other.fs is key.fs for other in self.marks):
            notify.leave(key.fs, self)

    # -- what happens ----------------------------------------------------------------------------------------------

    def _wanted(self, event: Event) -> int:
        """What of an event is to be told (fanotify_group_event_mask)."""
        wanted = ignored = 0
        for mark, of_child in self._marks_of(event):
            if event.mask & notify.MODIFY and not mark.survives:
                mark.ignored = 0
            wanted |= mark.wants(event.mask, of_child=of_child)
            ignored |= mark.ignores(event.mask, of_child=of_child)
        found = event.mask & wanted & ~ignored
        if self.fids:
            return found & ~ON_CHILD if found & ~FLAGS else 0
        if event.place is None or not (event.inode.is_regular or event.inode.is_directory):
            return 0
        return found & BY_DESCRIPTOR

    def _marks_of(self, event: Event) -> list[tuple[Mark, bool]]:
        """The marks that an event is about, and whether it happened to a child of what is marked."""
        inode, of_names = event.inode, bool(event.mask & OF_NAMES)
        fs = inode.fs
        keys = [(Key(FILESYSTEM, fs), False)]
        if not of_names:
            keys.append((Key(0, fs, inode.ino), False))
        if event.directory is not None:
            keys.append((Key(0, fs, event.directory.inode.ino), not of_names))
        if event.moved_to is not None:
            keys.append((Key(0, fs, event.moved_to[0].inode.ino), False))
        if event.place is not None:
            mount = top_of(event.place).mount
            if mount is not None:
                keys.append((Key(MOUNT, fs, mount.number), False))
        return [(self.marks[key], of_child) for key, of_child in keys if key in self.marks]

    def hear(self, event: Event) -> None:
        """Something has happened."""
        mask = self._wanted(event) & ~PERMISSIONS
        if not mask & ~FLAGS:
            return
        if event.moved_to is not None:
            event = self._as_seen(event)
        record = Record.of(self._kernel.running_task(), self.told, mask, event)
        for other in self._records:
            if other.merges(record):
                other.mask |= record.mask
                return
        self._queue(record)

    def _as_seen(self, event: Event) -> Event:
        """A rename without the end that is in a directory which is not marked, if the other end is in one that is."""
        fs = event.inode.fs
        if Key(FILESYSTEM, fs) in self.marks or event.moved_to is None or event.directory is None:
            return event
        old, new = (
            Key(0, fs, place.inode.ino) in self.marks for place in (event.directory, event.moved_to[0])
        )
        return event._replace(
            directory=event.directory if old else None, moved_to=event.moved_to if new else None
        )

    def ask(self, event: Event) -> None:
        """Something is about to happen, which it may forbid.

        Raises:
            Errno: EPERM.
            Waits: There is no answer yet.
        """
        mask = self._wanted(event) & PERMISSIONS
        if not mask:
            return
        task = self._kernel.running_task()
        for question in self._questions:
            if (
                question.task is task
                and question.record.inode is event.inode
                and question.record.mask == mask
            ):
                if question.allowed is None:
                    raise Waits(self, question)
                self._questions.remove(question)
                if not question.allowed:
                    raise Errno(E.EPERM)
                return
        record = Record.of(task, self.told, mask, event)
        question = Question(task, record)
        self._questions.append(question)
        self._queue(record)
        raise Waits(self, question)

    def _queue(self, record: Record) -> None:
        unlimited = self.told & Init.UNLIMITED_QUEUE
        if not unlimited and len(self._records) >= self._limits.max_queued_events and not record.is_question:
            if self._records[-1].mask == Q_OVERFLOW:
                return
            record = Record.overflow()
        self._records.append(record)
        self._waiters.wake(READABLE)

    # -- who listens -----------------------------------------------------------------------------------------------

    def read(self, size: int) -> bytes:
        """As many events as there is room for; descriptors for them are the reader's.

        Raises:
            Errno: EINVAL, the next one does not fit; as open(2).
            WouldBlock: There is none.
        """
        if not self._records:
            raise WouldBlock(self, READABLE)
        task = self._kernel.running_task()
        found = b""
        while self._records:
            record = self._records[0]
            if len(found) + record.size(self.told) > size:
                break
            self._records.popleft()
            try:
                found += pack(task, self, record)
            except Errno:
                self._answer(record, allowed=False)
                if not found:
                    raise
                break
        if not found:
            raise Errno(E.EINVAL)
        return found

    def write(self, data: bytes | memoryview) -> int:
        """An answer to a question: whose descriptor, and whether it is allowed.

        Raises:
            Errno: EINVAL, not an answer; ENOENT, nobody asks.
        """
        if len(data) < 8:
            raise Errno(E.EINVAL)
        fd = int.from_bytes(data[:4], "little", signed=True)
        response = int.from_bytes(data[4:8], "little")
        if response & ~FAN_AUDIT not in (FAN_ALLOW, FAN_DENY) or fd < 0:
            raise Errno(E.EINVAL)
        if response & FAN_AUDIT and not self.told & Init.ENABLE_AUDIT:
            raise Errno(E.EINVAL)
        for question in self._questions:
            if question.record.fd == fd and question.allowed is None:
                question.record.fd = None
                question.answer(bool(response & FAN_ALLOW))
                return 8
        raise Errno(E.ENOENT)

    def _answer(self, record: Record, *, allowed: bool) -> None:
        for question in self._questions:
            if question.record is record:
                question.answer(allowed)

    def available(self) -> int:
        """Bytes of all events, as descriptors report them (FIONREAD)."""
        return METADATA * len(self._records)

    def poll(self) -> int:
        """Readable if something has happened."""
        return READABLE if self._records else 0

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when something happens."""
        return self._waiters.listen(callback, events)

    def details(self) -> str:
        """What it is, and what is marked (fs/notify/fdinfo.c)."""
        head = f"fanotify flags:{self.told:x} event-flags:{self.event_flags:x}\n"
        return head + "".join(_described(key, mark) for key, mark in self.marks.items())

    def close(self) -> None:
        """Nobody listens any more: who waits for a permission has it."""
        for key in list(self.marks):
            self.unmark(key)
        for question in self._questions:
            question.answer(True)
        self._limits.groups -= 1


def _described(key: Key, mark: Mark) -> str:
    """A line of /proc/PID/fdinfo."""
    flags = (
        (0x40 if mark.survives else 0) | (0x400 if mark.has_flags else 0) | (0x200 if mark.evictable else 0)
    )
    rest = f"mflags:{flags:x} mask:{mark.mask:x} ignored_mask:{mark.ignored:x}"
    if key.kind == MOUNT:
        return f"fanotify mnt_id:{key.number:x} {rest}\n"
    inode = "" if key.kind else f"ino:{key.number:x} "
    return f"fanotify {inode}sdev:{key.fs.dev:x} {rest}\n"
