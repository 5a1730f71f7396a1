"""What an instruction of sys_syscall is for, in a few words; one that speaks for itself gets none."""

from __future__ import annotations

from typing import Final

from ring3.abi.solaris.sysent import NSYSCALL
from ring3.image.solaris.boot import L
from ring3.trace.explain.disassembly import Decoded
from ring3.trace.explain.events import Access
from ring3.trace.explain.registers import Picture

_KERNEL_HALF: Final = 1 << 63
_BY_MNEMONIC: Final = {
    "cli": "no interrupt until ring 3 runs",
    "sti": "interrupts are let in again",
    "popfq": "interrupts on; direction and alignment checks off",
    "hlt": "ring 0 halts: Python takes over",
    "sysretq": "RIP = rcx, RFLAGS = r11, CPL 3",
    "iretq": "pops RIP, CS, RFLAGS, RSP and SS",
}
_BY_MEMORY: Final = {
    "CPU->cpu_thread": "curthread",
    "curthread->t_stk": "the thread's kernel stack: struct regs lies at its top",
    "curthread->t_lwp": "its lwp",
    "curthread->t_pre_sys": "nobody wants to see the call before it is made",
    "lwp->lwp_eosys": "NORMALRETURN",
    "rp->r_rcx": "the fourth argument, which came in r10",
    "rp->r_savfp": "a stack trace ends here",
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
    if decoded.mnemonic == "swapgs":
        return "%gs: is this CPU's cpu_t" if after["gs_base"] & _KERNEL_HALF else "%gs: is the user's again"
    return _of_dispatch(decoded, before, after) or _of_memory(decoded, accesses)


def _of_dispatch(decoded: Decoded, before: Picture, after: Picture) -> str:
    """The four instructions around the table."""
    if decoded.mnemonic == "cmpl" and decoded.immediates == (NSYSCALL,):
        return f"below NSYSCALL ({NSYSCALL})?"
    if decoded.mnemonic == "shll":
        return f"{before['rax']} * 0x20, sizeof (struct sysent)"
    if decoded.mnemonic == "leaq" and after["rbx"] != before["rbx"]:
        return f"&sysent[{after['rax'] >> L['SYSENT_SIZE_SHIFT']}]"
    if decoded.mnemonic == "movl" and decoded.twice and "eax" in decoded.operands:
        return "a number has 32 bits"
    return ""


def _of_memory(decoded: Decoded, accesses: tuple[Access, ...]) -> str:
    for access in accesses:
        if access.name.endswith(".sy_callc"):
            return "sy_callc: the handler"
        if access.name.endswith(".sy_flags"):
            return "SE_32RVAL2: two ints in one result?"
        if access.name == "curthread->t_post_sys_ast":
            return (
                "an error, a signal or other work: the long way out" if access.value else "nothing more to do"
            )
        if access.name == "lwp->lwp_state":
            return "LWP_SYS" if access.value == L["LWP_SYS"] else "LWP_USER"
        if access.name == "rp->r_rfl" and decoded.mnemonic.startswith("and"):
            return "carry off: success"
        if access.name in _BY_MEMORY and (access.write or not access.name.startswith("rp->")):
            return _BY_MEMORY[access.name]
    return ""
