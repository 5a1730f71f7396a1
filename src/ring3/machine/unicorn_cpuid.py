"""What the emulated CPU gives for CPUID, without running the program that asks.

An emulator of the same model that does nothing else is asked, each question once: the answers never change.
"""

from __future__ import annotations

import ctypes
from typing import Final

from ring3.machine import unicorn_library as api
from ring3.machine.ram import PAGE_SIZE

_CODE: Final = b"\x0f\xa2\xf4"
"""``cpuid`` and ``hlt``."""
_ADDRESS: Final = PAGE_SIZE
_M32: Final = (1 << 32) - 1


class Cpuid:
    """The answers, by EAX and ECX."""

    def __init__(self, library: api.Library, cr4: int) -> None:
        """Starts the emulator, which takes a millisecond.

        Args:
            library: The emulator's library.
            cr4: The control register of the CPU, of which a bit is told: whether there is XSAVE (OSXSAVE).
        """
        self._library = lib = library
        engine = ctypes.c_void_p()
        lib.check(lib.open(api.ARCH_X86, api.MODE_64, ctypes.byref(engine)), "uc_open")
        assert engine.value is not None
        self._engine = engine.value
        lib.choose_cpu(self._engine, api.CPU_X86_BROADWELL)
        value = ctypes.c_uint64(cr4)
        lib.reg_write(self._engine, api.REG_CR4, ctypes.addressof(value))
        self._memory = ctypes.create_string_buffer(2 * PAGE_SIZE)
        page = ctypes.addressof(self._memory) + PAGE_SIZE - 1 & -PAGE_SIZE
        ctypes.memmove(page, _CODE, len(_CODE))
        lib.mem_map_ptr(self._engine, _ADDRESS, PAGE_SIZE, api.PROT_ALL, page)
        self._answers: dict[tuple[int, int], tuple[int, ...]] = {}

    def ask(self, leaf: int, subleaf: int) -> tuple[int, ...]:
        """EAX, EBX, ECX and EDX for a leaf and a part of it."""
        asked = leaf & _M32, subleaf & _M32
        answer = self._answers.get(asked)
        if answer is None:
            answer = self._answers[asked] = self._run(*asked)
        return answer

    def _run(self, leaf: int, subleaf: int) -> tuple[int, ...]:
        lib, engine, value = self._library, self._engine, ctypes.c_uint64()
        at = ctypes.addressof(value)
        for register, value.value in ((api.REG_RAX, leaf), (api.REG_RCX, subleaf)):
            lib.reg_write(engine, register, at)
        lib.check(lib.emu_start(engine, _ADDRESS, 0, 0, 0), "uc_emu_start")
        found = []
        for register in (api.REG_RAX, api.REG_RBX, api.REG_RCX, api.REG_RDX):
            lib.reg_read(engine, register, at)
            found.append(value.value & _M32)
        return tuple(found)

    def close(self) -> None:
        """Ends the emulator."""
        self._library.close(self._engine)
