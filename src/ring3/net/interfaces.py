"""The machine's network interfaces: the loopback one (net/core/dev.c, drivers/net/loopback.c)."""

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


class InterfaceAddress(NamedTuple):
    """An address of an interface: its family, its bytes, and how many bits name the network."""

    family: int
    host: bytes
    prefix: int


class Interface(NamedTuple):
    """A network interface; ``flags`` are those of SIOCGIFFLAGS and more, ``kind`` is what ARP calls its hardware."""

    number: int
    name: bytes
    flags: int
    kind: int
    mtu: int
    queue_length: int
    addresses: tuple[InterfaceAddress, ...]


LO: Final = Interface(
    1,
    b"lo",
    IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP,
    ARPHRD_LOOPBACK,
    65536,
    1000,
    (InterfaceAddress(AF_INET, LOOPBACK4, 8), InterfaceAddress(AF_INET6, LOOPBACK6, 128)),
)
INTERFACES: Final = (LO,)


def named(name: bytes) -> Interface | None:
    """The interface of a name, None if there is none."""
    return next((found for found in INTERFACES if found.name == name), None)


def numbered(index: int) -> Interface | None:
    """The interface of a number, None if there is none."""
    return next((found for found in INTERFACES if found.number == index), None)
