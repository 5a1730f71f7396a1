"""Numbers of the socket interface.

Sources: include/linux/socket.h, include/uapi/asm-generic/socket.h, include/net/tcp_states.h, include/uapi/linux/in.h,
include/uapi/linux/net.h of Linux 6.x.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntEnum


class Family(IntEnum):
    """Address families that have sockets here; the others are refused."""

    UNSPEC = 0
    UNIX = 1
    INET = 2
    INET6 = 10
    NETLINK = 16
    PACKET = 17


AF_UNSPEC: Final = 0
AF_UNIX: Final = 1
AF_INET: Final = 2
AF_INET6: Final = 10
AF_NETLINK: Final = 16
AF_PACKET: Final = 17
AF_MAX: Final = 46

SOCK_STREAM: Final = 1
SOCK_DGRAM: Final = 2
SOCK_RAW: Final = 3
SOCK_SEQPACKET: Final = 5
SOCK_MAX: Final = 11
SOCK_TYPE_MASK: Final = 0xF
SOCK_NONBLOCK: Final = 0o4000
SOCK_CLOEXEC: Final = 0o2000000

SHUT_RD: Final = 0
SHUT_WR: Final = 1
SHUT_RDWR: Final = 2

RCV_SHUTDOWN: Final = 1
SEND_SHUTDOWN: Final = 2
SHUTDOWN_MASK: Final = 3
"""What was shut down of a socket, a bit for each direction."""

MSG_OOB: Final = 0x1
MSG_PEEK: Final = 0x2
MSG_DONTROUTE: Final = 0x4
MSG_CTRUNC: Final = 0x8
MSG_TRUNC: Final = 0x20
MSG_DONTWAIT: Final = 0x40
MSG_EOR: Final = 0x80
MSG_WAITALL: Final = 0x100
MSG_CONFIRM: Final = 0x800
MSG_ERRQUEUE: Final = 0x2000
MSG_NOSIGNAL: Final = 0x4000
MSG_MORE: Final = 0x8000
MSG_WAITFORONE: Final = 0x10000
MSG_FASTOPEN: Final = 0x2000_0000
MSG_CMSG_CLOEXEC: Final = 0x4000_0000
MSG_CMSG_COMPAT: Final = 0x8000_0000

SOL_IP: Final = 0
SOL_SOCKET: Final = 1
SOL_TCP: Final = 6
SOL_UDP: Final = 17
SOL_IPV6: Final = 41
SOL_ICMPV6: Final = 58
SOL_UDPLITE: Final = 136
SOL_RAW: Final = 255
SOL_PACKET: Final = 263
SOL_NETLINK: Final = 270

SO_DEBUG: Final = 1
SO_REUSEADDR: Final = 2
SO_TYPE: Final = 3
SO_ERROR: Final = 4
SO_DONTROUTE: Final = 5
SO_BROADCAST: Final = 6
SO_SNDBUF: Final = 7
SO_RCVBUF: Final = 8
SO_KEEPALIVE: Final = 9
SO_OOBINLINE: Final = 10
SO_NO_CHECK: Final = 11
SO_PRIORITY: Final = 12
SO_LINGER: Final = 13
SO_BSDCOMPAT: Final = 14
SO_REUSEPORT: Final = 15
SO_PASSCRED: Final = 16
SO_PEERCRED: Final = 17
SO_RCVLOWAT: Final = 18
SO_SNDLOWAT: Final = 19
SO_RCVTIMEO_OLD: Final = 20
SO_SNDTIMEO_OLD: Final = 21
SO_BINDTODEVICE: Final = 25
SO_ATTACH_FILTER: Final = 26
SO_DETACH_FILTER: Final = 27
SO_PEERNAME: Final = 28
SO_TIMESTAMP_OLD: Final = 29
SO_ACCEPTCONN: Final = 30
SO_PEERSEC: Final = 31
SO_SNDBUFFORCE: Final = 32
SO_RCVBUFFORCE: Final = 33
SO_TIMESTAMPNS_OLD: Final = 35
SO_TIMESTAMP_NEW: Final = 63
SO_TIMESTAMPNS_NEW: Final = 64
SO_MARK: Final = 36
SO_PROTOCOL: Final = 38
SO_DOMAIN: Final = 39
SO_RXQ_OVFL: Final = 40
SO_WIFI_STATUS: Final = 41
SO_PEEK_OFF: Final = 42
SO_NOFCS: Final = 43
SO_LOCK_FILTER: Final = 44
SO_SELECT_ERR_QUEUE: Final = 45
SO_BUSY_POLL: Final = 46
SO_MAX_PACING_RATE: Final = 47
SO_BPF_EXTENSIONS: Final = 48
SO_INCOMING_CPU: Final = 49
SO_CNX_ADVICE: Final = 53
SO_MEMINFO: Final = 55
SO_INCOMING_NAPI_ID: Final = 56
SO_COOKIE: Final = 57
SO_PEERGROUPS: Final = 59
SO_RCVTIMEO_NEW: Final = 66
SO_SNDTIMEO_NEW: Final = 67
SO_PASSPIDFD: Final = 76
SO_PEERPIDFD: Final = 77

SCM_RIGHTS: Final = 1
SCM_CREDENTIALS: Final = 2
SCM_MAX_FD: Final = 253
"""Descriptors that one message passes at most."""

SOMAXCONN: Final = 4096
"""The longest queue of connections that nobody has accepted (net.core.somaxconn)."""

SOCKADDR_MAX: Final = 128
"""Bytes of ``struct sockaddr_storage``."""


class State(IntEnum):
    """What a connection has come to; sockets of all families use TCP's names (include/net/tcp_states.h)."""

    ESTABLISHED = 1
    SYN_SENT = 2
    SYN_RECV = 3
    FIN_WAIT1 = 4
    FIN_WAIT2 = 5
    TIME_WAIT = 6
    CLOSE = 7
    CLOSE_WAIT = 8
    LAST_ACK = 9
    LISTEN = 10
    CLOSING = 11
