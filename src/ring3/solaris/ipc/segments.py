"""shmsys: segments of shared memory (usr/src/uts/common/os/shm.c, sys/shm.h of illumos-gate)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.kernel import ipc_memory
from ring3.kernel.ipc import Segment
from ring3.kernel.mm.mapping import round_up
from ring3.machine.ram import PAGE_MASK, PAGE_SIZE
from ring3.solaris.definition import as_int, syscall
from ring3.solaris.ipc import permissions as ipc
from ring3.solaris.layout import choose_addr, is_user_range

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.task import SolarisTask

SHM_RDONLY: Final = 0o10000
SHM_RND: Final = 0o20000
SHM_LOCK: Final = 3
SHM_UNLOCK: Final = 4
_DS: Final = {
    64: struct.Struct("<QQH2xii4xQQqqq24x"),
    32: struct.Struct("<IIH2xiiIIi4xi4xi4x16x"),
}
"""``struct shmid_ds`` behind its ipc_perm: size, flags, locks, last and making process, attached, times."""


class ShmOp(IntEnum):
    """What the call does."""

    SHMAT = 0
    SHMCTL = 1
    SHMDT = 2
    SHMGET = 3
    SHMIDS = 4


class SegmentMemory(ipc_memory.SegmentMemory):
    """The pages of a segment."""

    __slots__ = ("_kernel",)

    def __init__(self, kernel: SolarisKernel, segment: Segment) -> None:
        super().__init__(kernel.machine.ram, segment, f"shmid={segment.id:#x}", (0, 1))
        self._kernel = kernel

    def seconds(self) -> int:
        """The time of day in seconds since 1970."""
        return self._kernel.clocks.realtime() // 10**9

    def caller(self) -> int | None:
        """The process that runs, None for none."""
        return None if self._kernel.current is None else self._kernel.current.pid

    def left(self) -> None:
        """One that was removed ends with its last mapping."""
        if self.segment.deleted:
            self.drop()


@syscall("full", module="shmsys")
def shmsys(task: SolarisTask, opcode: Int, a0: UnsignedLong, a1: UnsignedLong, a2: UnsignedLong) -> int:
    """Makes, maps, and asks segments."""
    number, second = as_int(a0), as_int(a1)
    match opcode:
        case ShmOp.SHMAT:
            return _attach(task, number, a1, a2)
        case ShmOp.SHMCTL:
            return _control(task, number, second, a2)
        case ShmOp.SHMDT:
            return _detach(task, a0)
        case ShmOp.SHMGET:
            return _get(task, number, a1, a2 & 0xFFFF_FFFF)
        case ShmOp.SHMIDS:
            return ipc.store_ids(task, task.kernel.ipc.segments, a0, a1 & 0xFFFF_FFFF, a2)
        case _:
            raise Errno(SolarisE.EINVAL)


def _get(task: SolarisTask, key: int, size: int, flags: int) -> int:
    def make(mode: int, owner: tuple[int, int], now: int) -> Segment:
        if not size:
            raise Errno(SolarisE.EINVAL)
        if size > task.kernel.machine.ram.size:
            raise Errno(SolarisE.ENOMEM)
        segment = Segment(key, mode, owner, now, size)
        segment.maker = task.pid
        segment.memory = SegmentMemory(task.kernel, segment)
        return segment

    def check(found: Segment) -> None:
        if size > found.size:
            raise Errno(SolarisE.EINVAL)

    return ipc.get(task, task.kernel.ipc.segments, key, flags, make, check)


def _attach(task: SolarisTask, number: int, address: int, flags: int) -> int:
    """shmat(2): maps a segment; returns where."""
    found = ipc.lookup(task.kernel.ipc.segments, number)
    readonly = bool(flags & SHM_RDONLY)
    ipc.require(task, found, ipc.READ if readonly else ipc.READ | ipc.WRITE)
    length, memory = round_up(found.size), task.memory
    if not address:
        address = choose_addr(memory, 0, length)
    else:
        if flags & SHM_RND:
            address &= PAGE_MASK
        if address % PAGE_SIZE or not is_user_range(memory, address, length):
            raise Errno(SolarisE.EINVAL)
        if memory.overlapping(address, address + length):
            raise Errno(SolarisE.EINVAL)
    prot = 1 if readonly else 3
    return memory.mmap(address, length, prot, obj=found.memory, shared=True, fixed=True, may=prot | 4)


def _detach(task: SolarisTask, address: int) -> int:
    """shmdt(2): unmaps the segment that was mapped at an address."""
    mapped = [
        vma
        for vma in task.memory.vmas
        if isinstance(vma.obj, SegmentMemory) and vma.start - vma.offset * PAGE_SIZE == address
    ]
    if not mapped:
        raise Errno(SolarisE.EINVAL)
    for vma in list(mapped):
        task.memory.munmap(vma.start, vma.end - vma.start)
    return 0


def _status(task: SolarisTask, found: Segment) -> bytes:
    who = (found.last, found.maker, found.attached, found.attached)
    times = (found.atime, found.dtime, found.ctime)
    return ipc.permissions(task, found) + _DS[task.bits].pack(found.size, 0, 0, *who, *times)


def _control(task: SolarisTask, number: int, cmd: int, buf: int) -> int:
    segments = task.kernel.ipc.segments
    if cmd == ipc.IPC_STAT:
        found = ipc.lookup(segments, number)
        ipc.require(task, found, ipc.READ)
        task.memory.write(buf, _status(task, found))
    elif cmd == ipc.IPC_SET:
        ipc.change(task, ipc.owned(task, segments, number), buf)
    elif cmd == ipc.IPC_RMID:
        found = ipc.owned(task, segments, number)
        segments.remove(found)
        if not found.attached and found.memory is not None:
            found.memory.drop()
    elif cmd in (SHM_LOCK, SHM_UNLOCK):
        ipc.lookup(segments, number)
        if not task.cred.all_privileges:
            raise Errno(SolarisE.EPERM)
    else:
        ipc.lookup(segments, number)
        raise Errno(SolarisE.EINVAL)
    return 0
