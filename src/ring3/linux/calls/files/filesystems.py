"""The file systems that programs can mount, by name (Documentation/filesystems of Linux 6.x)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.capabilities import Cap
from ring3.fs.mounts import Mount
from ring3.fs.namei import Walk
from ring3.fs.permission import KERNEL
from ring3.fs.pseudo import PseudoFileSystem
from ring3.fs.tmpfs import MemoryFileSystem
from ring3.fs.tmpfs_limits import Limits
from ring3.linux.calls.files.overlay_options import OPTIONS as OVERLAY_OPTIONS
from ring3.linux.calls.files.overlay_options import overlay
from ring3.linux.files.lookup import who
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.block.disk import Disk
    from ring3.fs.inode import FileSystem
    from ring3.linux.model.task import LinuxTask
    from ring3.linux.model.user_namespace import UserNamespace


class Options(NamedTuple):
    """What is said of a new file system.

    Attributes:
        words: Words by name, empty for those without a value.
        source: What is to be mounted.
        readonly: It is not to be written.
    """

    words: dict[str, str]
    source: str = ""
    readonly: bool = False

    def number(self, name: str, default: int, base: int = 10) -> int:
        """An option that is a number.

        Raises:
            Errno: EINVAL, it is none.
        """
        word = self.words.get(name)
        if word is None:
            return default
        try:
            return int(word, base)
        except ValueError:
            raise Errno(E.EINVAL) from None


def parse(data: str) -> Options:
    """Options that commas separate; one behind a backslash is part of a value."""
    words = {}
    for word in re.split(r"(?<!\\\\),", data):
        if word:
            name, _, value = word.partition("=")
            words[name] = value
    return Options(words)


TMPFS_OPTIONS: Final = frozenset(
    {"size", "nr_blocks", "nr_inodes", "mode", "uid", "gid", "huge", "mpol", "inode32", "inode64", "noswap"}
)


def _tmpfs(task: LinuxTask, options: Options) -> Mount:
    """A file system in memory, of half the size of RAM where nothing else is said."""
    half = task.kernel.machine.ram.size >> PAGE_SHIFT + 1
    limits = Limits(*_limits(task, options, half, half))
    made = _in_memory(task, options, "tmpfs", limits)
    made.options = _shown(made, limits, half)
    return Mount(made, None)


def _limits(task: LinuxTask, options: Options, blocks: int, count: int) -> tuple[int, int]:
    """Pages and inodes that options allow, 0 for any number (shmem_parse_one).

    Raises:
        Errno: EINVAL, no size.
    """
    words = options.words
    ram = task.kernel.machine.ram.size
    if "size" in words:
        blocks = (_size(words["size"], ram) + PAGE_SIZE - 1) >> PAGE_SHIFT
    if "nr_blocks" in words:
        blocks = _size(words["nr_blocks"])
    if "nr_inodes" in words:
        count = _size(words["nr_inodes"])
    return blocks, count


def _size(word: str, whole: int = 0) -> int:
    """A number of bytes or things, with a letter for a power of 1024, or as a part of a whole in percent (memparse).

    Raises:
        Errno: EINVAL, it is none.
    """
    found = re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)([kKmMgGtTpPeE]?)(%?)", word)
    if found is None or (found[3] and (found[2] or not whole)):
        raise Errno(E.EINVAL)
    digits = found[1]
    number = int(digits, 16 if digits[:2].lower() == "0x" else 8 if digits[0] == "0" else 10)
    return number * whole // 100 if found[3] else number << 10 * " kmgtpe".index(found[2].lower() or " ")


def _shown(made: MemoryFileSystem, limits: Limits, half: int) -> str:
    """What /proc/mounts tells of it: what is not so where nothing is said (shmem_show_options)."""
    top = made.top
    words = {
        "size": "" if limits.blocks == half else f"{limits.blocks * (PAGE_SIZE >> 10)}k",
        "nr_inodes": "" if limits.count == half else str(limits.count),
        "mode": "" if top.mode & 0o7777 == 0o1777 else f"{top.mode & 0o7777:03o}",
        "uid": str(top.uid or ""),
        "gid": str(top.gid or ""),
    }
    return ",".join(f"{name}={word}" for name, word in words.items() if word)


def reconfigure(task: LinuxTask, made: FileSystem, data: str) -> None:
    """Says anew how much a file system in memory may hold (shmem_reconfigure), or what /proc hides.

    Raises:
        Errno: EINVAL, there is more in it, or no such option.
    """
    options = parse(data)
    for name in options.words if made.name in KINDS else ():
        check_option(made.name, name)
    if isinstance(made, PseudoFileSystem):
        _hide(task, made, options)
    if isinstance(made, MemoryFileSystem) and made.limits is not None:
        limits = made.limits
        limits.change(*_limits(task, options, limits.blocks, limits.count))
        made.options = _shown(made, limits, task.kernel.machine.ram.size >> PAGE_SHIFT + 1)


def _ramfs(task: LinuxTask, options: Options) -> Mount:
    return Mount(_in_memory(task, Options({"mode": options.words.get("mode", "755")}), "ramfs"), None)


def _in_memory(
    task: LinuxTask, options: Options, name: str, limits: Limits | None = None
) -> MemoryFileSystem:
    caller, namespace = who(task), task.credentials.user_ns
    uid = namespace.user(options.number("uid", -1)) if "uid" in options.words else caller.uid
    gid = namespace.group_of(options.number("gid", -1)) if "gid" in options.words else caller.gid
    if uid is None or gid is None:
        raise Errno(E.EINVAL)
    mode = options.number("mode", 0o1777, 8) & 0o7777
    return MemoryFileSystem(task.kernel.vfs, name, mode=mode, uid=uid, gid=gid, limits=limits)


def _proc(task: LinuxTask, options: Options) -> Mount:
    """The processes of a namespace: its administrator may mount it."""
    pids = task.namespaces.pid_for_children
    _require(task, pids.owner)
    from ring3.fs.pseudo import PROC_MAGIC  # noqa: PLC0415
    from ring3.linux.proc.view import late  # noqa: PLC0415

    made = late(task.kernel, "proc", PROC_MAGIC, pids)
    _hide(task, made, options)
    return Mount(made, None)


def _hide(task: LinuxTask, made: PseudoFileSystem, options: Options) -> None:
    """Hides in /proc what is asked for, besides what was before (proc_apply_options)."""
    if options.words:
        from ring3.linux.proc.hiding import hiding  # noqa: PLC0415 - few programs ask for it

        made.hiding = hiding(task, made, parse(made.options).words | options.words)
        made.options = made.hiding.options


def _require(task: LinuxTask, owner: UserNamespace) -> None:
    """Refuses what only an administrator of a user namespace may mount.

    Raises:
        Errno: EPERM.
    """
    if not task.credentials.ns_capable(owner, Cap.SYS_ADMIN):
        raise Errno(E.EPERM)


def _sysfs(task: LinuxTask, options: Options) -> Mount:
    """Devices: who has the network may mount it."""
    _require(task, task.namespaces.net.owner)
    from ring3.linux.proc.view import SYSFS_MAGIC, late  # noqa: PLC0415

    return Mount(late(task.kernel, "sysfs", SYSFS_MAGIC), None)


def _devpts(task: LinuxTask, options: Options) -> Mount:
    """The machine's pseudoterminals: there is one set of them."""
    vfs = task.kernel.vfs
    place = Walk(vfs.root, KERNEL).find(vfs.root, b"/dev/pts")
    return Mount(place.fs, None, place.inode)


def _ext2(task: LinuxTask, options: Options) -> Mount:
    """What is on a block device, which may be mounted already."""
    from ring3.fs.ext2.filesystem import Ext2FileSystem  # noqa: PLC0415 - few programs mount one
    from ring3.linux.calls.files.disks import mount_disk  # noqa: PLC0415

    by_directory = not {"grpid", "bsdgroups"}.isdisjoint(options.words)

    def make(disk: Disk) -> FileSystem:
        return Ext2FileSystem(task.kernel.vfs, disk, readonly=options.readonly, by_directory=by_directory)

    return Mount(mount_disk(task, options.source, make, readonly=options.readonly), None)


EXT2_OPTIONS: Final = frozenset({
    "acl", "bsddf", "bsdgroups", "check", "debug", "errors", "grpid", "minixdf", "noacl", "nocheck", "nogrpid",
    "noreservation", "nouid32", "nouser_xattr", "oldalloc", "orlov", "reservation", "sb", "sysvgroups", "user_xattr",
})  # fmt: skip
"""Of these the group of new files is heeded; lists and attributes are always on."""


class Kind(NamedTuple):
    """A kind of file system.

    Attributes:
        make: Makes one.
        options: What can be said of it; None for anything.
        on_disk: It is on a block device.
    """

    make: Callable[[LinuxTask, Options], Mount]
    options: frozenset[str] | None
    on_disk: bool = False


KINDS: Final[dict[str, Kind]] = {
    "tmpfs": Kind(_tmpfs, TMPFS_OPTIONS),
    "ramfs": Kind(_ramfs, None),
    "proc": Kind(_proc, frozenset({"gid", "hidepid", "subset"})),
    "sysfs": Kind(_sysfs, frozenset()),
    "ext2": Kind(_ext2, EXT2_OPTIONS, on_disk=True),
    "overlay": Kind(overlay, OVERLAY_OPTIONS),
    "devpts": Kind(_devpts, frozenset({"uid", "gid", "mode", "ptmxmode", "newinstance", "max"})),
}
"""By name."""
SUPERBLOCK: Final = frozenset(
    {"async", "dirsync", "lazytime", "mand", "nolazytime", "nomand", "ro", "rw", "sync"}
)
"""What can be said of any, with or without a value (vfs_parse_sb_flag): all is written at once anyway."""
EVERYWHERE: Final = SUPERBLOCK | {"source", "silent"}


def require_kind(kind: str) -> Kind:
    """A kind of file system.

    Raises:
        Errno: ENODEV, there is no such one.
    """
    found = KINDS.get(kind)
    if found is None:
        raise Errno(E.ENODEV)
    return found


def check_option(kind: str, name: str) -> None:
    """Whether something can be said of a kind of file system.

    Raises:
        Errno: EINVAL.
    """
    options = require_kind(kind).options
    if options is not None and name not in options | EVERYWHERE:
        raise Errno(E.EINVAL)


def new_mount(task: LinuxTask, kind: str, source: str, data: str, *, readonly: bool = False) -> Mount:
    """A new file system as a mount that is nowhere yet.

    Raises:
        Errno: ENODEV, there is no such kind; EINVAL, it knows no such option.
    """
    found, options = require_kind(kind), parse(data)._replace(source=source, readonly=readonly)
    if found.on_disk and not task.credentials.capable(Cap.SYS_ADMIN):
        raise Errno(E.EPERM)  # without FS_USERNS_MOUNT (mount_capable)
    for name in options.words:
        check_option(kind, name)
    made = found.make(task, options)
    made.source = source or "none"
    return made
