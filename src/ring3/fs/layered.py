"""overlayfs: directories seen through each other, of which the uppermost takes all changes (fs/overlayfs of Linux 6.x).

A directory shows the names of all its layers, a file that of the uppermost one that has it. What is changed is *copied
up* first, with the directories that lead to it; what is removed leaves a whiteout in the upper layer, a device with the
numbers 0, 0, and a directory made in the place of a lower one is marked as opaque by an extended attribute. So layers
that Linux wrote are read, and what is written here Linux can read.

Inode numbers have the number of the file system that they come from in their highest byte (as with ``xino``). A file
keeps its number when it is copied up. A directory that has lower layers cannot be renamed (EXDEV, as without
``redirect_dir``), and a copy has none of the other names of its file (as without ``index``).
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from ring3.abi.errno import E, Errno
from ring3.fs.dentry import Dentry
from ring3.fs.directory import Directory
from ring3.fs.hostfs import OVERLAYFS_MAGIC
from ring3.fs.inode import Entry, FileSystem, Inode
from ring3.fs.layered_files import OPAQUE, PRIVATE, Layered, LayeredFile, LayeredNode, copy_attributes
from ring3.fs.permission import KERNEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ring3.fs.file import File
    from ring3.fs.inode import StatFs
    from ring3.fs.permission import Who
    from ring3.fs.vfs import Vfs

FS_SHIFT: Final = 56
"""Where in an inode number that of the file system stands."""


def is_whiteout(inode: Inode) -> bool:
    """Whether it stands for a name that is gone."""
    return stat.S_ISCHR(inode.mode) and not inode.stat().rdev


def is_opaque(inode: Inode) -> bool:
    """Whether what is below a directory is hidden."""
    return any(_xattrs(inode).get(name) == b"y" for name in OPAQUE)


def _xattrs(inode: Inode) -> Mapping[bytes, bytes]:
    try:
        return inode.xattrs()
    except Errno:
        return {}


class LayeredFileSystem(FileSystem):
    """An overlay.

    Attributes:
        opaque: The extended attribute by which directories are marked here.
        layers: The directories it is made of, uppermost first.
        copied: What was copied up, by the copy.
    """

    def __init__(
        self, vfs: Vfs, upper: Inode | None, lowers: list[Inode], options: str, *, by_user: bool
    ) -> None:
        """Makes one.

        Args:
            vfs: The machine's files.
            upper: The directory that takes the changes; None where nothing can be changed.
            lowers: The others, uppermost first.
            options: What /proc/mounts shows of it.
            by_user: It marks directories by attributes that everybody may set (``userxattr``).
        """
        super().__init__("overlay", vfs.new_dev(), source="overlay", readonly=upper is None)
        self.vfs = vfs
        self.options = options
        self.opaque = OPAQUE[by_user]
        self.layers = [*([] if upper is None else [upper]), *lowers]
        self._sources = list(dict.fromkeys(layer.fs for layer in self.layers))
        self._seen: WeakValueDictionary[Inode, LayeredDirectory | LayeredFile | LayeredNode] = (
            WeakValueDictionary()
        )
        self.copied: dict[Inode, Layered] = {}
        top = LayeredDirectory(self, None, b"", upper, lowers)
        self.root = Dentry(self, top)

    def statfs(self) -> StatFs:
        """The numbers of the upper layer's file system."""
        return self.layers[0].fs.statfs()._replace(magic=OVERLAYFS_MAGIC)

    def number(self, source: FileSystem, ino: int) -> int:
        """The number here of an inode of one of the layers' file systems."""
        index = self._sources.index(source) if source in self._sources else len(self._sources)
        return ino | index << FS_SHIFT

    def show(
        self, above: LayeredDirectory, name: bytes, upper: Inode | None, lowers: list[Inode]
    ) -> LayeredDirectory | LayeredFile | LayeredNode:
        """The inode that stands for a name: the same as long as anybody uses it."""
        real = lowers[0] if upper is None else upper
        known = self._seen.get(real)
        if known is not None:
            known.refresh(above, name, lowers)
            return known
        made: LayeredDirectory | LayeredFile | LayeredNode
        if real.is_directory:
            made = LayeredDirectory(self, above, name, upper, lowers)
        elif real.is_regular:
            made = LayeredFile(self, above, name, upper, real)
        else:
            made = LayeredNode(self, above, name, upper, real)
        self._seen[real] = made
        return made

    def was_copied(self, inode: LayeredDirectory | LayeredFile | LayeredNode, copy: Inode) -> None:
        """Something was copied up: the copy leads to the same inode."""
        self.copied[copy] = self._seen[copy] = inode


class LayeredDirectory(Layered, Inode):
    """A directory.

    Attributes:
        lowers: The directories below the upper one, uppermost first.
    """

    def __init__(
        self,
        fs: LayeredFileSystem,
        above: LayeredDirectory | None,
        name: bytes,
        upper: Inode | None,
        lowers: list[Inode],
    ) -> None:
        real = lowers[0] if upper is None else upper
        Inode.__init__(self, fs, fs.number(real.fs, real.ino), real.mode, real.uid, real.gid)
        self.begin(above, name, upper, real)
        self.lowers = lowers

    def refresh(self, above: LayeredDirectory, name: bytes, lowers: list[Inode]) -> None:
        """Notes where it is found now, and what is below it."""
        self.lowers = lowers
        super().refresh(above, name, lowers)

    @property
    def all_layers(self) -> list[Inode]:
        """The directories of which it shows the names."""
        return self.lowers if self.upper is None else [self.upper, *self.lowers]

    def copy(self, into: Inode) -> Inode:
        """Makes the directory in the upper layer; what is in it stays where it is."""
        made = into.create(self.name, self.mode, KERNEL)
        copy_attributes(self.real, made)
        return made

    # -- looking ---------------------------------------------------------------------------------------------------

    def lookup(self, name: bytes) -> Inode:
        """The inode of a name: of directories all that are not hidden count, else the uppermost file."""
        upper: Inode | None = None
        lowers: list[Inode] = []
        for layer in self.all_layers:
            found = _in(layer, name)
            if found is None:
                continue
            if is_whiteout(found) or (not found.is_directory and (lowers or upper is not None)):
                break
            if layer is self.upper:
                upper = found
            else:
                lowers.append(found)
            if not found.is_directory or is_opaque(found):
                break
        if upper is None and not lowers:
            raise Errno(E.ENOENT)
        return self.overlay.show(self, name, upper, lowers)

    def entries(self) -> list[Entry]:
        """The names of all layers, without what is hidden."""
        found: dict[bytes, Entry | None] = {}
        for layer in self.all_layers:
            for name, ino, kind in layer.entries():
                if name in found:
                    continue
                gone = kind in (0, stat.S_IFCHR) and is_whiteout(layer.lookup(name))
                found[name] = None if gone else Entry(name, self.overlay.number(layer.fs, ino), kind)
        return [entry for entry in found.values() if entry is not None]

    def open(self, dentry: Dentry, flags: int) -> File:
        """An open directory."""
        return Directory(self, dentry, flags)

    def has_below(self, name: bytes) -> bool:
        """Whether a lower layer would show a name."""
        for layer in self.lowers:
            found = _in(layer, name)
            if found is not None:
                return not is_whiteout(found)
        return False

    # -- new names -------------------------------------------------------------------------------------------------

    def create(self, name: bytes, mode: int, who: Who, rdev: int = 0) -> Inode:
        """Makes a file of any type in the upper layer."""
        into, covers = self.make_room(name), self.has_below(name)
        made = into.create(name, mode, who, rdev)
        if covers and made.is_directory:
            made.set_xattrs({**made.xattrs(), self.overlay.opaque: b"y"})
        return self.overlay.show(self, name, made, [])

    def create_unnamed(self, mode: int, who: Who) -> Inode:
        """Makes a regular file without a name in the upper layer."""
        made = LayeredFile(self.overlay, self, b"", self.copy_up().create_unnamed(mode, who), None)
        made.gone = True
        return made

    def symlink(self, name: bytes, target: bytes, who: Who) -> Inode:
        """Makes a symbolic link in the upper layer."""
        return self.overlay.show(self, name, self.make_room(name).symlink(name, target, who), [])

    def link(self, name: bytes, inode: Inode) -> None:
        """One more name for a file, which is copied up."""
        if not isinstance(inode, Layered):
            raise Errno(E.EXDEV)
        upper = inode.copy_up()
        self.make_room(name).link(name, upper)
        inode.gone = False

    def make_room(self, name: bytes) -> Inode:
        """The upper directory, without a whiteout of that name."""
        into = self.copy_up()
        found = _in(into, name)
        if found is not None and is_whiteout(found):
            into.unlink(name)
        return into

    # -- names that go -----------------------------------------------------------------------------------------------

    def unlink(self, name: bytes) -> None:
        """Takes a name away."""
        inode = self.lookup(name)
        self.remove(name)
        if isinstance(inode, Layered):
            inode.gone = not inode.stat().nlink or inode.upper is None
            if inode.upper is not None:
                self.overlay.copied.pop(inode.upper, None)

    def rmdir(self, name: bytes) -> None:
        """Removes an empty directory."""
        _require_empty(self.lookup(name))
        self.remove(name)

    def remove(self, name: bytes) -> None:
        """Takes a name out of the upper layer, and hides it where a lower one has it."""
        covers = self.has_below(name)
        into = self.copy_up()
        found = _in(into, name)
        if found is not None and found.is_directory:
            for entry in found.entries():  # whiteouts alone
                found.unlink(entry.name)
            into.rmdir(name)
        elif found is not None:
            into.unlink(name)
        if covers:
            into.create(name, stat.S_IFCHR, KERNEL, 0)

    def move(self, name: bytes, to: Inode, new_name: bytes, exchange: bool) -> None:
        """Moves a name; EXDEV for a directory that is not in the upper layer alone."""
        assert isinstance(to, LayeredDirectory)
        moving, target = self.lookup(name), None
        if exchange or _in(to, new_name) is not None:
            target = to.lookup(new_name)
        for one in (moving, *([target] if exchange and target is not None else [])):
            if isinstance(one, LayeredDirectory) and one.lowers:
                raise Errno(E.EXDEV)
            assert isinstance(one, Layered)
            one.copy_up()
        source, into = self.copy_up(), to.copy_up()
        covers, hides = self.has_below(name), to.has_below(new_name)
        if exchange:
            source.move(name, into, new_name, exchange=True)
            return
        if target is not None:
            _require_empty(target)
            to.remove(new_name)
        to.make_room(new_name)
        source.move(name, into, new_name, exchange=False)
        if hides and moving.is_directory:
            real = into.lookup(new_name)
            real.set_xattrs({**real.xattrs(), self.overlay.opaque: b"y"})
        if covers:
            source.create(name, stat.S_IFCHR, KERNEL, 0)

    # -- attributes --------------------------------------------------------------------------------------------------

    def xattrs(self) -> Mapping[bytes, bytes]:
        """Its extended attributes, without those that are the overlay's."""
        return {name: value for name, value in self.real.xattrs().items() if not name.startswith(PRIVATE)}


def _in(directory: Inode, name: bytes) -> Inode | None:
    """The inode of a name in one layer, None if there is none."""
    try:
        return directory.lookup(name)
    except Errno as error:
        if error.number in (E.ENOENT, E.ENOTDIR):
            return None
        raise


def _require_empty(inode: Inode) -> None:
    """Refuses to lose a directory with names in it.

    Raises:
        Errno: ENOTEMPTY.
    """
    if inode.is_directory and inode.entries():
        raise Errno(E.ENOTEMPTY)
