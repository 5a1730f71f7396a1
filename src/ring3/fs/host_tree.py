"""Directories of the host, held by descriptor: nobody else can change where a name in one leads.

A `HostPlace` is a directory that was looked at. While it has a descriptor, its names are looked up in that very
directory, whatever the host puts in its place meanwhile; they are taken one at a time and links are not followed, so
that nothing leads out. Only some descriptors are kept (`Held`): a place that has lost its own is found again from the
nearest one above that has one, beneath that and without links (`host_os.open_beneath`); if another directory is there
by then, the place is gone. Nothing above knows of descriptors: a host without openat(2) would have another `HostPlace`.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs import host_os

if TYPE_CHECKING:
    from typing import Protocol

    class Holder(Protocol):
        """Who holds a descriptor that can be opened again."""

        def close_host(self) -> None:
            """Closes it."""


KEPT: Final = 384
"""Descriptors of the host that a machine keeps without need."""
LONGEST: Final = 4000
"""Bytes of a path that the host takes at once (PATH_MAX is 4096)."""


class Held:
    """Descriptors that a machine keeps because they may be wanted again, the oldest first."""

    is_state = False

    def __init__(self) -> None:
        self._holders: OrderedDict[Holder, None] = OrderedDict()
        self._may_take_last = False

    def keep(self, holder: Holder) -> None:
        """Somebody's descriptor may be closed from now on."""
        self._holders[holder] = None
        if len(self._holders) > KEPT:
            self.make_room()

    def release(self, holder: Holder) -> None:
        """It may not any more, or is closed."""
        self._holders.pop(holder, None)

    def make_room(self) -> bool:
        """Closes the oldest; returns whether there was one."""
        if not self._holders:
            return False
        self._holders.popitem(last=False)[0].close_host()
        return True

    @contextmanager
    def last(self) -> Iterator[None]:
        """While this lasts, descriptors are given that are kept back otherwise: for what is closed at once."""
        self._may_take_last = True
        try:
            yield
        finally:
            self._may_take_last = False

    def open(self, function: Callable[[], int]) -> int:
        """A new descriptor, for which others are closed if this process has few left.

        Args:
            function: Opens it.

        Raises:
            Errno: As the function; ENFILE, this process would have too few for itself.
        """
        for _ in range(len(self._holders) + 2):  # what is closed may be what has to be opened again for it
            try:
                fd = function()
            except Errno as error:
                if error.number is E.EMFILE and self.make_room():
                    continue
                raise
            if fd < host_os.most_descriptors() or self._may_take_last:
                return fd
            os.close(fd)
            self.make_room()
        raise Errno(E.ENFILE)


class HostPlace:
    """A directory of the host.

    Attributes:
        held: Where its descriptor is kept.
        above: The directory that it was found in; None for the root of a tree.
        name: Its name there; the path of a root.
        number: Its descriptor, -1 while it has none.
    """

    not_state: Final = {"number": -1}
    __slots__ = ("__weakref__", "_identity", "above", "held", "name", "number")

    def __init__(self, held: Held, above: HostPlace | None, name: bytes, found: os.stat_result) -> None:
        self.held = held
        self.above = above
        self.name = name
        self.number = -1
        self._identity = found.st_dev, found.st_ino

    @property
    def fd(self) -> int:
        """Its descriptor, to be used at once: it may be closed when another one is opened.

        Raises:
            Errno: ENOENT, it is gone; as open(2).
        """
        if self.number < 0:
            self.number = self._find()
            self.held.keep(self)
        return self.number

    def close_host(self) -> None:
        """Closes its descriptor; it is opened again when it is needed."""
        if self.number >= 0:
            os.close(self.number)
            self.number = -1

    def _find(self) -> int:
        """Opens it again.

        Raises:
            Errno: ENOENT, another one is there now; as open(2).
        """
        names: list[bytes] = []
        at = self
        while at.above is not None and at.number < 0:
            names.append(at.name)
            at = at.above
        if at is self:
            return self._checked(self.held.open(lambda: host_os.open_directory(self.name)))
        start = at.fd
        self.held.release(at)  # not to be closed while others are opened from it
        try:
            return self._checked(self._descend(start, names))
        finally:
            self.held.keep(at)

    def _descend(self, start: int, names: list[bytes]) -> int:
        """Opens what names lead to, the last one first, from a directory on; that one stays open."""
        fd = start
        while names:
            path = names.pop()
            while names and len(path) + len(names[-1]) < LONGEST:
                path += b"/" + names.pop()
            above = fd
            try:
                fd = self.held.open(partial(host_os.open_beneath, above, path))
            finally:
                if above != start:
                    os.close(above)
        return fd

    def _checked(self, fd: int) -> int:
        found = os.fstat(fd)
        if (found.st_dev, found.st_ino) != self._identity:
            os.close(fd)
            raise Errno(E.ENOENT)
        return fd

    def child(self, name: bytes, found: os.stat_result) -> HostPlace:
        """A directory in it."""
        return HostPlace(self.held, self, name, found)

    def path(self) -> bytes:
        """Where it was found, on the host."""
        names = []
        at: HostPlace | None = self
        while at is not None:
            names.append(at.name)
            at = at.above
        return b"/".join(reversed(names))

    # -- looking -------------------------------------------------------------------------------------------------

    def lstat(self, name: bytes) -> os.stat_result:
        """The attributes of a name in it, links not followed.

        Raises:
            Errno: As fstatat(2).
        """
        try:
            return os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        except OSError as error:
            raise host_os.translated(error) from None

    def stat(self) -> os.stat_result:
        """Its own attributes.

        Raises:
            Errno: ENOENT, it is gone.
        """
        return host_os.call(os.fstat, self.fd)

    def readlink(self, name: bytes) -> bytes:
        """The text of a link in it.

        Raises:
            Errno: As readlinkat(2).
        """
        return host_os.call(os.readlink, name, dir_fd=self.fd)

    def entries(self) -> list[tuple[bytes, int, int]]:
        """The names in it, as `host_os.entries` gives them.

        Raises:
            Errno: As open(2) and readdir(3).
        """
        fd = self.held.open(lambda: host_os.open_at(self.fd, b".", os.O_RDONLY | host_os.O_DIRECTORY))
        try:
            return host_os.entries(fd)
        finally:
            os.close(fd)

    def open(self, name: bytes, flags: int) -> int:
        """A descriptor of a file in it, not by a link, nor that of a terminal that would become the controlling one.

        Raises:
            Errno: As openat(2); ENFILE, this process would have too few descriptors left for itself.
        """
        return self.held.open(lambda: host_os.open_at(self.fd, name, flags))
