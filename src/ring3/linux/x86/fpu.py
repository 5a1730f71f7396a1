"""The floating-point state of the running task, by whichever CPU it runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ring3.image.linux.boot import L
from ring3.kernel.fpu import Fpu, FpuCode

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel


def make_fpu(kernel: Kernel[Any]) -> Fpu:
    """What knows the floating-point state of the kernel's CPU."""
    vectors = kernel.machine.cpu.vectors
    if vectors is None:
        return Fpu(kernel, FpuCode("fpu__save", "fpu__restore", L["KERNEL_CS"], L["KERNEL_DS"]))
    from ring3.linux.x86.xsave import XsaveFpu  # noqa: PLC0415 -- not every CPU has it

    return XsaveFpu(vectors)
