"""Namespaces but those of users: what a task refers to as its own machine's (namespaces(7)).

A task has one `Namespaces`, a value; tasks that share a namespace refer to the same object. How they are made and
changed is in `ring3.linux.tasks.namespaces`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import NamedTuple
from ring3.linux.model.user_namespace import INITIAL, UserNamespace

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.mounts import MountTree
    from ring3.kernel.ipc import Ipc
    from ring3.linux.model.mqueue import PosixQueues
    from ring3.linux.model.process import Process
    from ring3.net.network import Network

FIRST_NUMBER: Final = 0xF000_0000
"""The first inode number of those that programs make (PROC_DYNAMIC_FIRST of fs/proc/generic.c)."""


class Namespace:
    """A namespace.

    Attributes:
        number: What stat(2) calls it.
        owner: The user namespace that it was made in, whose capabilities count for it.
    """

    def __init__(self, number: int, owner: UserNamespace) -> None:
        self.number = number
        self.owner = owner


class UtsNamespace(Namespace):
    """Names of the machine.

    Attributes:
        hostname: What uname(2) calls it.
        domainname: Its NIS domain.
    """

    def __init__(self, number: int, owner: UserNamespace, hostname: str, domainname: str) -> None:
        super().__init__(number, owner)
        self.hostname = hostname
        self.domainname = domainname


class IpcNamespace(Namespace):
    """System V's interprocess communication, and POSIX message queues."""

    @cached_property
    def system_v(self) -> Ipc:
        """The first; it is made when somebody uses it."""
        from ring3.kernel.ipc import Ipc  # noqa: PLC0415 - few programs use it

        return Ipc()

    @cached_property
    def queues(self) -> PosixQueues:
        """The second."""
        from ring3.linux.model.mqueue import PosixQueues  # noqa: PLC0415 - few programs use them

        return PosixQueues()


class NetNamespace(Namespace):
    """A network."""

    def __init__(self, number: int, owner: UserNamespace, make: Callable[[], Network]) -> None:
        super().__init__(number, owner)
        self._make = make

    @cached_property
    def network(self) -> Network:
        """What all its sockets share; it is made with the first of them."""
        return self._make()


class TimeNamespace(Namespace):
    """Clocks that stand elsewhere (time_namespaces(7)).

    Attributes:
        monotonic: What is added to CLOCK_MONOTONIC, in nanoseconds.
        boottime: The same for CLOCK_BOOTTIME.
        is_settled: Somebody is in it: nothing can be changed any more.
    """

    def __init__(self, number: int, owner: UserNamespace, monotonic: int = 0, boottime: int = 0) -> None:
        super().__init__(number, owner)
        self.monotonic = monotonic
        self.boottime = boottime
        self.is_settled = False


class PidNamespace(Namespace):
    """Numbers of threads, processes, groups and sessions; this one is the first, in which they are the machine's own.

    Attributes:
        parent: The one that it was made in, None for the first.
        level: How many are above it.
        init: The process that adopts orphans; None for the machine's own number 1, or before there is one.
    """

    parent: PidNamespace | None = None
    level = 0
    init: Process | None = None

    def shown(self, number: int) -> int:
        """What one of the machine's numbers is called here, 0 for what is not seen from here."""
        return number

    def found(self, number: int) -> int:
        """The machine's number of what is called so here, 0 if there is nothing."""
        return number

    def is_free(self, number: int, in_use: Callable[[int], bool]) -> bool:
        """Whether a number can be given away.

        Args:
            number: The number.
            in_use: Whether one of the machine's numbers names anything.
        """
        return number > 1 and not in_use(number)

    def forget(self, number: int) -> None:
        """The machine gives one of its numbers to something else."""

    def close(self) -> None:
        """Its first process has ended: nobody is born here any more."""

    def is_within(self, other: PidNamespace) -> bool:
        """Whether it is another one, or lies below it."""
        return self is other or (self.parent is not None and self.parent.is_within(other))


MACHINE: Final = PidNamespace(0xEFFF_FFFC, INITIAL)
"""The first of every machine: it has no state."""


def numbers_down_to(namespace: PidNamespace, viewer: PidNamespace, number: int) -> str:
    """What one of the machine's numbers is called in a viewer's namespace and in each below it down to another one.

    Empty where that one is not below the viewer's.
    """
    names: list[str] = []
    space: PidNamespace | None = namespace
    while space is not None:
        names.append(str(space.shown(number)))
        if space is viewer:
            return "\t".join(reversed(names))
        space = space.parent
    return ""


class MountNamespace(Namespace):
    """A tree of mounts.

    Attributes:
        tree: The tree.
    """

    def __init__(self, number: int, owner: UserNamespace, tree: MountTree) -> None:
        super().__init__(number, owner)
        self.tree = tree


class Namespaces(NamedTuple):
    """The namespaces of a task, by the names that /proc/PID/ns has for them."""

    uts: UtsNamespace
    ipc: IpcNamespace
    net: NetNamespace
    cgroup: Namespace
    time: TimeNamespace
    time_for_children: TimeNamespace
    mnt: MountNamespace
    pid_for_children: PidNamespace


def first(make_network: Callable[[], Network], tree: MountTree) -> Namespaces:
    """Those that a machine begins with; the numbers are Linux's (include/linux/proc_ns.h)."""
    time = TimeNamespace(0xEFFF_FFFA, INITIAL)
    time.is_settled = True
    return Namespaces(
        UtsNamespace(0xEFFF_FFFE, INITIAL, "ring3", "(none)"),
        IpcNamespace(0xEFFF_FFFF, INITIAL),
        NetNamespace(0xEFFF_FFF9, INITIAL, make_network),
        Namespace(0xEFFF_FFFB, INITIAL),
        time,
        time,
        MountNamespace(0xEFFF_FFF8, INITIAL, tree),
        MACHINE,
    )
