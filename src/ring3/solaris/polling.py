"""Waiting for files: pollsys, and event ports (usr/src/uts/common/syscall/poll.c, common/os/port_*.c, fs/portfs)."""

from __future__ import annotations

import struct
from collections import deque
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum, NamedTuple
from ring3.abi.solaris.errno import SolarisE
from ring3.fs import readiness as core
from ring3.fs.file import O_RDWR, File, Stat
from ring3.fs.waiting import until_any
from ring3.kernel.wait import Listening, WaitQueue, wait_event
from ring3.solaris.definition import syscall
from ring3.solaris.lwps import timespec
from ring3.solaris.signals import set_mask

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask

EVENTS: Final = (
    (0x1, core.POLLIN),
    (0x2, core.POLLPRI),
    (0x4, core.POLLOUT),
    (0x8, core.POLLERR),
    (0x10, core.POLLHUP),
    (0x20, core.POLLNVAL),
    (0x40, core.POLLRDNORM),
    (0x80, core.POLLRDBAND),
    (0x100, core.POLLWRBAND),
    (0x4000, core.POLLRDHUP),
)
"""Events of poll(2) with those of the core; POLLWRNORM is POLLOUT on Solaris (sys/poll.h)."""
POLLERR: Final = 0x8
POLLHUP: Final = 0x10
POLLNVAL: Final = 0x20
_POLLFD: Final = struct.Struct("<ihh")


def to_core(events: int) -> int:
    """Solaris's events in the core's bits."""
    return sum(theirs for ours, theirs in EVENTS if events & ours)


def from_core(events: int) -> int:
    """The core's events in Solaris's bits."""
    return sum(ours for ours, theirs in EVENTS if events & theirs)


class _Polled(NamedTuple):
    fd: int
    events: int
    file: File | None


def _look(polled: list[_Polled]) -> list[int]:
    found = []
    for fd, events, file in polled:
        if fd < 0:
            found.append(0)
        elif file is None:
            found.append(POLLNVAL)
        else:
            found.append(from_core(file.poll()) & (events | POLLERR | POLLHUP))
    return found


@syscall("full")
async def pollsys(
    task: SolarisTask, fds: Address, nfds: UnsignedLong, timeoutp: Address, setp: Address
) -> int:
    """Waits until one of some files is ready; returns how many are."""
    if nfds > max(task.files.limit, 1 << 16):
        raise Errno(SolarisE.EINVAL)
    raw = task.memory.read(fds, _POLLFD.size * nfds) if nfds else b""
    polled = [
        _Polled(fd, events & 0xFFFF, task.files.get(fd) if fd >= 0 else None)
        for fd, events, _ in _POLLFD.iter_unpack(raw)
    ]
    deadline = None
    if timeoutp:
        deadline = task.kernel.clocks.monotonic() + timespec(task, timeoutp)
    if setp:
        mask = int.from_bytes(task.memory.read(setp, 16), "little")
        before = task.sigmask
        set_mask(task, mask)
        task.oldmask = before
        task.set_post_sys()
    found = _look(polled)
    if not any(found) and (deadline is None or deadline > task.kernel.clocks.monotonic()):
        interests = [(file, to_core(events)) for _, events, file in polled if file is not None]
        await until_any(task, interests, lambda: any(_look(polled)), deadline)
        found = _look(polled)
    results = (
        _POLLFD.pack(fd, events - (events >> 15 << 16), got)
        for (fd, events, _), got in zip(polled, found, strict=True)
    )
    task.memory.write(fds, b"".join(results))
    return sum(map(bool, found))


# -- event ports -------------------------------------------------------------------------------------------------


class PortOp(IntEnum):
    """What portfs does (sys/port_impl.h); bits above say whether a port is named."""

    PORT_CREATE = 0
    PORT_ASSOCIATE = 1
    PORT_DISSOCIATE = 2
    PORT_SEND = 3
    PORT_SENDN = 4
    PORT_GET = 5
    PORT_GETN = 6
    PORT_ALERT = 7


PORT_CODE_MASK: Final = 0xFF
PORT_SOURCE_TIMER: Final = 2
PORT_SOURCE_USER: Final = 3
PORT_SOURCE_FD: Final = 4
PORT_SOURCE_ALERT: Final = 5
PORT_ALERT_SET: Final = 1
PORT_ALERT_UPDATE: Final = 2
_EVENT: Final = {64: struct.Struct("<iHHQQ"), 32: struct.Struct("<iHHII")}
_TIMED_OUT: Final = 1 << 31
MAX_EVENTS: Final = 8192


class PortEvent(NamedTuple):
    """``port_event_t``: what happened, by which source, to what, and what the program wants to know it by."""

    events: int
    source: int
    object: int
    user: int

    def pack(self, bits: int) -> bytes:
        """The struct of a program of 64 or 32 bits."""
        return _EVENT[bits].pack(self.events, self.source, 0, self.object, self.user)


class Association:
    """A descriptor that a port watches, once.

    Attributes:
        file: The file.
        events: For which of Solaris's events.
        user: What comes with the event.
    """

    def __init__(self, port: Port, fd: int, file: File, events: int, user: int) -> None:
        self.file = file
        self.events = events
        self.user = user
        self.fd = fd
        self._listening: Listening = file.listen(
            port.waiters.wake, to_core(events) | core.POLLERR | core.POLLHUP
        )

    def ready(self) -> int:
        """The events that have come, 0 for none."""
        return from_core(self.file.poll()) & (self.events | POLLERR | POLLHUP)

    def cancel(self) -> None:
        """It is watched no more."""
        self._listening.cancel()


class Port(File):
    """An event port (port_create(3C)).

    Attributes:
        waiters: Woken when an event may have come.
        sent: Events of port_send.
        associations: What it watches, by descriptor.
        alert: The event that is told again and again while it is set, None for none.
    """

    pollable = True

    def __init__(self, ino: int, dev: int, when: int) -> None:
        super().__init__(O_RDWR)
        self.waiters = WaitQueue()
        self.sent: deque[PortEvent] = deque()
        self.associations: dict[int, Association] = {}
        self.alert: PortEvent | None = None
        self._stat = Stat(dev, ino, 0o1_0600, 1, 0, 0, 0, 0, 4096, 0, when, when, when)

    def associate(self, fd: int, file: File, events: int, user: int) -> None:
        """Watches a descriptor until an event of it was taken."""
        self.dissociate(fd)
        self.associations[fd] = Association(self, fd, file, events, user)
        self.waiters.wake()

    def dissociate(self, fd: int) -> bool:
        """Ends that; whether it was watched."""
        found = self.associations.pop(fd, None)
        if found is not None:
            found.cancel()
        return found is not None

    def has_events(self) -> int:
        """How many events could be taken now."""
        if self.alert is not None:
            return 1
        return len(self.sent) + sum(bool(watched.ready()) for watched in self.associations.values())

    def take(self, most: int) -> list[PortEvent]:
        """Takes events; what a descriptor's association was for is over then."""
        if self.alert is not None:
            return [self.alert]
        found: list[PortEvent] = []
        while self.sent and len(found) < most:
            found.append(self.sent.popleft())
        for fd, watched in list(self.associations.items()):
            if len(found) >= most:
                break
            events = watched.ready()
            if events:
                self.dissociate(fd)
                found.append(PortEvent(events, PORT_SOURCE_FD, fd, watched.user))
        return found

    def poll(self) -> int:
        """Readable while there are events."""
        return core.READABLE if self.has_events() else 0

    def listen(self, callback: object, events: int = -1) -> Listening:
        """Calls back when an event may have come."""
        assert callable(callback)
        return self.waiters.listen(callback, events)

    def stat(self) -> Stat:
        """Its attributes."""
        return self._stat

    def close(self) -> None:
        """Nobody has it any more."""
        for fd in list(self.associations):
            self.dissociate(fd)


def port_of(task: SolarisTask, fd: int) -> Port:
    """The port behind a descriptor.

    Raises:
        Errno: EBADF; EBADFD, it is no port.
    """
    file = task.files[fd & 0xFFFF_FFFF]
    if not isinstance(file, Port):
        raise Errno(SolarisE.EBADFD)
    return file


def _create(task: SolarisTask) -> int:
    vfs = task.kernel.vfs
    return task.files.install(Port(vfs.new_ino(), vfs.anonymous_dev, vfs.now()), cloexec=True)


def _associate(task: SolarisTask, port: Port, source: int, fd: int, events: int, user: int) -> int:
    if source != PORT_SOURCE_FD:
        raise Errno(SolarisE.EINVAL)
    number = fd & 0xFFFF_FFFF
    port.associate(number, task.files[number], events & 0xFFFF, user)
    return 0


def _dissociate(port: Port, source: int, fd: int) -> int:
    if source != PORT_SOURCE_FD:
        raise Errno(SolarisE.EINVAL)
    if not port.dissociate(fd & 0xFFFF_FFFF):
        raise Errno(SolarisE.ENOENT)
    return 0


def _alert(port: Port, flags: int, events: int, user: int) -> int:
    if flags not in (PORT_ALERT_SET, PORT_ALERT_UPDATE, 0):
        raise Errno(SolarisE.EINVAL)
    if flags == PORT_ALERT_SET and port.alert is not None:
        raise Errno(SolarisE.EBUSY)
    events &= 0xFFFF_FFFF
    port.alert = PortEvent(events, PORT_SOURCE_ALERT, 0, user) if events else None
    port.waiters.wake()
    return 0


async def _wait(task: SolarisTask, port: Port, least: int, deadline: int | None) -> bool:
    port.hold()
    try:
        return await wait_event(
            task, port.waiters, lambda: port.has_events() >= least or port.alert is not None, deadline
        )
    finally:
        port.drop()


async def _get(task: SolarisTask, port: Port, event: int, timeout: int) -> int:
    deadline = task.kernel.clocks.monotonic() + timespec(task, timeout) if timeout else None
    if not await _wait(task, port, 1, deadline):
        raise Errno(SolarisE.ETIME)
    task.memory.write(event, port.take(1)[0].pack(task.bits))
    return 0


async def _getn(task: SolarisTask, port: Port, events: int, most: int, least: int, timeout: int) -> int:
    if most > MAX_EVENTS or least > most:
        raise Errno(SolarisE.EINVAL)
    if not most:
        return port.has_events()
    interval = timespec(task, timeout) if timeout else None
    if interval == 0 or not least:
        came = True  # it only asks what is there, which is never too late
    else:
        deadline = None if interval is None else task.kernel.clocks.monotonic() + interval
        came = await _wait(task, port, least, deadline)
    found = port.take(most)
    task.memory.write(events, b"".join(event.pack(task.bits) for event in found))
    return len(found) | (0 if came else _TIMED_OUT)


@syscall(
    "partial",
    "sources FD, USER, TIMER and ALERT; not asynchronous I/O, files and PORT_SENDN: EINVAL",
    module="portfs",
)
def portfs(
    task: SolarisTask,
    opcode: Int,
    a0: UnsignedLong,
    a1: UnsignedLong,
    a2: UnsignedLong,
    a3: UnsignedLong,
    a4: UnsignedLong,
) -> int | Waiting:
    """Event ports: makes one, tells it what to watch, takes events."""
    code = opcode & PORT_CODE_MASK
    if code == PortOp.PORT_CREATE:
        return _create(task)
    port = port_of(task, a0)
    match code:
        case PortOp.PORT_ASSOCIATE:
            return _associate(task, port, a1, a2, a3, a4)
        case PortOp.PORT_DISSOCIATE:
            return _dissociate(port, a1, a2)
        case PortOp.PORT_SEND:
            port.sent.append(PortEvent(a1 & 0xFFFF_FFFF, PORT_SOURCE_USER, 0, a2))
            port.waiters.wake()
            return 0
        case PortOp.PORT_GET:
            return _get(task, port, a1, a2)
        case PortOp.PORT_GETN:
            return _getn(task, port, a1, a2, a3, a4)
        case PortOp.PORT_ALERT:
            return _alert(port, a1, a2, a3)
        case _:
            raise Errno(SolarisE.EINVAL)
