"""A thread's registers by name, in the way its program has them or in the way the CPU has them.

A thread that stands in the kernel has two sets: those of its program, which lie on its kernel stack, and those that
ring 0's code works with. `UserRegisters` are the first, `CpuRegisters` the second; in ring 3 they are the same but for
``orig_rax``, which the CPU does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ring3.kernel.regs import NAMES
from ring3.machine.cpu import Cpu
from ring3.machine.msr import Msr
from ring3.machine.registers import Gpr, Seg

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.task import Task

GENERAL: Final = (
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip
"""The general registers, in the order in which debuggers list them."""
SEGMENTS: Final = ("cs", "ss", "ds", "es", "fs", "gs")
BASES: Final = ("fs_base", "gs_base", "k_gs_base")
CONTROL: Final = ("cr0", "cr2", "cr3", "cr4", "cr8", "efer")
ALL: Final = (*GENERAL, "rip", "rflags", *SEGMENTS, *BASES, "orig_rax", *CONTROL)
_M64: Final = (1 << 64) - 1
_GPR: Final = {name: int(Gpr[name.upper()]) for name in GENERAL}
_SEG: Final = {name: Seg[name.upper()] for name in SEGMENTS}
_FRAME: Final = {
    {"ip": "rip", "flags": "rflags", "cs": "cs", "ss": "ss", "orig_ax": "orig_rax"}.get(
        name, name if name[1:].isdigit() else f"r{name}"
    ): name
    for name in NAMES
}
"""What `kernel.regs` calls the registers that a frame on the kernel stack has."""


class CpuRegisters:
    """The registers that the CPU has, or will have again, when it runs a thread.

    Values are unsigned. A name that is none is a KeyError.
    """

    def __init__(self, kernel: Kernel[Any], task: Task) -> None:
        self._kernel = kernel
        self._task = task
        self._cpu = kernel.machine.cpu

    def __getitem__(self, name: str) -> int:
        """The value of a register of `ALL`."""
        with self.loaded():
            return self._get(name)

    def __setitem__(self, name: str, value: int) -> None:
        """Sets a register.

        Raises:
            ValueError: A debugger cannot set it.
        """
        with self.loaded(keep=True):
            self._set(name, value)

    def values(self, names: tuple[str, ...]) -> list[int]:
        """Several at once, which costs little more than one."""
        with self.loaded():
            return [self._get(name) for name in names]

    @property
    def pc(self) -> int:
        """The address of the next instruction."""
        return self["rip"]

    @pc.setter
    def pc(self, value: int) -> None:
        self["rip"] = value

    @property
    def ring(self) -> int:
        """The privilege level."""
        with self.loaded():
            return self._cpu.cpl

    @property
    def long_mode(self) -> bool:
        """Whether the next instruction is 64-bit code."""
        with self.loaded():
            return self._cpu.long_mode

    @contextmanager
    def loaded(self, *, keep: bool = False) -> Iterator[Cpu]:
        """Has the thread's registers in the CPU for a moment, where they are not there anyway."""
        cpu, task = self._cpu, self._task
        if self._kernel.current is task:
            yield cpu
            return
        before = cpu.save()
        cpu.load(task.saved)
        try:
            yield cpu
            if keep:
                task.saved = cpu.save()
        finally:
            cpu.load(before)

    def _get(self, name: str) -> int:
        cpu = self._cpu
        number = _GPR.get(name)
        if number is not None:
            return cpu.gpr(number)
        if name in _SEG:
            return cpu.selector(_SEG[name])
        return _GETTERS[name](cpu)

    def _set(self, name: str, value: int) -> None:
        cpu = self._cpu
        number = _GPR.get(name)
        if number is not None:
            cpu.set_gpr(number, value)
        elif name == "rip":
            cpu.rip = value
        elif name == "rflags":
            cpu.rflags = value & _M64
        elif name in _BASE_MSRS:
            cpu.wrmsr(_BASE_MSRS[name], value)
            self._kernel.machine.on_change()
        elif name in ("cr0", "cr4"):
            cpu.set_control(int(name[2]), value)
        elif name == "cr2":
            cpu.cr2 = value
        elif self._get(name) != value & _M64:
            raise ValueError(f"{name} cannot be set")


_BASE_MSRS: Final = {
    "fs_base": Msr.MSR_FS_BASE,
    "gs_base": Msr.MSR_GS_BASE,
    "k_gs_base": Msr.MSR_KERNEL_GS_BASE,
}
_GETTERS: Final[dict[str, Callable[[Cpu], int]]] = {
    "rip": lambda cpu: cpu.rip,
    "rflags": lambda cpu: cpu.rflags,
    "fs_base": lambda cpu: cpu.fs_base,
    "gs_base": lambda cpu: cpu.gs_base,
    "k_gs_base": lambda cpu: cpu.rdmsr(Msr.MSR_KERNEL_GS_BASE),
    "orig_rax": lambda cpu: _M64,
    "cr0": lambda cpu: cpu.control(0),
    "cr2": lambda cpu: cpu.cr2,
    "cr3": lambda cpu: cpu.cr3,
    "cr4": lambda cpu: cpu.control(4),
    "cr8": lambda cpu: 0,
    "efer": lambda cpu: cpu.rdmsr(Msr.MSR_EFER),
}


class UserRegisters(CpuRegisters):
    """The registers of a thread's program, wherever the thread stands."""

    @property
    def ring(self) -> int:
        """Programs run in ring 3."""
        return 3

    def _get(self, name: str) -> int:
        task = self._task
        if self._cpu.cpl == 3:
            if name == "orig_rax" and task.pending is not None:
                return int(getattr(task, "orig_ax", _M64))  # it waits in a call of the short path
        elif name in _FRAME:
            return int(getattr(task.frame, _FRAME[name]))
        elif name == "gs_base":
            name = "k_gs_base"
        elif name == "k_gs_base":
            name = "gs_base"
        return super()._get(name)

    def _set(self, name: str, value: int) -> None:
        task = self._task
        if self._cpu.cpl != 3:
            if name in _FRAME:
                setattr(task.frame, _FRAME[name], value)
                return
            name = {"gs_base": "k_gs_base", "k_gs_base": "gs_base"}.get(name, name)
        super()._set(name, value)
