"""lwp_private: the base of FS or GS, below thread-local storage (usr/src/uts/intel/ia32/syscall/lwp_private.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.machine.msr import Msr
from ring3.machine.paging import is_canonical
from ring3.solaris.copyops import copyout
from ring3.solaris.definition import syscall

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

LWP_SETPRIVATE: Final = 0
LWP_GETPRIVATE: Final = 1
LWP_FSBASE: Final = 0
LWP_GSBASE: Final = 1


@syscall("full")
def syslwp_private(task: SolarisTask, cmd: Int, which: Int, base: Address) -> int:
    """Sets the base of a segment, or stores what it was set to at an address."""
    if cmd not in (LWP_SETPRIVATE, LWP_GETPRIVATE) or which not in (LWP_FSBASE, LWP_GSBASE):
        raise Errno(SolarisE.ENOTSUP)
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
