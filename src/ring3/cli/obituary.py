"""Why a program died of a signal, in one line: which, where, and what it touched or the CPU lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import Errno
from ring3.abi.signals import Sig
from ring3.linux.model.siginfo import Layout

if TYPE_CHECKING:
    from ring3.kernel.regs import UserRegs
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.task import LinuxTask

LONGEST_INSTRUCTION = 15


def obituary(task: LinuxTask, regs: UserRegs, info: SigInfo) -> str:
    """The line: ``PROGRAM (PID): SIGSEGV at 0x401136 (main+0x10): address 0x0``."""
    from ring3.trace.user_symbols import UserSymbols  # noqa: PLC0415 - few programs die so

    name = UserSymbols(task.kernel).describe(task.memory, regs.ip)
    where = f"{regs.ip:#x}" + (f" ({name})" if name else "")
    return f"{task.name} ({task.tgid}): {Sig(info.signo).name} at {where}{_cause(task, regs, info)}"


def _cause(task: LinuxTask, regs: UserRegs, info: SigInfo) -> str:
    if info.layout is not Layout.FAULT or info.code <= 0:
        return f", sent by process {info.pid}" if info.pid and info.pid != task.tgid else ""
    if info.signo == Sig.SIGILL:
        return f": the CPU lacks {_instruction(task, regs)}"
    if info.signo in (Sig.SIGSEGV, Sig.SIGBUS):
        return f": address {info.address:#x}"
    return f": {_instruction(task, regs)}"


def _instruction(task: LinuxTask, regs: UserRegs) -> str:
    """The instruction that it stands at, or its bytes where nobody knows it."""
    from capstone import CS_ARCH_X86, CS_MODE_32, CS_MODE_64, Cs  # noqa: PLC0415 - 40 ms

    raw = b""
    try:
        for offset in range(LONGEST_INSTRUCTION):
            raw += task.memory.read(regs.ip + offset, 1)
    except Errno:
        if not raw:
            return "an instruction that cannot be read"
    mode = CS_MODE_32 if task.is_narrow else CS_MODE_64
    found = next(Cs(CS_ARCH_X86, mode).disasm(raw, regs.ip, 1), None)
    return (
        f"the bytes {raw.hex(' ')}"
        if found is None
        else f"`{found.mnemonic} {found.op_str}`".replace(" `", "`")
    )
