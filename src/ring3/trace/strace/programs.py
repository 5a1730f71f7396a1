"""What is asked about the program that makes a call: its memory, its descriptors, other tasks."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.kernel.mm.vma import READ
from ring3.trace.strace.style import InHex

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from ring3.linux.model.task import LinuxTask

AT_FDCWD: Final = -100


class Program(NamedTuple):
    """What is asked about the program that made the call.

    Attributes:
        bits: Its width in this call.
        read: Reads its memory; raises Errno.
        of_fd: What is said behind a descriptor, by which details are wanted and how paths are written; "" if there is
            nothing.
        cwd: The path of its working directory.
        name_of: The name of a task, by its number; b"" if there is none.
        netlink: The protocol of a descriptor that is a socket of netlink(7); None for others.
        interface: The name of a network interface, by its number; "" if there is none.
    """

    bits: int
    read: Callable[[int, int], bytes]
    of_fd: Callable[[int, AbstractSet[str], InHex], str]
    cwd: Callable[[], bytes]
    name_of: Callable[[int], bytes]
    netlink: Callable[[int], int | None] = lambda _fd: None
    interface: Callable[[int], str] = lambda _number: ""


def path_of(task: LinuxTask, fd: int) -> bytes:
    """The path of a task's descriptor, b"" if there is none; of AT_FDCWD its working directory."""
    try:
        return task.fs.cwd.path() if fd == AT_FDCWD else task.files[fd].path()
    except Errno:
        return b""


def program_of(task: LinuxTask, bits: int) -> Program:
    """The program of a task, in calls of a width."""

    def read(address: int, size: int) -> bytes:
        memory = task.memory  # another one after each execve
        at = address
        while at < address + size and (vma := memory.vma_at(at)) is not None:
            if not vma.prot & READ:
                raise Errno(E.EFAULT)
            at = vma.end
        return memory.peek(address, size)

    def of_fd(fd: int, details: AbstractSet[str], in_hex: InHex) -> str:
        from ring3.trace.strace.descriptors import description  # noqa: PLC0415 - imports the network

        try:
            return description(task.files[fd], details, in_hex)
        except Errno:
            return ""

    def name_of(number: int) -> bytes:
        found = task.kernel.tasks.get(number)
        return b"" if found is None else os.fsencode(found.name)

    def netlink(fd: int) -> int | None:
        from ring3.net.netlink.socket import NetlinkSocket  # noqa: PLC0415 - few programs have one

        try:
            file = task.files[fd]
        except Errno:
            return None
        return file.protocol if isinstance(file, NetlinkSocket) else None

    def interface(number: int) -> str:
        found = task.kernel.network.interfaces.numbered(number)
        return "" if found is None else os.fsdecode(found.name)

    return Program(bits, read, of_fd, lambda: path_of(task, AT_FDCWD), name_of, netlink, interface)
