"""shmget(2), shmat(2), shmdt(2) and shmctl(2) (ipc/shm.c of Linux 6.x)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, SizeT
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum, IntFlag
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.ipc import SHM_INFO, SHMID_DS, SHMID_DS32, SHMINFO
from ring3.kernel.functions import function
from ring3.kernel.ipc import Segment
from ring3.kernel.mm.mapping import round_up
from ring3.kernel.mm.vma import EXEC
from ring3.kernel.mm.vma import READ as PROT_READ
from ring3.kernel.mm.vma import WRITE as PROT_WRITE
from ring3.linux.definition import syscall
from ring3.linux.ipc import permissions as ipc
from ring3.linux.ipc.segments import SHM_LOCKED, SegmentMemory, make, remove
from ring3.linux.model.limits import Resource
from ring3.machine.ram import PAGE_MASK, PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

SHM_HUGETLB: Final = 0o4000
_INT_MAX: Final = (1 << 31) - 1


class Shmctl(IntEnum):
    """The commands of shmctl(2) that other kinds do not have (include/uapi/linux/shm.h)."""

    SHM_LOCK = 11
    SHM_UNLOCK = 12
    SHM_STAT = 13
    SHM_INFO = 14
    SHM_STAT_ANY = 15


class At(IntFlag):
    """Flags of shmat(2)."""

    SHM_RDONLY = 0o10000
    SHM_RND = 0o20000
    SHM_REMAP = 0o40000
    SHM_EXEC = 0o100000


@syscall("partial", "no huge pages: SHM_HUGETLB is EINVAL")
def sys_shmget(task: LinuxTask, key: Int, size: SizeT, shmflg: Int) -> int:
    """Finds or makes a segment of shared memory."""
    limits = task.kernel.ipc
    ids = limits.segments

    def new() -> Segment:
        if not 1 <= size <= limits.shmmax or shmflg & SHM_HUGETLB:
            raise Errno(E.EINVAL)
        if sum(round_up(found.size) for found in ids) + round_up(size) > limits.shmall << PAGE_SHIFT:
            raise Errno(E.ENOSPC)
        return make(task, key, shmflg & 0o777, ipc.owner(task), size)

    def check(found: Segment) -> None:
        if found.size < size:
            raise Errno(E.EINVAL)

    return ipc.get(task, ids, key, shmflg, new, check)


@syscall("full", compat_sys_shmat=32)
def sys_shmat(task: LinuxTask, shmid: Int, shmaddr: Pointer, shmflg: Int, *, bits: int = 64) -> int:
    """Maps a segment; returns where."""
    return do_shmat(task, shmid, shmaddr, shmflg, compat=bits == 32 or task.in_ia32_syscall)


@function(
    "long do_shmat(int shmid, char *shmaddr, int shmflg, ulong *raddr, unsigned long shmlba)",
    calls={"do_mmap"},
)
def do_shmat(task: LinuxTask, number: int, address: int, flags: int, *, compat: bool) -> int:
    """Maps a segment.

    Args:
        task: The caller.
        number: The segment's.
        address: Where, 0 for anywhere.
        flags: `At` bits.
        compat: The call came by the 32-bit door: below 4 GiB.

    Raises:
        Errno: EINVAL, EIDRM, EACCES, and those of mmap(2).
    """
    if number < 0:
        raise Errno(E.EINVAL)
    if address % PAGE_SIZE:
        if not flags & At.SHM_RND:
            raise Errno(E.EINVAL)
        address &= PAGE_MASK
    if not address and flags & At.SHM_REMAP:
        raise Errno(E.EINVAL)
    prot, wanted = PROT_READ | PROT_WRITE, ipc.READ | ipc.WRITE
    if flags & At.SHM_RDONLY:
        prot, wanted = PROT_READ, ipc.READ
    if flags & At.SHM_EXEC:
        prot, wanted = prot | EXEC, wanted | ipc.EXECUTE
    found = task.kernel.ipc.segments.get(number)
    ipc.require(task, found, wanted)
    length = round_up(found.size)
    if address and not flags & At.SHM_REMAP and task.memory.overlapping(address, address + length):
        raise Errno(E.EINVAL)
    return task.memory.mmap(
        address,
        length,
        prot,
        obj=found.memory,
        shared=True,
        fixed=bool(address),
        compat=compat,
        may=prot if flags & At.SHM_RDONLY else prot | EXEC,
    )


@syscall("full")
def sys_shmdt(task: LinuxTask, shmaddr: Pointer) -> int:
    """Unmaps the segment that was mapped at an address, all that is left of it."""
    if shmaddr % PAGE_SIZE:
        raise Errno(E.EINVAL)
    memory: SegmentMemory | None = None
    for vma in list(task.memory.vmas):
        if vma.start < shmaddr or not isinstance(vma.obj, SegmentMemory):
            continue
        whole = vma.start - shmaddr == vma.offset << PAGE_SHIFT
        if whole and memory in (None, vma.obj) and vma.start < shmaddr + vma.obj.size:
            memory = vma.obj
            task.memory.munmap(vma.start, vma.end - vma.start)
    if memory is None:
        raise Errno(E.EINVAL)
    return 0


@syscall("full", compat_sys_shmctl=32)
def sys_shmctl(task: LinuxTask, shmid: Int, cmd: Int, buf: Pointer, *, bits: int = 64) -> int:
    """Looks at and changes segments."""
    if cmd < 0 or shmid < 0:
        raise Errno(E.EINVAL)
    ids = task.kernel.ipc.segments
    if cmd == ipc.IPC_INFO:
        limits = task.kernel.ipc
        most = limits.shmmax if bits == 64 else min(limits.shmmax, _INT_MAX)  # copy_compat_shminfo_to_user
        pages = limits.shmall & (1 << bits) - 1
        SHMINFO.write(task.memory, buf, bits, most, 1, ids.limit, ids.limit, pages, 0, 0, 0, 0)
        return ids.highest
    if cmd == Shmctl.SHM_INFO:
        return _info(task, buf, bits)
    if cmd in (ipc.IPC_STAT, Shmctl.SHM_STAT, Shmctl.SHM_STAT_ANY):
        pack = partial(_status, task, bits)
        return ipc.stat(task, ids, shmid, cmd, Shmctl.SHM_STAT_ANY, buf, pack)
    if cmd == ipc.IPC_SET:
        return ipc.set_permissions(task, ids, shmid, SHMID_DS if bits == 64 else SHMID_DS32, buf, bits)
    if cmd == ipc.IPC_RMID:
        remove(task.kernel, ipc.owned(task, ids, shmid))
        return 0
    if cmd not in (Shmctl.SHM_LOCK, Shmctl.SHM_UNLOCK):
        raise Errno(E.EINVAL)
    return _lock(task, shmid, cmd == Shmctl.SHM_LOCK)


def _info(task: LinuxTask, address: int, bits: int) -> int:
    ids = task.kernel.ipc.segments
    pages = sum(round_up(found.size) >> PAGE_SHIFT for found in ids)
    resident = sum(len(found.memory.frames) for found in ids if found.memory is not None)
    SHM_INFO.write(task.memory, address, bits, len(ids), pages, resident, 0, 0, 0)
    return ids.highest


def _status(task: LinuxTask, bits: int, found: Segment) -> bytes:
    shown = task.pid_ns.shown
    head = ipc.permission_values(found, bits)
    times = [ipc.time_values(time, bits) for time in (found.atime, found.dtime, found.ctime)]
    counts = (shown(found.maker), shown(found.last), found.attached)
    row = SHMID_DS if bits == 64 else SHMID_DS32
    return row.pack(bits, *head, found.size, *times[0], *times[1], *times[2], *counts, 0, 0)


def _lock(task: LinuxTask, shmid: int, lock: bool) -> int:
    """SHM_LOCK and SHM_UNLOCK: nothing is swapped out here, but the permissions and the mark are real."""
    found = task.kernel.ipc.segments.get(shmid)
    mine = task.credentials
    if not mine.capable(Cap.IPC_LOCK):
        if mine.euid not in (found.uid, found.cuid):
            raise Errno(E.EPERM)
        if lock and not task.rlimits[Resource.MEMLOCK][0]:
            raise Errno(E.EPERM)
    found.mode = found.mode | SHM_LOCKED if lock else found.mode & ~SHM_LOCKED
    return 0
