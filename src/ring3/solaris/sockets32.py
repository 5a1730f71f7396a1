"""Sending and receiving of 32-bit programs: the same with sizes of 32 bits (common/fs/sockfs/socksyscalls.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.c_types import Address, Int, UnsignedInt
from ring3.solaris import messages
from ring3.solaris.definition import syscall

if TYPE_CHECKING:
    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask


@syscall("full")
def recv32(task: SolarisTask, sock: Int, buffer: Address, size: UnsignedInt, flags: Int) -> int | Waiting:
    """Receives bytes or a message."""
    return messages.recv(task, sock, buffer, size, flags)


@syscall("full")
def recvfrom32(
    task: SolarisTask,
    sock: Int,
    buffer: Address,
    size: UnsignedInt,
    flags: Int,
    name: Address,
    namelenp: Address,
) -> int | Waiting:
    """Receives bytes or a message, and whom it is from."""
    return messages.recvfrom(task, sock, buffer, size, flags, name, namelenp)


@syscall("full")
def send32(task: SolarisTask, sock: Int, buffer: Address, size: UnsignedInt, flags: Int) -> int | Waiting:
    """Sends bytes or a message to the peer."""
    return messages.send(task, sock, buffer, size, flags)


@syscall("full")
def sendto32(
    task: SolarisTask, sock: Int, buffer: Address, size: UnsignedInt, flags: Int, name: Address, namelen: Int
) -> int | Waiting:
    """Sends bytes or a message."""
    return messages.sendto(task, sock, buffer, size, flags, name, namelen)
