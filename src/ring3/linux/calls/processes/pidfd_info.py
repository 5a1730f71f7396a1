"""Requests of descriptors that stand for processes: PIDFD_GET_INFO (pidfd_info in fs/pidfs.c of Linux 6.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.abi.linux.structs.processes import PIDFD_INFO
from ring3.linux.tasks.core_file import DUMPED

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.linux.tasks.pid_file import PidFile

_GET_INFO: Final = 0xFF0B
"""Type and number of the request; its size is that of the caller's struct."""
_SIZE_AND_DIRECTION: Final = 0xFFFF_0000
_READS_AND_WRITES: Final = 0xC000_0000
_SIZE_VER0: Final = 64
_PIDFD_COREDUMPED: Final = 1
_PIDFD_COREDUMP_USER: Final = 4


class Info(IntFlag):
    """What is asked for and given (include/uapi/linux/pidfd.h)."""

    PID = 1
    CREDS = 2
    EXIT = 8
    COREDUMP = 16
    SUPPORTED_MASK = 32


def pidfd_ioctl(task: LinuxTask, file: PidFile, cmd: int, arg: int) -> int:
    """Answers one.

    Raises:
        Errno: ENOTTY, another request; EINVAL, a struct that is too short, or none; ESRCH, the process has been waited
            for and only how it ended could be told, or it is in another namespace of numbers; EFAULT.
    """
    if cmd & ~_SIZE_AND_DIRECTION != _GET_INFO or cmd & _READS_AND_WRITES != _READS_AND_WRITES:
        raise Errno(E.ENOTTY)
    if not task.pid_ns.shown(file.process.pid):
        raise Errno(E.ESRCH)
    size = cmd >> 16 & 0x3FFF
    if not arg or size < _SIZE_VER0:
        raise Errno(E.EINVAL)
    wanted = task.memory.read_u64(arg)
    values = dict.fromkeys((place.field.name for place in PIDFD_INFO.layout(64).places), 0)
    given = Info(0)
    process = file.process
    if wanted & Info.EXIT and not file.exists:
        given |= Info.EXIT
        values["exit_code"] = process.exit_code
    if wanted & Info.COREDUMP and process.dead:
        given |= Info.COREDUMP
        values["coredump_mask"] = (
            _PIDFD_COREDUMPED | _PIDFD_COREDUMP_USER if process.exit_code & DUMPED else 0
        )
        values["coredump_signal"] = process.exit_code & 0x7F if process.exit_code & DUMPED else 0
    if wanted & Info.SUPPORTED_MASK:
        given |= Info.SUPPORTED_MASK
        values["supported_mask"] = int(~Info(0))
    if file.exists:
        given |= Info.PID | Info.CREDS
        thread = file.thread or process.remains or process.threads[0]
        who, shown = thread.credentials, task.pid_ns.shown
        values.update(
            pid=shown(thread.tid), tgid=shown(process.pid), ppid=shown(process.ppid), ruid=who.uid,
            rgid=who.gid, euid=who.euid, egid=who.egid, suid=who.suid, sgid=who.sgid, fsuid=who.fsuid, fsgid=who.fsgid,
        )  # fmt: skip
    elif not wanted & Info.EXIT:
        raise Errno(E.ESRCH)
    values["mask"] = int(given)
    answer = PIDFD_INFO.pack(64, *values.values())
    task.memory.write(arg, answer[:size].ljust(size, b"\0"))
    return 0
