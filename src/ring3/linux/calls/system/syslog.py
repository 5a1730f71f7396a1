"""syslog(2): the kernel's log, which is empty (kernel/printk/printk.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import BufferOut, Int
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.capabilities import Cap
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class Log(IntEnum):
    """What syslog(2) does (include/linux/syslog.h)."""

    CLOSE = 0
    OPEN = 1
    READ = 2
    READ_ALL = 3
    READ_CLEAR = 4
    CLEAR = 5
    CONSOLE_OFF = 6
    CONSOLE_ON = 7
    CONSOLE_LEVEL = 8
    SIZE_UNREAD = 9
    SIZE_BUFFER = 10


BUFFER: Final = 1 << 18
"""Bytes of the log's buffer (CONFIG_LOG_BUF_SHIFT 18)."""


@syscall("partial", "the log is empty, and READ, which would wait for a line, is ENOSYS")
def sys_syslog(task: LinuxTask, kind: Int, buf: BufferOut, length: Int) -> int:
    """Reads and controls the kernel's log; nothing of it is for plain users (kernel.dmesg_restrict)."""
    if not task.credentials.capable(Cap.SYSLOG):
        raise Errno(E.EPERM)
    if kind in (Log.READ, Log.READ_ALL, Log.READ_CLEAR):
        if not buf or length < 0:
            raise Errno(E.EINVAL)
        if length and buf + length > task.memory.task_size:
            raise Errno(E.EFAULT)
        if kind == Log.READ and length:
            task.kernel.report_absent("syslog(SYSLOG_ACTION_READ)")
            raise Errno(E.ENOSYS)
        return 0
    if kind == Log.CONSOLE_LEVEL and not 1 <= length <= 8:
        raise Errno(E.EINVAL)
    if kind not in Log.__members__.values():
        raise Errno(E.EINVAL)
    return BUFFER if kind == Log.SIZE_BUFFER else 0
