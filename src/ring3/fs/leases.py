"""Leases: a program is told, and given time, before somebody else opens or truncates a file (fcntl(2), F_SETLEASE).

A lease belongs to an open file. A read lease is broken by who opens for writing or truncates, a write lease by anybody;
its holder is told, and gives it up or reduces it, or loses it when the time is over. Source: fs/locks.c of Linux 6.x.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.opening import LeaseConflict
from ring3.kernel.wait import WaitQueue

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.fs.regular import RegularInode

F_RDLCK: Final = 0
F_WRLCK: Final = 1
F_UNLCK: Final = 2


class Lease:
    """One of them.

    Attributes:
        file: Whose it is.
        kind: F_RDLCK or F_WRLCK.
        target: What it is to become, its kind while nobody wants that.
        told: Called once it is to become something.
        deadline: Monotonic nanoseconds at which it becomes that by itself, None for never.
    """

    __slots__ = ("deadline", "file", "kind", "target", "told")

    def __init__(self, file: File, kind: int, told: Callable[[], None]) -> None:
        self.file = file
        self.kind = self.target = kind
        self.told = told
        self.deadline: int | None = None


class Leases:
    """All leases of one file.

    Attributes:
        changed: Woken when one has become something else, or is gone.
    """

    __slots__ = ("_all", "_break_time", "_inode", "_now", "changed")

    def __init__(self, inode: RegularInode, now: Callable[[], int], break_time: Callable[[], int]) -> None:
        """Begins with none.

        Args:
            inode: Whose they are.
            now: The monotonic clock, in nanoseconds.
            break_time: How many nanoseconds a holder is given; 0 for any time.
        """
        self._inode = inode
        self._now = now
        self._break_time = break_time
        self._all: list[Lease] = []
        self.changed = WaitQueue()

    def of(self, file: File) -> Lease | None:
        """The lease of an open file."""
        return next((lease for lease in self._all if lease.file is file), None)

    def set(self, file: File, kind: int, told: Callable[[], None]) -> None:
        """Gives an open file a lease, or another one (generic_add_lease).

        Raises:
            Errno: EAGAIN, the file is open otherwise, or others have leases of it that do not go with this one.
        """
        own = self.of(file)
        others = [lease for lease in self._all if lease is not own]
        if self._is_open_otherwise(file, kind):
            raise Errno(E.EAGAIN)
        if others and (kind == F_WRLCK or any(lease.target == F_UNLCK for lease in others)):
            raise Errno(E.EAGAIN)
        if own is None:
            self._all.append(Lease(file, kind, told))
            file.on_close.append(partial(self._close, file))
        else:
            self._change(own, kind)

    def _is_open_otherwise(self, file: File, kind: int) -> bool:
        """Whether opens of the file stand against a lease (check_conflicting_open)."""
        inode = self._inode
        if kind == F_RDLCK:
            return inode.writers > 0
        readers = inode.opens - inode.writers
        return inode.writers != file.writable or readers != (not file.writable)

    def drop(self, file: File) -> bool:
        """Takes an open file's lease away; False if it has none."""
        own = self.of(file)
        if own is not None:
            self._change(own, F_UNLCK)
        return own is not None

    def _close(self, file: File) -> None:
        self.drop(file)

    def _change(self, lease: Lease, kind: int) -> None:
        lease.kind = lease.target = kind
        lease.deadline = None
        if kind == F_UNLCK:
            self._all.remove(lease)
        self.changed.wake()

    def require(self, write: bool) -> None:
        """Asks holders whose leases stand against an open or a truncation to give way (__break_lease).

        Raises:
            LeaseConflict: There are some.
        """
        conflicting = self.conflicting(write)
        if not conflicting:
            return
        time = self._break_time()
        for lease in conflicting:
            target = F_UNLCK if write else F_RDLCK
            if lease.target == F_UNLCK or lease.target == target != lease.kind:
                continue
            lease.target = target
            lease.deadline = self._now() + time if time else None
            lease.told()
        raise LeaseConflict(self, write)

    def conflicting(self, write: bool) -> list[Lease]:
        """Those that stand against opening the file so."""
        return [lease for lease in self._all if write or lease.kind == F_WRLCK]

    def next_deadline(self) -> int | None:
        """When the first of those that are to give way does so by itself."""
        return min((lease.deadline for lease in self._all if lease.deadline is not None), default=None)

    def expire(self) -> None:
        """Makes those give way whose time is over (time_out_leases)."""
        now = self._now()
        for lease in [lease for lease in self._all if lease.deadline is not None and lease.deadline <= now]:
            self._change(lease, lease.target)
