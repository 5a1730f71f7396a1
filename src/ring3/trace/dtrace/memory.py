"""Memory as D sees it: scratch and variables of its own, and behind them the traced kernel's.

Addresses of D's own memory lie where no kernel of x86-64 has any (a range that is not canonical), so that a pointer
says whose it is. Scratch lives until the clause ends; what a program declares (structs, arrays) stays.
"""

from __future__ import annotations

from collections.abc import Callable

from ring3.trace.dtrace.errors import Fault, FaultKind

SCRATCH = 0x0D00_0000_0000_0000
STATIC = 0x0D10_0000_0000_0000
_STRINGS = 0x0D20_0000_0000_0000
_TOP = 0x0D30_0000_0000_0000
_MASK = (1 << 64) - 1
STATIC_LIMIT = 64 << 20
"""How much memory the variables of a program may take, in bytes."""


class Memory:
    """Reads and writes by address; scratch of `scratch_size` bytes."""

    def __init__(
        self, read_target: Callable[[int, int], bytes], scratch_size: int, *, strict: bool = False
    ) -> None:
        """Read the rest from `read_target`; `strict`: scratch memory is only what was allocated."""
        self._read_target = read_target
        self._scratch = bytearray()
        self._allocated = 0
        self.used = False
        """Whether the clause left something to forget."""
        self._strings = bytearray()
        self._scratch_size = scratch_size
        self._static = bytearray()
        self._strict = strict

    def begin_clause(self) -> None:
        """Forget the scratch memory."""
        self.used = False
        self._allocated = 0
        if self._scratch:
            self._scratch = bytearray()
        if self._strings:
            self._strings = bytearray()

    def allocate(self, size: int) -> int:
        """The address of scratch memory, zeroed.

        Raises:
            Fault: NOSCRATCH.
        """
        start = self._allocated
        if not 0 <= size <= self._scratch_size - start:
            raise Fault(FaultKind.NOSCRATCH)
        self.used = True
        self._allocated += -(-size // 8) * 8
        return SCRATCH + start

    def store_string(self, text: bytes) -> int:
        """The address of a copy of a string with its NUL, which stays until the clause ends."""
        start = len(self._strings)
        if start > STATIC_LIMIT:
            raise Fault(FaultKind.NOSCRATCH)
        self.used = True
        self._strings += text + b"\0"
        return _STRINGS + start

    def reserve(self, size: int) -> int:
        """The address of memory that stays, zeroed: a variable's.

        Raises:
            Fault: NOSCRATCH, when a program has too much of it.
        """
        start = len(self._static)
        if start + size > STATIC_LIMIT:
            raise Fault(FaultKind.NOSCRATCH)
        self._static.extend(bytes(-(-size // 8) * 8))
        return STATIC + start

    def _own(self, address: int, size: int) -> tuple[bytearray, int] | None:
        """The buffer and offset of D's own memory; None for the kernel's.

        Raises:
            Fault: BADADDR beyond what was allocated.
        """
        if not SCRATCH <= address < _TOP:
            return None
        if address < STATIC:
            return self._own_scratch(address, size)
        buffer, base = (self._static, STATIC) if address < _STRINGS else (self._strings, _STRINGS)
        offset = address - base
        if offset + size > len(buffer):
            raise Fault(FaultKind.BADADDR, address)
        return buffer, offset

    def _own_scratch(self, address: int, size: int) -> tuple[bytearray, int]:
        """Scratch memory may be used before it is allocated, as on Solaris; it is zero there."""
        end = address - SCRATCH + size
        if self._strict and end - size < self._allocated < end:
            raise Fault(FaultKind.BADSIZE, size)
        if end > (self._allocated if self._strict else max(self._scratch_size, self._allocated)):
            raise Fault(FaultKind.BADADDR, address)
        self.used = True
        if end > len(self._scratch):
            self._scratch.extend(bytes(end - len(self._scratch)))
        return self._scratch, address - SCRATCH

    def check_allocated(self, address: int, size: int) -> None:
        """What bcopy() and copyinto() write to has to be allocated, as far as they write.

        Raises:
            Fault: BADADDR.
        """
        if not SCRATCH <= address & _MASK <= SCRATCH + self._allocated - size:
            raise Fault(FaultKind.BADADDR, address)

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes.

        Raises:
            Fault: BADADDR.
        """
        address &= _MASK
        own = self._own(address, size)
        if own is None:
            return self._read_target(address, size)
        buffer, offset = own
        return bytes(buffer[offset : offset + size])

    def write(self, address: int, data: bytes) -> None:
        """Write to D's own memory.

        Raises:
            Fault: BADADDR, for the kernel's memory too, which D does not write.
        """
        address &= _MASK
        own = self._own(address, len(data))
        if own is None:
            raise Fault(FaultKind.BADADDR, address)
        buffer, offset = own
        buffer[offset : offset + len(data)] = data

    def string(self, address: int, limit: int) -> bytes:
        """The bytes before a NUL, at most `limit`; scratch memory ends with one.

        Raises:
            Fault: BADADDR, if memory ends before the NUL.
        """
        out = bytearray()
        address &= _MASK
        if self._strict and SCRATCH <= address < SCRATCH + self._allocated:
            limit = min(limit, SCRATCH + self._allocated - address)
        while len(out) < limit:
            size = min(64 - (address + len(out)) % 64, limit - len(out))
            part = self._string_part(address + len(out), size)
            end = part.find(0)
            if end >= 0:
                return bytes(out + part[:end])
            out += part
        return bytes(out)

    def _string_part(self, address: int, size: int) -> bytes:
        """Up to `size` bytes; fewer where D's own memory ends, at least one."""
        try:
            return self.read(address, size)
        except Fault:
            if size == 1:
                raise
            return self.read(address, 1)

    def loader(self, size: int, *, signed: bool) -> Callable[[int], int]:
        """A function that loads an integer."""
        read = self.read
        return lambda address: int.from_bytes(read(address, size), "little", signed=signed)

    def storer(self, size: int) -> Callable[[int, int], int]:
        """A function that stores an integer and returns it."""
        mask = (1 << 8 * size) - 1

        def store(address: int, value: int) -> int:
            self.write(address, (value & mask).to_bytes(size, "little"))
            return value

        return store

    def copy(self, target: int, source: int, size: int) -> int:
        """Copy bytes; returns the target."""
        self.write(target, self.read(source, size))
        return target
