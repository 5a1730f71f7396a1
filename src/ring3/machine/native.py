"""A few instructions for the host's own processor, as a C function that the emulator calls.

For hosts whose instructions are not known here the same is done in Python, a hundred times slower.
"""

from __future__ import annotations

import ctypes
import mmap
import os


def knows_host() -> bool:
    """Whether the host's instructions are those of x86-64."""
    return hasattr(os, "uname") and os.uname().machine in ("x86_64", "AMD64")


class NativeFunction:
    """A function in memory of its own; it must not be called any more when this object goes."""

    def __init__(self, code: bytes) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self.pointer = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(self._memory)))
        self.put(code)

    def put(self, code: bytes) -> None:
        """Makes it another function, while nobody runs it."""
        self._memory[: len(code)] = code


def jump(address: int) -> bytes:
    """Instructions that go on elsewhere: movabs $address, %rax; jmp *%rax."""
    return b"\x48\xb8" + address.to_bytes(8, "little") + b"\xff\xe0"
