"""sysconfig (below sysconf(3C)): numbers of the system (usr/src/uts/common/syscall/sysconfig.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import SIGRTMAX, SIGRTMIN
from ring3.abi.solaris.sysconfig import SysConfig
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE
from ring3.solaris.definition import syscall

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask

_INT_MAX: Final = 0x7FFF_FFFF

_FIXED: Final = {
    SysConfig.CONFIG_NGROUPS: 16,
    SysConfig.CONFIG_POSIX_VER: 199506,
    SysConfig.CONFIG_PAGESIZE: PAGE_SIZE,
    SysConfig.CONFIG_CLK_TCK: 100,
    SysConfig.CONFIG_XOPEN_VER: 3,
    SysConfig.CONFIG_PROF_TCK: 100,
    SysConfig.CONFIG_NPROC_CONF: 1,
    SysConfig.CONFIG_NPROC_ONLN: 1,
    SysConfig.CONFIG_AIO_LISTIO_MAX: 4096,
    SysConfig.CONFIG_AIO_MAX: -1,
    SysConfig.CONFIG_AIO_PRIO_DELTA_MAX: 0,
    SysConfig.CONFIG_CHILD_MAX: 29995,
    SysConfig.CONFIG_TIMER_MAX: 32,
    SysConfig.CONFIG_DELAYTIMER_MAX: _INT_MAX,
    SysConfig.CONFIG_MQ_OPEN_MAX: -1,
    SysConfig.CONFIG_MQ_PRIO_MAX: 32,
    SysConfig.CONFIG_RTSIG_MAX: SIGRTMAX - SIGRTMIN + 1,
    SysConfig.CONFIG_SEM_NSEMS_MAX: _INT_MAX,
    SysConfig.CONFIG_SEM_VALUE_MAX: _INT_MAX,
    SysConfig.CONFIG_SIGQUEUE_MAX: 512,
    SysConfig.CONFIG_SIGRT_MIN: SIGRTMIN,
    SysConfig.CONFIG_SIGRT_MAX: SIGRTMAX,
    SysConfig.CONFIG_MAXPID: 30000,
    SysConfig.CONFIG_NPROC_MAX: 1,
    SysConfig.CONFIG_CPUID_MAX: 0,
    SysConfig.CONFIG_SYMLOOP_MAX: 20,
}
"""What is the same for every caller. Most are constants of the headers; one CPU, and the limits of a small system."""


@syscall("partial", "not EPHID_MAX, for there is no such thing: EINVAL")
def sysconfig(task: SolarisTask, which: Int) -> int:
    """One number of the system."""
    if which in _FIXED:
        return _FIXED[SysConfig(which)]
    ram = task.kernel.machine.ram
    if which == SysConfig.CONFIG_OPEN_FILES:
        return task.files.limit
    if which == SysConfig.CONFIG_PHYS_PAGES:
        return ram.size >> PAGE_SHIFT
    if which == SysConfig.CONFIG_AVPHYS_PAGES:
        return ram.frames_free
    if which == SysConfig.CONFIG_STACK_PROT:
        return task.process.stack_prot
    raise Errno(SolarisE.EINVAL)
