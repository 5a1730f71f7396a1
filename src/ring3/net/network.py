"""What all sockets of one machine share, and how a new one is made."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast
from weakref import WeakSet

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET, AF_INET6, AF_MAX, AF_NETLINK, AF_PACKET, AF_UNIX, SOCK_MAX
from ring3.kernel.reach import Reach
from ring3.net.inet.address import is_local
from ring3.net.inet.ports import Ports
from ring3.net.interfaces import LO, LO_DOWN, Interfaces
from ring3.net.socket import Socket
from ring3.net.unix.names import UnixNames
from ring3.net.unix.rights import InFlight

if TYPE_CHECKING:
    from ring3.fs.vfs import Vfs
    from ring3.kernel.clock import Clocks
    from ring3.kernel.events import Carried
    from ring3.kernel.host_events import HostEvents
    from ring3.kernel.timers import Timers
    from ring3.net.caller import Caller
    from ring3.net.inet.raw import RawSocket
    from ring3.net.packet.tap import Tap

Maker = Callable[["Network", int, int, "Caller"], Socket]
"""Makes a socket of a family: network, kind, protocol, and for whom."""

Observe = Callable[[Callable[["Carried"], None]], Callable[[], None]]
"""Has something told of all that is carried; returns what ends that."""


def observe_nothing(observer: Callable[[Carried], None]) -> Callable[[], None]:
    """What a network has whose kernel tells of no packets."""
    return _nothing


def _nothing() -> None:
    pass


OWN: Final = {
    AF_UNIX: ("ring3.net.unix.family", "make"),
    AF_INET: ("ring3.net.inet.family", "make"),
    AF_INET6: ("ring3.net.inet.family", "make6"),
    AF_NETLINK: ("ring3.net.netlink.family", "make"),
    AF_PACKET: ("ring3.net.packet.family", "make"),
}
"""The module of each family, imported with its first socket, and the `Maker` in it."""
OF_HOST: Final = {
    AF_UNIX: OWN[AF_UNIX],
    AF_INET: ("ring3.net.host.family", "make"),
    AF_INET6: ("ring3.net.host.family", "make6"),
    AF_NETLINK: ("ring3.net.netlink.family", "make_of_host"),
}
"""The same where the network is the host's."""


class Network:
    """The sockets of a machine.

    Attributes:
        vfs: The machine's files.
        clocks: Its clocks.
        timers: Its timers.
        random_bytes: Where randomness comes from.
        caller: Who makes the call in progress.
        events: Where to wait for the host's descriptors.
        reach: How far it reaches.
        hostname: The machine's name.
        observe: How to hear of what its sockets carry.
        interfaces: Its interfaces.
        dev: The device number of sockets.
        unix: Names of AF_UNIX.
        in_flight: Open files that are under way in messages.
        tcp: Ports of TCP.
        udp: Ports of UDP, ...
        udp_lite: ... and of UDP-Lite.
        raw: Raw sockets of ICMP.
        netlink_ports: Numbers of sockets of AF_NETLINK.
        sockets: All of them.
    """

    def __init__(
        self,
        vfs: Vfs,
        clocks: Callable[[], Clocks],
        timers: Timers,
        random_bytes: Callable[[int], bytes],
        caller: Callable[[], Caller],
        events: HostEvents,
        reach: Reach = Reach.LOOPBACK,
        hostname: Callable[[], str] = str,
        observe: Observe = observe_nothing,
    ) -> None:
        self.vfs = vfs
        self.clocks = clocks
        self.timers = timers
        self.random_bytes = random_bytes
        self.caller = caller
        self.events = events
        self.reach = reach
        self.hostname = hostname
        self.observe = observe
        self.interfaces = self._own_interfaces()
        self.dev = vfs.new_dev()
        self.unix = UnixNames(random_bytes)
        self.in_flight = InFlight()
        self.tcp = Ports(random_bytes, shares_when_heard=False)
        self.udp = Ports(random_bytes, shares_when_heard=True)
        self.udp_lite = Ports(random_bytes, shares_when_heard=True)
        self.raw: list[RawSocket] = []
        self.netlink_ports: set[int] = set()
        self.sockets: WeakSet[Socket] = WeakSet()
        vfs.room.holders.add(self)

    def held_bytes(self) -> int:
        """What waits in all sockets."""
        return sum(socket.held_bytes() for socket in list(self.sockets))

    @cached_property
    def tap(self) -> Tap:
        """What packet sockets hear by."""
        from ring3.net.packet.tap import Tap  # noqa: PLC0415 - few programs have packet sockets

        return Tap(self)

    def _own_interfaces(self) -> Interfaces:
        if self.reach is Reach.HOST:
            from ring3.net.host.interfaces import HostInterfaces  # noqa: PLC0415 - few networks are the host's

            return HostInterfaces()
        return Interfaces((LO if self.reach is Reach.LOOPBACK else LO_DOWN,))

    def check_reachable(self, host: bytes) -> None:
        """Whether something can be sent to a host.

        Raises:
            Errno: ENETUNREACH, it is not this machine, or its loopback interface is down; EADDRNOTAVAIL, the same for
                the machine's address of IPv6.
        """
        if not self._is_own(host):
            raise Errno(E.ENETUNREACH)
        if not self.interfaces.loopback_is_up:
            raise Errno(E.ENETUNREACH if len(host) == 4 else E.EADDRNOTAVAIL)

    def has_address(self, host: bytes) -> bool:
        """Whether a socket can be bound to a host's address; those of IPv4 stay while the interface is down."""
        return self._is_own(host) and (len(host) == 4 or not any(host) or self.interfaces.loopback_is_up)

    def _is_own(self, host: bytes) -> bool:
        return is_local(host) or self.interfaces.have(host)

    def make(self, family: int, kind: int, protocol: int, caller: Caller) -> Socket:
        """A new socket.

        Raises:
            Errno: EAFNOSUPPORT; EINVAL, no such type; as the family's.
        """
        if not 0 <= family < AF_MAX:
            raise Errno(E.EAFNOSUPPORT)
        if not 0 <= kind < SOCK_MAX:
            raise Errno(E.EINVAL)
        found = (OF_HOST if self.reach is Reach.HOST else OWN).get(family)
        if found is None:
            raise Errno(E.EAFNOSUPPORT)
        module, name = found
        make = cast(Maker, getattr(import_module(module), name))
        return make(self, kind, protocol, caller)
