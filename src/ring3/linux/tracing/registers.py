"""The registers of a stopped tracee, in the layouts that ptrace(2) shows.

``struct user_regs_struct`` of both widths: arch/x86/include/asm/user_64.h and user_32.h; ``struct user`` for PEEKUSER;
register sets by their note types (include/uapi/linux/elf.h).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.structs.files import IOVEC
from ring3.abi.linux.structs.tracing import USER_REGS, USER_REGS32
from ring3.kernel.fpu import MXCSR_MASK
from ring3.kernel.fsave import SIZE as FSAVE
from ring3.kernel.fsave import fsave, fxsave
from ring3.kernel.mm.layout import TASK_SIZE_64
from ring3.linux.cpu_context import load_user_segment
from ring3.linux.signals.frame64 import FIXABLE_FLAGS
from ring3.linux.tracing import debug_registers, stepping
from ring3.machine.registers import Flags, Seg

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

NAMES64: Final = tuple(place.field.name for place in USER_REGS.layout(64).places)
NAMES32: Final = tuple(place.field.name for place in USER_REGS32.layout(32).places)
SIZE64: Final = USER_REGS.size(64)
SIZE32: Final = USER_REGS32.size(32)
_SEGMENTS: Final = {"ds": Seg.DS, "es": Seg.ES, "fs": Seg.FS, "gs": Seg.GS}
_BASES: Final = ("fs_base", "gs_base")
USER_SIZE64: Final = 928
USER_SIZE32: Final = 288
"""Bytes of ``struct user`` that can be asked for; of that of i386 one word more than there is (getreg32)."""
DEBUG_REGISTERS: Final = {8: range(848, 912), 4: range(252, 284)}
"""Where the debug registers are in it, by the size of a word."""
NT_PRSTATUS: Final = 1
NT_FPREGSET: Final = 2
NT_PRXFPREG: Final = 0x46E6_2B7F
NT_X86_XSTATE: Final = 0x202
_ABSENT_SETS: Final = {0x201: E.ENXIO, NT_X86_XSTATE: E.ENODEV}
"""NT_386_IOPERM of a thread that has no such map; NT_X86_XSTATE on a CPU without XSAVE."""
ARCH_SETTERS: Final = {0x1001: "gs_base", 0x1002: "fs_base"}
ARCH_GETTERS: Final = {0x1003: "fs_base", 0x1004: "gs_base"}
FXSAVE: Final = 512
_FLAGS: Final = FIXABLE_FLAGS | Flags.NT


@contextmanager
def _on_cpu(task: LinuxTask) -> Iterator[None]:
    """Puts a stopped thread's state into the CPU for a moment: what is not on its kernel stack."""
    cpu = task.kernel.machine.cpu
    kept = cpu.save()
    cpu.load(task.saved)
    try:
        yield
        task.saved = cpu.save()
    finally:
        cpu.load(kept)


def read(task: LinuxTask, names: tuple[str, ...]) -> list[int]:
    """Registers of a stopped thread by name."""
    cpu = task.kernel.machine.cpu
    with _on_cpu(task):
        special = {name: cpu.selector(segment) for name, segment in _SEGMENTS.items()}
        special["fs_base"], special["gs_base"] = cpu.fs_base, cpu.rdmsr(task.kernel.user_gs_msr())
    special["flags"] = stepping.shown_flags(task)
    return [special[name] if name in special else getattr(task.regs, name) for name in names]


def write(task: LinuxTask, values: dict[str, int]) -> None:
    """Sets registers of a stopped thread.

    Raises:
        Errno: EIO, a selector that ring 3 must not have, or a base beyond user memory.
    """
    for name in ("cs", "ss"):
        if name in values and values[name] & 3 != 3:
            raise Errno(E.EIO)
    if any(values.get(name, 0) >= (1 << 47) - 4096 for name in _BASES):
        raise Errno(E.EIO)
    special = {name: values[name] for name in (*_SEGMENTS, *_BASES) if name in values}
    for name, value in values.items():
        if name == "flags":
            stepping.set_flags(task, value, _FLAGS)
        elif name not in special:
            setattr(task.regs, name, value)
    if special:
        _write_segments(task, special)


def _write_segments(task: LinuxTask, values: dict[str, int]) -> None:
    """Sets selectors and segment bases of a stopped thread, by name."""
    cpu = task.kernel.machine.cpu
    with _on_cpu(task):
        for name, segment in _SEGMENTS.items():
            if name in values and cpu.selector(segment) != values[name] & 0xFFFF:
                load_user_segment(task, segment, values[name] & 0xFFFF)
        if "fs_base" in values:
            cpu.fs_base = values["fs_base"]
        if "gs_base" in values:
            cpu.wrmsr(task.kernel.user_gs_msr(), values["gs_base"])


def _pack(task: LinuxTask, narrow: bool) -> bytes:
    if narrow:
        return USER_REGS32.pack(32, *(value & 0xFFFF_FFFF for value in read(task, NAMES32)))
    return USER_REGS.pack(64, *read(task, NAMES64))


def _unpack(task: LinuxTask, raw: bytes, narrow: bool) -> None:
    row, names, bits = (USER_REGS32, NAMES32, 32) if narrow else (USER_REGS, NAMES64, 64)
    whole = row.form(bits).unpack(raw.ljust(row.size(bits), b"\0"))
    values = dict(zip(names[: len(raw) // (bits // 8)], whole, strict=False))
    if narrow and "orig_ax" in values and values["orig_ax"] == 0xFFFF_FFFF:
        values["orig_ax"] = (1 << 64) - 1
    write(task, values)


def _fpregs(task: LinuxTask) -> bytes:
    with _on_cpu(task):
        return task.kernel.fpu.save()


def _set_fpregs(task: LinuxTask, raw: bytes) -> None:
    if int.from_bytes(raw[24:28], "little") & ~MXCSR_MASK:
        raise Errno(E.EINVAL)
    with _on_cpu(task):
        task.kernel.fpu.restore(raw)


def _fpregs32(task: LinuxTask) -> bytes:
    """``struct user_i387_ia32_struct``: segments of the last instruction are told by what the thread has now."""
    cs, ds = read(task, ("cs", "ds"))
    image = bytearray(fsave(_fpregs(task))[:FSAVE])
    struct.pack_into("<I", image, 16, cs)
    struct.pack_into("<I", image, 24, ds | 0xFFFF_0000)
    return bytes(image)


def _set_fpregs32(task: LinuxTask, raw: bytes) -> None:
    image = _fpregs(task)
    (mxcsr,) = struct.unpack_from("<I", image, 24)
    _set_fpregs(task, fxsave(raw, mxcsr, image[160:]))


def _xstate(task: LinuxTask) -> bytes:
    with _on_cpu(task):
        return task.kernel.fpu.xsave()


def _set_xstate(task: LinuxTask, raw: bytes) -> None:
    with _on_cpu(task):
        task.kernel.fpu.xrstor(raw)


def _arch_prctl(task: LinuxTask, target: LinuxTask, option: int, address: int) -> int:
    """PTRACE_ARCH_PRCTL: arch_prctl(2) of the bases, for another thread (do_arch_prctl_64)."""
    if option in ARCH_SETTERS:
        if address >= TASK_SIZE_64:
            raise Errno(E.EPERM)
        write(target, {ARCH_SETTERS[option]: address})
    elif option in ARCH_GETTERS:
        task.memory.write_u64(address, read(target, (ARCH_GETTERS[option],))[0])
    else:
        raise Errno(E.EINVAL)
    return 0


def _user(task: LinuxTask, target: LinuxTask, poke: bool, offset: int, data: int, narrow: bool) -> int:
    """PEEKUSER and POKEUSER: one word of ``struct user``."""
    names, word, size = (NAMES32, 4, USER_SIZE32) if narrow else (NAMES64, 8, USER_SIZE64)
    if offset % word or offset >= size:
        raise Errno(E.EIO)
    number, debug = offset // word, DEBUG_REGISTERS[word]
    if poke:
        if number < len(names):
            write(target, {names[number]: data & (1 << 8 * word) - 1})
        elif offset in debug:
            debug_registers.poke(target, debug.index(offset) // word, data & (1 << 8 * word) - 1)
        return 0
    value = read(target, (names[number],))[0] if number < len(names) else 0
    if offset in debug:
        value = debug_registers.peek(target, debug.index(offset) // word)
    task.memory.write(data, (value & (1 << 8 * word) - 1).to_bytes(word, "little"))
    return 0


class _RegisterSet(NamedTuple):
    """One set of registers of a stopped thread.

    Attributes:
        size: Bytes of all of them.
        unit: What sizes are a multiple of.
        partly: Why not less than all can be stored, None if it can.
        load: Gives them.
        store: Sets them.
    """

    size: int
    unit: int
    partly: E | None
    load: Callable[[], bytes]
    store: Callable[[bytes], None]


def _register_set(target: LinuxTask, kind: int, narrow: bool) -> _RegisterSet:
    """The set that a note type names (x86_64_regsets and x86_32_regsets of arch/x86/kernel/ptrace.c).

    Raises:
        Errno: EINVAL, there is none; ENXIO and ENODEV, the thread or the CPU has it not.
    """
    unit = 4 if narrow else 8
    if kind == NT_PRSTATUS:
        size = SIZE32 if narrow else SIZE64
        return _RegisterSet(
            size, unit, None, lambda: _pack(target, narrow), lambda raw: _unpack(target, raw, narrow)
        )
    if kind == NT_FPREGSET and narrow:
        return _RegisterSet(
            FSAVE, unit, E.EINVAL, lambda: _fpregs32(target), lambda raw: _set_fpregs32(target, raw)
        )
    if kind == (NT_PRXFPREG if narrow else NT_FPREGSET):
        return _RegisterSet(
            FXSAVE, unit, E.EINVAL, lambda: _fpregs(target), lambda raw: _set_fpregs(target, raw)
        )
    fpu = target.kernel.fpu
    if kind == NT_X86_XSTATE and fpu.has_xsave:
        size = len(fpu.xsave())
        return _RegisterSet(size, 8, E.EFAULT, lambda: _xstate(target), lambda raw: _set_xstate(target, raw))
    raise Errno(_ABSENT_SETS.get(kind, E.EINVAL))


def _regset(
    task: LinuxTask, target: LinuxTask, store: bool, kind: int, iovec: int, narrow_tracer: bool
) -> int:
    """GETREGSET and SETREGSET; the iovec's length becomes how much was moved."""
    width = 32 if narrow_tracer else 64
    base, size = IOVEC.integers(task.memory, iovec, width)
    narrow = target.is_narrow
    registers = _register_set(target, kind, narrow)
    if size % registers.unit:
        raise Errno(E.EINVAL)
    size = min(size, registers.size)
    if store:
        if size < registers.size and registers.partly is not None:
            raise Errno(registers.partly)
        registers.store(task.memory.read(base, size))
    else:
        task.memory.write(base, registers.load()[:size])
    IOVEC.write(task.memory, iovec, width, base, size)
    return 0


_GETREGS, _SETREGS, _GETFPREGS, _SETFPREGS, _GETFPXREGS, _SETFPXREGS = 12, 13, 14, 15, 18, 19
_PEEKUSER, _POKEUSER, _GETREGSET, _SETREGSET = 3, 6, 0x4204, 0x4205
_ARCH_PRCTL: Final = 30


def request(task: LinuxTask, target: LinuxTask, number: int, address: int, data: int, narrow: bool) -> int:
    """Does a ptrace request about registers.

    Args:
        task: The tracer.
        target: The stopped tracee.
        number: The request.
        address: Its third argument.
        data: Its fourth argument.
        narrow: The tracer is a 32-bit program.

    Raises:
        Errno: EIO, there is no such request; EFAULT; as the requests.
    """
    memory = task.memory
    actions: dict[int, Callable[[], object]] = {
        _GETREGS: lambda: memory.write(data, _pack(target, narrow)),
        _SETREGS: lambda: _unpack(target, memory.read(data, SIZE32 if narrow else SIZE64), narrow),
        _GETFPXREGS if narrow else _GETFPREGS: lambda: memory.write(data, _fpregs(target)),
        _SETFPXREGS if narrow else _SETFPREGS: lambda: _set_fpregs(target, memory.read(data, FXSAVE)),
        _PEEKUSER: lambda: _user(task, target, False, address, data, narrow),
        _POKEUSER: lambda: _user(task, target, True, address, data, narrow),
        _GETREGSET: lambda: _regset(task, target, False, address, data, narrow),
        _SETREGSET: lambda: _regset(task, target, True, address, data, narrow),
    }
    if narrow:
        actions[_GETFPREGS] = lambda: memory.write(data, _fpregs32(target))
        actions[_SETFPREGS] = lambda: _set_fpregs32(target, memory.read(data, FSAVE))
    else:
        actions[_ARCH_PRCTL] = lambda: _arch_prctl(task, target, data, address)
    action = actions.get(number)
    if action is None:
        raise Errno(E.EIO)
    action()
    return 0
