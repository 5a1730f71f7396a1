"""Which options of a program's sockets the host hears of (in.h, in6.h, tcp.h, udp.h, icmp.h of include/uapi/linux).

What is not listed does not reach it: options whose values hold addresses of memory (filters, TCP_ZEROCOPY_RECEIVE), or
descriptors, and those for firewalls and for the repair of connections.
"""

from __future__ import annotations

from typing import Final

from ring3.abi.linux.sockets import (
    SO_LINGER,
    SO_PASSCRED,
    SO_PEERCRED,
    SO_PEERGROUPS,
    SOL_IP,
    SOL_IPV6,
    SOL_RAW,
    SOL_TCP,
    SOL_UDP,
)

SOL_ICMPV6: Final = 58
PASSED: Final[dict[int, frozenset[int]]] = {
    SOL_IP: frozenset((*range(1, 16), 18, *range(20, 25), *range(32, 40), 42, 45, 46, 47, 49, 50, 51)),
    SOL_IPV6: frozenset(
        (*range(2, 8), *range(8, 14), *range(16, 32), 42, 45, 46, 47, *range(48, 68), *range(70, 79), 80)
    ),
    SOL_TCP: frozenset((*range(1, 14), 16, 17, 18, 23, 24, 25, 28, 30, 33, 36, 37)),
    SOL_UDP: frozenset((1, 101, 102, 103, 104)),
    SOL_RAW: frozenset((1,)),
    SOL_ICMPV6: frozenset((1,)),
}
"""By level."""
KEPT: Final = frozenset((SO_LINGER, SO_PASSCRED, SO_PEERCRED, SO_PEERGROUPS))
"""Options of SOL_SOCKET that the host need not know: a close that lingers there would hold the machine up."""
