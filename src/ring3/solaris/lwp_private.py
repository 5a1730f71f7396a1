"""lwp_private: the base of FS or GS, below thread-local storage (usr/src/uts/intel/ia32/syscall/lwp_private.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.machine.msr import Msr
from ring3.machine.paging import is_canonical
from ring3.machine.registers import Seg
from ring3.solaris.copyops import copyout
from ring3.solaris.definition import syscall
from ring3.solaris.segments import SELECTORS, set_private

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

LWP_SETPRIVATE: Final = 0
LWP_GETPRIVATE: Final = 1
LWP_FSBASE: Final = 0
LWP_GSBASE: Final = 1


@syscall("full")
def syslwp_private(task: SolarisTask, cmd: Int, which: Int, base: Address) -> int:
    """Sets the base of a segment, or stores what it was set to at an address.

    Returns:
        0; in a 32-bit program the selector with which the segment register is to be loaded.
    """
    if cmd not in (LWP_SETPRIVATE, LWP_GETPRIVATE) or which not in (LWP_FSBASE, LWP_GSBASE):
        raise Errno(SolarisE.ENOTSUP)
    if task.ilp32:
        return _private32(task, cmd, which, base)
    kernel = task.kernel
    msr = Msr.MSR_FS_BASE if which == LWP_FSBASE else kernel.user_gs_msr()
    if cmd == LWP_SETPRIVATE:
        if not is_canonical(base):
            raise Errno(SolarisE.EINVAL)
        kernel.machine.cpu.wrmsr(msr, base)
        task.private_bases.add(which)
        task.set_post_sys()
        return 0
    if which not in task.private_bases:
        raise Errno(SolarisE.EINVAL)
    with task.buffer(8) as kaddr:
        kernel.store(kaddr, kernel.machine.cpu.rdmsr(msr).to_bytes(8, "little"))
        copyout(task, kaddr, base, 8)
    return 0


def _private32(task: SolarisTask, cmd: int, which: int, base: int) -> int:
    if cmd == LWP_SETPRIVATE:
        task.set_post_sys()
        return set_private(task, which, base)
    segment = Seg.FS if which == LWP_FSBASE else Seg.GS
    if not task.private[which] or task.kernel.machine.cpu.selector(segment) != SELECTORS[which]:
        raise Errno(SolarisE.EINVAL)
    task.memory.write_u32(base, task.private[which])
    return 0
