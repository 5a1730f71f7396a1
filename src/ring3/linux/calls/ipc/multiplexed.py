"""ipc(2): all of System V's calls behind one number, as i386 has them (ipc/syscall.c of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.c_types import INT, Int, Pointer, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum, NamedTuple
from ring3.abi.linux.structs.ipc import IPC_KLUDGE
from ring3.linux.calls.ipc import messages, segments, semaphores
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

IPC_64: Final = 0x100
"""In a command: the structs are those with 32-bit users, as all C libraries of today say."""
_UINT: Final = 0xFFFF_FFFF

Result = int | Coroutine[Any, Any, int]


class Call(IntEnum):
    """include/uapi/linux/ipc.h."""

    SEMOP = 1
    SEMGET = 2
    SEMCTL = 3
    SEMTIMEDOP = 4
    MSGSND = 11
    MSGRCV = 12
    MSGGET = 13
    MSGCTL = 14
    SHMAT = 21
    SHMDT = 22
    SHMGET = 23
    SHMCTL = 24


_WITHOUT_STRUCTS: Final = (0, *range(11, 18))
"""Commands of semctl(2) that take no struct, so that it does not matter which: IPC_RMID and GETPID to SETALL."""


def _command(cmd: int, without: tuple[int, ...] = (0,)) -> int:
    """A command without IPC_64.

    Raises:
        Errno: EINVAL, the structs are those of before Linux 2.4.
    """
    if not cmd & IPC_64 and cmd not in without:
        raise Errno(E.EINVAL)
    return cmd & ~IPC_64


class Asked(NamedTuple):
    """The arguments of ipc(2)."""

    version: int
    first: int
    second: int
    third: int
    ptr: int
    fifth: int


def _semop(task: LinuxTask, asked: Asked) -> Result:
    return semaphores.sys_semop(task, asked.first, asked.ptr, asked.second & _UINT)


def _semtimedop(task: LinuxTask, asked: Asked) -> Result:
    return semaphores.sys_semtimedop(task, asked.first, asked.ptr, asked.second & _UINT, asked.fifth, bits=32)


def _semctl(task: LinuxTask, asked: Asked) -> Result:
    if not asked.ptr:
        raise Errno(E.EINVAL)
    argument = task.memory.read_u32(asked.ptr)
    command = _command(asked.third, _WITHOUT_STRUCTS)
    return semaphores.do_semctl(task, asked.first, asked.second, command, argument, 32)


def _msgsnd(task: LinuxTask, asked: Asked) -> Result:
    return messages.sys_msgsnd(task, asked.first, asked.ptr, asked.second & _UINT, asked.third, bits=32)


def _msgrcv(task: LinuxTask, asked: Asked) -> Result:
    pointer, kind = asked.ptr, INT.cast(asked.fifth)
    if asked.version == 0:
        if not pointer:
            raise Errno(E.EINVAL)
        pointer, kind = IPC_KLUDGE.integers(task.memory, pointer, 32)
    return messages.sys_msgrcv(task, asked.first, pointer, asked.second & _UINT, kind, asked.third, bits=32)


def _msgctl(task: LinuxTask, asked: Asked) -> Result:
    return messages.sys_msgctl(task, asked.first, _command(asked.second), asked.ptr, bits=32)


def _shmat(task: LinuxTask, asked: Asked) -> Result:
    if asked.version == 1:
        raise Errno(E.EINVAL)
    address = segments.do_shmat(task, asked.first, asked.ptr, asked.second, compat=True)
    task.memory.write_u32(asked.third, address)
    return 0


def _shmctl(task: LinuxTask, asked: Asked) -> Result:
    return segments.sys_shmctl(task, asked.first, _command(asked.second, (0, 11, 12)), asked.ptr, bits=32)


_CALLS: Final[dict[int, Callable[[LinuxTask, Asked], Result]]] = {
    Call.SEMOP: _semop,
    Call.SEMGET: lambda task, asked: semaphores.sys_semget(task, asked.first, asked.second, asked.third),
    Call.SEMCTL: _semctl,
    Call.SEMTIMEDOP: _semtimedop,
    Call.MSGSND: _msgsnd,
    Call.MSGRCV: _msgrcv,
    Call.MSGGET: lambda task, asked: messages.sys_msgget(task, asked.first, asked.second),
    Call.MSGCTL: _msgctl,
    Call.SHMAT: _shmat,
    Call.SHMDT: lambda task, asked: segments.sys_shmdt(task, asked.ptr),
    Call.SHMGET: lambda task, asked: segments.sys_shmget(
        task, asked.first, asked.second & _UINT, asked.third
    ),
    Call.SHMCTL: _shmctl,
}


@syscall("partial", "structs as they were before Linux 2.4 (no IPC_64 in the command) are EINVAL")
def compat_sys_ipc(
    task: LinuxTask,
    call: UnsignedInt,
    first: Int,
    second: Int,
    third: UnsignedInt,
    ptr: Pointer,
    fifth: UnsignedInt,
) -> Result:
    """Does what the call's number says."""
    found = _CALLS.get(call & 0xFFFF)
    if found is None:
        raise Errno(E.ENOSYS)
    return found(task, Asked(call >> 16, first, second, third, ptr, fifth))
