"""sysconfig (call 137, below sysconf(3C)): its names.

``sysconfig(which)`` returns one number of the system as a long, or EINVAL for a name that it does not know.
Those from CONFIG_COHERENCY to CONFIG_DCACHE_ASSOC belong to the machine (mach_sysconfig), and i86pc knows
none of them.

The header spells the names with a leading underscore (``_CONFIG_PAGESIZE``). 9, 39 to 41 and names younger
than 47 are left out.

Sources: usr/src/uts/common/sys/sysconfig.h, common/syscall/sysconfig.c and i86pc/os/mach_sysconfig.c of
illumos-gate.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntEnum


class SysConfig(IntEnum):
    """The argument of sysconfig."""

    CONFIG_UNUSED_1 = 1
    CONFIG_NGROUPS = 2
    CONFIG_CHILD_MAX = 3
    CONFIG_OPEN_FILES = 4
    CONFIG_POSIX_VER = 5
    CONFIG_PAGESIZE = 6
    CONFIG_CLK_TCK = 7
    CONFIG_XOPEN_VER = 8
    CONFIG_PROF_TCK = 10
    CONFIG_NPROC_CONF = 11
    CONFIG_NPROC_ONLN = 12
    CONFIG_AIO_LISTIO_MAX = 13
    CONFIG_AIO_MAX = 14
    CONFIG_AIO_PRIO_DELTA_MAX = 15
    CONFIG_DELAYTIMER_MAX = 16
    CONFIG_MQ_OPEN_MAX = 17
    CONFIG_MQ_PRIO_MAX = 18
    CONFIG_RTSIG_MAX = 19
    CONFIG_SEM_NSEMS_MAX = 20
    CONFIG_SEM_VALUE_MAX = 21
    CONFIG_SIGQUEUE_MAX = 22
    CONFIG_SIGRT_MIN = 23
    CONFIG_SIGRT_MAX = 24
    CONFIG_TIMER_MAX = 25
    CONFIG_PHYS_PAGES = 26
    CONFIG_AVPHYS_PAGES = 27
    CONFIG_COHERENCY = 28
    CONFIG_SPLIT_CACHE = 29
    CONFIG_ICACHESZ = 30
    CONFIG_DCACHESZ = 31
    CONFIG_ICACHELINESZ = 32
    CONFIG_DCACHELINESZ = 33
    CONFIG_ICACHEBLKSZ = 34
    CONFIG_DCACHEBLKSZ = 35
    CONFIG_DCACHETBLKSZ = 36
    CONFIG_ICACHE_ASSOC = 37
    CONFIG_DCACHE_ASSOC = 38
    CONFIG_MAXPID = 42
    CONFIG_STACK_PROT = 43
    CONFIG_NPROC_MAX = 44
    CONFIG_CPUID_MAX = 45
    CONFIG_SYMLOOP_MAX = 46
    CONFIG_EPHID_MAX = 47


MACHINE_NAMES: Final = frozenset(
    name for name in SysConfig if SysConfig.CONFIG_COHERENCY <= name <= SysConfig.CONFIG_DCACHE_ASSOC
)
"""Names that the machine-dependent half answers; on i86pc each gives EINVAL."""
