"""statmount(2) and listmount(2): what is mounted, by numbers that are never given twice (fs/namespace.c)."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import UNSIGNED_INT, Pointer, SizeT
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag, NamedTuple
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.mounts import MNT_ID_REQ, STATMOUNT
from ring3.fs import mounts
from ring3.kernel.mm.layout import TASK_SIZE_64
from ring3.linux.calls.files import mounting
from ring3.linux.calls.files.stat import major_minor
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.mounts import Mount
    from ring3.linux.model.namespaces import MountNamespace
    from ring3.linux.model.task import LinuxTask

MountIds = Annotated[int, UNSIGNED_INT]
PAGE: Final = 4096
LEAST: Final = 24
"""Bytes of the request's first version."""
LSMT_ROOT: Final = (1 << 64) - 1
LISTMOUNT_REVERSE: Final = 1
MOST: Final = 1_000_000
MS_RDONLY: Final = 1


class Stat(IntFlag):
    """What is asked, and what of it was answered (include/uapi/linux/mount.h)."""

    SB_BASIC = 0x1
    MNT_BASIC = 0x2
    PROPAGATE_FROM = 0x4
    MNT_ROOT = 0x8
    MNT_POINT = 0x10
    FS_TYPE = 0x20
    MNT_NS_ID = 0x40
    MNT_OPTS = 0x80
    FS_SUBTYPE = 0x100
    SB_SOURCE = 0x200
    OPT_ARRAY = 0x400
    OPT_SEC_ARRAY = 0x800
    SUPPORTED_MASK = 0x1000
    MNT_UIDMAP = 0x2000
    MNT_GIDMAP = 0x4000


STRINGS: Final = int(
    Stat.MNT_ROOT | Stat.MNT_POINT | Stat.FS_TYPE | Stat.MNT_OPTS | Stat.FS_SUBTYPE | Stat.SB_SOURCE
    | Stat.OPT_ARRAY | Stat.OPT_SEC_ARRAY | Stat.MNT_UIDMAP | Stat.MNT_GIDMAP
)  # fmt: skip
SUPPORTED: Final = sum(Stat)
ATTRIBUTES: Final = {
    mounts.RDONLY: 0x1,
    mounts.NOSUID: 0x2,
    mounts.NODEV: 0x4,
    mounts.NOEXEC: 0x8,
    mounts.NODIRATIME: 0x80,
    mounts.NOSYMFOLLOW: 0x20_0000,
}
"""Flags of mount(2), and the attributes of mounts that they are."""
MOUNT_ATTR_NOATIME: Final = 0x10
MOUNT_ATTR_STRICTATIME: Final = 0x20


class Request(NamedTuple):
    """``struct mnt_id_req``.

    Attributes:
        mount: The mount that is asked about.
        param: What is asked of it, or behind which mount the list goes on.
        namespace: The number of a namespace of mounts, 0 for the caller's.
    """

    mount: int
    param: int
    namespace: int


def _request(task: LinuxTask, address: int) -> Request:
    """A request in user memory (copy_mnt_id_req).

    Raises:
        Errno: EFAULT; E2BIG; EINVAL.
    """
    size = task.memory.read_u32(address)
    if size > PAGE:
        raise Errno(E.E2BIG)
    if size < LEAST:
        raise Errno(E.EINVAL)
    form = MNT_ID_REQ.form(64)
    _size, spare, mount, param, namespace = form.unpack(task.memory.read_extensible(address, size, form.size))
    if spare or mount <= mounts.UNIQUE:
        raise Errno(E.EINVAL)
    return Request(mount, param, namespace)


def _namespace(task: LinuxTask, number: int) -> MountNamespace:
    """A namespace of mounts by its number, 0 for the caller's.

    Raises:
        Errno: ENOENT, there is none, or it is another one that the caller may not look into.
    """
    own = task.namespaces.mnt
    if not number or number == own.number:
        return own
    for thread in task.kernel.threads():
        found = thread.namespaces.mnt
        if found.number == number and task.credentials.ns_capable(found.owner, Cap.SYS_ADMIN):
            return found
    raise Errno(E.ENOENT)


def _find(task: LinuxTask, namespace: MountNamespace, number: int, root: Dentry) -> Mount:
    """A mount by its number, which the caller can reach or may see all the same.

    Raises:
        Errno: ENOENT; EPERM.
    """
    for mount in namespace.tree.mounts:
        if mount.unique == number:
            if not mount.root.reaches(root) and not task.credentials.ns_capable(
                namespace.owner, Cap.SYS_ADMIN
            ):
                raise Errno(E.EPERM)
            return mount
    raise Errno(E.ENOENT)


def _root(task: LinuxTask, namespace: MountNamespace) -> Dentry:
    """Where a caller's view of a namespace begins (grab_requested_root)."""
    return task.fs.root if namespace is task.namespaces.mnt else namespace.tree.root


@syscall("full")
def sys_statmount(task: LinuxTask, req: Pointer, buf: Pointer, bufsize: SizeT, flags: MountIds) -> int:
    """What there is to know of a mount."""
    if flags:
        raise Errno(E.EINVAL)
    request = _request(task, req)
    namespace = _namespace(task, request.namespace)
    if buf + bufsize > TASK_SIZE_64:
        raise Errno(E.EFAULT)
    fixed = STATMOUNT.size(64)
    if request.param & STRINGS and bufsize == fixed:
        raise Errno(E.EOVERFLOW)
    root = _root(task, namespace)
    mount = _find(task, namespace, request.mount, root)
    answer = _Answer(request.param, bufsize - fixed)
    answer.describe(mount, namespace, root)
    text = bytes(answer.text)
    size = min(bufsize, fixed)
    answer.fields["size"] = size + len(text)
    if text:
        task.memory.write(buf + fixed, text)
    task.memory.write(buf, STATMOUNT.make(64, **answer.fields)[:size])
    return 0


class _Answer:
    """What is said of a mount.

    Attributes:
        fields: Numbers by the names of the struct's fields.
        text: Strings, one behind the other, to which fields refer by where they begin.
    """

    def __init__(self, wanted: int, room: int) -> None:
        self._wanted = wanted
        self._room = room
        self.fields: dict[str, int] = {"mask": 0}
        self.text = bytearray()

    def describe(self, mount: Mount, namespace: MountNamespace, root: Dentry) -> None:
        """Says all that is asked of a mount.

        Raises:
            Errno: EOVERFLOW, there is too little room for strings.
        """
        if self._asks(Stat.SB_BASIC):
            major, minor = major_minor(mount.fs.dev)
            flags = MS_RDONLY if mount.fs.readonly else 0
            self.fields |= {"sb_dev_major": major, "sb_dev_minor": minor, "sb_flags": flags}
            self.fields["sb_magic"] = mount.fs.statfs().magic
        if self._asks(Stat.MNT_BASIC):
            self._say_basics(mount)
        if self._asks(Stat.PROPAGATE_FROM) and mount.master is not None:
            members = [one for one in mount.master.members if one.root.reaches(root)]
            self.fields["propagate_from"] = mount.master.number if members else 0
        if self._asks(Stat.MNT_NS_ID):
            self.fields["mnt_ns_id"] = namespace.number
        self._say(Stat.MNT_ROOT, "mnt_root", mount.subpath)
        if self._wanted & Stat.MNT_POINT and mount.root.reaches(root):
            self._say(Stat.MNT_POINT, "mnt_point", mount.root.path(root))
        self._say(Stat.FS_TYPE, "fs_type", mount.fs.name.encode())
        self._say(Stat.SB_SOURCE, "sb_source", os.fsencode(mount.source))
        options = os.fsencode(mount.fs.options)
        self._say(Stat.MNT_OPTS, "mnt_opts", options)
        words = [word for word in options.split(b",") if word]
        if words and self._say(Stat.OPT_ARRAY, "opt_array", b"\0".join(words)):
            self.fields["opt_num"] = len(words)
        if self._asks(Stat.SUPPORTED_MASK):
            self.fields["supported_mask"] = SUPPORTED

    def _asks(self, what: Stat) -> bool:
        """Whether something is asked, which is answered then."""
        asked = self._wanted & what
        self.fields["mask"] |= asked
        return bool(asked)

    def _say_basics(self, mount: Mount) -> None:
        parent = mount.parent() or mount
        flags = mount.flags
        attributes = sum(bit for flag, bit in ATTRIBUTES.items() if flags & flag)
        if flags & mounts.NOATIME:
            attributes |= MOUNT_ATTR_NOATIME
        elif not flags & mounts.RELATIME:
            attributes |= MOUNT_ATTR_STRICTATIME
        ways = (mounting.MS_SHARED if mount.peers else 0) | (mounting.MS_SLAVE if mount.master else 0)
        if mount.unbindable:
            ways |= mounting.MS_UNBINDABLE
        self.fields |= {
            "mnt_id": mount.unique,
            "mnt_parent_id": parent.unique,
            "mnt_id_old": mount.number,
            "mnt_parent_id_old": parent.number,
            "mnt_attr": attributes,
            "mnt_propagation": ways or mounting.MS_PRIVATE,
            "mnt_peer_group": mount.peers.number if mount.peers else 0,
            "mnt_master": mount.master.number if mount.master else 0,
        }

    def _say(self, what: Stat, field: str, words: bytes) -> bool:
        """Adds a string, if it is asked for and there is anything to say (statmount_string).

        Raises:
            Errno: EOVERFLOW.
        """
        if not self._wanted & what or not words:
            return False
        if not self.text:
            self.text.append(0)  # what fields refer to that say nothing
        self.fields[field] = len(self.text)
        self.text += words
        if len(self.text) >= self._room:
            raise Errno(E.EOVERFLOW)
        self.text.append(0)
        return self._asks(what)


@syscall("full")
def sys_listmount(task: LinuxTask, req: Pointer, mnt_ids: Pointer, nr_mnt_ids: SizeT, flags: MountIds) -> int:
    """The numbers of the mounts below one, from one on or backwards."""
    if flags & ~LISTMOUNT_REVERSE:
        raise Errno(E.EINVAL)
    if nr_mnt_ids > MOST:
        raise Errno(E.EOVERFLOW)
    if mnt_ids + 8 * nr_mnt_ids > TASK_SIZE_64:
        raise Errno(E.EFAULT)
    request = _request(task, req)
    last = request.param
    if last and last <= mounts.UNIQUE:
        raise Errno(E.EINVAL)
    namespace = _namespace(task, request.namespace)
    root = _root(task, namespace)
    start = root if request.mount == LSMT_ROOT else _find(task, namespace, request.mount, root).root
    found = sorted(
        mount.unique
        for mount in namespace.tree.mounts
        if mount.unique != request.mount and mount.root.reaches(start)
    )
    if flags & LISTMOUNT_REVERSE:
        found = [number for number in reversed(found) if not last or number < last]
    else:
        found = [number for number in found if number > last]
    del found[nr_mnt_ids:]
    task.memory.write(mnt_ids, struct.pack(f"<{len(found)}Q", *found))
    return len(found)
