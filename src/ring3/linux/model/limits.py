"""What a program may use at most: resources and the limits of a new program (kernel/sys.c)."""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntEnum


class Resource(IntEnum):
    """What is limited (include/uapi/asm-generic/resource.h)."""

    CPU = 0
    FSIZE = 1
    DATA = 2
    STACK = 3
    CORE = 4
    RSS = 5
    NPROC = 6
    NOFILE = 7
    MEMLOCK = 8
    AS = 9
    LOCKS = 10
    SIGPENDING = 11
    MSGQUEUE = 12
    NICE = 13
    RTPRIO = 14
    RTTIME = 15


Limit = tuple[int, int]
"""A soft and a hard limit."""
RLIM_INFINITY: Final = (1 << 64) - 1
RLIM_NLIMITS: Final = len(Resource)
NR_OPEN: Final = 1 << 20
"""The highest number of files that anybody may be allowed (fs.nr_open)."""
_INITIAL: Final = (
    (RLIM_INFINITY, RLIM_INFINITY),  # CPU
    (RLIM_INFINITY, RLIM_INFINITY),  # FSIZE
    (RLIM_INFINITY, RLIM_INFINITY),  # DATA
    (8 << 20, RLIM_INFINITY),  # STACK
    (0, RLIM_INFINITY),  # CORE
    (RLIM_INFINITY, RLIM_INFINITY),  # RSS
    (0, 0),  # NPROC
    (1024, 4096),  # NOFILE
    (8 << 20, 8 << 20),  # MEMLOCK
    (RLIM_INFINITY, RLIM_INFINITY),  # AS
    (RLIM_INFINITY, RLIM_INFINITY),  # LOCKS
    (0, 0),  # SIGPENDING
    (819200, 819200),  # MSGQUEUE
    (0, 0),  # NICE
    (0, 0),  # RTPRIO
    (RLIM_INFINITY, RLIM_INFINITY),  # RTTIME
)
"""Soft and hard limits of the first program, by number (include/asm-generic/resource.h)."""


def initial_limits(max_threads: int) -> list[Limit]:
    """The limits of a program that inherits none; two follow from how many threads there may be (fork_init)."""
    limits = list(_INITIAL)
    limits[Resource.NPROC] = limits[Resource.SIGPENDING] = (max_threads // 2, max_threads // 2)
    return limits
