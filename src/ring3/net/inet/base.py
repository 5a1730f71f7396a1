"""What sockets of TCP and UDP have in common: addresses and ports, and the options of IP and IPv6."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import (
    AF_INET,
    AF_INET6,
    AF_UNSPEC,
    MSG_ERRQUEUE,
    SOCK_STREAM,
    SOL_IP,
    SOL_IPV6,
    SOL_TCP,
    SOL_UDP,
    SOL_UDPLITE,
    State,
)
from ring3.net.caller import CAP_NET_BIND_SERVICE
from ring3.net.inet import groups, numbers, source_filters
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
from ring3.net.inet.groups import Groups
from ring3.net.inet.ports import UNPRIVILEGED
from ring3.net.interfaces import LO
from ring3.net.socket import Socket

if TYPE_CHECKING:
    from ring3.net.caller import Caller
    from ring3.net.inet.numbers import Number
    from ring3.net.inet.ports import Ports
    from ring3.net.network import Network

IPV6_ADDRFORM: Final = 1
IPV6_V6ONLY: Final = 26
IP_MULTICAST_TTL: Final = 33
IPV6_MULTICAST_HOPS: Final = 18
CLASSES: Final = ((SOL_IP, 1), (SOL_IPV6, 67))
"""IP_TOS and IPV6_TCLASS: how packets are to be treated."""
ECN: Final = 3
"""Bits of those that are TCP's own (INET_ECN_MASK)."""
MOST_OF_IP: Final = 65535
"""Bytes of a packet of IPv4 at most."""
MTU: Final = {SOL_IP: 14, SOL_IPV6: 24}
"""The option that tells how large packets may be, by level."""
NUMBERS: Final = {
    SOL_IP: numbers.IP,
    SOL_IPV6: numbers.IPV6,
    SOL_UDP: numbers.UDP,
    SOL_UDPLITE: numbers.UDP_LITE,
    SOL_TCP: numbers.TCP,
}
"""Options that are numbers, by level."""


class InetSocket(Socket):
    """A socket of TCP or UDP.

    Attributes:
        local: Its own end; port 0 while it has none.
        remote: The other end that it is connected with.
        levels: Options of other levels that were set.
        groups: The groups that it hears of.
        bound_host: Its own address was chosen by the program.
        chose_port: So was its port.
        last_port: The port that it had before it was left without, 0 for none.
    """

    has_levels = True
    shares_ports = True
    overlooks_rights = True
    ports: Ports
    held = 0
    """What counts of what waits to be received."""

    questions = source_filters.NAMES

    def __init__(
        self, network: Network, family: int, kind: int, protocol: int, owner: tuple[int, int]
    ) -> None:
        super().__init__(network, kind, protocol, owner)
        self.family = family
        self.local = Endpoint(self.any_host, 0)
        self.remote: Endpoint | None = None
        self.levels: dict[tuple[int, int], int] = {}
        self.groups = Groups()
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

    def forget(self) -> None:
        """It keeps its port no longer."""

    def unsent(self) -> int:
        """Nothing: what is sent has arrived."""
        return 0

    def held_bytes(self) -> int:
        """What waits to be received."""
        return self.held

    def queue_sizes(self) -> tuple[int, int]:
        """What waits to be received and to be sent; of a listener connections to accept, and how many it takes."""
        return self.held, self.unsent()

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

    @property
    def levels_known(self) -> tuple[int, ...]:
        """The levels that it has options of: those of its addresses, and of what it carries."""
        return (SOL_IP, SOL_IPV6) if self.family == AF_INET6 else (SOL_IP,)

    def set_option(self, level: int, name: int, value: bytes, caller: Caller) -> None:
        """Sets an option of IP, IPv6 or what is above."""
        if level not in self.levels_known:
            raise Errno(E.ENOPROTOOPT)
        if self._set_of_groups(level, name, value):
            return
        if level not in (SOL_IP, SOL_IPV6) and len(value) < 4:
            raise Errno(E.EINVAL)
        if (level, name) == (SOL_IPV6, IPV6_MULTICAST_HOPS) and self.kind == SOCK_STREAM:
            raise Errno(E.ENOPROTOOPT)
        number = NUMBERS[level].get(name)
        if number is None and (level, name) != (SOL_IPV6, IPV6_ADDRFORM):
            raise Errno(E.ENOPROTOOPT)
        wanted = self._number_in(level, number, value)
        if number is None:
            self._take_form(wanted)
            return
        if level == SOL_IPV6 and name == IPV6_V6ONLY and self.local.port:
            raise Errno(E.EINVAL)
        if level == SOL_IP and name == IP_MULTICAST_TTL and self.kind == SOCK_STREAM:
            raise Errno(E.EINVAL)
        stored = number.store(wanted, caller)
        if (level, name) in CLASSES and self.kind == SOCK_STREAM:
            stored &= ~ECN
        self.levels[level, name] = stored

    def _number_in(self, level: int, number: Number | None, value: bytes) -> int:
        """The number in a value, which has four bytes, or with IP one.

        Raises:
            Errno: EINVAL, it is shorter.
        """
        if len(value) >= 4:
            found: int = struct.unpack_from("<i", value)[0]
            return found
        if value and level == SOL_IP:
            return value[0]
        if number is None or not number.takes_nothing:
            raise Errno(E.EINVAL)
        return 0

    def _take_form(self, family: int) -> None:
        """Makes a socket of IPv6 that is connected by IPv4 one of IPv4 (IPV6_ADDRFORM)."""
        if family != AF_INET:
            raise Errno(E.EINVAL)
        if self.remote is None or self.state != State.ESTABLISHED:
            raise Errno(E.ENOTCONN)
        if len(self.remote.host) != 4 or self.only6:
            raise Errno(E.EADDRNOTAVAIL)
        self.family = AF_INET

    def _set_of_groups(self, level: int, name: int, value: bytes) -> bool:
        """Carries out an option about groups; False, it is none of these."""
        if (level, name) in source_filters.NAMES:
            source_filters.put(self, level, name, value)
        elif (level, name) in groups.INTERFACES or name in groups.SETTERS.get(level, ()):
            groups.set_option(self, level, name, value)
        else:
            return False
        return True

    def answer(self, level: int, name: int, question: bytes) -> bytes:
        """Whom it hears in a group that the question names."""
        self._require_level(level)
        return source_filters.get(self, level, name, question)

    def _require_level(self, level: int) -> None:
        """Refuses to tell of a level that it has not.

        Raises:
            Errno: EOPNOTSUPP; ENOPROTOOPT, of a socket of IPv6.
        """
        if level not in self.levels_known:
            raise Errno(E.EOPNOTSUPP if self.family == AF_INET else E.ENOPROTOOPT)

    def get_option(self, level: int, name: int, size: int, caller: Caller) -> bytes:
        """An option of IP, IPv6 or what is above."""
        self._require_level(level)
        if (level, name) in groups.INTERFACES:
            of4 = level == SOL_IP
            return self.groups.address if of4 else struct.pack("<i", self.groups.interface6)
        if name == MTU.get(level) or (level, name) == (SOL_IPV6, IPV6_ADDRFORM):
            return struct.pack("<i", self._of_connection(name))
        if name not in NUMBERS[level]:
            raise Errno(E.ENOPROTOOPT)
        value = self.level_value(level, name)
        if level == SOL_IP and 0 < size < 4 and 0 <= value <= 255:
            return bytes([value])
        return struct.pack("<i", value)

    def _of_connection(self, name: int) -> int:
        """What only a connection has: how large its packets may be, and its family.

        Raises:
            Errno: ENOTCONN, it has none.
        """
        if self.remote is None or self.state != State.ESTABLISHED:
            raise Errno(E.ENOTCONN)
        if name == IPV6_ADDRFORM:
            return self.family
        return min(LO.mtu, MOST_OF_IP) if len(self.remote.host) == 4 else LO.mtu

    def level_value(self, level: int, name: int) -> int:
        """A number of another level."""
        return self.levels.get((level, name), NUMBERS[level][name].start)
