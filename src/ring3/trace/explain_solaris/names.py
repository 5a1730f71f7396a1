"""Names for the memory that Solaris's ring 0 touches: struct regs, the thread, its lwp, the CPU, sysent, symbols."""

from __future__ import annotations

import re
from typing import Final

from ring3.abi.solaris.regs import REGS_LAYOUT
from ring3.abi.solaris.sysent import NSYSCALL, SYSENT_LAYOUT, SYSENT_SIZE
from ring3.image.solaris.boot import L
from ring3.solaris.kernel import SolarisKernel
from ring3.solaris.task import SolarisTask

REGS: Final = {field.offset: field.name for field in REGS_LAYOUT}
THREAD: Final = {
    L["T_STACK"]: "t_stk",
    L["T_LWP"]: "t_lwp",
    L["T_SYSNUM"]: "t_sysnum",
    L["T_POST_SYS_AST"]: "t_post_sys_ast",
    L["T_PRE_SYS"]: "t_pre_sys",
    L["T_LPL"]: "t_lpl",
}
LWP: Final = {
    L["LWP_STATE"]: "lwp_state",
    L["LWP_EOSYS"]: "lwp_eosys",
    L["LWP_ERRNO"]: "lwp_errno",
    L["LWP_RU_SYSC"]: "lwp_ru.sysc",
}
CPU: Final = {
    L["CPU_ID"]: "cpu_id",
    L["CPU_SELF"]: "cpu_self",
    L["CPU_THREAD"]: "cpu_thread",
    L["CPU_LWP"]: "cpu_lwp",
    L["CPU_RTMP_RSP"]: "cpu_rtmp_rsp",
    L["CPU_RTMP_R15"]: "cpu_rtmp_r15",
    L["CPU_STATS_SYS_SYSCALL"]: "cpu_stats.sys.syscall",
}
_SYSENT: Final = {field.offset: field.name for field in SYSENT_LAYOUT}
_KERNEL_ADDRESS: Final = re.compile(r"0xfffff[0-9a-f]{11}\b")


class Names:
    """The names of one call of one thread.

    Attributes:
        frame: Address of its ``struct regs``.
    """

    def __init__(self, kernel: SolarisKernel, task: SolarisTask) -> None:
        self._symbols = kernel.image.symbols
        self._thread = task.thread_pointer
        self._cpu, self._sysent = self._symbols["cpus"], self._symbols["sysent"]
        self.frame = task.stack_top - kernel.frame_size

    def memory(self, address: int) -> str:
        """What lies at an address of the kernel, "" if that has no name."""
        if address - self.frame in REGS:
            return f"rp->{REGS[address - self.frame]}"
        for base, prefix, fields in (
            (self._thread, "curthread->", THREAD),
            (self._thread + L["LWP_OFFSET"], "lwp->", LWP),
            (self._cpu, "CPU->", CPU),
        ):
            if address - base in fields:
                return prefix + fields[address - base]
        number, inside = divmod(address - self._sysent, SYSENT_SIZE)
        if 0 <= number < NSYSCALL and inside in _SYSENT:
            return f"sysent[{number}].{_SYSENT[inside]}"
        return self.code(address)

    def annotated(self, text: str) -> str:
        """A text with the symbol behind each kernel address that has one."""

        def named(found: re.Match[str]) -> str:
            symbol = self.code(int(found[0], 16))
            return f"{found[0]} <{symbol}>" if symbol else found[0]

        return _KERNEL_ADDRESS.sub(named, text)

    def scoped(self, address: int) -> str:
        """An address as ``unix`sys_syscall+0x1d``, "" outside of the kernel's symbols."""
        text = self._symbols.describe(address)
        return "" if text.startswith("0x") else text

    def code(self, address: int) -> str:
        """The same without the module, as mdb disassembles."""
        return self.scoped(address).rpartition("`")[2]

    def exact(self, address: int) -> str | None:
        """The symbol exactly at an address."""
        return self._symbols.name(address)
