"""Families, types and addresses of sockets: Solaris's numbers for what the core has (sys/socket.h, netinet/in.h)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.linux import sockets as core
from ring3.abi.solaris.errno import SolarisE

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

FAMILIES: Final = {1: core.AF_UNIX, 2: core.AF_INET, 26: core.AF_INET6}
KINDS: Final = {1: core.SOCK_DGRAM, 2: core.SOCK_STREAM, 4: core.SOCK_RAW, 6: core.SOCK_SEQPACKET}
_AF_UNIX: Final = 1
_AF_INET6: Final = 26
_SIN6_SIZE: Final = 32
"""Solaris's ``struct sockaddr_in6`` ends in four bytes more than the core's."""
_CORE_SIN6_SIZE: Final = 28
_SUN_SIZE: Final = 110
_ADDRESS_MAX: Final = 256


def to_core_address(raw: bytes) -> bytes:
    """A ``struct sockaddr`` of Solaris as the core has it."""
    family = int.from_bytes(raw[:2], "little")
    theirs = FAMILIES.get(family, family)
    if family == _AF_UNIX:
        raw = raw[: 2 + len(raw[2:].split(b"\0", 1)[0]) + 1] if raw[2:3] != b"\0" else raw
    if family == _AF_INET6:
        raw = raw[:_CORE_SIN6_SIZE]
    return theirs.to_bytes(2, "little") + raw[2:]


def from_core_address(raw: bytes) -> bytes:
    """The core's ``struct sockaddr`` as Solaris has it."""
    theirs = int.from_bytes(raw[:2], "little")
    family = next((ours for ours, found in FAMILIES.items() if found == theirs), theirs)
    tail = bytes(_SIN6_SIZE - _CORE_SIN6_SIZE) if family == _AF_INET6 else b""
    return family.to_bytes(2, "little") + raw[2:] + tail


def read_address(task: SolarisTask, address: int, size: int) -> bytes:
    """An address in user memory, as the core has it.

    Raises:
        Errno: EINVAL, no possible size; EFAULT.
    """
    if not 2 <= size & 0xFFFF_FFFF <= _ADDRESS_MAX:
        raise Errno(SolarisE.EINVAL)
    return to_core_address(task.memory.read(address, size))


def write_address(task: SolarisTask, raw: bytes, address: int, size_at: int) -> None:
    """Stores as much of an address as there is room for, and how long it is."""
    if not address or not size_at:
        return
    found = from_core_address(raw) if raw else b""
    task.memory.write(address, found[: task.memory.read_u32(size_at)])
    task.memory.write_u32(size_at, len(found))
