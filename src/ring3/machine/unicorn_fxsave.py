"""The emulated CPU's x87 and SSE registers as FXSAVE stores them, without running an instruction."""

from __future__ import annotations

import ctypes
from typing import Final

from ring3.machine import interposition

SIZE: Final = 512


class FxState:
    """Reads and writes them in the window, between two runs of the emulator (``emulator/fxstate.c``)."""

    def __init__(self, registers: int) -> None:
        """Binds to a window.

        Args:
            registers: Address of its registers.
        """
        ours = ctypes.PyDLL(interposition.OBJECT)
        self._save, self._restore = ours.ring3_fxsave, ours.ring3_fxrstor
        self._registers = ctypes.c_void_p(registers)
        self._image = ctypes.create_string_buffer(SIZE)

    def read(self) -> bytes:
        """The registers of the emulator."""
        self._save(self._registers, self._image)
        return self._image.raw

    def write(self, image: bytes) -> None:
        """Sets them."""
        self._restore(self._registers, image)
