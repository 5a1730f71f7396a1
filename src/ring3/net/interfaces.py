"""Network interfaces: the loopback one of a machine of its own (net/core/dev.c, drivers/net/loopback.c)."""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.sockets import AF_INET, AF_INET6
from ring3.net.inet.address import LOOPBACK4, LOOPBACK6

IFF_UP: Final = 0x1
IFF_LOOPBACK: Final = 0x8
IFF_RUNNING: Final = 0x40
IFF_LOWER_UP: Final = 0x10000
ARPHRD_LOOPBACK: Final = 772


RT_SCOPE_HOST: Final = 254
NO_HARDWARE: Final = bytes(6)
"""The hardware address of an interface that has none."""


class InterfaceAddress(NamedTuple):
    """An address of an interface: its family, its bytes, how many bits name the network, and how far it is known."""

    family: int
    host: bytes
    prefix: int
    scope: int = RT_SCOPE_HOST
    broadcast: bytes = bytes(4)


class Interface(NamedTuple):
    """A network interface; ``flags`` are those of SIOCGIFFLAGS and more, ``kind`` is what ARP calls its hardware."""

    number: int
    name: bytes
    flags: int
    kind: int
    mtu: int
    queue_length: int
    addresses: tuple[InterfaceAddress, ...]
    hardware: bytes = NO_HARDWARE

    @property
    def is_up(self) -> bool:
        """Whether it carries anything."""
        return self.flags & IFF_UP != 0


LO: Final = Interface(
    1,
    b"lo",
    IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP,
    ARPHRD_LOOPBACK,
    65536,
    1000,
    (InterfaceAddress(AF_INET, LOOPBACK4, 8), InterfaceAddress(AF_INET6, LOOPBACK6, 128)),
)
LO_DOWN: Final = LO._replace(flags=IFF_LOOPBACK, addresses=())
"""The loopback interface as it is in a new network, before somebody sets it up."""


class Interfaces:
    """The interfaces of a network, by name and number."""

    def __init__(self, rows: tuple[Interface, ...]) -> None:
        self._rows = rows

    @property
    def rows(self) -> tuple[Interface, ...]:
        """All of them, by number."""
        return self._rows

    @property
    def loopback_is_up(self) -> bool:
        """Whether the machine can talk to itself."""
        return any(row.is_up and row.flags & IFF_LOOPBACK for row in self.rows)

    @property
    def loopback(self) -> Interface:
        """The loopback interface."""
        return next(row for row in self.rows if row.flags & IFF_LOOPBACK)

    def named(self, name: bytes) -> Interface | None:
        """The interface of a name, None if there is none."""
        return next((found for found in self.rows if found.name == name), None)

    def numbered(self, index: int) -> Interface | None:
        """The interface of a number, None if there is none."""
        return next((found for found in self.rows if found.number == index), None)

    def have(self, host: bytes) -> bool:
        """Whether an address is one of theirs."""
        return any(found.host == host for row in self.rows for found in row.addresses)

    def set_up(self, interface: Interface, up: bool) -> None:
        """Sets the loopback interface up, which gives it the addresses that it lacks, or down."""
        addresses = interface.addresses
        if up:
            lacking = tuple(found for found in LO.addresses if found not in addresses)
            addresses = tuple(sorted(lacking + addresses, key=lambda found: found.family))
        else:
            addresses = tuple(found for found in addresses if found.family == AF_INET)
        flags = LO.flags if up else LO_DOWN.flags
        self._put(interface, interface._replace(flags=flags, addresses=addresses))

    def add_address(self, interface: Interface, address: InterfaceAddress) -> None:
        """Gives an interface one more address."""
        self._put(interface, interface._replace(addresses=(*interface.addresses, address)))

    def remove_address(self, interface: Interface, address: InterfaceAddress) -> None:
        """Takes one of its addresses from an interface."""
        left = tuple(found for found in interface.addresses if found is not address)
        self._put(interface, interface._replace(addresses=left))

    def _put(self, old: Interface, new: Interface) -> None:
        self._rows = tuple(new if row is old else row for row in self._rows)
