"""Devices in /sys: directories with what they tell, and links that lead there (Documentation/filesystems/sysfs.rst)."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from ring3.abi.kinds import NamedTuple
from ring3.fs.pseudo import PseudoDirectory, PseudoFile, PseudoLink

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from ring3.fs.inode import Inode
    from ring3.fs.pseudo import PseudoFileSystem


class Device(NamedTuple):
    """A device.

    Attributes:
        paths: Where it tells something now, below its directory.
        told: What it tells at such a path.
    """

    paths: Collection[bytes]
    told: Callable[[bytes], object]

    def text(self, path: bytes) -> bytes:
        """The contents of a file."""
        return os.fsencode(f"{self.told(path)}\n")


class Devices(NamedTuple):
    """The devices of one kind.

    Attributes:
        fs: The file system that they are in.
        home: Where their directories are.
        kind: What their links named ``subsystem`` lead to.
        found: Those that there are now, by name.
        links: Of each directory with links to them, which names there are for which devices.
    """

    fs: PseudoFileSystem
    home: bytes
    kind: bytes
    found: Callable[[], Mapping[bytes, Device]]
    links: Mapping[bytes, Callable[[], Mapping[bytes, bytes]]]

    def directories(self) -> dict[bytes, Callable[[], PseudoDirectory]]:
        """The directories of /sys that are about them, by path."""
        return {self.home: self._home, **{where: partial(self._linked, where) for where in self.links}}

    def _home(self) -> PseudoDirectory:
        def find(name: bytes) -> Inode | None:
            device = self.found().get(name)
            return None if device is None else self._directory(device, self.home + b"/" + name, b"")

        return PseudoDirectory(self.fs, self.home, find, self.found)

    def _linked(self, where: bytes) -> PseudoDirectory:
        names = self.links[where]

        def find(name: bytes) -> Inode | None:
            device = names().get(name)
            if device is None:
                return None
            target = b"../" * (where.count(b"/") + 1) + self.home + b"/" + device
            return PseudoLink(self.fs, where + b"/" + name, lambda: target)

        return PseudoDirectory(self.fs, where, find, names)

    def _directory(self, device: Device, place: bytes, path: bytes) -> PseudoDirectory:
        """A device's directory, or one in it."""

        def names() -> Iterable[bytes]:
            inside = {told[len(path) :].split(b"/")[0] for told in device.paths if told.startswith(path)}
            return sorted(inside if path else {*inside, b"subsystem"})

        def find(name: bytes) -> Inode | None:
            own = path + name
            if own in device.paths:
                return PseudoFile(self.fs, place + b"/" + own, partial(device.text, own))
            if own == b"subsystem":
                up = b"../" * (self.home.count(b"/") + 2)
                return PseudoLink(self.fs, place + b"/subsystem", lambda: up + self.kind)
            return self._directory(device, place, own + b"/") if name in names() else None

        return PseudoDirectory(self.fs, place + b"/" + path, find, names)
