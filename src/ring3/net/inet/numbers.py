"""Options of IP, IPv6, TCP and UDP that are numbers: what each is at first, and what may be stored (ip(7), ipv6(7)).

Values and limits are those of Linux 6.12 on a socket that is not bound (do_ip_setsockopt, do_ipv6_setsockopt,
do_tcp_setsockopt, udp_lib_setsockopt). Most options that a machine without packets has no use for are kept all the
same: a program finds what it has set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.net.caller import CAP_NET_ADMIN, CAP_NET_RAW

if TYPE_CHECKING:
    from ring3.net.caller import Caller

INT_MAX: Final = (1 << 31) - 1
MAX_FASTOPEN: Final = 4096
"""Longest queue of a listener (net.core.somaxconn)."""
MOST_RETRIES: Final = 255
TEMPORARY, PUBLIC, CARE_OF, EITHER, HOME = 0x1, 0x2, 0x4, 0x100, 0x400
"""Bits of IPV6_ADDR_PREFERENCES."""
LEAST_MTU: Final = 1280
"""Bytes of a packet that each network of IPv6 carries (RFC 8200)."""
LEAST_WINDOW: Final = 1152
"""The smallest window (SOCK_MIN_RCVBUF / 2)."""


class Number(NamedTuple):
    """An option.

    Attributes:
        start: Its value at first.
        low: The smallest value ...
        high: ... and the largest.
        resets: -1 stands for the first value.
        stored: What is kept of a value.
        without: What a program may store that has none of the capabilities `needs`; None for nothing.
        needs: Capabilities, of which one is enough.
        takes_nothing: 0 bytes stand for 0.
    """

    start: int = 0
    low: int = -INT_MAX - 1
    high: int = INT_MAX
    resets: bool = False
    stored: Callable[[int], int] = int
    without: int | None = 0
    needs: tuple[int, ...] = ()
    takes_nothing: bool = False

    def store(self, value: int, caller: Caller) -> int:
        """What a value comes to.

        Raises:
            Errno: EPERM, the caller lacks a capability; EINVAL, it is out of bounds.
        """
        if self.needs and value != self.without and not any(map(caller.may, self.needs)):
            raise Errno(E.EPERM)
        if self.resets and value == -1:
            return self.start
        if not self.low <= value <= self.high:
            raise Errno(E.EINVAL)
        return self.stored(value)


def _switch(value: int) -> int:
    return int(value != 0)


def _byte(value: int) -> int:
    return value & 0xFF


def _linger(value: int) -> int:
    """How long FIN_WAIT2 lasts: two minutes at most, 0 for as long as it does."""
    return 60 if not value else min(value, 120) if value > 0 else -1


def _seconds_of_retries(value: int) -> int:
    """Seconds in whole retries: those take 1, 2, 4 ... and 120 at most (secs_to_retrans, retrans_to_secs)."""
    seconds, wait, retries = 0, 1, 0
    while seconds < value and retries < MOST_RETRIES:
        seconds, wait, retries = seconds + wait, min(2 * wait, 120), retries + 1
    return seconds


def _coverage(value: int) -> int:
    """How many bytes a checksum covers: all, or at least the header (UDPLITE_SEND_CSCOV)."""
    return min(max(value, 8), 65535) if value else 0


def _size(value: int) -> int:
    """A packet's size: 0 for none, else what every network carries at least.

    Raises:
        Errno: EINVAL, it is smaller.
    """
    if value and value < LEAST_MTU:
        raise Errno(E.EINVAL)
    return value


def _preference(value: int) -> int:
    """Which source address is preferred (IPV6_ADDR_PREFERENCES, RFC 5014): temporary, public, or either; home or not.

    Raises:
        Errno: EINVAL, both.
    """
    public, home = value & (TEMPORARY | PUBLIC | EITHER), value & (HOME | CARE_OF)
    if public & (public - 1) or home & (home - 1):
        raise Errno(E.EINVAL)
    return (public or EITHER) | (home or HOME)


SWITCH: Final = Number(stored=_switch)
SWITCH_OR_NOTHING: Final = Number(stored=_switch, takes_nothing=True)
FIXED: Final = Number(low=1, high=0)
ADMIN: Final = (CAP_NET_ADMIN,)
ADMIN_OR_RAW: Final = (CAP_NET_ADMIN, CAP_NET_RAW)

IP: Final[dict[int, Number]] = {
    1: Number(stored=_byte, takes_nothing=True),  # IP_TOS
    2: Number(64, 1, 255, resets=True),  # IP_TTL
    5: FIXED,  # IP_ROUTER_ALERT, of raw sockets
    **dict.fromkeys((6, 7, 8, 11, 12, 13, 18, 20, 23, 24, 25), SWITCH_OR_NOTHING),
    # IP_RECVOPTS, RETOPTS, PKTINFO, RECVERR, RECVTTL, RECVTOS, PASSSEC, RECVORIGDSTADDR, CHECKSUM,
    # BIND_ADDRESS_NO_PORT, RECVFRAGSIZE
    10: Number(1, 0, 5, takes_nothing=True),  # IP_MTU_DISCOVER
    15: SWITCH,  # IP_FREEBIND
    19: Number(stored=_switch, needs=ADMIN_OR_RAW),  # IP_TRANSPARENT
    21: Number(0, 0, 255),  # IP_MINTTL
    26: Number(0, 0, 1, takes_nothing=True),  # IP_RECVERR_RFC4884
    33: Number(1, 0, 255, resets=True),  # IP_MULTICAST_TTL
    34: Number(1, stored=_switch),  # IP_MULTICAST_LOOP
    49: Number(1, 0, 1),  # IP_MULTICAST_ALL
}
"""include/uapi/linux/in.h."""
IPV6: Final[dict[int, Number]] = {
    **dict.fromkeys((2, 3, 4, 5, 8, 11, 25, 26, 30, 33, 49, 51, 53, 56, 58, 60, 66, 74, 78), SWITCH),
    # IPV6_2292PKTINFO, 2292HOPOPTS, 2292DSTOPTS, 2292RTHDR, 2292HOPLIMIT, FLOWINFO, RECVERR, V6ONLY,
    # ROUTER_ALERT_ISOLATE, FLOWINFO_SEND, RECVPKTINFO, RECVHOPLIMIT, RECVHOPOPTS, RECVRTHDR, RECVDSTOPTS,
    # RECVPATHMTU, RECVTCLASS, RECVORIGDSTADDR, FREEBIND
    62: SWITCH_OR_NOTHING,  # IPV6_DONTFRAG
    77: SWITCH_OR_NOTHING,  # IPV6_RECVFRAGSIZE
    16: Number(64, 0, 255, resets=True),  # IPV6_UNICAST_HOPS
    18: Number(1, 0, 255, resets=True),  # IPV6_MULTICAST_HOPS
    19: Number(1, 0, 1),  # IPV6_MULTICAST_LOOP
    23: Number(1, 0, 5),  # IPV6_MTU_DISCOVER
    24: Number(stored=_size),  # IPV6_MTU
    29: Number(1, stored=_switch),  # IPV6_MULTICAST_ALL
    31: Number(0, 0, 1),  # IPV6_RECVERR_RFC4884
    67: Number(0, 0, 255, resets=True),  # IPV6_TCLASS
    70: Number(1, stored=_switch, takes_nothing=True),  # IPV6_AUTOFLOWLABEL
    72: Number(EITHER | HOME, stored=_preference),  # IPV6_ADDR_PREFERENCES
    73: Number(0, 0, 255),  # IPV6_MINHOPCOUNT
    75: Number(stored=_switch, needs=ADMIN_OR_RAW),  # IPV6_TRANSPARENT
}
"""include/uapi/linux/in6.h."""
TCP: Final[dict[int, Number]] = {
    1: SWITCH,  # TCP_NODELAY
    3: SWITCH,  # TCP_CORK
    4: Number(7200, 1, 32767),  # TCP_KEEPIDLE
    5: Number(75, 1, 32767),  # TCP_KEEPINTVL
    6: Number(9, 1, 127),  # TCP_KEEPCNT
    7: Number(6, 1, 127),  # TCP_SYNCNT
    8: Number(60, stored=_linger),  # TCP_LINGER2
    9: Number(stored=_seconds_of_retries),  # TCP_DEFER_ACCEPT
    10: Number(stored=lambda value: max(value, LEAST_WINDOW) if value else 0),  # TCP_WINDOW_CLAMP
    12: Number(1, stored=_switch),  # TCP_QUICKACK
    16: Number(0, 0, 1),  # TCP_THIN_LINEAR_TIMEOUTS
    17: Number(0, 0, 1, stored=lambda value: 0),  # TCP_THIN_DUPACK, which does nothing any more
    18: Number(0, 0),  # TCP_USER_TIMEOUT
    19: Number(without=None, needs=ADMIN),  # TCP_REPAIR
    23: Number(0, 0, stored=lambda value: min(value, MAX_FASTOPEN)),  # TCP_FASTOPEN
    25: Number(),  # TCP_NOTSENT_LOWAT
    27: Number(0, 0, 2),  # TCP_SAVE_SYN
    30: Number(0, 0, 1),  # TCP_FASTOPEN_CONNECT
    34: Number(0, 0, 1),  # TCP_FASTOPEN_NO_COOKIE
    36: Number(0, 0, 1),  # TCP_INQ
    37: Number(0, 0, 1 << 29),  # TCP_TX_DELAY
}
"""include/uapi/linux/tcp.h."""
UDP: Final[dict[int, Number]] = {
    **dict.fromkeys((1, 101, 102, 104), SWITCH),  # UDP_CORK, UDP_NO_CHECK6_TX, UDP_NO_CHECK6_RX, UDP_GRO
    103: Number(0, 0, 65535),  # UDP_SEGMENT
}
"""include/uapi/linux/udp.h."""
UDP_LITE: Final[dict[int, Number]] = {
    **UDP,
    **dict.fromkeys((10, 11), Number(stored=_coverage)),  # UDPLITE_SEND_CSCOV, UDPLITE_RECV_CSCOV
}
"""RFC 3828; the checksum is never wrong, so that it does not matter what it covers."""
