"""The emulated CPU's x87 and SSE registers as FXSAVE stores them (SDM 1, 10.5.1), without running an instruction.

The emulator has them in a form of its own; the library's registers are read and written instead. It has no pointers
to the last instruction and operand: they are 0.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Final

from ring3.machine import unicorn_library as api

SIZE: Final = 512
MXCSR_MASK: Final = 0xFFFF
_STATUS, _CONTROL, _TAGS, _MXCSR = 31, 246, 247, 249
_FP0, _XMM0 = 82, 122
"""Registers of the library (unicorn/x86.h); FP0 is the first of the x87's registers, whatever the top of stack is."""
_REGISTERS: Final = (_CONTROL, _STATUS, _TAGS, _MXCSR, *range(_FP0, _FP0 + 8), *range(_XMM0, _XMM0 + 16))
_WIDTH: Final = 16
_FIRST_FP: Final = 4
_FIRST_XMM: Final = 12


class FxState:
    """Reads and writes them, between two runs of the emulator."""

    def __init__(self, library: api.Library, engine: int) -> None:
        self._library = library
        self._engine = engine
        self._values = ctypes.create_string_buffer(_WIDTH * len(_REGISTERS))
        self._bytes = memoryview(self._values).cast("B")
        first = ctypes.addressof(self._values)
        self._places = [first + _WIDTH * at for at in range(len(_REGISTERS))]

    def read(self) -> bytes:
        """The registers of the emulator."""
        raw = self._bytes
        for register, place in zip(_REGISTERS, self._places, strict=True):
            self._library.reg_read(self._engine, register, place)
        (control,), (status,), (tags,), (mxcsr,) = (
            struct.unpack_from(form, raw, _WIDTH * at) for at, form in enumerate(("<H", "<H", "<H", "<I"))
        )
        used = sum(1 << number for number in range(8) if tags >> 2 * number & 3 != 3)
        top = status >> 11 & 7
        stack = [
            bytes(raw[_WIDTH * (_FIRST_FP + (top + number & 7)) :][:10]) + bytes(6) for number in range(8)
        ]
        head = struct.pack("<HHBxHQQII", control, status, used, 0, 0, 0, mxcsr, MXCSR_MASK)
        return (head + b"".join(stack) + bytes(raw[_WIDTH * _FIRST_XMM :])).ljust(SIZE, b"\0")

    def write(self, image: bytes) -> None:
        """Sets them."""
        raw = self._bytes
        control, status, used, mxcsr = struct.unpack_from("<HHBx18xI", image)
        tags = sum(3 << 2 * number for number in range(8) if not used >> number & 1)
        for at, (form, value) in enumerate((("<H", control), ("<H", status), ("<H", tags), ("<I", mxcsr))):
            struct.pack_into(form, raw, _WIDTH * at, value)
        top = status >> 11 & 7
        for number in range(8):
            place = _WIDTH * (_FIRST_FP + (top + number & 7))
            raw[place : place + _WIDTH] = image[32 + 16 * number : 48 + 16 * number]
        raw[_WIDTH * _FIRST_XMM :] = image[160:416]
        for register, place in zip(_REGISTERS, self._places, strict=True):
            self._library.reg_write(self._engine, register, place)
