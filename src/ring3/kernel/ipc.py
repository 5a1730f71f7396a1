"""System V interprocess communication: what a kernel keeps of it, and how operations on semaphores are done.

Numbers are made as Linux 6.x makes them (ipc/util.h, sem.c, msg.c and shm.c).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from ring3.abi.errno import E, Errno
from ring3.kernel.wait import WaitQueue

if TYPE_CHECKING:
    from ring3.kernel.mm.objects import MemoryObject

IPC_PRIVATE: Final = 0
SEMVMX: Final = 32767
SEMAEM: Final = 32767
"""The most that a semaphore's value, and what is taken back of one, can be."""
INDEX_BITS: Final = 15
_INDEX: Final = (1 << INDEX_BITS) - 1
_SEQUENCES: Final = 1 << (31 - INDEX_BITS)
_LEAST_CYCLE: Final = 64
"""RADIX_TREE_MAP_SIZE: so many indices are used before one is used again."""


class IpcObject:
    """What the three kinds have in common (``struct kern_ipc_perm``).

    Attributes:
        id: Its number: its index, and above that how often indices had been used up when it was made.
        key: By which others find it, IPC_PRIVATE if they do not.
        uid: Its owner.
        gid: The owner's group.
        cuid: Who made it.
        cgid: The maker's group.
        mode: Permissions, and for segments two more bits.
        ctime: Seconds since 1970 at its last change by one of the ``ctl`` calls.
        deleted: It is gone; who waits for it gets EIDRM.
        changed: Woken when a waiter may go on.
    """

    def __init__(self, key: int, mode: int, owner: tuple[int, int], now: int) -> None:
        self.id = -1
        self.key = key
        self.uid, self.gid = self.cuid, self.cgid = owner
        self.mode = mode
        self.ctime = now
        self.deleted = False
        self.changed = WaitQueue()

    @property
    def sequence(self) -> int:
        """The part of its number above the index."""
        return self.id >> INDEX_BITS


Kind = TypeVar("Kind", bound=IpcObject)


class Ids(Generic[Kind]):
    """All objects of one kind, by number and by key.

    Attributes:
        limit: How many there may be.
        next_id: The number that the next one gets if it is free, -1 for any (/proc/sys/kernel/msg_next_id).
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.next_id = -1
        self._by_index: dict[int, Kind] = {}
        self._by_key: dict[int, Kind] = {}
        self._last = -1
        self._sequence = 0

    def __iter__(self) -> Iterator[Kind]:
        return iter([self._by_index[index] for index in sorted(self._by_index)])

    def __len__(self) -> int:
        return len(self._by_index)

    @property
    def highest(self) -> int:
        """The highest index in use, 0 if there is none."""
        return max(self._by_index, default=0)

    def add(self, found: Kind) -> int:
        """Takes in a new object; returns its number.

        Raises:
            Errno: ENOSPC, there are too many.
        """
        if len(self._by_index) >= self.limit:
            raise Errno(E.ENOSPC)
        if self.next_id >= 0:
            return self._add_as(found, self.next_id)
        end = min(max(len(self._by_index) * 3 // 2, _LEAST_CYCLE), self.limit)
        order = chain(range(self._last + 1, end), range(min(self._last + 1, end)))
        index = next(index for index in order if index not in self._by_index)
        if index <= self._last:
            self._sequence = (self._sequence + 1) % _SEQUENCES
        self._last = index
        return self._add(found, index, self._sequence)

    def _add_as(self, found: Kind, number: int) -> int:
        """Takes it in under a number, or the next free index above it."""
        self.next_id = -1
        index = number & _INDEX
        while index in self._by_index:
            index += 1
        if index > _INDEX:
            raise Errno(E.ENOSPC)
        return self._add(found, index, number >> INDEX_BITS)

    def _add(self, found: Kind, index: int, sequence: int) -> int:
        found.id = sequence << INDEX_BITS | index
        self._by_index[index] = found
        if found.key != IPC_PRIVATE:
            self._by_key[found.key] = found
        return found.id

    def with_key(self, key: int) -> Kind | None:
        """The one that others find by a key, or None."""
        return self._by_key.get(key)

    def hide(self, found: Kind) -> None:
        """Nobody finds it by its key any more."""
        if found.key != IPC_PRIVATE:
            del self._by_key[found.key]
            found.key = IPC_PRIVATE

    def remove(self, found: Kind) -> None:
        """Takes one out; who waits for it is woken."""
        self.hide(found)
        del self._by_index[found.id & _INDEX]
        found.deleted = True
        found.changed.wake()

    def at(self, index: int) -> Kind:
        """The one with an index, whatever the rest of the number is.

        Raises:
            Errno: EINVAL, there is none.
        """
        found = self._by_index.get(index & _INDEX)
        if found is None:
            raise Errno(E.EINVAL)
        return found

    def get(self, number: int) -> Kind:
        """The one with a number.

        Raises:
            Errno: EINVAL, there is none; EIDRM, there was one.
        """
        found = self.at(number)
        if found.id != number:
            raise Errno(E.EIDRM)
        return found


class Semaphore:
    """One semaphore of a set: its value, and who changed that last."""

    __slots__ = ("pid", "value")

    def __init__(self) -> None:
        self.value = 0
        self.pid = 0


class Operation:
    """One element of semop(2)'s array."""

    __slots__ = ("amount", "number", "undo", "wait")

    def __init__(self, number: int, amount: int, *, wait: bool, undo: bool) -> None:
        self.number = number
        self.amount = amount
        self.wait = wait
        self.undo = undo


class Sleeper:
    """A call of semop(2) that waits.

    Attributes:
        operations: What it wants done.
        pid: Whose it is.
        undo: Where what it does is noted.
        blocking: The operation that could not be done.
        outcome: What it answers, once that is known: 0 or a negative error.
    """

    __slots__ = ("blocking", "operations", "outcome", "pid", "undo")

    def __init__(self, operations: list[Operation], pid: int, undo: list[int] | None) -> None:
        self.operations = operations
        self.pid = pid
        self.undo = undo
        self.blocking: Operation | None = None
        self.outcome: int | None = None


class SemaphoreSet(IpcObject):
    """A set of semaphores.

    Attributes:
        all: They.
        sleepers: Who waits for them, in the order in which they came.
        otime: Seconds since 1970 at the last semop(2).
        undos: What to take back when a process ends: for each of the lists, a number for each semaphore.
    """

    def __init__(self, key: int, mode: int, owner: tuple[int, int], now: int, count: int) -> None:
        super().__init__(key, mode, owner, now)
        self.all = [Semaphore() for _ in range(count)]
        self.sleepers: list[Sleeper] = []
        self.otime = 0
        self.undos: dict[Any, list[int]] = {}


def perform(found: SemaphoreSet, wanted: Sleeper) -> bool:
    """Does all operations or none: ``perform_atomic_semop``.

    Returns:
        Whether they are done, or failed; if not, they must wait, and `Sleeper.blocking` says for which.

    Raises:
        Errno: EAGAIN, they would have to wait and may not; ERANGE.
    """
    values = [semaphore.value for semaphore in found.all]
    undo = None if wanted.undo is None else list(wanted.undo)
    for operation in wanted.operations:
        number = operation.number
        result = values[number] + operation.amount
        if result < 0 or (not operation.amount and values[number]):
            if not operation.wait:
                raise Errno(E.EAGAIN)
            wanted.blocking = operation
            return False
        if result > SEMVMX:
            raise Errno(E.ERANGE)
        if operation.undo and undo is not None:
            undo[number] -= operation.amount
            if not -SEMAEM - 1 <= undo[number] <= SEMAEM:
                raise Errno(E.ERANGE)
        values[number] = result
    for semaphore, value in zip(found.all, values, strict=True):
        semaphore.value = value
    if wanted.undo is not None and undo is not None:
        wanted.undo[:] = undo
    for operation in wanted.operations:
        found.all[operation.number].pid = wanted.pid
    return True


def update(found: SemaphoreSet, now: int) -> None:
    """Values have changed: does for who waits what can be done now, in the order in which they came."""
    again = True
    while again:
        again = False
        for sleeper in list(found.sleepers):
            try:
                if not perform(found, sleeper):
                    continue
                sleeper.outcome = 0
                found.otime = now
                again = any(operation.amount for operation in sleeper.operations)
            except Errno as error:
                sleeper.outcome = -error.number
            found.sleepers.remove(sleeper)
            if again:
                break
    found.changed.wake()


OVERHEAD: Final = 128
"""What a message counts of the machine's memory beside its text."""


class Message:
    """One message: its type, more than 0, and its text."""

    __slots__ = ("text", "type")

    def __init__(self, kind: int, text: bytes) -> None:
        self.type = kind
        self.text = text


class MessageQueue(IpcObject):
    """A queue of messages.

    Attributes:
        messages: What is in it, oldest first.
        room: How many bytes may be in it.
        bytes: How many are.
        stime: Seconds since 1970 at the last msgsnd(2).
        rtime: The same of msgrcv(2).
        sender: Who sent last.
        receiver: Who received last.
    """

    def __init__(self, key: int, mode: int, owner: tuple[int, int], now: int, room: int) -> None:
        super().__init__(key, mode, owner, now)
        self.messages: list[Message] = []
        self.room = room
        self.bytes = 0
        self.stime = self.rtime = 0
        self.sender = self.receiver = 0

    def fits(self, size: int) -> bool:
        """Whether there is room for a message of so many bytes."""
        return size + self.bytes <= self.room and len(self.messages) + 1 <= self.room

    def held_bytes(self) -> int:
        """What its messages take."""
        return self.bytes + OVERHEAD * len(self.messages)

    def first(self, wanted: int) -> Message | None:
        """The message that msgrcv(2) takes: the oldest (0), of a type, or of the lowest up to one that is negative."""
        if not wanted:
            return self.messages[0] if self.messages else None
        if wanted < 0:
            low = [message for message in self.messages if message.type <= -wanted]
            return min(low, key=lambda message: message.type) if low else None
        return next((message for message in self.messages if message.type == wanted), None)


class Segment(IpcObject):
    """A segment of shared memory.

    Attributes:
        size: Bytes, as asked for.
        memory: Its pages.
        attached: How many mappings show it.
        atime: Seconds since 1970 when one was made last.
        dtime: The same of when one went.
        maker: The process that made it.
        last: The process that attached or detached it last.
    """

    def __init__(self, key: int, mode: int, owner: tuple[int, int], now: int, size: int) -> None:
        super().__init__(key, mode, owner, now)
        self.size = size
        self.memory: MemoryObject | None = None
        self.attached = 0
        self.atime = self.dtime = 0
        self.maker = self.last = 0


class Ipc:
    """All of a kernel's, and its limits, by their names in /proc/sys/kernel.

    Attributes:
        semaphores: The sets of semaphores.
        queues: The message queues.
        segments: The segments of shared memory.
        msgmax: The most bytes of a message.
        msgmnb: The most bytes in a queue, unless its owner may set more.
        semmsl: The most semaphores in a set.
        semmns: The most in all sets.
        semopm: The most operations of one semop(2).
        shmmax: The most bytes of a segment.
        shmall: The most pages of all segments.
        semaphores_in_use: How many semaphores all sets have together.
        shm_rmid_forced: Segments that nobody has attached any more go, removed or not.
    """

    def __init__(self) -> None:
        self.msgmax, self.msgmnb = 8192, 16384
        self.semmsl, self.semmns, self.semopm = 32000, 1_024_000_000, 500
        self.shmmax = self.shmall = (1 << 64) - 1 - (1 << 24)
        self.shm_rmid_forced = 0
        self.semaphores_in_use = 0
        self.semaphores: Ids[SemaphoreSet] = Ids(32000)
        self.queues: Ids[MessageQueue] = Ids(32000)
        self.segments: Ids[Segment] = Ids(4096)

    def held_bytes(self) -> int:
        """What lies in all message queues, for `Room`."""
        return sum(queue.held_bytes() for queue in self.queues)

    @property
    def semmni(self) -> int:
        """The most sets of semaphores."""
        return self.semaphores.limit

    @semmni.setter
    def semmni(self, limit: int) -> None:
        self.semaphores.limit = limit
