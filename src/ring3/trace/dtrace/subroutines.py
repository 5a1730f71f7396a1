"""The functions D brings: strings, memory, numbers, network addresses, the process."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.trace.dtrace import string_functions
from ring3.trace.dtrace.errors import Fault, FaultKind
from ring3.trace.dtrace.memory import Memory
from ring3.trace.dtrace.providers.base import Context

if TYPE_CHECKING:
    from ring3.trace.dtrace.firing import Firing
    from ring3.trace.dtrace.providers.base import Target

_AF_INET = 2
_LARGEST_COPY = 64 << 20
_LINK_ADDRESSES = {1: 6, 32: 20}
"""Bytes of an address by ARPHRD_* of linux/if_arp.h: of Ethernet and Infiniband."""


class Subroutines:
    """Functions by name; those in `of_firing` take the firing first."""

    of_firing = frozenset(("strtok", "speculation", "progenyof"))

    def __init__(
        self,
        target: Target,
        memory: Memory,
        string_size: int,
        speculation: Callable[[], int],
        *,
        strict: bool = False,
        counts_nul: bool = False,
    ) -> None:
        """Make the functions.

        Args:
            target: The traced system.
            memory: D's memory.
            string_size: strsize.
            speculation: Makes a new speculation.
            strict: Whether a size no memory can have is a fault of its own.
            counts_nul: Whether the size that copyinstr() is given counts the NUL behind a string.
        """
        self._behind = int(counts_nul)
        self._strict = strict
        minor_bits = 32 if target.system == "solaris" else 20
        self._target = target
        self._memory = memory
        self._string_size = string_size
        self._speculation = speculation
        self._token_rest: bytes | None = None
        self._functions: dict[str, Callable[..., Any]] = {
            "alloca": memory.allocate,
            "bcopy": self._bcopy,
            "copyin": self._copyin,
            "copyinstr": self._copyinstr,
            "copyinto": self._copyinto,
            "copyout": self._copyout,
            "copyoutstr": self._copyoutstr,
            "htonl": _swapper(4),
            "htonll": _swapper(8),
            "htons": _swapper(2),
            "inet_ntoa": lambda address: ipv4(memory.read(address, 4)),
            "inet_ntoa6": lambda address, strict=0: inet_ntoa6(memory.read(address, 16), strict),
            "inet_ntop": self._inet_ntop,
            "getmajor": lambda device: device >> minor_bits,
            "getminor": lambda device: device & ((1 << minor_bits) - 1),
            "link_ntop": self._link_ntop,
            "json": string_functions.json,
            "ntohl": _swapper(4),
            "ntohll": _swapper(8),
            "ntohs": _swapper(2),
            "progenyof": self._progenyof,
            "rand": lambda: int.from_bytes(os.urandom(4), "little") >> 1,
            "speculation": lambda _firing: self._speculation(),
            "strtok": self._strtok,
        }

    def function(self, name: str) -> Callable[..., Any]:
        """The function of a name."""
        found = self._functions.get(name) or string_functions.FUNCTIONS.get(name)
        return found or self._of_the_kernel(name)

    def _of_the_kernel(self, name: str) -> Callable[..., Any]:
        """A function about kernel objects: locks, STREAMS messages, devices."""
        from ring3.trace.dtrace.kernel_objects import KernelObjects  # noqa: PLC0415 - few programs ask

        current = self._target.reader("curthread")
        return KernelObjects(self._target.read, lambda: int(current(Context()))).functions.get(name, _unknown)

    def begin_clause(self) -> None:
        """What strtok remembers ends with the clause."""
        self._token_rest = None

    def _bcopy(self, source: int, target: int, size: int) -> int:
        self._checked(size)
        if self._strict:
            self._memory.read(target, size)
        data = self._memory.read(source, size)
        if not self._strict:
            self._memory.check_allocated(target, size)
        self._memory.write(target, data)
        return 0

    def _checked(self, size: int) -> int:
        if size > _LARGEST_COPY:
            raise Fault(FaultKind.BADSIZE, size) if self._strict else Fault(FaultKind.NOSCRATCH)
        return size

    def _copyin(self, address: int, size: int) -> int:
        buffer = self._memory.allocate(size)
        self._memory.write(buffer, self._target.copyin(address, size))
        return buffer

    def _copyinto(self, address: int, size: int, buffer: int) -> int:
        self._memory.read(buffer, self._checked(size))
        self._memory.write(buffer, self._target.copyin(address, size))
        return 0

    def _copyinstr(self, address: int, size: int | None = None) -> bytes:
        limit = self._string_size if size is None else min(max(size - self._behind, 0), self._string_size)
        out = bytearray()
        while len(out) < limit:
            step = min(4096 - (address + len(out)) % 4096, limit - len(out))
            part = self._target.copyin(address + len(out), step)
            end = part.find(0)
            if end >= 0:
                return bytes(out + part[:end])
            out += part
        return bytes(out)

    def _copyout(self, buffer: int, address: int, size: int) -> int:
        self._target.copyout(address, self._memory.read(buffer, self._checked(size)))
        return 0

    def _copyoutstr(self, string: bytes | None, address: int, limit: int) -> int:
        if string is None:
            raise Fault(FaultKind.BADADDR, 0)
        self._target.copyout(address, (string + b"\0")[:limit])
        return 0

    def _inet_ntop(self, family: int, address: int) -> bytes:
        if family == _AF_INET:
            return ipv4(self._memory.read(address, 4))
        if family == (26 if self._target.system == "solaris" else 10):
            return ipv6(self._memory.read(address, 16))
        raise Fault(FaultKind.ILLOP)

    def _link_ntop(self, kind: int, address: int) -> bytes:
        """The address of a network device, by the kind of hardware."""
        size = _LINK_ADDRESSES.get(kind)
        if size is None:
            raise Fault(FaultKind.ILLOP)
        return self._memory.read(address, size).hex(":").encode()

    def _progenyof(self, firing: Firing, process: int) -> int:
        ancestors = self._target.reader("ancestors")(firing.context)
        if isinstance(ancestors, int):
            return int(self._target.reader("pid")(firing.context) == process)
        return int(process in memoryview(ancestors).cast("I"))

    def _strtok(self, firing: Firing, string: bytes | None, separators: bytes | None) -> bytes | None:
        del firing
        if separators is None:
            raise Fault(FaultKind.BADADDR, 0)
        self._memory.used = True
        rest = self._token_rest if string is None else string
        if rest is None:
            return None
        rest = rest.lstrip(separators)
        if not rest:
            self._token_rest = None
            return None
        end = next((index for index, char in enumerate(rest) if char in separators), len(rest))
        self._token_rest = rest[end:] if end < len(rest) else None
        return rest[:end]


def _unknown(*_arguments: int) -> int:
    """Of a device or a path of the kernel, which nobody has here to look at."""
    raise Fault(FaultKind.ILLOP)


def _swapper(size: int) -> Callable[[int], int]:
    """A function that swaps the bytes of an integer: this host's order and the network's."""

    def swap(value: int) -> int:
        return int.from_bytes((value & ((1 << 8 * size) - 1)).to_bytes(size, "little"), "big")

    return swap


def ipv4(data: bytes) -> bytes:
    """An IPv4 address as text."""
    return ".".join(map(str, data)).encode()


def inet_ntoa6(data: bytes, strict: int) -> bytes:
    """An IPv6 address as inet_ntoa6() of Oracle has it: one that holds an IPv4 address is that alone, unless strict."""
    if strict == 0 and data[:10] == bytes(10) and data[10:12] in (b"\0\0", b"\xff\xff") and any(data[12:15]):
        return ipv4(data[12:])
    return ipv6(data)


def ipv6(data: bytes) -> bytes:
    """An IPv6 address as text (RFC 5952; an IPv4 address at its end is dotted)."""
    import socket  # noqa: PLC0415 - costs 10 ms, and few programs show addresses

    return socket.inet_ntop(socket.AF_INET6, data).encode()
