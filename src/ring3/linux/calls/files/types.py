"""sysfs(2), the kinds of file systems by number, and ustat(2), how full one is (fs/filesystems.c, fs/statfs.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, UnsignedInt, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.stat import USTAT
from ring3.linux.definition import syscall
from ring3.linux.files.lookup import getname
from ring3.linux.proc.system import TYPES

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

INDEX_OF: Final = 1
NAME_OF: Final = 2
COUNT: Final = 3


@syscall("full")
def sys_sysfs(task: LinuxTask, option: Int, arg1: UnsignedLong, arg2: UnsignedLong) -> int:
    """The number of a kind of file system, the name of a number, or how many there are."""
    if option == COUNT:
        return len(TYPES)
    if option == INDEX_OF:
        name = getname(task, arg1).decode("utf-8", "surrogateescape")
        if name not in TYPES:
            raise Errno(E.EINVAL)
        return TYPES.index(name)
    index = arg1 & 0xFFFF_FFFF
    if option != NAME_OF or index >= len(TYPES):
        raise Errno(E.EINVAL)
    task.memory.write(arg2, TYPES[index].encode() + b"\0")
    return 0


@syscall("full", compat_sys_ustat=32)
def sys_ustat(task: LinuxTask, dev: UnsignedInt, ubuf: Pointer, *, bits: int = 64) -> int:
    """How much is free on a file system, by its device."""
    mounts = task.namespaces.mnt.tree.mounts
    fs = next((mount.fs for mount in mounts if mount.fs.dev & 0xFFFF_FFFF == dev), None)
    if fs is None:
        raise Errno(E.EINVAL)
    found = fs.statfs()
    mask = (1 << bits) - 1
    blocks = min(found.bfree, 0x7FFF_FFFF)
    USTAT.write(task.memory, ubuf, bits, blocks, found.ffree & mask, b"", b"")
    return 0
