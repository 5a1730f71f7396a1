"""A task's user registers while it is in the kernel.

On the full path they are the ``pt_regs`` that the entry code pushed on the kernel stack, in guest RAM. On the short
path they never left the CPU. Both look the same to whoever reads or changes them: `UserRegs`, with the names of
Linux's ``struct pt_regs``; every value is an unsigned 64-bit number.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Final, Protocol, cast

from ring3.machine.cpu import Cpu
from ring3.machine.descriptors import Segment
from ring3.machine.registers import Gpr, Seg

NAMES: Final = (
    "r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di",
    "orig_ax", "ip", "cs", "flags", "sp", "ss",
)  # fmt: skip
"""The registers in the order in which Linux's ``struct pt_regs`` has them."""

GPRS: Final = (
    "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "ip",
)  # fmt: skip
"""The general registers in the order of their encodings, then the instruction pointer: `UserRegs.gprs`."""
_OTHERS: Final = tuple(name for name in NAMES if name not in GPRS)
_M64: Final = (1 << 64) - 1


class UserRegs(Protocol):
    """The registers with which ring 3 will go on."""

    r15: int
    r14: int
    r13: int
    r12: int
    bp: int
    bx: int
    r11: int
    r10: int
    r9: int
    r8: int
    ax: int
    cx: int
    dx: int
    si: int
    di: int
    orig_ax: int
    ip: int
    cs: int
    flags: int
    sp: int
    ss: int

    def gprs(self) -> Sequence[int]:
        """Those of `GPRS`, at once."""

    def set_gprs(self, values: Sequence[int]) -> None:
        """Sets those of `GPRS`; each value is less than 2**64."""


class _Frame:
    """Registers in a frame in RAM: words, and the index of the frame's first word."""

    __slots__ = ("base", "words")

    def __init__(self, words: memoryview, base: int) -> None:
        self.words = words
        self.base = base


class FrameType(Protocol):
    """Makes the registers of a frame that lies at a word index in RAM."""

    def __call__(self, words: memoryview, base: int) -> UserRegs:
        """The registers at ``words[base]`` and up."""


def frame_type(slots: Mapping[str, int], module: str = __name__, name: str = "FrameRegs") -> FrameType:
    """The class of register frames with the given layout.

    Args:
        slots: Byte offset of each name in `NAMES`.
        module: The module that has the class.
        name: Its name there, by which a snapshot in a file finds it.
    """

    def field(offset: int) -> property:
        index = offset >> 3

        def read(frame: _Frame) -> int:
            return frame.words[frame.base + index]

        def write(frame: _Frame, value: int) -> None:
            frame.words[frame.base + index] = value & _M64

        return property(read, write)

    places = [slots[name] >> 3 for name in GPRS]
    end = max(places) + 1
    pick = itemgetter(*places)

    def gprs(frame: _Frame) -> Sequence[int]:
        picked: Sequence[int] = pick(frame.words[frame.base : frame.base + end].tolist())
        return picked

    def set_gprs(frame: _Frame, values: Sequence[int]) -> None:
        words, base = frame.words, frame.base
        for place, value in zip(places, values, strict=True):
            words[base + place] = value

    body: dict[str, object] = {"__slots__": (), "gprs": gprs, "set_gprs": set_gprs}
    body.update((name, field(slots[name])) for name in NAMES)
    return cast(FrameType, type(name, (_Frame,), {**body, "__module__": module}))


def copy_regs(source: UserRegs, target: UserRegs) -> None:
    """Makes ``target`` equal to ``source``."""
    target.set_gprs(source.gprs())
    for name in _OTHERS:
        setattr(target, name, getattr(source, name))


def describe(regs: UserRegs) -> str:
    """The registers as a few lines of text, for a panic."""
    return "\n".join(
        "  ".join(f"{name:>7}={getattr(regs, name):016x}" for name in NAMES[start : start + 4])
        for start in range(0, len(NAMES), 4)
    )


def _window_gpr(number: int) -> property:
    def read(regs: WindowRegs) -> int:
        return regs.words[regs.base + number]

    def write(regs: WindowRegs, value: int) -> None:
        regs.words[regs.base + number] = value & _M64

    return property(read, write)


class WindowRegs:
    """Registers that are still in the CPU: what the short path works on.

    Attributes:
        orig_ax: The system call's number, as the entry code would have pushed it.
        by_iret: CS or SS was changed: only ``iret`` can give the registers back.
    """

    __slots__ = ("_cpu", "_flags", "_segments", "base", "by_iret", "orig_ax", "words")

    def __init__(self, cpu: Cpu, segments: Mapping[int, Segment]) -> None:
        """Binds to a CPU.

        Args:
            cpu: The processor.
            segments: Descriptors of the selectors that user code runs with.
        """
        self._cpu = cpu
        self._segments = segments
        self._flags = cpu.flags
        self.words = cpu.words
        self.base = cpu.base
        self.orig_ax = 0
        self.by_iret = False

    ax = _window_gpr(Gpr.RAX)
    cx = _window_gpr(Gpr.RCX)
    dx = _window_gpr(Gpr.RDX)
    bx = _window_gpr(Gpr.RBX)
    sp = _window_gpr(Gpr.RSP)
    bp = _window_gpr(Gpr.RBP)
    si = _window_gpr(Gpr.RSI)
    di = _window_gpr(Gpr.RDI)
    r8 = _window_gpr(8)
    r9 = _window_gpr(9)
    r10 = _window_gpr(10)
    r11 = _window_gpr(11)
    r12 = _window_gpr(12)
    r13 = _window_gpr(13)
    r14 = _window_gpr(14)
    r15 = _window_gpr(15)
    ip = _window_gpr(16)

    def gprs(self) -> Sequence[int]:
        """Those of `GPRS`, at once."""
        return self.words[self.base : self.base + len(GPRS)].tolist()

    def set_gprs(self, values: Sequence[int]) -> None:
        """Sets those of `GPRS`; each value is less than 2**64."""
        self.words[self.base : self.base + len(GPRS)] = array("Q", values)

    @property
    def flags(self) -> int:
        """RFLAGS."""
        return self._flags[0]

    @flags.setter
    def flags(self, value: int) -> None:
        self._cpu.rflags = value

    @property
    def cs(self) -> int:
        """Code segment selector."""
        return self._cpu.selector(Seg.CS)

    @cs.setter
    def cs(self, value: int) -> None:
        self._set_selector(Seg.CS, value)

    @property
    def ss(self) -> int:
        """Stack segment selector."""
        return self._cpu.selector(Seg.SS)

    @ss.setter
    def ss(self, value: int) -> None:
        self._set_selector(Seg.SS, value)

    def _set_selector(self, segment: Seg, value: int) -> None:
        if self._cpu.selector(segment) != value & 0xFFFF:
            self._cpu.load_segment(
                segment, value & 0xFFFF, self._segments.get(value & 0xFFFF, Segment(0, 0, 0, 0))
            )
            self.by_iret = True
