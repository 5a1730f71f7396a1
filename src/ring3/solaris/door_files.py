"""Doors: what a descriptor of one leads to, the threads that serve it, and the calls that are under way.

A call is an `Invocation`. It waits in a `Pool` until a thread of the pool takes it, and the thread has it until it
returns from the door, or ends. Whoever made the call waits for that, and may be gone by then.

Sources: usr/src/uts/common/fs/doorfs/door_sys.c, door_vnops.c of illumos-gate; door_create(3C) and its relatives.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.solaris.doors import (
    DOOR_IS_UNREF,
    DOOR_LOCAL,
    DOOR_PRIVATE,
    DOOR_REFUSE_DESC,
    DOOR_REVOKED,
    DOOR_UNREF,
    DOOR_UNREF_MULTI,
    DoorParam,
)
from ring3.abi.solaris.errno import SolarisE
from ring3.fs.file import O_RDWR, File, Stat
from ring3.kernel.wait import WaitQueue
from ring3.solaris.ucred import pack

if TYPE_CHECKING:
    from ring3.abi.errno import ErrorNumber
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

_INT_MAX: Final = (1 << 31) - 1
_SIZE_MAX: Final = (1 << 64) - 1
_S_IFDOOR: Final = 0xD000


class Passed:
    """What goes through a door, in either direction.

    Attributes:
        data: Bytes; None for what says that nobody else has the door (DOOR_UNREF_DATA).
        files: Open files, each held once.
    """

    __slots__ = ("data", "files")

    def __init__(self, data: bytes | None = b"", files: tuple[File, ...] = ()) -> None:
        self.data = data
        self.files = files

    def drop(self) -> None:
        """Nobody takes it."""
        for file in self.files:
            file.drop()
        self.files = ()


class Invocation:
    """One call of a door.

    Attributes:
        door: The door.
        caller: What is known of the caller (``ucred_t``).
        given: Its arguments.
        wants_results: Whether the caller has somewhere to put them.
        results: What came back, once it has.
        error: Why nothing will come back, None for no reason.
        abandoned: The caller waits no more.
        done: Woken when results or an error are there.
        mapped: Memory of the server that was mapped for the arguments: address and bytes, 0 for none.
    """

    __slots__ = (
        "abandoned", "caller", "done", "door", "error", "given", "mapped", "results", "wants_results"
    )  # fmt: skip

    def __init__(self, door: Door, caller: Process, given: Passed, wants_results: bool) -> None:
        self.door = door
        self.caller = pack(caller.cred, caller.pid, caller.project)
        self.given = given
        self.wants_results = wants_results
        self.results: Passed | None = None
        self.error: ErrorNumber | None = None
        self.abandoned = False
        self.done = WaitQueue()
        self.mapped = (0, 0)

    @property
    def finished(self) -> bool:
        """Whether there is nothing to wait for any more."""
        return self.results is not None or self.error is not None

    def finish(self, results: Passed) -> None:
        """A thread has returned from the door."""
        self.door.active -= 1
        if self.abandoned:
            results.drop()
            return
        self.results = results
        self.done.wake()

    def fail(self, error: ErrorNumber) -> None:
        """No thread will."""
        self.given.drop()
        self.error = error
        self.done.wake()


class Pool:
    """Threads that wait in door_return, and calls that wait for one.

    Attributes:
        idle: How many threads wait.
        pending: Calls that nobody has taken, oldest first.
        calls: Woken when there is one.
    """

    def __init__(self) -> None:
        self.idle = 0
        self.pending: deque[Invocation] = deque()
        self.calls = WaitQueue()

    def put(self, invocation: Invocation) -> None:
        """A call wants to be served."""
        self.pending.append(invocation)
        self.calls.wake()

    def take(self) -> Invocation:
        """The call that is served next."""
        invocation = self.pending.popleft()
        invocation.door.active += 1
        return invocation

    def refuse(self, error: ErrorNumber, door: Door | None = None) -> None:
        """Fails the calls that nobody has taken, or those of one door."""
        for invocation in [found for found in self.pending if door is None or found.door is door]:
            self.pending.remove(invocation)
            invocation.fail(error)


class Door(File):
    """A door, open.

    Attributes:
        server: The process that serves it.
        procedure: Its function there.
        cookie: What that gets.
        number: The door's own number (di_uniquifier).
        revoked: It serves nobody any more.
        active: Calls that a thread is serving.
        own_pool: The threads that are bound to it, if it is private.
        limits: What may be passed, by `DoorParam`.
    """

    pollable = True

    def __init__(
        self, doors: Doors, server: Process, procedure: int, cookie: int, attributes: int, stat: Stat
    ) -> None:
        super().__init__(O_RDWR)
        self.server = server
        self.procedure = procedure
        self.cookie = cookie
        self.number = doors.new_number()
        self.revoked = False
        self.active = 0
        self.own_pool = Pool() if attributes & DOOR_PRIVATE else None
        self.limits = {
            DoorParam.DOOR_PARAM_DESC_MAX: 0 if attributes & DOOR_REFUSE_DESC else _INT_MAX,
            DoorParam.DOOR_PARAM_DATA_MIN: 0,
            DoorParam.DOOR_PARAM_DATA_MAX: _SIZE_MAX,
        }
        self._doors = doors
        self._attributes = attributes
        self._stat = stat

    @property
    def pool(self) -> Pool:
        """Who serves it."""
        return self.own_pool or self._doors.pool(self.server)

    def attributes_for(self, process: Process) -> int:
        """Its attributes as a process sees them (door_info)."""
        found = self._attributes
        if self.server is process:
            found |= DOOR_LOCAL
        if self.revoked:
            found |= DOOR_REVOKED
        if self.refs == 1:
            found |= DOOR_IS_UNREF
        return found

    def require_passable(self, size: int, descriptors: int) -> None:
        """Refuses what the door does not take.

        Raises:
            Errno: ENOTSUP, it takes no descriptors; ENFILE, fewer; ENOBUFS, the data are too few or too many.
        """
        if descriptors and self._attributes & DOOR_REFUSE_DESC:
            raise Errno(SolarisE.ENOTSUP)
        if descriptors > self.limits[DoorParam.DOOR_PARAM_DESC_MAX]:
            raise Errno(SolarisE.ENFILE)
        least, most = self.limits[DoorParam.DOOR_PARAM_DATA_MIN], self.limits[DoorParam.DOOR_PARAM_DATA_MAX]
        if not least <= size <= most:
            raise Errno(SolarisE.ENOBUFS)

    def set_limit(self, param: DoorParam, value: int) -> None:
        """Changes what the door takes.

        Raises:
            Errno: ENOTSUP, it takes no descriptors at all; EINVAL, the least would be above the most; ERANGE, the
                value is too large.
        """
        if param is DoorParam.DOOR_PARAM_DESC_MAX:
            if value > _INT_MAX:
                raise Errno(SolarisE.ERANGE)
            if value and self._attributes & DOOR_REFUSE_DESC:
                raise Errno(SolarisE.ENOTSUP)
        changed = {**self.limits, param: value}
        if changed[DoorParam.DOOR_PARAM_DATA_MIN] > changed[DoorParam.DOOR_PARAM_DATA_MAX]:
            raise Errno(SolarisE.EINVAL)
        self.limits = changed

    def revoke(self) -> None:
        """Takes no call from now on; those that a thread serves are finished."""
        self.pool.refuse(SolarisE.EBADF, self)
        self.revoked = True

    def drop(self) -> None:
        """A user less; where its own process's is the last one left, that is told if it wants to know."""
        super().drop()
        if self.refs == 1 and not self.revoked and self._attributes & (DOOR_UNREF | DOOR_UNREF_MULTI):
            self._attributes &= ~DOOR_UNREF
            self._doors.unreferenced(self)

    def close(self) -> None:
        """Nobody has it any more."""
        self._doors.forget(self)

    def stat(self) -> Stat:
        """Its attributes."""
        return self._stat

    def path(self) -> bytes:
        """It has no name."""
        return b""


class Doors:
    """The doors of a machine.

    Attributes:
        unrefs: Doors whose processes are to be told that nobody else has them, by process.
        unref_waiters: Woken when there is one more.
    """

    def __init__(self) -> None:
        self.unrefs: dict[Process, deque[Door]] = {}
        self.unref_waiters = WaitQueue()
        self._pools: dict[Process, Pool] = {}
        self._doors: dict[Process, dict[Door, None]] = {}
        self._last = 0

    def new_number(self) -> int:
        """A number that no door has had."""
        self._last += 1
        return self._last

    def create(self, task: SolarisTask, procedure: int, cookie: int, attributes: int) -> Door:
        """A door of the calling process."""
        vfs, cred = task.kernel.vfs, task.cred
        now = vfs.now()
        stat = Stat(
            vfs.anonymous_dev, vfs.new_ino(), _S_IFDOOR | 0o777, 1, cred.uid, cred.gid, 0, 0, 0, 0, now, now, now
        )  # fmt: skip
        door = Door(self, task.process, procedure, cookie, attributes, stat)
        self._doors.setdefault(task.process, {})[door] = None
        return door

    def pool(self, process: Process) -> Pool:
        """The threads of a process that serve its doors but private ones."""
        return self._pools.setdefault(process, Pool())

    def unreferenced(self, door: Door) -> None:
        """Has a door's process told that nobody else has it."""
        self.unrefs.setdefault(door.server, deque()).append(door)
        self.unref_waiters.wake()

    def forget(self, door: Door) -> None:
        """A door is gone."""
        self._doors.get(door.server, {}).pop(door, None)

    def end_process(self, process: Process) -> None:
        """A process ends, or runs another program: its doors serve nobody, and its threads finish nothing."""
        for lwp in process.lwps.values():
            end_lwp(lwp)
        for door in list(self._doors.pop(process, {})):
            door.revoke()
        self._pools.pop(process, None)
        self.unrefs.pop(process, None)


def end_lwp(lwp: SolarisTask) -> None:
    """A thread ends: the call that it serves fails."""
    invocation, lwp.serving = lwp.serving, None
    if invocation is not None:
        invocation.door.active -= 1
        invocation.fail(SolarisE.EINTR)
