"""The segment registers of programs, and the descriptors in the GDT that are those of the lwp that runs.

A 64-bit program has code of 64 bits and no data segments; a 32-bit one has flat segments, and reaches its thread's
data by GS: the selector is LWPGS_SEL for every lwp, and the descriptor behind it is exchanged when lwps are.

Sources: usr/src/uts/intel/ia32/os/desctbls.c (gdt_ucode_model, gdt_update_usegd), syscall/lwp_private.c,
intel/amd64/sys/privregs.h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.image.solaris.boot import U32CODE, U32CODE_OFF, UCODE, UCODE_OFF, UDATA, L
from ring3.machine.descriptors import Segment
from ring3.machine.registers import Seg

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.task import SolarisTask

FS: Final = 0
GS: Final = 1
SELECTORS: Final = (L["LWPFS_SEL"], L["LWPGS_SEL"])
"""The selectors of private segments: of FS, and of GS."""
NO_SEGMENT: Final = Segment(0, 0, 0, 0)


def _word(segment: Segment) -> int:
    return int.from_bytes(segment.to_bytes(), "little")


_CODE: Final = {
    True: (_word(U32CODE), _word(UCODE_OFF)),
    False: (_word(U32CODE_OFF), _word(UCODE)),
}
"""The descriptors of U32CS_SEL and UCS_SEL while an lwp of 32 bits runs, or one of 64."""
_PRIVATE: Final = tuple(selector >> 3 for selector in SELECTORS)


def describe_lwp(task: SolarisTask) -> None:
    """Puts an lwp's descriptors into the GDT."""
    kernel = task.kernel
    q, gdt = kernel.machine.ram.q, kernel.solaris.gdt >> 3
    q[gdt + (L["U32CS_SEL"] >> 3)], q[gdt + (L["UCS_SEL"] >> 3)] = _CODE[task.ilp32]
    for at, base in zip(_PRIVATE, task.private, strict=True):
        q[gdt + at] = _word(UDATA._replace(base=base))


def load_data_segments(kernel: SolarisKernel, ilp32: bool) -> None:
    """Sets DS, ES, FS and GS of the lwp in the CPU as a program finds them (setregs)."""
    data = (L["UDS_SEL"], UDATA) if ilp32 else (0, NO_SEGMENT)
    for segment in (Seg.DS, Seg.ES):
        kernel.load_user_segment(segment, *data)
    for segment in (Seg.FS, Seg.GS):
        kernel.load_user_segment(segment, 0, NO_SEGMENT)


def set_private(task: SolarisTask, which: int, base: int) -> int:
    """Makes FS or GS of the lwp in the CPU, of 32 bits, a segment that begins at a base; returns its selector."""
    task.private[which] = base & 0xFFFF_FFFF
    describe_lwp(task)
    segment = UDATA._replace(base=task.private[which])
    task.kernel.load_user_segment(Seg.FS if which == FS else Seg.GS, SELECTORS[which], segment)
    return SELECTORS[which]
