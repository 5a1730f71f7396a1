"""The CPU whose ring 3 is always the host's own processor, and whose ring 0 is the emulated CPU."""

from __future__ import annotations

import ctypes
from typing import Final

from ring3.errors import UserError
from ring3.machine import unicorn_library as api
from ring3.machine.cpu import CpuState, Event, Stop
from ring3.machine.edges import Edges
from ring3.machine.home import Home
from ring3.machine.host_cpu.processor import AHEAD, Processor
from ring3.machine.host_cpu.turn import cpuid
from ring3.machine.moving_cpu import MovingCpu
from ring3.machine.pmap import Pmap
from ring3.machine.ram import Ram
from ring3.machine.unicorn_cpu import UnicornCpu

_M32: Final = (1 << 32) - 1


class HostCpu(MovingCpu):
    """The host's processor for ring 3, the emulated one for ring 0.

    Programs have its CPUID, and all of its registers.
    """

    ahead: int = AHEAD
    translates: bool = False
    answers_cpuid: bool = False
    _beyond = Event.STEPPED

    def __init__(self, ram: Ram) -> None:
        """Makes the CPU and its first stub.

        Args:
            ram: Guest RAM, with its memfd.

        Raises:
            UserError: The host does not allow it, or the emulator's library is not the right one.
        """
        super().__init__(ram)
        self._ring3 = UnicornCpu.make_countable(self)
        host = self._begin()
        assert host is not None
        host.vectors.write(host.vectors.clean)
        self.vectors = host.vectors
        self.feature_bits = cpuid(1, 0)[3]
        self._on_cpuid = api.INSN_CALLBACK(self._answer_cpuid)
        self._lib.hook(self._engine, api.HOOK_INSN, self._on_cpuid, 0, api.X86_INS_CPUID)

    def run(self) -> Stop:
        """Runs from the present registers until something happens; see `Cpu.run`."""
        stop = self._run()
        while stop is Event.STEPPED:
            stop = self._run()
        return stop

    def _run(self) -> Stop:
        if self._wishes or self.cpl == 3:
            return super().run()
        self._ring3.ask()  # the emulator is to stop where ring 0 has gone back to ring 3
        stop = super().run()
        self._ring3.release()
        return super().run() if stop is Event.INTERRUPTED and self.cpl == 3 else stop

    def _answer_cpuid(self, _engine: int, _data: int | None) -> int:
        """What the host's processor gives for CPUID, where the emulated CPU runs a program."""
        lib, value = self._lib, ctypes.c_uint64()
        asked = []
        for register in (api.REG_RAX, api.REG_RCX):
            lib.reg_read(self._engine, register, ctypes.addressof(value))
            asked.append(value.value & _M32)
        registers = api.REG_RAX, api.REG_RBX, api.REG_RCX, api.REG_RDX
        for register, value.value in zip(registers, cpuid(*asked), strict=True):
            lib.reg_write(self._engine, register, ctypes.addressof(value))
        return 1  # done: the emulator's own is not

    def count_edges(self, at: int) -> Edges:
        """Refused: the host's processor tells nothing of blocks.

        Raises:
            UserError: Always.
        """
        raise UserError("edges are counted on the emulated processor, not on the host's")

    def state(self) -> CpuState:
        """Everything that the CPU holds, what stubs know included."""
        return self._whole_state()

    def make_interruptible(self) -> None:
        """Nothing to do: a stub can be stopped anywhere."""

    def save(self) -> bytes:
        """All registers as one opaque value."""
        saved = UnicornCpu.save(self)
        return saved if self._host is None else saved + self._host.vectors.save()

    def load(self, saved: bytes) -> None:
        """Sets a program's registers; see `Cpu.load` for what stays."""
        UnicornCpu.load(self, saved)
        if self._host is not None:
            self._put_vectors(self._host, saved[len(self._window_bytes) :])

    def _put_vectors(self, host: Processor, saved: bytes) -> None:
        if saved:
            host.vectors.load(saved)

    def _make_home(self, pmap: Pmap) -> Home:
        return Home(is_away=True)

    def _refused(self, error: UserError) -> None:
        raise error
