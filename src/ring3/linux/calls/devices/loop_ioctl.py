"""Requests of loop devices, and of /dev/loop-control (lo_ioctl and loop_control_ioctl of drivers/block/loop.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import INT
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.terminals import LOOP_CONFIG, LOOP_INFO, LOOP_INFO32, LOOP_INFO64
from ring3.fs.block.loop import SETTABLE, Flag, LoopDisk, Status
from ring3.linux.calls.devices.block_ioctl import Blk, block_ioctl

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.abi.structs import Struct
    from ring3.fs.block.disk import DiskFile
    from ring3.fs.file import File
    from ring3.linux.model.task import LinuxTask

CONFIGURABLE: Final = SETTABLE | Flag.READ_ONLY | Flag.DIRECT_IO
"""Flags that a device may be bound with."""
KEY: Final = 32
"""Bytes that a key may have (LO_KEY_SIZE)."""


class Loop(IntEnum):
    """Their numbers (include/uapi/linux/loop.h)."""

    SET_FD = 0x4C00
    CLR_FD = 0x4C01
    SET_STATUS = 0x4C02
    GET_STATUS = 0x4C03
    SET_STATUS64 = 0x4C04
    GET_STATUS64 = 0x4C05
    CHANGE_FD = 0x4C06
    SET_CAPACITY = 0x4C07
    SET_DIRECT_IO = 0x4C08
    SET_BLOCK_SIZE = 0x4C09
    CONFIGURE = 0x4C0A
    CTL_ADD = 0x4C80
    CTL_REMOVE = 0x4C81
    CTL_GET_FREE = 0x4C82


def loop_control_ioctl(task: LinuxTask, file: File, cmd: int, arg: int) -> int:
    """Makes, removes or finds a loop device.

    Raises:
        Errno: ENOSYS, there is no such request; as `Loops`.
    """
    loops, index = task.kernel.vfs.loops, INT.cast(arg)
    if cmd == Loop.CTL_ADD:
        return loops.add(index)
    if cmd == Loop.CTL_GET_FREE:
        return loops.free()
    if cmd != Loop.CTL_REMOVE:
        raise Errno(E.ENOSYS)
    loops.remove(index)
    return index


def loop_ioctl(task: LinuxTask, file: DiskFile, cmd: int, arg: int) -> int:
    """Answers a request of a loop device, or of any block device.

    Raises:
        Errno: EINVAL, there is no such request (lo_simple_ioctl); EPERM, who only reads the device may not do that;
            as `LoopDisk`; as `block_ioctl`.
    """
    request = REQUESTS.get(cmd)
    if request is None:
        try:
            return block_ioctl(task, file, cmd, arg)
        except Errno as error:
            raise Errno(E.EINVAL) if error.number is E.ENOTTY and cmd != Blk.GETGEO else error from None
    disk = file.disk
    assert isinstance(disk, LoopDisk)
    if cmd in GUARDED and not file.writable and not task.credentials.capable(Cap.SYS_ADMIN):
        raise Errno(E.EPERM)
    request(task, file, disk, arg)
    return 0


GUARDED: Final = frozenset(
    {Loop.SET_STATUS, Loop.SET_STATUS64, Loop.SET_CAPACITY, Loop.SET_DIRECT_IO, Loop.SET_BLOCK_SIZE}
)
"""Requests of those who may write to the device."""


def _set_fd(task: LinuxTask, file: DiskFile, disk: LoopDisk, arg: int) -> None:
    disk.bind(task.files[arg & 0xFFFF_FFFF], Status(), may_write=file.writable)


def _configure(task: LinuxTask, file: DiskFile, disk: LoopDisk, arg: int) -> None:
    raw = task.memory.read(arg, LOOP_CONFIG.size(64))
    fields = LOOP_CONFIG.values(64, raw)
    fd, block_size = fields["fd"], fields["block_size"]
    assert isinstance(fd, int)
    assert isinstance(block_size, int)
    shown = task.files[fd]
    status = _status(LOOP_INFO64, 64, raw[LOOP_CONFIG.place("info", 64).offset :])
    if status.flags & ~CONFIGURABLE:
        raise Errno(E.EINVAL)
    disk.bind(shown, status, may_write=file.writable, block_size=block_size)


def _status(form: Struct, bits: int, raw: bytes) -> Status:
    """What a struct of either form says of a device.

    Raises:
        Errno: EINVAL, it is to be encrypted.
    """
    fields = form.values(bits, raw)
    if fields["lo_encrypt_type"] or not 0 <= int(fields["lo_encrypt_key_size"]) <= KEY:  # type: ignore[arg-type]
        raise Errno(E.EINVAL)
    name = fields["lo_file_name" if form is LOOP_INFO64 else "lo_name"]
    text = name if isinstance(name, bytes) else bytes(name)  # type: ignore[arg-type]
    offset, limit, flags = fields["lo_offset"], fields.get("lo_sizelimit", 0), fields["lo_flags"]
    assert isinstance(offset, int)
    assert isinstance(limit, int)
    assert isinstance(flags, int)
    return Status(offset & (1 << 64) - 1, limit, flags, text.split(b"\0")[0][:63])


def _old(task: LinuxTask) -> tuple[Struct, int]:
    return (LOOP_INFO32, 32) if task.in_ia32_syscall else (LOOP_INFO, 64)


def _set(task: LinuxTask, disk: LoopDisk, arg: int, form: Struct, bits: int) -> None:
    raw = task.memory.read(arg, form.size(bits))
    disk.bound()
    disk.configure(_status(form, bits, raw))


def _set_status(task: LinuxTask, file: DiskFile, disk: LoopDisk, arg: int) -> None:
    _set(task, disk, arg, *_old(task))


def _set_status64(task: LinuxTask, file: DiskFile, disk: LoopDisk, arg: int) -> None:
    _set(task, disk, arg, LOOP_INFO64, 64)


def _get(task: LinuxTask, disk: LoopDisk, arg: int, form: Struct, bits: int, **more: int | bytes) -> None:
    """Stores what both forms say of a device, and more."""
    shown, status = disk.bound().stat(), disk.status
    made = form.make(
        bits,
        lo_number=disk.index,
        lo_device=shown.dev,
        lo_inode=shown.ino,
        lo_rdevice=shown.rdev,
        lo_offset=status.offset,
        lo_flags=status.flags,
        **more,
    )
    task.memory.write(arg, made)


def _get_status(task: LinuxTask, file: DiskFile, disk: LoopDisk, arg: int) -> None:
    if not arg:
        raise Errno(E.EINVAL)
    disk.bound()
    if disk.status.offset >> 31:
        raise Errno(E.EOVERFLOW)  # it has no place for that (loop_info64_to_old)
    _get(task, disk, arg, *_old(task), lo_name=disk.status.name)


def _get_status64(task: LinuxTask, file: DiskFile, disk: LoopDisk, arg: int) -> None:
    if not arg:
        raise Errno(E.EINVAL)
    status = disk.status
    _get(task, disk, arg, LOOP_INFO64, 64, lo_sizelimit=status.limit, lo_file_name=status.name)


def _clear(task: LinuxTask, file: DiskFile, disk: LoopDisk, arg: int) -> None:
    disk.clear()


def _change(task: LinuxTask, file: DiskFile, disk: LoopDisk, arg: int) -> None:
    shown = task.files[arg & 0xFFFF_FFFF]
    disk.change(shown)


def _set_capacity(task: LinuxTask, file: DiskFile, disk: LoopDisk, arg: int) -> None:
    disk.measure()


def _set_direct(task: LinuxTask, file: DiskFile, disk: LoopDisk, arg: int) -> None:
    disk.set_direct(bool(arg))


def _set_block_size(task: LinuxTask, file: DiskFile, disk: LoopDisk, arg: int) -> None:
    disk.set_logical_size(arg)


REQUESTS: Final[dict[int, Callable[[LinuxTask, DiskFile, LoopDisk, int], None]]] = {
    Loop.SET_FD: _set_fd,
    Loop.CLR_FD: _clear,
    Loop.SET_STATUS: _set_status,
    Loop.GET_STATUS: _get_status,
    Loop.SET_STATUS64: _set_status64,
    Loop.GET_STATUS64: _get_status64,
    Loop.CHANGE_FD: _change,
    Loop.SET_CAPACITY: _set_capacity,
    Loop.SET_DIRECT_IO: _set_direct,
    Loop.SET_BLOCK_SIZE: _set_block_size,
    Loop.CONFIGURE: _configure,
}
