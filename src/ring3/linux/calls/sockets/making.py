"""socket(2) and socketpair(2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_TYPE_MASK
from ring3.linux.calls.sockets.arguments import TaskCaller
from ring3.linux.definition import syscall

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.net.socket import Socket

FLAGS: Final = SOCK_CLOEXEC | SOCK_NONBLOCK


def _check_flags(kind: int) -> None:
    """Refuses flags beside the type that are none.

    Raises:
        Errno: EINVAL.
    """
    if kind & ~SOCK_TYPE_MASK & ~FLAGS:
        raise Errno(E.EINVAL)


def _make(task: LinuxTask, family: int, kind: int, protocol: int) -> Socket:
    made = task.kernel.network.make(family, kind & SOCK_TYPE_MASK, protocol, TaskCaller(task))
    made.flags |= kind & SOCK_NONBLOCK
    return made


@syscall(
    "partial",
    "AF_UNIX, TCP and UDP on the loopback interface, netlink's routing and sock_diag; raw sockets of ICMP alone; "
    "packet sockets send to each other alone",
)
def sys_socket(task: LinuxTask, family: Int, kind: Int, protocol: Int) -> int:
    """Makes a socket."""
    _check_flags(kind)
    made = _make(task, family, kind, protocol)
    try:
        return task.files.install(made, cloexec=bool(kind & SOCK_CLOEXEC))
    except Errno:
        made.close()
        raise


@syscall("full")
def sys_socketpair(task: LinuxTask, family: Int, kind: Int, protocol: Int, usockvec: Pointer) -> int:
    """Makes two sockets that are connected with each other."""
    _check_flags(kind)
    files = task.files
    first = files.free_from(0)
    second = files.free_from(first + 1)
    task.memory.write_u64(usockvec, first | second << 32)
    one, other = _make(task, family, kind, protocol), _make(task, family, kind, protocol)
    try:
        one.join(other, TaskCaller(task))
    except Errno:
        one.close()
        other.close()
        raise
    cloexec = bool(kind & SOCK_CLOEXEC)
    files.install(one, first, cloexec)
    files.install(other, second, cloexec)
    return 0
