"""Control messages of sendmsg and recvmsg: open files that a message passes on (sys/socket.h).

A program of XPG4 (MSG_XPG4_2, as libc's ``__xnet_`` functions pass it) has ``struct cmsghdr``; an older one has an
array of descriptors in its place, msg_accrights. Both lie alike for both widths.

Source: usr/src/uts/common/fs/sockfs/socksyscalls.c and socksubr.c (so_cmsg2opt, so_opt2cmsg, so_getfdopt) of
illumos-gate.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.solaris.task import SolarisTask

MSG_XPG4_2: Final = 0x8000
MSG_CTRUNC: Final = 0x10
SOL_SOCKET: Final = 0xFFFF
SCM_RIGHTS: Final = 0x1010
MOST_CONTROL: Final = 1 << 16
"""Bytes of control messages that a call may have (SO_MAXARGSIZE leaves a message some 8 KiB)."""
_CMSGHDR: Final = struct.Struct("<Iii")
"""Length with the header, level, type; what follows is aligned to 4 bytes (_CMSG_HDR_ALIGNMENT)."""
_DESCRIPTOR: Final = 4


def _aligned(size: int) -> int:
    return (size + _DESCRIPTOR - 1) & -_DESCRIPTOR


def _files(task: SolarisTask, data: bytes) -> list[File]:
    if len(data) % _DESCRIPTOR:
        raise Errno(SolarisE.EINVAL)
    return [task.files[fd] for (fd,) in struct.iter_unpack("<i", data)]


def read_rights(task: SolarisTask, address: int, size: int, xpg4: bool) -> tuple[File, ...]:
    """The open files that a program passes on.

    Args:
        task: The sender.
        address: Where its control messages lie.
        size: Bytes there.
        xpg4: They are messages, not descriptors.

    Raises:
        Errno: EINVAL, a message of no possible length, of another type, or too many; EBADF; EFAULT.
    """
    if size > MOST_CONTROL:
        raise Errno(SolarisE.EINVAL)
    if not address or not size:
        return ()
    raw = task.memory.read(address, size)
    if not xpg4:
        return tuple(_files(task, raw))
    rights: list[File] = []
    at = 0
    while at + _CMSGHDR.size <= size:
        length, level, kind = _CMSGHDR.unpack_from(raw, at)
        if not _CMSGHDR.size <= length <= size - at or (level, kind) != (SOL_SOCKET, SCM_RIGHTS):
            raise Errno(SolarisE.EINVAL)
        rights += _files(task, raw[at + _CMSGHDR.size : at + length])
        at += _aligned(length)
    return tuple(rights)


def write_rights(
    task: SolarisTask, files: tuple[File, ...], address: int, size: int, xpg4: bool
) -> tuple[int, int]:
    """Gives the receiver descriptors for the open files that came, if there is room for all; else they are closed.

    Returns:
        Bytes of control messages that were stored, and MSG_CTRUNC if there was no room.

    Raises:
        Errno: EFAULT; EMFILE.
    """
    if not files:
        return 0, 0
    head = _CMSGHDR.size if xpg4 else 0
    wanted = head + _DESCRIPTOR * len(files)
    installed: list[int] = []
    try:
        if not address or wanted > size:
            return 0, MSG_CTRUNC
        installed += [task.files.install(file) for file in files]
        header = _CMSGHDR.pack(wanted, SOL_SOCKET, SCM_RIGHTS) if xpg4 else b""
        task.memory.write(address, header + struct.pack(f"<{len(files)}i", *installed))
    except Errno:
        for fd in installed:
            task.files.close(fd)
        raise
    finally:
        for file in files:
            file.drop()
    return wanted, 0
