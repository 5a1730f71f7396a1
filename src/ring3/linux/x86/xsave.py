"""The floating-point and vector state of a CPU with XSAVE: nothing is converted, and signal frames hold all of it.

What frames look like: arch/x86/kernel/fpu/signal.c and arch/x86/include/uapi/asm/sigcontext.h. An image is followed
by a mark, and FXSAVE's reserved bytes say how long it is, so that a handler's copy of FXSAVE's part alone is known
for one.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.kernel.fpu import FXSAVE, MXCSR_MASK, Fpu, read_legacy
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
_XSAVE_ALIGNED: Final = 63
"""The bits of an image's address that are 0."""


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
        (used,) = struct.unpack_from("<Q", image, FXSAVE)
        used |= _X87_AND_SSE  # a handler that knows of FXSAVE alone changes them without a word (save_xstate_epilog)
        return (
            image[:SW_RESERVED]
            + marks
            + struct.pack("<Q", used)
            + image[FXSAVE + 8 :]
            + struct.pack("<I", FP_XSTATE_MAGIC2)
        )

    def restore_frame(self, memory: Mm, address: int, extra: int = 0) -> None:
        """Goes back to what a signal frame has; without the marks FXSAVE's part alone (check_xstate_in_sigframe).

        Raises:
            Errno: EFAULT, it cannot be read, or is what XRSTOR refuses (SDM 1, 13.8; a frame of 32 bits is looked at
                by the kernel: validate_user_xstate_header).
        """
        legacy = read_legacy(memory, address, extra)
        magic, extended, features, size = _SW_BYTES.unpack_from(legacy, SW_RESERVED)
        at = address + extra
        if (
            magic != FP_XSTATE_MAGIC1
            or not HEADER_END <= size <= min(self._size, extended)
            or memory.read_u32(at + size) != FP_XSTATE_MAGIC2
        ):
            self.restore(legacy)
            return
        image = memory.read(at, size)
        (used,) = struct.unpack_from("<Q", image, FXSAVE)
        reserved = image[FXSAVE + 8 : HEADER_END if extra else FXSAVE + 24]
        if used & ~self._vectors.features or any(reserved) or (not extra and address & _XSAVE_ALIGNED):
            raise Errno(E.EFAULT)
        self._write(legacy[:SW_RESERVED], used & features, image[HEADER_END:])

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
