"""Numbers in /proc/sys that can be set (kernel/sysctl.c, ipc/ipc_sysctl.c and ipc/mq_sysctl.c of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple

if TYPE_CHECKING:
    from ring3.fs.inotify import InotifyLimits
    from ring3.kernel.mm.objects import Objects
    from ring3.linux.model.ipc import Ids, Ipc
    from ring3.linux.model.mqueue import PosixQueues
    from ring3.linux.model.system import LinuxSystem


class Name(NamedTuple):
    """A word that can be set: the name of the machine or of its domain."""

    attribute: str

    def read(self, kernel: LinuxSystem) -> str:
        """The text."""
        return f"{getattr(kernel, self.attribute)}\n"

    def write(self, kernel: LinuxSystem, data: bytes) -> None:
        """Sets it to the first line."""
        setattr(
            kernel,
            self.attribute,
            data.split(b"\0")[0].split(b"\n")[0][:64].decode("utf-8", "surrogateescape"),
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


def _ipc(kernel: LinuxSystem) -> Ipc:
    return kernel.ipc


def _ids(kind: str, kernel: LinuxSystem) -> Ids[object]:  # type: ignore[type-var]
    found: Ids[object] = getattr(kernel.ipc, kind)  # type: ignore[type-var]
    return found


_LONG_MAX: Final = (1 << 64) - 1
_MNI: Final = 1 << 15


def _inotify(kernel: LinuxSystem) -> InotifyLimits:
    return kernel.inotify


def _mqueue(kernel: LinuxSystem) -> PosixQueues:
    return kernel.posix_queues


def _kernel(kernel: LinuxSystem) -> LinuxSystem:
    return kernel


def _objects(kernel: LinuxSystem) -> Objects:
    return kernel.objects


TUNABLES: Final[dict[bytes, Tunable | Name]] = {
    b"fs/nr_open": Tunable(_kernel, ("nr_open",), 8),
    b"kernel/domainname": Name("domainname"),
    b"kernel/hostname": Name("hostname"),
    b"kernel/threads-max": Tunable(_kernel, ("max_tasks",), 20),
    b"vm/max_map_count": Tunable(_objects, ("max_map_count",)),
    b"fs/inotify/max_queued_events": Tunable(_inotify, ("max_queued_events",)),
    b"fs/inotify/max_user_instances": Tunable(_inotify, ("max_user_instances",)),
    b"fs/inotify/max_user_watches": Tunable(_inotify, ("max_user_watches",)),
    b"fs/mqueue/msg_default": Tunable(_mqueue, ("msg_default",), 1, 65536),
    b"fs/mqueue/msg_max": Tunable(_mqueue, ("msg_max",), 1, 65536),
    b"fs/mqueue/msgsize_default": Tunable(_mqueue, ("msgsize_default",), 128, 16 << 20),
    b"fs/mqueue/msgsize_max": Tunable(_mqueue, ("msgsize_max",), 128, 16 << 20),
    b"fs/mqueue/queues_max": Tunable(_mqueue, ("queues_max",)),
    b"kernel/msg_next_id": Tunable(partial(_ids, "queues"), ("next_id",)),
    b"kernel/msgmax": Tunable(_ipc, ("msgmax",)),
    b"kernel/msgmnb": Tunable(_ipc, ("msgmnb",)),
    b"kernel/msgmni": Tunable(partial(_ids, "queues"), ("limit",), 0, _MNI),
    b"kernel/sem": Tunable(_ipc, ("semmsl", "semmns", "semopm", "semmni")),
    b"kernel/sem_next_id": Tunable(partial(_ids, "semaphores"), ("next_id",)),
    b"kernel/shm_next_id": Tunable(partial(_ids, "segments"), ("next_id",)),
    b"kernel/shm_rmid_forced": Tunable(_ipc, ("shm_rmid_forced",), 0, 1),
    b"kernel/shmall": Tunable(_ipc, ("shmall",), 0, _LONG_MAX),
    b"kernel/shmmax": Tunable(_ipc, ("shmmax",), 0, _LONG_MAX),
    b"kernel/shmmni": Tunable(partial(_ids, "segments"), ("limit",), 0, _MNI),
}
"""By path below /proc/sys."""
