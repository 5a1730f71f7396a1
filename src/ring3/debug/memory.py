"""Memory as a debugger sees it: an address space of a program, with the kernel's half above, whatever pages allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import Errno
from ring3.errors import UserError

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.mm.mm import Mm

KERNEL_HALF: Final = 1 << 63
PAGE: Final = 4096


class NoMemory(UserError):
    """Nothing is mapped at an address.

    Attributes:
        address: The first such address of the range.
    """

    def __init__(self, address: int) -> None:
        super().__init__(f"no memory at {address:#x}")
        self.address = address


class Memory:
    """What lies at the addresses of one program, or of the kernel alone.

    Attributes:
        mm: The program's address space; None for the kernel's half alone.
        word: Bytes of an address of the program.
    """

    def __init__(self, kernel: Kernel[Any], mm: Mm | None) -> None:
        self._kernel = kernel
        self._machine = kernel.machine
        self.mm = mm
        self.word = 8 if mm is None or mm.task_size > 1 << 32 else 4

    def read(self, address: int, size: int) -> bytes:
        """Bytes at a linear address; pages that are not in memory yet are brought in, as for the program.

        Raises:
            NoMemory: A part of the range is not there.
        """
        try:
            return self._read(address, size)
        except (Errno, UserError):
            raise NoMemory(self._first_absent(address, size)) from None

    def write(self, address: int, data: bytes) -> None:
        """Writes, also where the program itself could not.

        Raises:
            NoMemory: A part of the range is not there; nothing was written.
        """
        try:
            if self._is_kernels(address):
                self._machine.write(address, data)
                self._kernel.written(address, len(data))
            else:
                self._space(address).poke(address, data)
        except (Errno, UserError):
            raise NoMemory(self._first_absent(address, len(data))) from None

    def read_available(self, address: int, size: int) -> bytes:
        """The bytes at an address up to the first that is not there, perhaps none."""
        parts = []
        while size > 0:
            part = min(size, PAGE - address % PAGE)
            try:
                parts.append(self._read(address, part))
            except (Errno, UserError):
                break
            address, size = address + part, size - part
        return b"".join(parts)

    def integer(self, address: int, size: int) -> int:
        """An unsigned integer.

        Raises:
            NoMemory: It is not there.
        """
        return int.from_bytes(self.read(address, size), "little")

    def pointer(self, address: int) -> int:
        """A pointer of the program's width.

        Raises:
            NoMemory: It is not there.
        """
        return self.integer(address, self.word)

    def string(self, address: int, limit: int = PAGE) -> bytes:
        """The bytes before the first NUL, ``limit`` at most.

        Raises:
            NoMemory: Memory ends before the string does.
        """
        found = self.read_available(address, limit)
        end = found.find(0)
        if end < 0 and len(found) < limit:
            raise NoMemory(address + len(found))
        return found if end < 0 else found[:end]

    def _read(self, address: int, size: int) -> bytes:
        if self._is_kernels(address):
            self._kernel.reading(address, size)
            return self._machine.read(address, size)
        return self._space(address).peek(address, size)

    def _is_kernels(self, address: int) -> bool:
        """Whether an address lies above those of programs, which Solaris has in the upper half too."""
        return address >= (KERNEL_HALF if self.mm is None else self.mm.task_size)

    def _space(self, address: int) -> Mm:
        if self.mm is None:
            raise NoMemory(address)
        return self.mm

    def _first_absent(self, address: int, size: int) -> int:
        return address + len(self.read_available(address, size))
