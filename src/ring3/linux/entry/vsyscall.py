"""The vsyscall page: three calls at fixed addresses, emulated, execute-only.

Nothing is mapped there: fetching an instruction faults, and the fault does the call and returns to the caller, as
Linux's arch/x86/entry/vsyscall/vsyscall_64.c does with ``vsyscall=xonly``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.signals import Sig
from ring3.kernel.functions import function
from ring3.kernel.regs import UserRegs
from ring3.linux.entry.traps import VSYSCALL
from ring3.linux.filters.seccomp import secure_computing
from ring3.linux.signals.send import force_sig

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

END: Final = VSYSCALL + 0x1000
_M64: Final = (1 << 64) - 1
_NUMBERS: Final = {"sys_gettimeofday": 96, "sys_time": 201, "sys_getcpu": 309}
_ENTRIES: Final = {VSYSCALL: "sys_gettimeofday", VSYSCALL + 0x400: "sys_time", VSYSCALL + 0x800: "sys_getcpu"}


def _is_allowed(task: LinuxTask, regs: UserRegs, number: int) -> bool:
    """Whether seccomp(2) lets the call be made; if not, rax holds what the program gets.

    A fault cannot wait for a tracer: where a filter wants one to be asked, the answer is ENOSYS.
    """
    if task.seccomp is None:
        return True
    regs.orig_ax, regs.ax = number, -E.ENOSYS & _M64
    answer = secure_computing(task, regs, task.seccomp)
    if not isinstance(answer, int):
        answer.close()
        answer = -1
    regs.orig_ax = _M64
    return answer == number


@function(
    "bool emulate_vsyscall(unsigned long error_code, struct pt_regs *regs, unsigned long address)",
    calls={"force_sig", "secure_computing"},
)
def emulate_vsyscall(task: LinuxTask, regs: UserRegs, address: int) -> bool:
    """Does the call at an address of the page and returns from it; False if that is no fetch from there.

    Another address of the page than those of the calls is a signal that tells nothing. A pointer that the call cannot
    use is the fault's own failure: a signal, as if the code had stored there.
    """
    if regs.ip != address or not VSYSCALL <= address < END or task.memory.task_size <= 1 << 32:
        return False
    entry = _ENTRIES.get(address)
    if entry is None:
        force_sig(task, Sig.SIGSEGV)
        return True
    try:
        caller = task.memory.read_u64(regs.sp)
        if _is_allowed(task, regs, _NUMBERS[entry]):
            result = task.kernel.call(entry).entry(f"__x64_{entry}")(task, regs)
            assert isinstance(result, int)
            regs.ax = result
    except Errno:
        return False
    regs.ip = caller
    regs.sp += 8
    return True
