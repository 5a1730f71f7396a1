"""What sockets of TCP and UDP have in common: addresses and ports, and the options of IP and IPv6."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET, AF_INET6, AF_UNSPEC, MSG_ERRQUEUE, SOL_IP, SOL_IPV6
from ring3.net.caller import CAP_NET_BIND_SERVICE
from ring3.net.inet.address import (
    ANY4,
    ANY6,
    LEAST6,
    SIZE4,
    Endpoint,
    family_in,
    is_multicast,
    pack,
    parse,
)
from ring3.net.inet.ports import UNPRIVILEGED
from ring3.net.socket import Socket

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.inet.ports import Ports
    from ring3.net.network import Network

IPV6_V6ONLY: Final = 26
IP_DEFAULTS: Final = {
    1: 0,  # IP_TOS
    2: 64,  # IP_TTL
    3: 0,  # IP_HDRINCL
    6: 0,  # IP_RECVOPTS
    7: 0,  # IP_RETOPTS
    8: 0,  # IP_PKTINFO
    10: 1,  # IP_MTU_DISCOVER
    11: 0,  # IP_RECVERR
    12: 0,  # IP_RECVTTL
    13: 0,  # IP_RECVTOS
    15: 0,  # IP_FREEBIND
    19: 0,  # IP_TRANSPARENT
    20: 0,  # IP_RECVORIGDSTADDR
    21: 0,  # IP_MINTTL
    24: 0,  # IP_BIND_ADDRESS_NO_PORT
    33: 1,  # IP_MULTICAST_TTL
    34: 1,  # IP_MULTICAST_LOOP
    49: 1,  # IP_MULTICAST_ALL
}
"""Options of IP that are numbers, and their values at first (include/uapi/linux/in.h)."""
IPV6_DEFAULTS: Final = {
    16: -1,  # IPV6_UNICAST_HOPS
    18: -1,  # IPV6_MULTICAST_HOPS
    19: 1,  # IPV6_MULTICAST_LOOP
    23: 1,  # IPV6_MTU_DISCOVER
    25: 0,  # IPV6_RECVERR
    IPV6_V6ONLY: 0,
    49: 0,  # IPV6_RECVPKTINFO
    51: 0,  # IPV6_RECVHOPLIMIT
    66: 0,  # IPV6_RECVTCLASS
    67: -1,  # IPV6_TCLASS
    70: 0,  # IPV6_AUTOFLOWLABEL
    72: 0,  # IPV6_ADDR_PREFERENCES
    78: 0,  # IPV6_FREEBIND
}
"""The same of IPv6 (include/uapi/linux/in6.h)."""


class InetSocket(Socket):
    """A socket of TCP or UDP.

    Attributes:
        local: Its own end; port 0 while it has none.
        remote: The other end that it is connected with.
        levels: Options of other levels that were set.
        bound_host: Its own address was chosen by the program.
        chose_port: So was its port.
        last_port: The port that it had before it was left without, 0 for none.
    """

    has_levels = True
    shares_ports = True
    overlooks_rights = True
    ports: Ports

    def __init__(
        self, network: Network, family: int, kind: int, protocol: int, owner: tuple[int, int]
    ) -> None:
        super().__init__(network, kind, protocol, owner)
        self.family = family
        self.local = Endpoint(self.any_host, 0)
        self.remote: Endpoint | None = None
        self.levels: dict[tuple[int, int], int] = {}
        self.bound_host = False
        self.chose_port = False
        self.last_port = 0

    @property
    def any_host(self) -> bytes:
        """The unspecified address of its family."""
        return ANY4 if self.family == AF_INET else ANY6

    @property
    def only6(self) -> bool:
        """Whether it is not to hear of IPv4 (IPV6_V6ONLY)."""
        return bool(self.levels.get((SOL_IPV6, IPV6_V6ONLY)))

    def refuse_error_queue(self, flags: int) -> None:
        """Refuses to receive an error with what caused it: none is kept (ip_recv_error).

        Raises:
            Errno: EAGAIN.
        """
        if flags & MSG_ERRQUEUE:
            raise Errno(E.EAGAIN)

    def has_expired(self) -> bool:
        """Whether it only kept its port for a time that has passed."""
        return False

    # -- addresses -------------------------------------------------------------------------------------------------

    def name(self) -> bytes:
        """Its own end; a port that it had to give back is told as long as it has no other."""
        local = self.local if self.local.port else self.local._replace(port=self.last_port)
        return pack(local, self.family)

    def peer_name(self) -> bytes:
        """The other end."""
        if self.remote is None:
            raise Errno(E.ENOTCONN)
        return pack(self.remote, self.family)

    def bind(self, address: bytes, caller: Caller) -> None:
        """Gives it an address and a port (inet_bind, inet6_bind)."""
        if len(address) < (SIZE4 if self.family == AF_INET else LEAST6):
            raise Errno(E.EINVAL)
        family = family_in(address)
        wanted = parse(address, self.family)
        if family != self.family and not (family == AF_UNSPEC and self.family == AF_INET and wanted.is_any):
            raise Errno(E.EAFNOSUPPORT)
        if len(wanted.host) == 4 and self.family == AF_INET6 and self.only6:
            raise Errno(E.EINVAL)
        if not self.network.has_address(wanted.host) and not self._hears_group(wanted.host):
            raise Errno(E.EADDRNOTAVAIL)
        if 0 < wanted.port < UNPRIVILEGED and not caller.may(CAP_NET_BIND_SERVICE):
            raise Errno(E.EACCES)
        if self.local.port or self.remote is not None:
            raise Errno(E.EINVAL)
        self.local = Endpoint(wanted.host, self.ports.take(self, wanted.host, wanted.port))
        self.bound_host, self.chose_port = not wanted.is_any, wanted.port != 0

    def _hears_group(self, host: bytes) -> bool:
        return self.kind != 1 and (is_multicast(host) or host == b"\xff" * 4)

    def bind_automatically(self) -> None:
        """Gives it any free port, if it has none."""
        if not self.local.port:
            self.local = self.local._replace(port=self.ports.take(self, self.local.host, 0))

    def destination_in(self, address: bytes, *, sends: bool = False) -> Endpoint:
        """Where an address leads that is to be sent to or connected with.

        Raises:
            Errno: EINVAL, too short; EAFNOSUPPORT; ENETUNREACH, it is not on this machine.
        """
        if len(address) < (SIZE4 if self.family == AF_INET else 2):
            raise Errno(E.EINVAL)
        family = family_in(address)
        if family == AF_INET and self.family == AF_INET6 and self.kind != 1:
            wanted = parse(address, AF_INET)
        elif self.family == AF_INET6 and len(address) < LEAST6:
            raise Errno(E.EINVAL)
        elif sends and family == AF_UNSPEC and self.family == AF_INET:
            wanted = parse(address, AF_INET)
        elif family != self.family:  # udpv6_sendmsg knows no such family
            raise Errno(E.EINVAL if sends and self.family == AF_INET6 else E.EAFNOSUPPORT)
        else:
            wanted = parse(address, self.family)
        if len(wanted.host) == 4 and self.family == AF_INET6 and self.only6:
            raise Errno(E.ENETUNREACH)
        return wanted

    # -- options ---------------------------------------------------------------------------------------------------

    def set_option(self, level: int, name: int, value: bytes, caller: Caller) -> None:
        """Sets an option of IP or IPv6; a number may be one byte or four."""
        known = self.known_options(level)
        if name not in known:
            raise Errno(E.ENOPROTOOPT)
        if not value:
            raise Errno(E.EINVAL)
        number = struct.unpack_from("<i", value)[0] if len(value) >= 4 else value[0]
        if level == SOL_IPV6 and name == IPV6_V6ONLY and self.local.port:
            raise Errno(E.EINVAL)
        if level == SOL_IP and name == 2 and number != -1 and not 1 <= number <= 255:
            raise Errno(E.EINVAL)
        self.levels[level, name] = known[name] if number == -1 else number

    def get_option(self, level: int, name: int, size: int, caller: Caller) -> bytes:
        """An option of IP or IPv6."""
        if level != SOL_IP and self.family == AF_INET:
            raise Errno(E.EOPNOTSUPP)  # do_ip_getsockopt; ipv6_getsockopt has ENOPROTOOPT
        known = self.known_options(level)
        if name not in known:
            raise Errno(E.ENOPROTOOPT)
        value = self.levels.get((level, name), known[name])
        if level == SOL_IP and 0 < size < 4 and 0 <= value <= 255:
            return bytes([value])
        return struct.pack("<i", value)

    def known_options(self, level: int) -> dict[int, int]:
        """The options of a level that are numbers, with their values at first."""
        if level == SOL_IP:
            return IP_DEFAULTS
        return IPV6_DEFAULTS if level == SOL_IPV6 and self.family == AF_INET6 else {}

    def level_value(self, level: int, name: int) -> int:
        """A number of another level."""
        return self.levels.get((level, name), self.known_options(level).get(name, 0))
