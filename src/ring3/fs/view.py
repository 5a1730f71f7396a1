"""What programs see of the host unless the user says otherwise.

=====================================  ===============================================================================
the host's system directories          read-only, where the host has them, and what it notes of installed packages
the working directory                  copy-on-write: changes stay in memory; wins over all that follows
the home directory, /tmp, /var, /run   in memory, empty but for the directories that hierarchies have there; in the home
                                       a copy of git's settings
/dev, /proc, /sys                      the machine's own
the program that was asked for         the file itself at its own path, read-only, if nothing of the above shows it
=====================================  ===============================================================================

Nothing else of the host is there. A working directory of ``/`` shows nothing more: all of the host would be visible.
Of a program outside of these directories, its neighbours stay hidden: to run one with its own libraries, start it from
the directory that holds both, or `Bind` that one.

A view with a root of its own has that instead of all this, and the machine's own /dev, /proc and /sys.
"""

from __future__ import annotations

import os
import stat
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError
from ring3.fs import host_os
from ring3.fs.dentry import Dentry
from ring3.fs.hostfs import HostFileSystem
from ring3.fs.inode import FileSystem, Inode
from ring3.fs.memory_file import MemoryFile
from ring3.fs.memory_inode import MemoryNode
from ring3.fs.namei import Walk
from ring3.fs.overlay import OverlayFileSystem
from ring3.fs.permission import KERNEL, Who
from ring3.fs.tmpfs import MemoryDirectory, MemoryFileSystem
from ring3.fs.vfs import Vfs

SYSTEM: Final = (
    b"bin",
    b"sbin",
    b"lib",
    b"lib32",
    b"lib64",
    b"libx32",
    b"usr",
    b"etc",
    b"opt",
    b"nix",
    b"gnu",
)
"""The host's directories that programs, their libraries and their settings are in."""
PACKAGES: Final = tuple(
    b"/var/" + name
    for name in (
        b"lib/dpkg", b"lib/rpm", b"lib/pacman",
        b"lib/aspell", b"lib/chicken", b"lib/dictionaries-common", b"lib/emacsen-common", b"lib/gems", b"lib/ghc",
        b"lib/ghostscript", b"lib/ispell", b"lib/libxml-sax-perl", b"lib/ocaml", b"lib/php", b"lib/python",
        b"lib/sgml-base", b"lib/texmf", b"lib/vim", b"lib/xml-core",
        b"cache/dictionaries-common", b"cache/fontconfig", b"cache/man",
    )
)  # fmt: skip
"""Where a distribution notes what is installed: packages, what languages and formats find theirs by, and what its
programs have worked out of that for all users."""
IDENTITY: Final = (b".gitconfig", b".config/git/config")
"""What is copied into homes: who somebody is for git."""
LARGEST_SETTING: Final = 1 << 16
EMPTY: Final = (
    (b"/var/tmp", 0o1777),
    (b"/run", 0o755),
    (b"/run/lock", 0o1777),
    (b"/tmp", 0o1777),
    *((path, 0o755) for path in (b"/mnt", b"/var/cache", b"/var/log", b"/var/spool")),
)
LINKS: Final = ((b"run", b"/run"), (b"lock", b"/run/lock"))
"""Names in /var of what is elsewhere."""


class Bind(NamedTuple):
    """A file or directory of the host that is shown.

    Attributes:
        source: Its path on the host, absolute.
        place: Where programs see it, absolute.
        mode: ``ro``: it cannot be changed; ``rw``: it is changed on the host; ``cow``: what is changed stays in memory.
    """

    source: bytes
    place: bytes
    mode: str = "cow"


class View(NamedTuple):
    """What to show.

    Attributes:
        cwd: The host's working directory; "" to show none.
        homes: Home directories, which are empty.
        uid: Who owns them ...
        gid: ... and which group.
        root: What programs have for ``/``; None for the host's system directories and empty ones.
        binds: What is shown besides, over what would be there.
        empty: Where empty directories are, over what would be there.
        rw: What programs change in the working directory is changed on the host.
    """

    cwd: bytes
    homes: tuple[bytes, ...] = ()
    uid: int = 0
    gid: int = 0
    root: FileSystem | None = None
    binds: tuple[Bind, ...] = ()
    empty: tuple[bytes, ...] = ()
    rw: bool = False


def mount_view(vfs: Vfs, view: View, dev: FileSystem, proc: FileSystem, sys: FileSystem) -> Dentry:
    """Builds the tree; returns the place of the working directory, or the root if there is none.

    Args:
        vfs: The machine's files, with an empty root in memory.
        view: What to show.
        dev: What is mounted on /dev.
        proc: What is mounted on /proc.
        sys: What is mounted on /sys.

    Raises:
        UserError: One of the binds, or an empty directory, cannot be shown there.
    """
    if view.root is None:
        for name in SYSTEM:
            _show_system(vfs, name)
        for path, mode in EMPTY:
            make_directories(vfs, path).inode.set_mode(mode)
        for name, target in LINKS:
            _put_link(make_directories(vfs, b"/var").inode, name, target)
        for path in PACKAGES:
            if os.path.isdir(path):
                vfs.mount(HostFileSystem(vfs, path), make_directories(vfs, path))
    else:
        vfs.replace_root(view.root)
    vfs.mount(dev, make_directories(vfs, b"/dev"))
    vfs.mount(MemoryFileSystem(vfs, mode=0o1777), make_directories(vfs, b"/dev/shm"))
    vfs.mount(proc, make_directories(vfs, b"/proc"))
    vfs.mount(sys, make_directories(vfs, b"/sys"))
    start = vfs.root
    for home in view.homes:
        _make_home(vfs, home, view)
    if view.cwd not in (b"", b"/") and os.path.isdir(view.cwd):
        place = make_directories(vfs, view.cwd)
        shown = host_files(vfs, view.cwd, "rw" if view.rw else "cow")
        vfs.mount(shown, place)
        start = shown.root
    _show_more(vfs, view)
    try:
        return Walk(vfs.root, KERNEL).find(start, start.path())  # what was shown there since is there now
    except Errno:
        return start


def _show_more(vfs: Vfs, view: View) -> None:
    """Shows what was asked for by name, what is above before what is in it."""
    empty = [(path.count(b"/"), path, None) for path in view.empty]
    shown = [(bind.place.count(b"/"), bind.place, bind) for bind in view.binds]
    for _, path, bind in sorted([*empty, *shown], key=lambda entry: entry[0]):
        try:
            if bind is None:
                place = place_to_mount(vfs, path, is_directory=True)
                vfs.mount(MemoryFileSystem(vfs, mode=0o1777), place)
            else:
                show(vfs, bind)
        except Errno as error:
            what = f"{os.fsdecode(bind.source)} at " if bind else "an empty directory at "
            raise UserError(f"{what}{os.fsdecode(path)}: {error.number.text}") from None


def show(vfs: Vfs, bind: Bind) -> None:
    """Mounts a file or directory of the host.

    Raises:
        Errno: It is not there, is neither, or cannot be shown there.
    """
    found = host_os.call(os.stat, bind.source)
    is_directory = stat.S_ISDIR(found.st_mode)
    if not is_directory and not stat.S_ISREG(found.st_mode):
        raise Errno(E.EOPNOTSUPP)
    place = place_to_mount(vfs, bind.place, is_directory=is_directory)
    vfs.mount(host_files(vfs, os.path.realpath(bind.source), bind.mode), place)


def host_files(vfs: Vfs, path: bytes, mode: str) -> FileSystem:
    """A file or directory of the host as a file system.

    Args:
        vfs: The machine's files.
        path: Its path on the host.
        mode: As `Bind.mode`.

    Raises:
        Errno: As stat(2).
    """
    if mode == "rw":
        from ring3.fs.host_writable import WritableFileSystem  # noqa: PLC0415 -- only where the user has asked for it

        return WritableFileSystem(vfs, path)
    return HostFileSystem(vfs, path) if mode == "ro" else OverlayFileSystem(vfs, path)


def place_to_mount(vfs: Vfs, path: bytes, *, is_directory: bool) -> Dentry:
    """Where something can be mounted: what is there, or an empty directory or file made for it.

    Raises:
        Errno: ENOTDIR or EISDIR, what is there is of another kind; as `make_directories`.
    """
    try:
        return _made(vfs, path, is_directory=is_directory)
    except Errno as error:
        if error.number is not E.EROFS:
            raise
    layer = _cover(vfs, path)
    try:
        return _made(vfs, path, is_directory=is_directory)
    finally:
        layer.readonly = True


def _made(vfs: Vfs, path: bytes, *, is_directory: bool) -> Dentry:
    above, name = os.path.split(path)
    directory = make_directories(vfs, above)
    try:
        place = directory.child(name)
    except Errno as error:
        if error.number is not E.ENOENT:
            raise
        if not _takes_names(directory.inode):
            raise Errno(E.EROFS) from None
        directory.inode.create(name, stat.S_IFDIR | 0o755 if is_directory else stat.S_IFREG | 0o644, KERNEL)
        place = directory.child(name)
    if place.inode.is_link:
        place = Walk(vfs.root, KERNEL).find(directory, name)
    if place.inode.is_directory is not is_directory:
        raise Errno(E.ENOTDIR if is_directory else E.EISDIR)
    return place


def _cover(vfs: Vfs, path: bytes) -> OverlayFileSystem:
    """Puts a layer in memory over the first directory of the host that a path leads into.

    Raises:
        Errno: EROFS, no such layer is possible there.
    """
    at = vfs.root
    for name in path.split(b"/"):
        if name:
            at = Walk(vfs.root, KERNEL).find(at, name)
        if isinstance(at.fs, HostFileSystem) and at.fs.root.inode.is_directory:
            layer = OverlayFileSystem(vfs, at.fs.host_path)
            vfs.mount(layer, at.fs.root)
            return layer
    raise Errno(E.EROFS)


def show_program(vfs: Vfs, path: bytes) -> None:
    """Makes the file that a program is visible at its path, if it is not.

    Args:
        vfs: The machine's files.
        path: An absolute path of the host.

    Raises:
        Errno: As stat(2).
    """
    real = os.path.realpath(path)
    found = host_os.call(os.stat, real)
    if not is_shown(vfs, real) and stat.S_ISREG(found.st_mode):
        place = _placeholder(vfs, real)
        if place is not None:
            vfs.mount(HostFileSystem(vfs, real), place)
    if path != real and not is_shown(vfs, path):
        parent = make_directories(vfs, os.path.dirname(path)).inode
        if isinstance(parent, MemoryDirectory):
            fs = parent.memory
            parent.put(
                os.path.basename(path),
                MemoryNode(vfs, fs, fs.new_ino(), stat.S_IFLNK | 0o777, 0, 0, target=real),
            )


def is_shown(vfs: Vfs, path: bytes) -> bool:
    """Whether a path of the host leads to the same file in the machine."""
    try:
        found = host_os.call(os.stat, path)
        seen = Walk(vfs.root, KERNEL).find(vfs.root, path).inode.stat()
    except Errno:
        return False
    return (seen.dev, seen.ino) == (found.st_dev, found.st_ino)


def _placeholder(vfs: Vfs, path: bytes) -> Dentry | None:
    """An empty file to mount another one on; None where the directory is not in memory."""
    parent = make_directories(vfs, os.path.dirname(path))
    directory, name = parent.inode, os.path.basename(path)
    if not isinstance(directory, MemoryDirectory):
        return None
    fs = directory.memory
    directory.put(name, MemoryFile(vfs, fs, fs.new_ino(), stat.S_IFREG | 0o755, 0, 0))
    return parent.child(name)


def make_directories(vfs: Vfs, path: bytes) -> Dentry:
    """The place of a directory, made with all above it where there is none, in memory.

    Raises:
        Errno: ENOTDIR, something else is there; EROFS, it would have to be made on the host.
    """
    at = vfs.root
    for name in path.split(b"/"):
        if not name:
            continue
        directory = at.inode
        try:
            at = at.child(name)
        except Errno as error:
            if error.number is not E.ENOENT or not _takes_names(directory):
                raise Errno(E.EROFS if error.number is E.ENOENT else error.number) from None
            directory.create(name, stat.S_IFDIR | 0o755, KERNEL)
            at = at.child(name)
        if at.inode.is_link:
            at = Walk(vfs.root, KERNEL).find(vfs.root, at.path())
    return at


def _takes_names(directory: Inode) -> bool:
    """Whether new names can be made in a directory: in memory always, on the host where programs may do so too."""
    return isinstance(directory, MemoryDirectory) or not directory.fs.readonly


def _show_system(vfs: Vfs, name: bytes) -> None:
    path = b"/" + name
    try:
        found = os.lstat(path)
    except OSError:
        return
    root = vfs.root.inode
    assert isinstance(root, MemoryDirectory)
    if stat.S_ISLNK(found.st_mode):
        _put_link(root, name, host_os.readlink(path))
    elif stat.S_ISDIR(found.st_mode):
        keeps_secrets = name == b"etc" and os.geteuid() == 0  # which others could not read out here either
        vfs.mount(HostFileSystem(vfs, path, for_everybody=keeps_secrets), make_directories(vfs, path))


def _put_link(directory: Inode, name: bytes, target: bytes) -> None:
    assert isinstance(directory, MemoryDirectory)
    fs = directory.memory
    directory.put(name, MemoryNode(fs.vfs, fs, fs.new_ino(), stat.S_IFLNK | 0o777, 0, 0, target=target))


def _make_home(vfs: Vfs, home: bytes, view: View) -> None:
    """Makes an empty home directory; one that is, or is in, a system directory stays as the host has it."""
    try:
        place = make_directories(vfs, home)
    except Errno:
        return
    if isinstance(place.inode, MemoryDirectory) and place is not vfs.root:
        place.inode.set_owner(view.uid, view.gid)
        for name in IDENTITY:
            _copy_setting(vfs, home, name, view)


def _copy_setting(vfs: Vfs, home: bytes, name: bytes, view: View) -> None:
    """Copies a small file of settings into a home directory."""
    try:
        with open(os.path.join(home, name), "rb") as file:
            text = file.read(LARGEST_SETTING)
        directory = make_directories(vfs, os.path.join(home, os.path.dirname(name))).inode
    except (OSError, Errno):
        return
    if isinstance(directory, MemoryDirectory):
        who = Who(view.uid, view.gid)
        directory.set_owner(view.uid, view.gid)
        made = directory.create(os.path.basename(name), stat.S_IFREG | 0o644, who)
        assert isinstance(made, MemoryFile)
        made.pwrite(0, text)
