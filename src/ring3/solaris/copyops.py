"""copyin, copyout and their like: what stands between handlers and the memory of programs.

All arguments are addresses, as in the kernel: a buffer of the kernel lies in guest RAM (`SolarisTask.buffer`). So a
probe on one of these sees what DTrace shows of the real ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Address, SizeT
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.solaris.definition import function, syscall

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask


@function("unix")
def copyin(task: SolarisTask, uaddr: Address, kaddr: Address, count: SizeT) -> int:
    """Copies from the program to the kernel; 0.

    Raises:
        Errno: EFAULT, a part cannot be read.
    """
    task.kernel.store(kaddr, task.memory.read(uaddr, count))
    return 0


@function("unix")
def copyout(task: SolarisTask, kaddr: Address, uaddr: Address, count: SizeT) -> int:
    """Copies from the kernel to the program; 0.

    Raises:
        Errno: EFAULT, a part cannot be written; what lies before it may have been.
    """
    task.memory.write(uaddr, task.kernel.load(kaddr, count))
    return 0


@function("unix")
def copyinstr(task: SolarisTask, uaddr: Address, kaddr: Address, maxlength: SizeT) -> int:
    """Copies a string to the kernel; returns its length with its NUL.

    Raises:
        Errno: EFAULT, memory ends before it does; ENAMETOOLONG, the first ``maxlength`` bytes have no NUL.
    """
    text = task.memory.read_cstring(uaddr, maxlength)
    if text is None:
        raise Errno(SolarisE.ENAMETOOLONG)
    task.kernel.store(kaddr, text + b"\0")
    return len(text) + 1


@syscall("full")
def uucopy(task: SolarisTask, from_: Address, to: Address, size: SizeT) -> int:
    """Copies memory of the program to memory of the program; what cannot be reached is EFAULT, not a signal."""
    task.memory.write(to, task.memory.read(from_, size))
    return 0


@syscall("full")
def uucopystr(task: SolarisTask, from_: Address, to: Address, size: SizeT) -> int:
    """The same up to a NUL; returns the bytes with it.

    Raises:
        Errno: EFAULT; ENAMETOOLONG, the first ``size`` bytes have no NUL.
    """
    text = task.memory.read_cstring(from_, size)
    if text is None:
        raise Errno(SolarisE.ENAMETOOLONG)
    task.memory.write(to, text + b"\0")
    return len(text) + 1
