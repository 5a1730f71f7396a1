"""The calls that make mounts step by step, by descriptors (fs/fsopen.c, fs/namespace.c of Linux 6.x).

fsopen(2), fsconfig(2) and fsmount(2) make a mount that is nowhere, open_tree(2) a copy of some, and move_mount(2) puts
them into the tree. What nobody puts there is gone with its descriptor.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import UNSIGNED_INT, Int, Path, Pointer, SizeT
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum, IntFlag
from ring3.abi.linux.structs.mounts import MOUNT_ATTR
from ring3.fs import mounts
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.dentry import Dentry
from ring3.fs.file import O_PATH, O_RDWR
from ring3.fs.mounts import Mount, MountTree
from ring3.fs.opening import PathFile
from ring3.fs.tmpfs import MemoryFileSystem
from ring3.linux.calls.files import mounting
from ring3.linux.calls.files.filesystems import SUPERBLOCK, check_option, new_mount, require_kind
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, check_flags, find_or_fd

if TYPE_CHECKING:
    from ring3.fs.vfs import Vfs
    from ring3.linux.model.task import LinuxTask

FsFlags = Annotated[int, UNSIGNED_INT]
CLOEXEC: Final = 1
AT_NO_AUTOMOUNT: Final = 0x800
AT_RECURSIVE: Final = 0x8000
OPEN_TREE_CLONE: Final = 1
OPEN_TREE_CLOEXEC: Final = 0o2000000
LONGEST: Final = 256
"""Bytes of a key or value of fsconfig(2) at most."""
PAGE: Final = 4096


class FsConfig(IntEnum):
    """Commands of fsconfig(2)."""

    SET_FLAG = 0
    SET_STRING = 1
    SET_BINARY = 2
    SET_PATH = 3
    SET_PATH_EMPTY = 4
    SET_FD = 5
    CMD_CREATE = 6
    CMD_RECONFIGURE = 7
    CMD_CREATE_EXCL = 8


class MoveMount(IntFlag):
    """Flags of move_mount(2)."""

    F_SYMLINKS = 0x1
    F_AUTOMOUNTS = 0x2
    F_EMPTY_PATH = 0x4
    T_SYMLINKS = 0x10
    T_AUTOMOUNTS = 0x20
    T_EMPTY_PATH = 0x40
    BENEATH = 0x200


ATTRIBUTES: Final = {
    0x1: mounts.RDONLY,
    0x2: mounts.NOSUID,
    0x4: mounts.NODEV,
    0x8: mounts.NOEXEC,
    0x80: mounts.NODIRATIME,
    0x20_0000: mounts.NOSYMFOLLOW,
}
"""Attributes of mounts, and the flags of mount(2) that they are."""
ATIME: Final = 0x70
ATIMES: Final = {0x00: mounts.RELATIME, 0x10: mounts.NOATIME, 0x20: 0}
KNOWN: Final = sum(ATTRIBUTES) | ATIME


class FsContext(AnonymousFile):
    """A file system that is being made, or one that is being changed.

    Attributes:
        name: Its kind.
        words: What was said of it so far.
        made: The mount, once it is there and until it has a descriptor of its own.
        was_mounted: It had one.
        changes: The mount whose file system is to be changed, None for a new one.
    """

    kind = b"[fscontext]"
    pollable = False

    def __init__(self, vfs: Vfs, name: str, changes: Mount | None = None) -> None:
        super().__init__(vfs, O_RDWR)
        self.name = name
        self.words: dict[str, str] = {}
        self.made: Mount | None = None
        self.was_mounted = False
        self.changes = changes

    def read(self, size: int) -> bytes:
        """Messages about what went wrong: there are none."""
        raise Errno(E.ENODATA)


def _context(task: LinuxTask, fd: int) -> FsContext:
    """The context of a descriptor.

    Raises:
        Errno: EBADF; EINVAL, it is none.
    """
    file = task.files[fd & 0xFFFF_FFFF]
    if not isinstance(file, FsContext):
        raise Errno(E.EINVAL)
    return file


@syscall("partial", "the kinds that mount knows")
def sys_fsopen(task: LinuxTask, fs_name: Path, flags: FsFlags) -> int:
    """Begins to make a file system."""
    mounting.require_mount(task)
    check_flags(flags, CLOEXEC)
    name = os.fsdecode(_text(task, fs_name, PAGE))
    require_kind(name)
    return task.files.install(FsContext(task.kernel.vfs, name), cloexec=bool(flags & CLOEXEC))


@syscall("full")
def sys_fspick(task: LinuxTask, dfd: Int, path: Path, flags: FsFlags) -> int:
    """Takes a mounted file system to change it."""
    mounting.require_mount(task)
    check_flags(flags, 0xF)  # CLOEXEC, SYMLINK_NOFOLLOW, NO_AUTOMOUNT, EMPTY_PATH
    how = (AT_SYMLINK_NOFOLLOW if flags & 2 else 0) | (AT_EMPTY_PATH if flags & 8 else 0)
    mount = mounting.own_mount(task, _place(task, dfd, path, how))
    context = FsContext(task.kernel.vfs, mount.fs.name, mount)
    return task.files.install(context, cloexec=bool(flags & CLOEXEC))


def _text(task: LinuxTask, address: int, most: int = LONGEST) -> bytes:
    found = task.memory.read_cstring(address, most)
    if found is None:
        raise Errno(E.EINVAL)
    return found


def _place(task: LinuxTask, dfd: int, path: int, flags: int) -> Dentry:
    """The place that a path or a descriptor stands for.

    Raises:
        Errno: As `find_or_fd`; EINVAL, the descriptor has no place.
    """
    found = find_or_fd(task, dfd, path, flags)
    place = found if isinstance(found, Dentry) else found.dentry
    if place is None:
        raise Errno(E.EINVAL)
    return place


def _check_arguments(cmd: int, key: int, value: int, aux: int) -> None:
    """Which arguments a command takes (sys_fsconfig).

    Raises:
        Errno: EINVAL; EOPNOTSUPP, no such command.
    """
    if cmd == FsConfig.SET_FLAG:
        wrong = not key or value or aux
    elif cmd == FsConfig.SET_STRING:
        wrong = not key or not value or aux
    elif cmd == FsConfig.SET_BINARY:
        wrong = not key or not value or not 0 < aux <= 1 << 20
    elif cmd in (FsConfig.SET_PATH, FsConfig.SET_PATH_EMPTY):
        wrong = not key or not value or (aux != AT_FDCWD and aux < 0)
    elif cmd == FsConfig.SET_FD:
        wrong = not key or value or aux < 0
    elif cmd in (FsConfig.CMD_CREATE, FsConfig.CMD_RECONFIGURE, FsConfig.CMD_CREATE_EXCL):
        wrong = key or value or aux
    else:
        raise Errno(E.EOPNOTSUPP)
    if wrong:
        raise Errno(E.EINVAL)


@syscall("partial", "no options that are paths, descriptors or binary: the kinds that there are have none")
def sys_fsconfig(task: LinuxTask, fd: Int, cmd: FsFlags, key: Pointer, value: Pointer, aux: Int) -> int:
    """Says something of a file system that is being made, or makes it."""
    if fd < 0:
        raise Errno(E.EINVAL)
    _check_arguments(cmd, key, value, aux)
    context = _context(task, fd)
    if cmd in (FsConfig.CMD_CREATE, FsConfig.CMD_CREATE_EXCL):
        if context.made is not None or context.was_mounted or context.changes is not None:
            raise Errno(E.EBUSY)
        words = _joined(context.words)
        source = context.words.get("source", "")
        options = ",".join(word for word in words.split(",") if not word.startswith("source="))
        context.made = new_mount(task, context.name, source, options, readonly="ro" in context.words)
    elif cmd == FsConfig.CMD_RECONFIGURE:
        if context.changes is None:
            raise Errno(E.EBUSY)
        flags = context.changes.flags & ~mounts.RDONLY | (mounts.RDONLY if "ro" in context.words else 0)
        said = {name: word for name, word in context.words.items() if name not in ("ro", "rw")}
        mounting.do_remount(task, context.changes.root, flags, bind=False, data=_joined(said))
    else:
        name = os.fsdecode(_text(task, key))
        word = os.fsdecode(_text(task, value)) if cmd == FsConfig.SET_STRING else ""
        if cmd not in (FsConfig.SET_FLAG, FsConfig.SET_STRING) and name not in SUPERBLOCK:
            raise Errno(E.EINVAL)
        if context.made is not None:
            raise Errno(E.EBUSY)
        check_option(context.name, name)
        context.words.pop({"ro": "rw", "rw": "ro"}.get(name, ""), None)  # what was said last holds
        context.words[name] = word
    return 0


def _joined(words: dict[str, str]) -> str:
    """What was said one by one, as mount(2) takes it."""
    return ",".join(
        f"{name}={word.replace(',', chr(92) + ',')}" if word else name for name, word in words.items()
    )


def _flags_of(attributes: int) -> int:
    """The flags of mount(2) that attributes are.

    Raises:
        Errno: EINVAL, unknown ones.
    """
    if attributes & ~KNOWN or attributes & ATIME not in ATIMES:
        raise Errno(E.EINVAL)
    flags = sum(flag for attribute, flag in ATTRIBUTES.items() if attributes & attribute)
    return flags | ATIMES[attributes & ATIME]


def _install(task: LinuxTask, tree: MountTree, *, cloexec: bool) -> int:
    """A descriptor for mounts that are nowhere; it keeps them."""
    file = PathFile(tree.root, O_PATH)
    return task.files.install(file, cloexec=cloexec)


@syscall("full")
def sys_fsmount(task: LinuxTask, fs_fd: Int, flags: FsFlags, attr_flags: FsFlags) -> int:
    """Makes a mount of a file system that was made, which is nowhere yet."""
    mounting.require_mount(task)
    check_flags(flags, CLOEXEC)
    own = _flags_of(attr_flags)
    context = _context(task, fs_fd)
    made, context.made = context.made, None
    if made is None:
        raise Errno(E.EBUSY if context.was_mounted else E.EINVAL)
    context.was_mounted = True
    made.flags = own
    if "ro" in context.words and isinstance(made.fs, MemoryFileSystem):
        made.fs.readonly = True
    tree = MountTree()
    tree.add(made, None)
    return _install(task, tree, cloexec=bool(flags & CLOEXEC))


@syscall("full")
def sys_open_tree(task: LinuxTask, dfd: Int, filename: Path, flags: FsFlags) -> int:
    """A descriptor for a place, or for a copy of the mounts there."""
    known = AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW
    check_flags(flags, known | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)
    if flags & (AT_RECURSIVE | OPEN_TREE_CLONE) == AT_RECURSIVE:
        raise Errno(E.EINVAL)
    if flags & OPEN_TREE_CLONE:
        mounting.require_mount(task)
    place = _place(task, dfd, filename, flags)
    cloexec = bool(flags & OPEN_TREE_CLOEXEC)
    if not flags & OPEN_TREE_CLONE:
        return task.files.install(PathFile(place, O_PATH), cloexec=cloexec)
    tree = mounting.bind_copy(task, place, recursive=bool(flags & AT_RECURSIVE))
    return _install(task, tree, cloexec=cloexec)


@syscall(
    "partial",
    "no groups of peers (MOVE_MOUNT_SET_GROUP), and nothing beneath what stands in a shared mount: EINVAL",
)
def sys_move_mount(
    task: LinuxTask, from_dfd: Int, from_path: Path, to_dfd: Int, to_path: Path, flags: FsFlags
) -> int:
    """Puts mounts into the tree that are nowhere, or moves one."""
    mounting.require_mount(task)
    check_flags(flags, sum(MoveMount))
    source = _place(task, from_dfd, from_path, _how(flags & 0xF))
    place = _place(task, to_dfd, to_path, _how(flags >> 4))
    mounting.require_no_domain(task)
    mount = source.mount
    if mount is None or mount.tree is None:
        raise Errno(E.EINVAL)
    is_own = mount.tree is mounting.mount_tree(task)
    is_detached = (
        mount.at is None and mount.tree.mounts[0] is mount and not mounting.is_placed(task, mount.tree)
    )
    if not is_own and not is_detached:
        raise Errno(E.EINVAL)
    if flags & MoveMount.BENEATH:
        mounting.put_beneath(task, mount, place)
    elif is_own:
        mounting.do_move_mount(task, source, place)
    else:
        mounting.attach(task, mount.tree, place)
    return 0


def _how(flags: int) -> int:
    """The AT_ flags of one of the two paths."""
    follow = 0 if flags & MoveMount.F_SYMLINKS else AT_SYMLINK_NOFOLLOW
    return follow | (AT_EMPTY_PATH if flags & MoveMount.F_EMPTY_PATH else 0)


@syscall("partial", "no mounts with other users and groups: EINVAL")
def sys_mount_setattr(
    task: LinuxTask, dfd: Int, path: Path, flags: FsFlags, uattr: Pointer, usize: SizeT
) -> int:
    """Changes flags of a mount, or of all below it, and with whom it shares what happens there."""
    check_flags(flags, AT_EMPTY_PATH | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT)
    if usize > PAGE:
        raise Errno(E.E2BIG)
    if usize < MOUNT_ATTR.size(64):
        raise Errno(E.EINVAL)
    mounting.require_mount(task)
    form = MOUNT_ATTR.form(64)
    wanted, cleared, propagation, _ = form.unpack(task.memory.read_extensible(uattr, usize, form.size))
    if not (wanted or cleared or propagation):
        return 0
    _check_attributes(wanted, cleared, propagation)
    mount = mounting.any_mount(task, _place(task, dfd, path, flags))
    tree = mount.tree
    assert tree is not None
    chosen = [mount, *(tree.below(mount) if flags & AT_RECURSIVE else ())]
    removed, added = (_bits(bits) for bits in (cleared, wanted))
    if cleared & ATIME:
        removed |= mounts.RELATIME | mounts.NOATIME
        added |= ATIMES[wanted & ATIME]
    if any(one.keeps(one.flags & ~removed | added) for one in chosen):
        raise Errno(E.EPERM)
    for one in chosen:
        one.flags = one.flags & ~removed | added
        if propagation:
            mounting.WAYS[propagation](one)
            one.unbindable = propagation == mounting.MS_UNBINDABLE
    return 0


def _bits(attributes: int) -> int:
    return sum(flag for attribute, flag in ATTRIBUTES.items() if attributes & attribute)


def _check_attributes(wanted: int, cleared: int, propagation: int) -> None:
    """Whether a change of attributes makes sense (build_mount_kattr).

    Raises:
        Errno: EINVAL.
    """
    if (wanted | cleared) & ~KNOWN or (propagation and propagation not in mounting.WAYS):
        raise Errno(E.EINVAL)
    if cleared & ATIME:
        if cleared & ATIME != ATIME or wanted & ATIME not in ATIMES:
            raise Errno(E.EINVAL)
    elif wanted & ATIME:
        raise Errno(E.EINVAL)
