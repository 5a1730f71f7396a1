"""Instructions that would tell of the host, made the same in every run.

``rdtsc`` and ``rdtscp`` give what a function says. CPUID does not tell of ``rdrand``, so that programs that ask leave
it alone; one that does not ask still gets random numbers from the host. `rcpss`, `rsqrtss` and their packed forms give
what exact arithmetic gives (`emulator/sse.c` does that, told by a bit of the CPU's state).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from ring3.machine import unicorn_library as api
from ring3.machine.msr import Msr

_CPUID_RDRAND: Final = 1 << 30
_CPUID_OSXSAVE: Final = 1 << 27
_CR4_OSXSAVE: Final = 1 << 18


class _Registers(Protocol):
    def rdmsr(self, number: int) -> int:
        """Value of an MSR."""

    def control(self, number: int) -> int:
        """Value of a control register."""


class Repeatable:
    """The hooks on such instructions; they hold as long as this object."""

    def __init__(
        self,
        library: api.Library,
        engine: int,
        registers: _Registers,
        features: Mapping[int, int],
        tsc: Callable[[], int],
    ) -> None:
        """Puts the hooks in place.

        Args:
            library: The emulator's library.
            engine: The emulator.
            registers: Its MSRs and control registers.
            features: What CPUID leaf 1 gives on this CPU, by register of the library.
            tsc: The time-stamp counter.
        """
        self._library, self._engine = library, engine
        self._registers, self._features, self._tsc = registers, features, tsc
        self._scratch = ctypes.c_uint64(0)
        self._callbacks = api.INSN_CALLBACK(self._on_tsc), api.INSN_CALLBACK(self._on_cpuid)
        library.hook(engine, api.HOOK_INSN, self._callbacks[0], 0, api.X86_INS_RDTSC)
        library.hook(engine, api.HOOK_INSN, self._callbacks[0], 1, api.X86_INS_RDTSCP)
        library.hook(engine, api.HOOK_INSN, self._callbacks[1], 0, api.X86_INS_CPUID)

    def _write(self, register: int, value: int) -> None:
        self._scratch.value = value & 0xFFFF_FFFF
        self._library.reg_write(self._engine, register, ctypes.addressof(self._scratch))

    def _on_tsc(self, _engine: int, with_number: int | None) -> int:
        value = self._tsc()
        self._write(api.REG_RAX, value)
        self._write(api.REG_RDX, value >> 32)
        if with_number:
            self._write(api.REG_RCX, self._registers.rdmsr(Msr.MSR_TSC_AUX))
        return 1  # done: the emulator's own is not

    def _on_cpuid(self, _engine: int, _data: int | None) -> int:
        self._library.reg_read(self._engine, api.REG_RAX, ctypes.addressof(self._scratch))
        if self._scratch.value & 0xFFFF_FFFF != 1:
            return 0
        for register, value in self._features.items():
            self._write(register, value)
        enabled = _CPUID_OSXSAVE if self._registers.control(4) & _CR4_OSXSAVE else 0
        self._write(api.REG_RCX, self._features[api.REG_RCX] & ~(_CPUID_RDRAND | _CPUID_OSXSAVE) | enabled)
        return 1
