"""The floating-point and vector state of a CPU with XSAVE: nothing is converted, and signal frames hold all of it.

What frames look like: arch/x86/kernel/fpu/signal.c and arch/x86/include/uapi/asm/sigcontext.h. An image is followed
by a mark, and FXSAVE's reserved bytes say how long it is, so that a handler's copy of FXSAVE's part alone is known
for one.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.kernel.fpu import FXSAVE, MXCSR_MASK, Fpu
from ring3.machine.cpu import VectorState

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm

HEADER_END: Final = 576
"""Where the header ends that follows FXSAVE's part."""
SW_RESERVED: Final = 464
"""Where ``struct _fpx_sw_bytes`` lies."""
FP_XSTATE_MAGIC1: Final = 0x46505853
FP_XSTATE_MAGIC2: Final = 0x46505845
MAGIC2_SIZE: Final = 4
_SW_BYTES: Final = struct.Struct("<IIQI28x")
_X87_AND_SSE: Final = 3


class XsaveFpu(Fpu):
    """The state of whichever task runs, of x87, SSE and all wider registers."""

    has_xsave: bool = True

    def __init__(self, vectors: VectorState) -> None:
        self._vectors = vectors
        self._size = len(vectors.clean)
        self.frame_size: int = self._size + MAGIC2_SIZE

    def clear(self) -> None:
        """Goes back to the state that a program starts with."""
        self._vectors.write(self._vectors.clean)

    def save(self) -> bytes:
        """The state as fxsave64 stores it: 512 bytes."""
        return self._vectors.read()[:SW_RESERVED] + bytes(FXSAVE - SW_RESERVED)

    def restore(self, image: bytes) -> None:
        """Sets the state from such an image; the wider registers are cleared."""
        state = self._vectors.clean[HEADER_END:]
        self._write(image[:SW_RESERVED], _X87_AND_SSE, state)

    def xsave(self) -> bytes:
        """The state as a register set has it (NT_X86_XSTATE)."""
        image = self._vectors.read()
        features = struct.pack("<Q", self._vectors.features)
        return image[:SW_RESERVED] + features.ljust(FXSAVE - SW_RESERVED, b"\0") + image[FXSAVE:]

    def xrstor(self, image: bytes) -> None:
        """Sets the state from such an image; components that the processor lacks are ignored."""
        (used,) = struct.unpack_from("<Q", image, FXSAVE)
        self._write(image[:SW_RESERVED], used, image[HEADER_END : self._size])

    def frame(self, extra: int = 0) -> bytes:
        """What a signal frame has of it: the image, and the marks by which programs know it.

        Args:
            extra: Bytes of the frame's image that lie before it.
        """
        image = self._vectors.read()
        marks = _SW_BYTES.pack(FP_XSTATE_MAGIC1, self.frame_size + extra, self._vectors.features, self._size)
        return image[:SW_RESERVED] + marks + image[FXSAVE:] + struct.pack("<I", FP_XSTATE_MAGIC2)

    def restore_frame(self, memory: Mm, address: int) -> None:
        """Goes back to what a signal frame has; without the marks FXSAVE's part alone (check_xstate_in_sigframe).

        Raises:
            Errno: EFAULT, it cannot be read.
        """
        image = memory.read(address, FXSAVE)
        magic, extended, features, size = _SW_BYTES.unpack_from(image, SW_RESERVED)
        if magic != FP_XSTATE_MAGIC1 or not HEADER_END <= size <= min(self._size, extended):
            self.restore(image)
            return
        if memory.read_u32(address + size) != FP_XSTATE_MAGIC2:
            self.restore(image)
            return
        image = memory.read(address, size)
        (used,) = struct.unpack_from("<Q", image, FXSAVE)
        self._write(image[:SW_RESERVED], used & features, image[HEADER_END:])

    def _write(self, legacy: bytes, used: int, rest: bytes) -> None:
        """Sets the state, with nothing in it that a processor refuses."""
        mxcsr = int.from_bytes(legacy[24:28], "little") & MXCSR_MASK
        header = struct.pack("<Q", used & self._vectors.features).ljust(HEADER_END - FXSAVE, b"\0")
        rest += self._vectors.clean[HEADER_END + len(rest) :]
        self._vectors.write(
            legacy[:24]
            + mxcsr.to_bytes(4, "little")
            + legacy[28:]
            + bytes(FXSAVE - SW_RESERVED)
            + header
            + rest
        )
