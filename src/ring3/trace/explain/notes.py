"""What an instruction of the entry code is for, in a few words.

The rules look at what an instruction does and touches, not at where it lies, so that they hold when the entry code
moves or is patched. An instruction that speaks for itself gets none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ring3.abi import tbl
from ring3.abi.errno import E
from ring3.image.linux.boot import L
from ring3.machine.registers import Flags
from ring3.trace.explain.disassembly import Decoded
from ring3.trace.explain.events import Access
from ring3.trace.explain.registers import Picture, flag_names

_M64: Final = (1 << 64) - 1
_KERNEL_HALF: Final = 1 << 63
_PENDING: Final = {
    1 << L["TIF_NOTIFY_RESUME"]: "TIF_NOTIFY_RESUME",
    1 << L["TIF_SIGPENDING"]: "TIF_SIGPENDING",
    1 << L["TIF_NEED_RESCHED"]: "TIF_NEED_RESCHED",
}
_BY_MNEMONIC: Final = {
    "sti": "interrupts are let in again",
    "cli": "no interrupt until ring 3 runs",
    "stac": "SMAP off: user memory may be read",
    "clac": "SMAP on",
    "endbr64": "an indirect call may land here",
    "hlt": "ring 0 halts: Python takes over",
    "sysretq": "RIP = rcx, RFLAGS = r11, CPL 3",
    "sysretl": "EIP = ecx, EFLAGS = r11, CPL 3",
    "sysexitl": "EIP = edx, ESP = ecx, CPL 3",
    "iretq": "pops RIP, CS, RFLAGS, RSP and SS",
}
_BY_CHECKED_FIELD: Final = {
    "pt_regs->cs": "is CS the one this return sets?",
    "pt_regs->ss": "is SS the one this return sets?",
    "pt_regs->ip": "is this where this return goes?",
}


def note(decoded: Decoded, accesses: tuple[Access, ...], before: Picture, after: Picture) -> str:
    """What the instruction is for, "" where no rule fits.

    Args:
        decoded: The instruction.
        accesses: The memory it touched.
        before: The registers before it.
        after: The registers after it.
    """
    if decoded.mnemonic in _BY_MNEMONIC:
        return _BY_MNEMONIC[decoded.mnemonic]
    for rule in _RULES:
        text = rule(decoded, accesses, before, after)
        if text:
            return text
    return ""


def _swapgs(decoded: Decoded, _: tuple[Access, ...], __: Picture, after: Picture) -> str:
    if decoded.mnemonic != "swapgs":
        return ""
    return "%gs: is this CPU's data" if after["gs_base"] & _KERNEL_HALF else "%gs: is the user's again"


def _bounds(decoded: Decoded, _: tuple[Access, ...], before: Picture, after: Picture) -> str:
    """The bounds check and array_index_nospec, told apart by their operand sizes (both tables have the same length)."""
    name = {
        "cmpl": f"bounds check: below {tbl.NR_SYSCALLS}?",
        "cmpq": "array_index_nospec: CF is set if in bounds",
    }
    if decoded.immediates == (tbl.NR_SYSCALLS,) and decoded.mnemonic in name:
        return name[decoded.mnemonic]
    if decoded.mnemonic == "sbbq" and decoded.twice:
        return f"array_index_nospec: the mask, all {'ones' if before['rflags'] & Flags.CF else 'zeros'}"
    if decoded.mnemonic == "andq" and not decoded.memory and not decoded.immediates:
        return f"the index, masked: {after['rax']}"
    return ""


def _thread_info(decoded: Decoded, accesses: tuple[Access, ...], _: Picture, __: Picture) -> str:
    for access in accesses:
        value = access.value or 0
        if access.name == "thread_info.syscall_work":
            return "a tracer asked for work" if value else "nobody traces this task"
        if access.name == "thread_info.flags":
            wanted = [name for bit, name in _PENDING.items() if value & bit]
            return f"work before ring 3: {', '.join(wanted)}" if wanted else "no work before ring 3"
        if access.name == "thread_info.status":
            return "TS_COMPAT: in a 32-bit call" if value & L["TS_COMPAT"] else "TS_COMPAT is off"
        if access.name == "current->landing_pad":
            return "int80_landing_pad, in the vDSO"
    return ""


def _stack(decoded: Decoded, accesses: tuple[Access, ...], _: Picture, __: Picture) -> str:
    names = {access.name for access in accesses}
    if "cpu_current_top_of_stack" in names:
        return "the task's kernel stack"
    if "current_task" in names:
        return "current"
    if decoded.mnemonic == "pushq" and decoded.immediates == (-E.ENOSYS,):
        return "-ENOSYS until there is a result"
    return ""


def _frame(decoded: Decoded, accesses: tuple[Access, ...], _: Picture, __: Picture) -> str:
    """Reads and checks of ``pt_regs``."""
    if decoded.mnemonic.startswith(("cmp", "test")):
        for access in accesses:
            if access.name == "pt_regs->flags" and decoded.immediates:
                return f"{' or '.join(flag_names(decoded.immediates[0]))} set?"
            if access.name.endswith("pt_regs->cs") and decoded.mnemonic.startswith("test"):
                return "was it ring 3?"
            if access.name in _BY_CHECKED_FIELD:
                return _BY_CHECKED_FIELD[access.name]
    if decoded.mnemonic.startswith("mov") and any(a.write and a.name == "pt_regs->ax" for a in accesses):
        return "the result"
    if decoded.mnemonic == "movslq" and any(access.name == "pt_regs->orig_ax" for access in accesses):
        return "the number, as an int"
    return ""


def _registers(decoded: Decoded, _: tuple[Access, ...], before: Picture, after: Picture) -> str:
    if decoded.mnemonic == "movl" and decoded.twice:
        return "only the lower half counts"
    if decoded.mnemonic == "xorl" and decoded.twice and before["rsp"] == after["rsp"]:
        return "cleared"
    if decoded.mnemonic == "sarq":
        return "sign-extended from bit 47: canonical?"
    if decoded.mnemonic.startswith("test") and decoded.immediates and not decoded.memory:
        return f"{' or '.join(flag_names(decoded.immediates[0]))} set?"
    return ""


Rule = Callable[[Decoded, tuple[Access, ...], Picture, Picture], str]
_RULES: Final[tuple[Rule, ...]] = (_swapgs, _bounds, _thread_info, _stack, _frame, _registers)
