"""What a process may use and has used: setrlimit, getrlimit, resource controls, usage (os/rlimit.c, rctlsys.c)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, SizeT, UnsignedInt
from ring3.abi.errno import Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.solaris.errno import SolarisE
from ring3.solaris.clocks import process_time
from ring3.solaris.definition import syscall
from ring3.solaris.lwps import pack_pair

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

RLIM_INFINITY: Final = (1 << 64) - 3
_NOFILE_MAX: Final = 65536
_RLIMIT: Final = struct.Struct("<QQ")
_RLIM32_INFINITY: Final = 0x7FFF_FFFF
_RLIMIT32: Final = struct.Struct("<II")
_RUSAGE_SIZE: Final = 16 * 2 + 14 * 8


class Resource(IntEnum):
    """Resources (sys/resource.h)."""

    RLIMIT_CPU = 0
    RLIMIT_FSIZE = 1
    RLIMIT_DATA = 2
    RLIMIT_STACK = 3
    RLIMIT_CORE = 4
    RLIMIT_NOFILE = 5
    RLIMIT_VMEM = 6


def _check(resource: int) -> None:
    if not 0 <= resource <= Resource.RLIMIT_VMEM:
        raise Errno(SolarisE.EINVAL)


def _limit(task: SolarisTask, resource: int) -> tuple[int, int]:
    if resource == Resource.RLIMIT_NOFILE:
        return task.files.limit, task.process.limits.get(resource, (0, _NOFILE_MAX))[1]
    if resource == Resource.RLIMIT_STACK:
        return task.memory.limits.stack, task.process.limits.get(resource, (0, RLIM_INFINITY))[1]
    return task.process.limits.get(resource, (RLIM_INFINITY, RLIM_INFINITY))


@syscall("full")
def getrlimit64(task: SolarisTask, resource: Int, rlp: Address) -> int:
    """Stores a limit and how far it may be raised."""
    _check(resource)
    task.memory.write(rlp, _RLIMIT.pack(*_limit(task, resource)))
    return 0


@syscall("partial", "only the limits of descriptors and of the stack are kept to; the others are remembered")
def setrlimit64(task: SolarisTask, resource: Int, rlp: Address) -> int:
    """Sets a limit."""
    _check(resource)
    return _set(task, resource, *_RLIMIT.unpack(task.memory.read(rlp, _RLIMIT.size)))


def _set(task: SolarisTask, resource: int, current: int, most: int) -> int:
    if current > most:
        raise Errno(SolarisE.EINVAL)
    if most > _limit(task, resource)[1] and not task.cred.all_privileges:
        raise Errno(SolarisE.EPERM)
    task.process.limits[resource] = (current, most)
    if resource == Resource.RLIMIT_NOFILE:
        task.files.limit = min(current, _NOFILE_MAX)
    elif resource == Resource.RLIMIT_STACK:
        task.memory.limits.stack = min(current, 1 << 46)
    return 0


@syscall("full")
def getrlimit32(task: SolarisTask, resource: Int, rlp: Address) -> int:
    """The same in 32 bits, in which what is more is infinity."""
    _check(resource)
    values = (min(value, _RLIM32_INFINITY) for value in _limit(task, resource))
    task.memory.write(rlp, _RLIMIT32.pack(*values))
    return 0


@syscall("partial", "as setrlimit64")
def setrlimit32(task: SolarisTask, resource: Int, rlp: Address) -> int:
    """The same in 32 bits."""
    current, most = _RLIMIT32.unpack(task.memory.read(rlp, _RLIMIT32.size))
    _check(resource)
    return _set(task, resource, _widened(current), _widened(most))


def _widened(limit: int) -> int:
    return RLIM_INFINITY if limit == _RLIM32_INFINITY else limit


@syscall("partial", "there are no resource controls beside the limits: every name is EINVAL")
def rctlsys(
    task: SolarisTask, code: Int, name: Address, obuf: Address, nbuf: Address, obufsz: SizeT, flags: Int
) -> int:
    """Resource controls."""
    if task.memory.read_cstring(name, 256) is None:
        raise Errno(SolarisE.EINVAL)
    raise Errno(SolarisE.EINVAL)


@syscall("partial", "getrusage: times alone; not the counters, microstates and vmusage: EINVAL")
def rusagesys(
    task: SolarisTask, code: Int, arg1: Address, arg2: Address, arg3: Address, arg4: Address
) -> int:
    """What the process (0), its children (1) or the thread (2) have used: ``struct rusage``."""
    process = task.process
    used = {0: process_time(process), 1: process.children_time, 2: task.kernel.cpu_time(task)}.get(code)
    if used is None:
        raise Errno(SolarisE.EINVAL)
    seconds, rest = divmod(used // 1000, 10**6)
    size = _RUSAGE_SIZE // 2 if task.ilp32 else _RUSAGE_SIZE
    task.memory.write(arg1, pack_pair(task, (seconds, rest)).ljust(size, b"\0"))
    return 0


@syscall("full")
def getpagesizes(task: SolarisTask, legacy: Int, buf: Address, nelem: Int) -> int:
    """Stores the sizes of pages that there are: one."""
    if nelem > 0:
        task.memory.write(buf, (4096).to_bytes(task.bits // 8, "little"))
    elif buf or nelem:
        raise Errno(SolarisE.EINVAL)
    return 1


@syscall("full")
def getpagesizes32(task: SolarisTask, legacy: Int, buf: Address, nelem: Int) -> int:
    """The same in 32 bits."""
    return getpagesizes(task, legacy, buf, nelem)


@syscall("full")
def getrandom(task: SolarisTask, buf: Address, buflen: SizeT, flags: UnsignedInt) -> int:
    """Stores random bytes."""
    if flags & ~3:
        raise Errno(SolarisE.EINVAL)
    size = min(buflen, 1 << 20)
    task.memory.write(buf, task.kernel.random_bytes(size))
    return size


@syscall("partial", "always 0: nobody counts who wants to run")
def getloadavg(task: SolarisTask, buf: Address, nelem: Int) -> int:
    """Stores how many lwps wanted to run in the last minutes."""
    if nelem < 0:
        raise Errno(SolarisE.EINVAL)
    count = min(nelem, 3)
    task.memory.write(buf, bytes(4 * count))
    return count
