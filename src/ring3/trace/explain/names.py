"""Names for the memory that ring 0 touches: fields of ``pt_regs`` and of the task, per-CPU variables, symbols."""

from __future__ import annotations

import re
from typing import Final

from ring3.image.linux.boot import L
from ring3.kernel.regs import NAMES
from ring3.linux.kernel import LinuxKernel
from ring3.linux.model.task import LinuxTask
from ring3.machine.descriptors import Tss
from ring3.machine.ram import PAGE_SIZE

PT_REGS: Final = {L[f"PT_{name.upper()}"]: name for name in NAMES}
"""The fields of ``struct pt_regs`` by their offset."""

TASK: Final = {
    L["TASK_FLAGS"]: "thread_info.flags",
    L["TASK_SYSCALL_WORK"]: "thread_info.syscall_work",
    L["TASK_LANDING_PAD"]: "current->landing_pad",
    L["TASK_STATUS"]: "thread_info.status",
}
"""What the entry code knows of a task, by its offset in ``task_struct``."""

_KERNEL_ADDRESS: Final = re.compile(r"0xffff[0-9a-f]{12}\b")
_TSS: Final = {Tss.rsp(ring): f"cpu_tss_rw.sp{ring}" for ring in range(3)}


class Names:
    """The names of one call of one task.

    Attributes:
        frames: Addresses of the ``pt_regs`` in use: the call's own, then those of exceptions met on the way.
    """

    def __init__(self, kernel: LinuxKernel, task: LinuxTask) -> None:
        self._symbols = kernel.image.symbols
        self._tss = self._symbols["cpu_tss_rw"]
        self._gdt = self._symbols["gdt_page"]
        self._top = task.stack_top
        self.frames = [task.stack_top - kernel.frame_size]

    def memory(self, address: int) -> str:
        """What lies at an address of the kernel half, "" if that has no name."""
        for depth, frame in enumerate(self.frames):
            field = PT_REGS.get(address - frame)
            if field is not None:
                return f"pt_regs->{field}" if not depth else f"exception's pt_regs->{field}"
        if self._top - PAGE_SIZE <= address < self._top:
            return TASK.get(address - (self._top - L["THREAD_SIZE"]), "")
        if 0 <= address - self._gdt < L["PCPU_TSS"]:
            return f"gdt_page+{address - self._gdt:#x}"
        if address - self._tss in _TSS:
            return _TSS[address - self._tss]
        return self.code(address)

    def annotated(self, text: str) -> str:
        """A text with the symbol behind each kernel address that has one."""

        def named(found: re.Match[str]) -> str:
            symbol = self.code(int(found[0], 16))
            return f"{found[0]} <{symbol}>" if symbol else found[0]

        return _KERNEL_ADDRESS.sub(named, text)

    def code(self, address: int) -> str:
        """An address as ``symbol+0x1d``, "" outside of the kernel's symbols."""
        text = self._symbols.describe(address)
        return "" if text.startswith("0x") else text

    def all_at(self, address: int) -> tuple[str, ...]:
        """All symbols exactly at an address, the one it is called by first."""
        first = self._symbols.name(address)
        others = sorted(name for name, at in self._symbols if at == address and name != first)
        return (first, *others) if first is not None else ()
