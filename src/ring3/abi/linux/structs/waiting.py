"""What poll, epoll and select wait with."""

from __future__ import annotations

from typing import Final

from ring3.abi.structs import Struct

POLLFD: Final = Struct(
    "pollfd",
    """
    int fd: fd
    short events: flags poll
    short revents: flags poll
    """,
    c="struct pollfd",
    header="asm-generic/poll.h",
)

EPOLL_EVENT: Final = Struct(
    "epoll_event",
    """
    u32 events: flags epoll_events
    u64 data: hex
    """,
    packed=True,
    c="struct epoll_event",
    header="linux/eventpoll.h",
)

EPOLL_PARAMS: Final = Struct(
    "epoll_params",
    """
    u32 busy_poll_usecs
    u16 busy_poll_budget: count
    u8 prefer_busy_poll
    u8 __pad: unused
    """,
    c="struct epoll_params",
    header="linux/eventpoll.h",
)

SELECT_ARGS: Final = Struct(
    "sel_arg_struct",
    """
    int n: count
    void *inp: inout fd_set[n]
    void *outp: inout fd_set[n]
    void *exp: inout fd_set[n]
    void *tvp: inout struct timeval
    """,
    widths=(32,),
)
"""What the old select takes."""
