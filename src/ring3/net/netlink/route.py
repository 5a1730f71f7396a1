"""rtnetlink: links, addresses, routes and rules, as the kernel tells of them (net/core/rtnetlink.c and its like)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import AF_INET, AF_INET6
from ring3.abi.linux.structs.netlink import IFADDRMSG, IFINFOMSG, RTMSG
from ring3.net.inet.address import LOOPBACK4, LOOPBACK6, is_local, source_for
from ring3.net.interfaces import LO, RT_SCOPE_HOST, Interface, InterfaceAddress, Interfaces
from ring3.net.netlink.attributes import attribute, attributes_in, number
from ring3.net.netlink.socket import Answer

RTM_NEWLINK: Final = 16
RTM_SETLINK: Final = 19
RTM_GETLINK: Final = 18
RTM_NEWADDR: Final = 20
RTM_DELADDR: Final = 21
RTM_GETADDR: Final = 22
RTM_NEWROUTE: Final = 24
RTM_GETROUTE: Final = 26
RTM_GETNEIGH: Final = 30
RTM_NEWRULE: Final = 32
RTM_GETRULE: Final = 34
GETS: Final = frozenset({RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH, RTM_GETRULE})
"""The types that only ask."""

IFLA_ADDRESS: Final = 1
IFLA_BROADCAST: Final = 2
IFLA_IFNAME: Final = 3
IFLA_MTU: Final = 4
IFLA_QDISC: Final = 6
IFLA_TXQLEN: Final = 13
IFLA_OPERSTATE: Final = 16
IFLA_LINKMODE: Final = 17
IFLA_GROUP: Final = 27
IFA_ADDRESS: Final = 1
IFA_LOCAL: Final = 2
IFA_LABEL: Final = 3
IFA_CACHEINFO: Final = 6
IFA_FLAGS: Final = 8
IFA_F_PERMANENT: Final = 0x80
RTA_DST: Final = 1
RTA_OIF: Final = 4
RTA_PRIORITY: Final = 6
RTA_PREFSRC: Final = 7
RTA_TABLE: Final = 15
FRA_PRIORITY: Final = 6
FRA_TABLE: Final = 15
RT_SCOPE_LINK: Final = 253
RTPROT_KERNEL: Final = 2
TABLE_DEFAULT: Final = 253
TABLE_MAIN: Final = 254
TABLE_LOCAL: Final = 255
UNICAST: Final = 1
LOCAL: Final = 2
BROADCAST: Final = 3
IF_OPER_DOWN: Final = 2
FOREVER: Final = 0xFFFF_FFFF


# -- links and addresses -------------------------------------------------------------------------------------------


def _link(interface: Interface) -> Answer:
    head = IFINFOMSG.pack(64, 0, 0, interface.kind, interface.number, interface.flags, 0)
    return RTM_NEWLINK, head + b"".join(
        (
            attribute(IFLA_IFNAME, interface.name + b"\0"),
            number(IFLA_TXQLEN, interface.queue_length),
            attribute(IFLA_OPERSTATE, b"\0" if interface.is_up else bytes([IF_OPER_DOWN])),
            attribute(IFLA_LINKMODE, b"\0"),
            number(IFLA_MTU, interface.mtu),
            number(IFLA_GROUP, 0),
            attribute(IFLA_QDISC, b"noqueue\0" if interface.is_up else b"noop\0"),
            attribute(IFLA_ADDRESS, interface.hardware),
            attribute(IFLA_BROADCAST, interface.hardware),
        )
    )


def links(body: bytes, interfaces: Interfaces) -> list[Answer]:
    """All interfaces."""
    return [_link(interface) for interface in interfaces.rows]


def addresses(body: bytes, interfaces: Interfaces) -> list[Answer]:
    """All addresses, or those of a family."""
    family = body[0] if body else 0
    found: list[Answer] = []
    for interface in interfaces.rows:
        found += [_address(interface, one) for one in interface.addresses if family in (0, one.family)]
    return found


def _address(interface: Interface, one: InterfaceAddress) -> Answer:
    head = IFADDRMSG.pack(64, one.family, one.prefix, IFA_F_PERMANENT, one.scope, interface.number)
    parts = [attribute(IFA_ADDRESS, one.host)]
    if one.family == AF_INET:
        parts += [attribute(IFA_LOCAL, one.host), attribute(IFA_LABEL, interface.name + b"\0")]
    parts += [
        attribute(IFA_CACHEINFO, struct.pack("<IIII", FOREVER, FOREVER, 0, 0)),
        number(IFA_FLAGS, IFA_F_PERMANENT),
    ]
    return RTM_NEWADDR, head + b"".join(parts)


# -- routes --------------------------------------------------------------------------------------------------------


class Route(NamedTuple):
    """A route: what goes to a network, and by which table."""

    family: int
    network: bytes
    prefix: int
    table: int
    kind: int
    scope: int
    source: bytes = b""
    metric: int = 0


ROUTES: Final = (
    Route(AF_INET, b"\x7f\0\0\0", 8, TABLE_LOCAL, LOCAL, RT_SCOPE_HOST, LOOPBACK4),
    Route(AF_INET, LOOPBACK4, 32, TABLE_LOCAL, LOCAL, RT_SCOPE_HOST, LOOPBACK4),
    Route(AF_INET, b"\x7f\xff\xff\xff", 32, TABLE_LOCAL, BROADCAST, RT_SCOPE_LINK, LOOPBACK4),
    Route(AF_INET6, LOOPBACK6, 128, TABLE_MAIN, UNICAST, 0, metric=256),
    Route(AF_INET6, LOOPBACK6, 128, TABLE_LOCAL, LOCAL, 0),
)
"""The routes that a loopback interface brings with it."""


def _route(route: Route) -> Answer:
    head = RTMSG.pack(
        64, route.family, route.prefix, 0, 0, route.table, RTPROT_KERNEL, route.scope, route.kind, 0
    )
    parts = [number(RTA_TABLE, route.table), attribute(RTA_DST, route.network), number(RTA_OIF, LO.number)]
    if route.source:
        parts.append(attribute(RTA_PREFSRC, route.source))
    if route.family == AF_INET6:
        parts.append(number(RTA_PRIORITY, route.metric))
    return RTM_NEWROUTE, head + b"".join(parts)


def routes(body: bytes, interfaces: Interfaces) -> list[Answer]:
    """All routes, or those of a family."""
    family = body[0] if body else 0
    known = ROUTES if interfaces.loopback_is_up else ()
    return [_route(route) for route in known if family in (0, route.family)]


RULES: Final = (
    (AF_INET, 0, TABLE_LOCAL),
    (AF_INET, 32766, TABLE_MAIN),
    (AF_INET, 32767, TABLE_DEFAULT),
    (AF_INET6, 0, TABLE_LOCAL),
    (AF_INET6, 32766, TABLE_MAIN),
)
"""Which table is looked at for whom, in this order (fib_default_rules_init, fib6_rules_net_init)."""


def _rules(body: bytes, interfaces: Interfaces) -> list[Answer]:
    """The rules by which tables are looked at (``struct fib_rule_hdr`` lies as ``struct rtmsg``)."""
    family = body[0] if body else 0
    found = []
    for one, priority, table in RULES:
        if family in (0, one):
            head = RTMSG.pack(64, one, 0, 0, 0, table, RTPROT_KERNEL, 0, 1, 0)
            parts = number(FRA_TABLE, table) + (number(FRA_PRIORITY, priority) if priority else b"")
            found.append((RTM_NEWRULE, head + parts))
    return found


def _neighbours(body: bytes, interfaces: Interfaces) -> list[Answer]:
    """Nobody is on the loopback interface but the machine itself."""
    return []


DUMPS: Final[dict[int, Callable[[bytes, Interfaces], list[Answer]]]] = {
    RTM_GETLINK: links,
    RTM_GETADDR: addresses,
    RTM_GETROUTE: routes,
    RTM_GETNEIGH: _neighbours,
    RTM_GETRULE: _rules,
}
"""What answers when all is asked for."""


def one(kind: int, body: bytes, interfaces: Interfaces) -> list[Answer]:
    """The answer about one thing.

    Raises:
        Errno: EINVAL, the request is too short; ENODEV, no such interface; ENETUNREACH, no such route; EOPNOTSUPP.
    """
    if kind == RTM_GETLINK:
        return [_one_link(body, interfaces)]
    if kind == RTM_GETROUTE:
        return [_one_route(body, interfaces)]
    raise Errno(E.EOPNOTSUPP)


def _one_link(body: bytes, interfaces: Interfaces) -> Answer:
    return _link(interface_of(body, interfaces))


def interface_of(body: bytes, interfaces: Interfaces) -> Interface:
    """The interface that a ``struct ifinfomsg`` with attributes means.

    Raises:
        Errno: EINVAL, the request is too short; ENODEV, no such interface.
    """
    if len(body) < IFINFOMSG.size(64):
        raise Errno(E.EINVAL)
    (index,) = struct.unpack_from("<i", body, 4)
    name = attributes_in(body[IFINFOMSG.size(64) :]).get(IFLA_IFNAME, b"").partition(b"\0")[0]
    found = interfaces.numbered(index) if index else interfaces.named(name)
    if found is None:
        raise Errno(E.ENODEV)
    return found


def _one_route(body: bytes, interfaces: Interfaces) -> Answer:
    if len(body) < RTMSG.size(64):
        raise Errno(E.EINVAL)
    host = attributes_in(body[RTMSG.size(64) :]).get(RTA_DST, b"")
    if len(host) not in (4, 16):
        raise Errno(E.EINVAL)
    if not is_local(host) or not interfaces.loopback_is_up:
        raise Errno(E.ENETUNREACH)
    family = AF_INET if len(host) == 4 else AF_INET6
    return _route(Route(family, host, 8 * len(host), TABLE_LOCAL, LOCAL, 0, source_for(host)))
