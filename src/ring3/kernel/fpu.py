"""The x87 and SSE state of the running task: cleared, and as signal frames and ptrace have it.

The conversion is that of the CPU: a few instructions of the image, run in ring 0 on a page of their own. A CPU that has
XSAVE has an `linux.x86.xsave.XsaveFpu` instead.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.signals import FpeCode
from ring3.errors import KernelPanic
from ring3.machine.cpu import Event
from ring3.machine.registers import Gpr, Vector

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.mm.mm import Mm

FXSAVE: Final = 512
"""Bytes of an FXSAVE image."""
FXSAVE_ALIGNED: Final = 15
"""The bits of its address that are 0."""
MXCSR_MASK: Final = 0xFFFF
"""The bits of MXCSR that exist (SDM 1, 10.2.3)."""
_EXCEPTIONS: Final = (
    (0x01, FpeCode.FPE_FLTINV),
    (0x04, FpeCode.FPE_FLTDIV),
    (0x08, FpeCode.FPE_FLTOVF),
    (0x12, FpeCode.FPE_FLTUND),
    (0x20, FpeCode.FPE_FLTRES),
)
"""Flags, and the code of whichever comes first (fpu__exception_code of arch/x86/kernel/fpu/core.c)."""


def read_legacy(memory: Mm, address: int, extra: int) -> bytes:
    """FXSAVE's part of what a signal frame has; see `Fpu.restore_frame`."""
    image = memory.read(address + extra, FXSAVE)
    (mxcsr,) = struct.unpack_from("<I", image, 24)
    if mxcsr & ~MXCSR_MASK or (not extra and address & FXSAVE_ALIGNED):
        raise Errno(E.EFAULT)
    if not extra:
        return image
    from ring3.kernel.fsave import fxsave  # noqa: PLC0415 -- what frames of 64 bits do not need

    return fxsave(memory.read(address, extra), mxcsr, image[160:])


class FpuCode(NamedTuple):
    """Where an image has the instructions, each followed by hlt, and what ring 0 runs them with.

    Attributes:
        save: The symbol of fxsave64 of rdi.
        restore: The symbol of fxrstor64 of rdi.
        code: Selector of the code segment.
        data: Selector of the stack segment.
    """

    save: str
    restore: str
    code: int
    data: int


class Fpu:
    """The floating-point state of whichever task runs.

    Attributes:
        frame_size: Bytes of it in a signal frame.
        has_xsave: Whether that is an XSAVE image.
    """

    frame_size: int = FXSAVE
    has_xsave: bool = False

    def __init__(self, kernel: Kernel[Any], code: FpuCode) -> None:
        """Takes the state that the CPU has now for the one that programs start with."""
        self._kernel = kernel
        self._code = code
        self._cpu = kernel.machine.cpu
        self._page = kernel.machine.ram.alloc()
        self._clean = bytes(self._cpu.fpu())
        self._saved = b"", b""  # what `save` found last, and made of it: most handlers leave it as it is

    def clear(self) -> None:
        """Goes back to the state that a program starts with."""
        self._cpu.fpu()[:] = self._clean

    def save(self) -> bytes:
        """The state as fxsave64 stores it: 512 bytes."""
        state = bytes(self._cpu.fpu())
        if state != self._saved[0]:
            self._saved = state, self._run(self._code.save, bytes(512))
        return self._saved[1]

    def restore(self, image: bytes) -> None:
        """Sets the state from such an image; reserved bits of MXCSR are cleared."""
        if self._is_saved(image):
            return
        mxcsr = int.from_bytes(image[24:28], "little") & MXCSR_MASK
        self._run(self._code.restore, image[:24] + mxcsr.to_bytes(4, "little") + image[28:])

    def _is_saved(self, image: bytes) -> bool:
        """Goes back to what `save` found last if the image is what it made of that."""
        if image != self._saved[1]:
            return False
        self._cpu.fpu()[:] = self._saved[0]
        return True

    def frame(self, extra: int = 0) -> bytes:
        """What a signal frame has of it: `frame_size` bytes; ``extra`` is for frames with a longer image."""
        return self.save()

    def restore_frame(self, memory: Mm, address: int, extra: int = 0) -> None:
        """Goes back to what a signal frame has.

        Args:
            memory: The task's.
            address: Where the frame has it.
            extra: Bytes of FSAVE's image before the other one: the x87's state, where there are any.

        Raises:
            Errno: EFAULT, it cannot be read, or the processor would refuse it.
        """
        if extra or address & FXSAVE_ALIGNED or not self._is_saved(memory.read(address, FXSAVE)):
            self.restore(read_legacy(memory, address, extra))

    def xsave(self) -> bytes:
        """The state as a register set has it (NT_X86_XSTATE).

        Raises:
            Errno: ENODEV, the CPU has no XSAVE.
        """
        raise Errno(E.ENODEV)

    def xrstor(self, image: bytes) -> None:
        """Sets the state from such an image.

        Raises:
            Errno: ENODEV, the CPU has no XSAVE.
        """
        raise Errno(E.ENODEV)

    def exception_code(self, vector: int) -> int:
        """``si_code`` for the flags that are set and not masked, of the x87 after #MF, else of MXCSR; 0 for none."""
        image = self.save()
        if vector == Vector.MF:
            control, status = struct.unpack_from("<HH", image)
            raised = status & ~control
        else:
            (mxcsr,) = struct.unpack_from("<I", image, 24)
            raised = mxcsr & ~(mxcsr >> 7)
        return next((int(code) for flags, code in _EXCEPTIONS if raised & flags), 0)

    def _run(self, symbol: str, buffer: bytes) -> bytes:
        """Runs a few instructions of the image on a buffer in rdi; only the floating-point state is changed."""
        kernel, cpu, ram = self._kernel, self._cpu, self._kernel.machine.ram
        kept = cpu.save()
        if cpu.cpl == 3:
            kernel.enter_ring0(0, 0, self._code.code, self._code.data)
        ram.bytes[self._page : self._page + len(buffer)] = buffer
        cpu.rip = kernel.image.symbols[symbol]
        cpu.set_gpr(Gpr.RDI, kernel.machine.direct_map + self._page)
        stop = cpu.run()
        if stop is not Event.HALT:
            raise KernelPanic(f"{symbol} stopped with {stop}", kernel.cpu_text())
        state = bytes(cpu.fpu())
        cpu.load(kept)
        cpu.fpu()[:] = state
        return bytes(ram.bytes[self._page : self._page + len(buffer)])
