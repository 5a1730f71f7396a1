"""What is asked about the program that makes a call: its memory, its descriptors, its tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

AT_FDCWD: Final = -100


class Program(NamedTuple):
    """What is asked about the program that made the call.

    Attributes:
        bits: Its width in this call.
        read: Reads its memory; raises Errno.
        path_of: The path of a descriptor, b"" if there is none; of AT_FDCWD the working directory.
    """

    bits: int
    read: Callable[[int, int], bytes]
    path_of: Callable[[int], bytes]


def path_of(task: LinuxTask, fd: int) -> bytes:
    """The path of a task's descriptor, b"" if there is none; of AT_FDCWD its working directory."""
    try:
        return task.fs.cwd.path() if fd == AT_FDCWD else task.files[fd].path()
    except Errno:
        return b""


def program_of(task: LinuxTask, bits: int) -> Program:
    """The program of a task, in calls of a width."""

    def read(address: int, size: int) -> bytes:
        return task.memory.peek(address, size)  # another memory after each execve

    return Program(bits, read, lambda fd: path_of(task, fd))
