"""Numbers in /proc/sys that can be set (kernel/sysctl.c, ipc/ipc_sysctl.c and ipc/mq_sysctl.c of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.kernel.scheduler import PID_MAX
from ring3.linux.proc.adjustable import number

if TYPE_CHECKING:
    from ring3.fs.inotify import InotifyLimits
    from ring3.kernel.ipc import Ids, Ipc
    from ring3.kernel.mm.objects import Objects
    from ring3.linux.model.keys import Keys
    from ring3.linux.model.mqueue import PosixQueues
    from ring3.linux.model.notices import FanotifyLimits
    from ring3.linux.model.pid_namespace import InnerPidNamespace
    from ring3.linux.model.system import LinuxSystem


class Name(NamedTuple):
    """A word that can be set.

    Attributes:
        attribute: Where the kernel has it.
        longest: How many bytes of it count.
    """

    attribute: str
    longest: int = 64

    def read(self, kernel: LinuxSystem) -> str:
        """The text."""
        return f"{getattr(kernel, self.attribute)}\n"

    def write(self, kernel: LinuxSystem, data: bytes) -> None:
        """Sets it to the first line."""
        setattr(
            kernel,
            self.attribute,
            data.split(b"\0")[0].split(b"\n")[0][: self.longest].decode("utf-8", "surrogateescape"),
        )


class Tunable(NamedTuple):
    """Numbers in a row.

    Attributes:
        owner: Finds what has them.
        names: Its attributes, one for each number.
        least: The lowest that each may be.
        most: The highest.
    """

    owner: Callable[[LinuxSystem], object]
    names: tuple[str, ...]
    least: int = 0
    most: int = (1 << 31) - 1

    def read(self, kernel: LinuxSystem) -> str:
        """The text."""
        owner = self.owner(kernel)
        return "\t".join(str(getattr(owner, name)) for name in self.names) + "\n"

    def write(self, kernel: LinuxSystem, data: bytes) -> None:
        """Sets as many as the text has numbers.

        Raises:
            Errno: EINVAL, one is none or out of range.
        """
        try:
            values = [int(word, 0) for word in data.split(b"\0")[0].split()]
        except ValueError:
            raise Errno(E.EINVAL) from None
        if not all(self.least <= value <= self.most for value in values):
            raise Errno(E.EINVAL)
        owner = self.owner(kernel)
        for name, value in zip(self.names, values, strict=False):
            setattr(owner, name, value)


class Kept(NamedTuple):
    """A number that programs may set, and that changes nothing here: there is nothing that it could act on.

    Attributes:
        value: What it is at first.
        least: The lowest that it may be.
        most: The highest.
    """

    value: int
    least: int = 0
    most: int = (1 << 31) - 1


class KeptNumber(NamedTuple):
    """One of them, of one kernel."""

    path: bytes
    kept: Kept

    def read(self, kernel: LinuxSystem) -> str:
        """The text."""
        return f"{kernel.kept_numbers.get(self.path, self.kept.value)}\n"

    def write(self, kernel: LinuxSystem, data: bytes) -> None:
        """Sets it.

        Raises:
            Errno: EINVAL, it is no number or out of range.
        """
        value = number(data)
        if not self.kept.least <= value <= self.kept.most:
            raise Errno(E.EINVAL)
        kernel.kept_numbers[self.path] = value


class Trigger(NamedTuple):
    """A number that makes something happen when it is written.

    Attributes:
        most: The highest.
        act: What happens.
    """

    most: int
    act: Callable[[LinuxSystem, int], None]

    def read(self, kernel: LinuxSystem) -> str:
        """The text."""
        return "0\n"

    def write(self, kernel: LinuxSystem, data: bytes) -> None:
        """Does it.

        Raises:
            Errno: EINVAL, it is no number or out of range.
        """
        value = number(data)
        if not 1 <= value <= self.most:
            raise Errno(E.EINVAL)
        self.act(kernel, value)


class LastPid(NamedTuple):
    """The number that was given away last: who sets it chooses the next one (kernel/pid_namespace.c)."""

    def read(self, kernel: LinuxSystem) -> str:
        """The text."""
        return f"{self._holder(kernel).last_tid}\n"

    def write(self, kernel: LinuxSystem, data: bytes) -> None:
        """Sets it.

        Raises:
            Errno: EINVAL, it is no number or out of range.
        """
        value = number(data)
        if not 0 <= value < PID_MAX:
            raise Errno(E.EINVAL)
        self._holder(kernel).last_tid = value

    def _holder(self, kernel: LinuxSystem) -> LinuxSystem | InnerPidNamespace:
        """What counts for the task that asks: the machine, or a namespace of numbers in it."""
        from ring3.linux.model.pid_namespace import InnerPidNamespace  # noqa: PLC0415 - few programs make one

        namespace = kernel.running_task().pid_ns
        return namespace if isinstance(namespace, InnerPidNamespace) else kernel


def _drop_caches(kernel: LinuxSystem, which: int) -> None:
    """Gives clean file pages back: bit 0; dentries and inodes, bit 1, are kept for as long as they are used."""
    if which & 1:
        kernel.objects.reclaim(kernel.machine.ram.size >> 12, False)


def _ipc(kernel: LinuxSystem) -> Ipc:
    return kernel.ipc


def _ids(kind: str, kernel: LinuxSystem) -> Ids[object]:  # type: ignore[type-var]
    found: Ids[object] = getattr(kernel.ipc, kind)  # type: ignore[type-var]
    return found


_LONG_MAX: Final = (1 << 64) - 1
_MNI: Final = 1 << 15


def _inotify(kernel: LinuxSystem) -> InotifyLimits:
    return kernel.inotify


def _fanotify(kernel: LinuxSystem) -> FanotifyLimits:
    return kernel.fanotify


def _mqueue(kernel: LinuxSystem) -> PosixQueues:
    return kernel.posix_queues


def _keys(kernel: LinuxSystem) -> Keys:
    return kernel.keys


def _kernel(kernel: LinuxSystem) -> LinuxSystem:
    return kernel


def _objects(kernel: LinuxSystem) -> Objects:
    return kernel.objects


_KEPT: Final = {
    b"kernel/panic": Kept(0),
    b"kernel/sched_rr_timeslice_ms": Kept(100),
    b"kernel/sched_rt_period_us": Kept(1_000_000, 1),
    b"kernel/sched_rt_runtime_us": Kept(950_000, -1),
    b"vm/dirty_background_ratio": Kept(10, 0, 100),
    b"vm/dirty_ratio": Kept(20, 0, 100),
    b"vm/min_free_kbytes": Kept(2048),
    b"vm/overcommit_ratio": Kept(50),
    b"vm/panic_on_oom": Kept(0, 0, 2),
    b"vm/swappiness": Kept(60, 0, 200),
    b"vm/vfs_cache_pressure": Kept(100),
}

TUNABLES: Final[dict[bytes, Tunable | Name | KeptNumber | Trigger | LastPid]] = {
    **{path: KeptNumber(path, kept) for path, kept in _KEPT.items()},
    b"fs/lease-break-time": Tunable(_kernel, ("lease_break_time",)),
    b"fs/mount-max": Tunable(_kernel, ("mount_max",), 1),
    b"fs/nr_open": Tunable(_kernel, ("nr_open",), 8),
    b"kernel/core_pattern": Name("core_pattern", 127),
    b"kernel/core_uses_pid": Tunable(_kernel, ("core_uses_pid",)),
    b"kernel/domainname": Name("domainname"),
    b"kernel/hostname": Name("hostname"),
    b"kernel/threads-max": Tunable(_kernel, ("max_tasks",), 20),
    b"vm/compact_memory": Trigger(1, lambda kernel, value: None),  # frames need no neighbours
    b"vm/drop_caches": Trigger(4, _drop_caches),
    b"vm/max_map_count": Tunable(_objects, ("max_map_count",)),
    b"fs/fanotify/max_queued_events": Tunable(_fanotify, ("max_queued_events",)),
    b"fs/fanotify/max_user_groups": Tunable(_fanotify, ("max_user_groups",)),
    b"fs/fanotify/max_user_marks": Tunable(_fanotify, ("max_user_marks",)),
    b"fs/inotify/max_queued_events": Tunable(_inotify, ("max_queued_events",)),
    b"fs/inotify/max_user_instances": Tunable(_inotify, ("max_user_instances",)),
    b"fs/inotify/max_user_watches": Tunable(_inotify, ("max_user_watches",)),
    b"fs/mqueue/msg_default": Tunable(_mqueue, ("msg_default",), 1, 65536),
    b"fs/mqueue/msg_max": Tunable(_mqueue, ("msg_max",), 1, 65536),
    b"fs/mqueue/msgsize_default": Tunable(_mqueue, ("msgsize_default",), 128, 16 << 20),
    b"fs/mqueue/msgsize_max": Tunable(_mqueue, ("msgsize_max",), 128, 16 << 20),
    b"fs/mqueue/queues_max": Tunable(_mqueue, ("queues_max",)),
    b"kernel/keys/gc_delay": Tunable(_keys, ("gc_delay",)),
    b"kernel/keys/maxbytes": Tunable(_keys, ("maxbytes",)),
    b"kernel/keys/maxkeys": Tunable(_keys, ("maxkeys",)),
    b"kernel/keys/persistent_keyring_expiry": Tunable(_keys, ("persistent_keyring_expiry",)),
    b"kernel/keys/root_maxbytes": Tunable(_keys, ("root_maxbytes",)),
    b"kernel/keys/root_maxkeys": Tunable(_keys, ("root_maxkeys",)),
    b"kernel/msg_next_id": Tunable(partial(_ids, "queues"), ("next_id",)),
    b"kernel/msgmax": Tunable(_ipc, ("msgmax",)),
    b"kernel/msgmnb": Tunable(_ipc, ("msgmnb",)),
    b"kernel/msgmni": Tunable(partial(_ids, "queues"), ("limit",), 0, _MNI),
    b"kernel/ns_last_pid": LastPid(),
    b"kernel/sem": Tunable(_ipc, ("semmsl", "semmns", "semopm", "semmni")),
    b"kernel/sem_next_id": Tunable(partial(_ids, "semaphores"), ("next_id",)),
    b"kernel/shm_next_id": Tunable(partial(_ids, "segments"), ("next_id",)),
    b"kernel/shm_rmid_forced": Tunable(_ipc, ("shm_rmid_forced",), 0, 1),
    b"kernel/shmall": Tunable(_ipc, ("shmall",), 0, _LONG_MAX),
    b"kernel/shmmax": Tunable(_ipc, ("shmmax",), 0, _LONG_MAX),
    b"kernel/shmmni": Tunable(partial(_ids, "segments"), ("limit",), 0, _MNI),
}
"""By path below /proc/sys."""
