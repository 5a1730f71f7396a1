"""Calls for which a plain user has no right, and that are not here for anybody else.

For each, Linux looks at the capability before anything else but what is checked here too; without it the answer is
EPERM, and with it what the call would do is absent: ENOSYS, and a line that says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import CompatULong, Int, Path, Pointer, UnsignedInt, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.linux.capabilities import Cap
from ring3.linux.definition import syscall
from ring3.linux.tasks.access import refuse

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

_NOTE: Final = "only the refusal of plain users: with the capability it is ENOSYS"
SWAP_FLAGS: Final = 0x7FFFF
IO_BITMAP_BITS: Final = 65536


@syscall("partial", _NOTE)
def sys_acct(task: LinuxTask, name: Path) -> int:
    """Switches process accounting on or off."""
    return refuse(task, Cap.SYS_PACCT, "acct")


@syscall("partial", _NOTE)
def sys_swapon(task: LinuxTask, specialfile: Path, swap_flags: Int) -> int:
    """Adds swap space."""
    if swap_flags & ~SWAP_FLAGS:
        raise Errno(E.EINVAL)
    return refuse(task, Cap.SYS_ADMIN, "swapon")


@syscall("partial", _NOTE)
def sys_swapoff(task: LinuxTask, specialfile: Path) -> int:
    """Takes swap space away."""
    return refuse(task, Cap.SYS_ADMIN, "swapoff")


@syscall("partial", _NOTE)
def sys_reboot(task: LinuxTask, magic1: Int, magic2: Int, cmd: UnsignedInt, arg: Pointer) -> int:
    """Ends or restarts the system."""
    return refuse(task, Cap.SYS_BOOT, "reboot")


@syscall("partial", _NOTE)
def sys_vhangup(task: LinuxTask) -> int:
    """Hangs up the terminal."""
    return refuse(task, Cap.SYS_TTY_CONFIG, "vhangup")


@syscall("partial", _NOTE)
def sys_init_module(task: LinuxTask, umod: Pointer, length: UnsignedLong, uargs: Path) -> int:
    """Loads a module from memory."""
    return refuse(task, Cap.SYS_MODULE, "init_module")


@syscall("partial", _NOTE)
def sys_finit_module(task: LinuxTask, fd: Int, uargs: Path, flags: Int) -> int:
    """Loads a module from a file."""
    return refuse(task, Cap.SYS_MODULE, "finit_module")


@syscall("partial", _NOTE)
def sys_delete_module(task: LinuxTask, name_user: Path, flags: UnsignedInt) -> int:
    """Removes a module."""
    return refuse(task, Cap.SYS_MODULE, "delete_module")


@syscall("partial", _NOTE)
def sys_kexec_load(
    task: LinuxTask, entry: UnsignedLong, nr_segments: UnsignedLong, segments: Pointer, flags: UnsignedLong
) -> int:
    """Loads another kernel."""
    return refuse(task, Cap.SYS_BOOT, "kexec_load")


@syscall("partial", _NOTE)
def compat_sys_kexec_load(
    task: LinuxTask, entry: CompatULong, nr_segments: CompatULong, segments: Pointer, flags: CompatULong
) -> int:
    """The same for a 32-bit program."""
    return refuse(task, Cap.SYS_BOOT, "kexec_load")


@syscall("partial", _NOTE)
def sys_kexec_file_load(
    task: LinuxTask,
    kernel_fd: Int,
    initrd_fd: Int,
    cmdline_len: UnsignedLong,
    cmdline_ptr: Path,
    flags: UnsignedLong,
) -> int:
    """Loads another kernel from a file."""
    return refuse(task, Cap.SYS_BOOT, "kexec_file_load")


@syscall("partial", "no ports can be allowed")
def sys_ioperm(task: LinuxTask, start: UnsignedLong, num: UnsignedLong, turn_on: Int) -> int:
    """Allows or forbids the use of I/O ports."""
    if start + num <= start or start + num > IO_BITMAP_BITS or start + num >= 1 << 64:
        raise Errno(E.EINVAL)
    return refuse(task, Cap.SYS_RAWIO, "ioperm") if turn_on else 0


@syscall("partial", "the level stays 0")
def sys_iopl(task: LinuxTask, level: UnsignedInt) -> int:
    """Sets the I/O privilege level."""
    if level > 3:
        raise Errno(E.EINVAL)
    return refuse(task, Cap.SYS_RAWIO, "iopl") if level else 0
