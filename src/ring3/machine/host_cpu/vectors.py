"""The x87, SSE and vector registers of programs on the host's processor.

They stay in the stub until somebody asks: what is written is the stub's as soon as it runs next, and what another
stub is to run with is read before. While the emulated CPU runs a program, its own form of x87 and SSE is the state,
and what it knows nothing of stays in the last image.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import Final

from ring3.abi.kinds import Enum
from ring3.machine.host_cpu import ptrace
from ring3.machine.host_cpu.stub import Stub

LEGACY: Final = 512
"""Bytes of FXSAVE's part; the header follows."""
HEADER_END: Final = 576
_MOST: Final = 16384
"""XSTATE_BV: which components are not in their first state."""
_FEATURES: Final = 464
"""Where a register set has XCR0 (struct xregs_state's sw_reserved)."""
_X87_AND_SSE: Final = 3


class Place(Enum):
    """Where the state is."""

    STUB = "in a stub's registers"
    IMAGE = "in the image"
    EMULATOR = "in the emulated CPU; what that does not have is in the image"


class Vectors:
    """The state of the program whose registers are in the CPU.

    Attributes:
        clean: See `VectorState`.
        features: See `VectorState`.
        place: Where the state is.
    """

    is_state = False  # the CPU's, which tells of it

    def __init__(self, first: Stub, emulated: Callable[[], bytes]) -> None:
        """Takes a new process's state for the clean one.

        Args:
            first: A stub that has run no program.
            emulated: Gives the emulated CPU's x87 and SSE state as FXSAVE stores it.
        """
        self._buffer = (ctypes.c_uint8 * _MOST)()
        self._address = ctypes.addressof(self._buffer)
        self._vector = (ctypes.c_uint64 * 2)()
        self._emulated = emulated
        self._stub: Stub | None = first
        self.place = Place.STUB
        self._image = b""
        image = self.read()
        (self.features,) = struct.unpack_from("<Q", image, _FEATURES)
        self.clean = image[:_FEATURES] + bytes(HEADER_END - _FEATURES) + image[HEADER_END:]
        self.write(self.clean)

    def read(self) -> bytes:
        """The state now."""
        if self.place is Place.STUB:
            assert self._stub is not None
            self._vector[0], self._vector[1] = self._address, _MOST
            ptrace.request(
                ptrace.GETREGSET, self._stub.pid, ptrace.NT_X86_XSTATE, ctypes.addressof(self._vector)
            )
            self._image = ctypes.string_at(self._address, self._vector[1])
            self.place = Place.IMAGE  # and in the stub: see `enter`
        elif self.place is Place.EMULATOR:
            return self._merged()
        return self._image

    def write(self, image: bytes) -> None:
        """Sets it."""
        if self.place is not Place.IMAGE or image != self._image:
            self._image, self._stub = image, None
            self.place = Place.IMAGE

    def enter(self, stub: Stub) -> None:
        """A stub is about to run the program: the state goes into it, and changes there."""
        if self._stub is not stub or self.place is Place.EMULATOR:
            image = self.read()
            ctypes.memmove(self._address, image, len(image))
            self._vector[0], self._vector[1] = self._address, len(image)
            ptrace.request(ptrace.SETREGSET, stub.pid, ptrace.NT_X86_XSTATE, ctypes.addressof(self._vector))
            self._stub = stub
        self.place = Place.STUB

    def leave(self, stub: Stub) -> None:
        """A stub's registers are about to be lost."""
        if self._stub is stub:
            self.read()
            self._stub = None

    def emulate(self) -> bytes:
        """The emulated CPU is about to run the program: FXSAVE's part of the state, which is its own from now on."""
        image = self.read()
        self._stub, self.place = None, Place.EMULATOR
        return image[:LEGACY]

    def save(self) -> bytes:
        """The state as `load` takes it."""
        if self.place is Place.EMULATOR:
            return b"\1" + self._image
        return b"\0" + self.read()

    def load(self, saved: bytes) -> None:
        """Sets what `save` gave."""
        image = bytes(saved[1:])
        if saved[0]:
            self._image, self._stub, self.place = image, None, Place.EMULATOR
        else:
            self.write(image)

    def wider(self) -> bytes:
        """What the emulated CPU, which has the state, lacks of it: an image, or nothing if that is not in use."""
        (used,) = struct.unpack_from("<Q", self._image, LEGACY)
        return self._image if used & ~_X87_AND_SSE else b""

    def be_emulated(self, image: bytes) -> None:
        """The emulated CPU has the state, and this is what it does not have, as `wider` gives it."""
        self._image, self._stub, self.place = image or self.clean, None, Place.EMULATOR

    def _merged(self) -> bytes:
        """The emulated CPU's part, and from the image what it does not have."""
        (used,) = struct.unpack_from("<Q", self._image, LEGACY)
        legacy = self._emulated()
        rest = self._image[HEADER_END:]
        header = struct.pack("<Q", used | _X87_AND_SSE) + bytes(HEADER_END - LEGACY - 8)
        return legacy + header + rest
