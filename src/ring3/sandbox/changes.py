"""What programs have changed in files that stay in memory: as a list, as an archive, and from one into a view.

Compared are the files in memory (copies on write of the host's, empty directories, a root that is an archive) with what
they were before the first program ran; what is written to the host is there, and not listed. An archive of changes is a
layer as container images have them (OCI Image Format, "Image Layer Filesystem Changeset"): what is gone is a file
``.wh.NAME``, and a directory that took the place of another one has ``.wh..wh..opq`` in it. Left out: sockets, which no
archive holds, and extended attributes.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.fs.archive import OPAQUE, WHITEOUT, look, tree
from ring3.fs.overlay import OverlayDirectory, Shown
from ring3.fs.regular import RegularInode
from ring3.fs.tmpfs import MemoryDirectory, MemoryFileSystem

if TYPE_CHECKING:
    from ring3.fs.inode import Inode
    from ring3.fs.vfs import Vfs

ADDED: Final = "A"
CHANGED: Final = "C"
DELETED: Final = "D"
PIECE: Final = 1 << 20
DEVICES: Final = "devtmpfs"
GONE: Final = ()
"""What a `Baseline` says of a name that the host has and that is not there."""
Baseline = dict[bytes, tuple[object, ...]]
"""What was in memory: by path, what `look` says."""


class Change(NamedTuple):
    """One change.

    Attributes:
        kind: ADDED, CHANGED or DELETED.
        path: Where, absolute in the machine.
        inode: What is there now; None if it is gone.
        replaces: A directory is there now in place of another one, of which nothing is left.
    """

    kind: str
    path: bytes
    inode: Inode | None
    replaces: bool = False


def baseline(vfs: Vfs) -> Baseline:
    """What is in memory now, and what is gone, to be compared with later."""
    found: Baseline = {}
    for path, top in _mounted(vfs):
        for below, inode in [(b"", top), *tree(top)]:
            where = path + below
            found[where] = look(inode)
            if isinstance(inode, OverlayDirectory):
                prefix = where.rstrip(b"/") + b"/"
                found |= {prefix + name: GONE for name in inode.hidden - inode.names.keys()}
    return found


def changes(vfs: Vfs, before: Baseline) -> list[Change]:
    """What was changed since then, in the order of the paths."""
    found: list[Change] = []
    covered = {path.rstrip(b"/") for path, _ in _mounted(vfs)} | {b"/dev", b"/proc", b"/sys"}
    seen: set[bytes] = set()
    for path, top in _mounted(vfs):
        found += _Comparison(before, covered, seen).directory(path, top)
    gone = {path for path, was in before.items() if was != GONE and path not in seen and path[-1:] != b"/"}
    found += [Change(DELETED, path, None) for path in gone if path.rpartition(b"/")[0] not in gone]
    return sorted(set(found), key=lambda change: change.path.split(b"/"))


def _mounted(vfs: Vfs) -> list[tuple[bytes, MemoryDirectory]]:
    """The directories in memory that are mounted, each with its path and a slash behind it."""
    found = []
    for mount in vfs.mounts:
        fs = mount.fs
        if (
            isinstance(fs, MemoryFileSystem)
            and fs.name != DEVICES
            and isinstance(fs.root.inode, MemoryDirectory)
        ):
            path = fs.root.path()
            if not path.startswith(b"/dev/"):
                found.append((path.rstrip(b"/") + b"/", fs.root.inode))
    return found


class _Comparison:
    """Compares one file system."""

    def __init__(self, before: Baseline, covered: set[bytes], seen: set[bytes]) -> None:
        self._before = before
        self._covered = covered
        self._seen = seen

    def directory(self, path: bytes, directory: MemoryDirectory, *, is_new: bool = False) -> Iterator[Change]:
        """What is different in a directory, and below.

        Args:
            path: Its path, with a slash behind it.
            directory: The directory.
            is_new: It was not there: everything in it is new.
        """
        names = [entry.name for entry in directory.entries()] if is_new else list(directory.names)
        for name in names:
            where = path + name
            if where in self._covered:
                self._seen.add(where)
                continue
            yield from self._name(where, directory, name, is_new=is_new)
        if isinstance(directory, OverlayDirectory) and not is_new:
            for name in directory.hidden - directory.names.keys():
                if self._before.get(path + name) != GONE and _below_has(directory, name):
                    yield Change(DELETED, path + name, None)

    def _name(
        self, where: bytes, directory: MemoryDirectory, name: bytes, *, is_new: bool
    ) -> Iterator[Change]:
        inode = directory.lookup(name)
        self._seen.add(where)
        was, now = self._before.get(where), look(inode)
        stands = (was is not None and was[:1] == now[:1]) or _stands_for_the_hosts(directory, name, inode)
        if not is_new and stands:
            if now != (was or _hosts(directory, name)):
                yield Change(CHANGED, where, inode)
        else:
            replaces = not is_new and was != GONE and (was is not None or _below_has(directory, name))
            yield Change(CHANGED if replaces else ADDED, where, inode, replaces)
        if isinstance(inode, MemoryDirectory):
            yield from self.directory(where + b"/", inode, is_new=is_new or not stands)


def _stands_for_the_hosts(directory: MemoryDirectory, name: bytes, inode: Inode) -> bool:
    """Whether a name leads to what it leads to on the host, changed or not."""
    if not isinstance(inode, Shown) or inode.above is not directory:
        return False
    return inode.name == name and name not in inode.above.hidden


def _below_has(directory: MemoryDirectory, name: bytes) -> bool:
    """Whether the host has a name in a directory."""
    if not isinstance(directory, OverlayDirectory):
        return False
    try:
        directory.place.lstat(name)
    except Errno:
        return False
    return True


def _hosts(directory: MemoryDirectory, name: bytes) -> tuple[object, ...]:
    """What `look` would say of a name as the host has it."""
    assert isinstance(directory, OverlayDirectory)
    found = directory.place.lstat(name)
    times = () if stat.S_ISDIR(found.st_mode) else (found.st_size, found.st_mtime_ns)
    return found.st_ino, found.st_mode, found.st_uid, found.st_gid, *times


def save(found: list[Change], file: IO[bytes]) -> None:
    """Writes changes as an archive.

    Raises:
        OSError: The file cannot be written to.
    """
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        links: dict[Inode, str] = {}
        for change in found:
            path = os.fsdecode(change.path[1:])
            if change.inode is None or (change.replaces and not change.inode.is_directory):
                above, name = os.path.split(path)
                archive.addfile(tarfile.TarInfo(os.path.join(above, os.fsdecode(WHITEOUT) + name)))
            if change.inode is not None:
                _add(archive, path, change.inode, links)
                if change.replaces and change.inode.is_directory:
                    archive.addfile(tarfile.TarInfo(f"{path}/{os.fsdecode(OPAQUE)}"))


def _add(archive: tarfile.TarFile, path: str, inode: Inode, links: dict[Inode, str]) -> None:
    found = inode.stat()
    info = tarfile.TarInfo(path)
    info.mode, info.uid, info.gid = stat.S_IMODE(found.mode), found.uid, found.gid
    info.mtime = found.mtime / 1e9
    if inode in links:
        info.type, info.linkname = tarfile.LNKTYPE, links[inode]
    elif isinstance(inode, RegularInode):
        info.size = found.size
        archive.addfile(info, io.BufferedReader(_Contents(inode), PIECE))
        links[inode] = path
        return
    elif inode.is_directory:
        info.type = tarfile.DIRTYPE
    elif inode.is_link:
        info.type, info.linkname = tarfile.SYMTYPE, os.fsdecode(inode.readlink())
    elif stat.S_ISFIFO(found.mode):
        info.type = tarfile.FIFOTYPE
    elif stat.S_ISCHR(found.mode) or stat.S_ISBLK(found.mode):
        info.type = tarfile.CHRTYPE if stat.S_ISCHR(found.mode) else tarfile.BLKTYPE
        info.devmajor, info.devminor = os.major(found.rdev), os.minor(found.rdev)
    else:
        return
    archive.addfile(info)


class _Contents(io.RawIOBase):
    """A file of the machine, to be read."""

    def __init__(self, inode: RegularInode) -> None:
        super().__init__()
        self._inode = inode
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Reads the next bytes; holes are zeros."""
        data = self._inode.pread(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
