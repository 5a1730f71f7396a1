"""Counts the code that programs run, in bytes, and stops the CPU after so much of it.

The emulator calls a hook at the start of each block of ring-3 code with the block's size. The hook is a few
instructions for the host, put into memory here: called for every block, a function of Python would make programs a
hundred times slower. On hosts whose instructions are not known here it is a function of Python all the same.

The counting is exact and the same in every run, but coarse: a block counts when it is entered, so one that is left by
a fault counts once more when it is entered again, and the CPU stops a block after the limit was passed.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import sys
from typing import Final

from ring3.machine import unicorn_library as api

_USER_END: Final = (1 << 63) - 1
"""The last address of ring 3's half."""


class CodeMeter:
    """How much code has run, and how much more may."""

    def __init__(self, library: api.Library, engine: int) -> None:
        """Puts the hook in place; code that was translated before has to be translated anew."""
        self._left = ctypes.c_int64(0)
        self._given = 0
        self.limit(1 << 62)
        instructions = _instructions(library)
        if instructions is None:
            self._hook: object = _portable(library, engine, self._left)
        else:
            self._memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            self._memory.write(instructions)
            self._hook = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(self._memory)))
        library.hook(engine, api.HOOK_BLOCK, self._hook, ctypes.addressof(self._left), 0, (0, _USER_END))

    @property
    def executed(self) -> int:
        """Bytes of code run since the meter was made."""
        return self._given - self._left.value

    def limit(self, amount: int) -> None:
        """Makes `Cpu.run` return `Event.INTERRUPTED` soon after that many more bytes."""
        self._given += amount - self._left.value
        self._left.value = amount


def _instructions(library: api.Library) -> bytes | None:
    """The hook as instructions, or None for hosts they are not known for.

    ``void hook(uc_engine *, uint64_t address, uint32_t size, int64_t *left)``: takes the size from ``*left`` and jumps
    to uc_emu_stop when that is negative.
    """
    if platform.machine() not in ("x86_64", "AMD64") or sys.platform == "win32":
        return None
    stop = ctypes.cast(library.emu_stop, ctypes.c_void_p).value
    assert stop is not None
    return (
        b"\x89\xd2"  # mov %edx, %edx
        b"\x48\x29\x11"  # sub %rdx, (%rcx)
        b"\x78\x01"  # js 1f
        b"\xc3"  # ret
        b"\x48\xb8" + stop.to_bytes(8, "little") + b"\xff\xe0"  # 1: movabs $stop, %rax; jmp *%rax
    )


def _portable(library: api.Library, engine: int, left: ctypes.c_int64) -> object:
    """The hook as a function of Python."""

    def on_block(_engine: int, _address: int, size: int, _data: int) -> None:
        left.value -= size
        if left.value < 0:
            library.emu_stop(engine)

    return api.BLOCK_CALLBACK(on_block)
