"""The vsyscall page: three calls at fixed addresses, emulated, execute-only.

Nothing is mapped there: fetching an instruction faults, and the fault does the call and returns to the caller, as
Linux's arch/x86/entry/vsyscall/vsyscall_64.c does with ``vsyscall=xonly``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.kernel.functions import function
from ring3.kernel.regs import UserRegs
from ring3.linux.entry.traps import VSYSCALL

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

END: Final = VSYSCALL + 0x1000
_ENTRIES: Final = {VSYSCALL: "sys_gettimeofday", VSYSCALL + 0x400: "sys_time", VSYSCALL + 0x800: "sys_getcpu"}


@function("bool emulate_vsyscall(unsigned long error_code, struct pt_regs *regs, unsigned long address)")
def emulate_vsyscall(task: LinuxTask, regs: UserRegs, address: int) -> bool:
    """Does the call at an address of the page and returns from it; False if nothing is callable there.

    A pointer that the call cannot use is the fault's own failure: a signal, as if the code had stored there.
    """
    entry = _ENTRIES.get(address)
    if entry is None or regs.ip != address or task.memory.task_size <= 1 << 32:
        return False
    try:
        caller = task.memory.read_u64(regs.sp)
        result = task.kernel.call(entry).entry(f"__x64_{entry}")(task, regs)
    except Errno:
        return False
    assert isinstance(result, int)
    regs.ax = result
    regs.ip = caller
    regs.sp += 8
    return True
