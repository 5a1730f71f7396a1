"""A network whose loopback interface is down, as a new one's is; the values are those of `unshare -n` on Linux 6.18."""

from __future__ import annotations

import struct

import pytest

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET, AF_INET6, AF_NETLINK, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM
from ring3.net.caller import CAP_NET_ADMIN
from ring3.net.inet.address import ANY4, LOOPBACK4, LOOPBACK6, Endpoint, pack
from ring3.net.interfaces import LO, LO_DOWN, InterfaceAddress, Interfaces
from ring3.net.netlink import route
from ring3.net.netlink.attributes import attribute
from ring3.net.socket import Message
from tests.net.machine import Machine

REQUEST_ACK = 5


@pytest.fixture
def unreached(machine: Machine) -> Machine:
    machine.network.interfaces = Interfaces((LO_DOWN,))
    return machine


def error_of(call: object) -> int:
    assert callable(call)
    try:
        call()
    except Errno as error:
        return error.number
    return 0


@pytest.mark.parametrize(
    ("kind", "family", "host", "error"),
    [
        (SOCK_STREAM, AF_INET, LOOPBACK4, E.ENETUNREACH),
        (SOCK_STREAM, AF_INET, ANY4, E.ENETUNREACH),
        (SOCK_STREAM, AF_INET6, LOOPBACK6, E.EADDRNOTAVAIL),
        (SOCK_DGRAM, AF_INET, LOOPBACK4, E.ENETUNREACH),
        (SOCK_DGRAM, AF_INET, b"\xe0\0\0\1", E.ENETUNREACH),
        (SOCK_DGRAM, AF_INET, b"\xff\xff\xff\xff", E.ENETUNREACH),
        (SOCK_DGRAM, AF_INET6, LOOPBACK6, E.EADDRNOTAVAIL),
    ],
)
def test_nothing_is_reached(unreached: Machine, kind: int, family: int, host: bytes, error: E) -> None:
    socket = unreached.socket(family, kind)
    assert error_of(lambda: socket.connect(pack(Endpoint(host, 5000), family), unreached.caller())) == error


@pytest.mark.parametrize(
    ("family", "host", "error"),
    [
        (AF_INET, LOOPBACK4, 0),
        (AF_INET, ANY4, 0),
        (AF_INET6, LOOPBACK6, E.EADDRNOTAVAIL),
        (AF_INET6, bytes(16), 0),
    ],
)
def test_addresses_that_a_socket_can_have(unreached: Machine, family: int, host: bytes, error: int) -> None:
    socket = unreached.socket(family, SOCK_STREAM)
    assert error_of(lambda: socket.bind(pack(Endpoint(host, 5000), family), unreached.caller())) == error


def ask(machine: Machine, kind: int, body: bytes, capabilities: int = CAP_NET_ADMIN) -> int:
    """What a change is answered with: 0 or an errno."""
    socket = machine.socket(AF_NETLINK, SOCK_RAW)
    head = struct.pack("<IHHII", 16 + len(body), kind, REQUEST_ACK, 9, 0)
    socket.send(Message(head + body), machine.caller(capabilities=capabilities))
    raw = socket.recv(1 << 12).data
    assert isinstance(raw, bytes)
    return -int.from_bytes(raw[16:20], "little", signed=True)


def link(flags: int, index: int = 1) -> bytes:
    return struct.pack("<BxHiII", 0, 0, index, flags, 1)


def address(host: bytes, prefix: int = 8, index: int = 1) -> bytes:
    return struct.pack("<BBBBI", AF_INET, prefix, 0, 0, index) + attribute(route.IFA_LOCAL, host)


def test_the_loopback_interface_is_set_up_and_down(unreached: Machine) -> None:
    interfaces = unreached.network.interfaces
    assert ask(unreached, route.RTM_NEWLINK, link(1), capabilities=0) == E.EPERM
    assert ask(unreached, route.RTM_NEWLINK, link(1, index=9)) == E.ENODEV
    assert ask(unreached, route.RTM_NEWLINK, link(1)) == 0
    assert interfaces.rows == (LO,)
    assert ask(unreached, route.RTM_SETLINK, link(0)) == 0
    assert interfaces.rows == (LO_DOWN._replace(addresses=LO.addresses[:1]),)


def test_addresses_come_and_go(unreached: Machine) -> None:
    interfaces, host = unreached.network.interfaces, b"\x0a\1\2\3"
    assert ask(unreached, route.RTM_NEWADDR, address(host, 24)) == 0
    assert ask(unreached, route.RTM_NEWADDR, address(host, 24)) == E.EEXIST
    assert ask(unreached, route.RTM_NEWADDR, address(host, 24, index=9)) == E.ENODEV
    assert ask(unreached, route.RTM_NEWADDR, bytes(4)) == E.EINVAL
    assert ask(unreached, route.RTM_NEWLINK, link(1)) == 0
    assert interfaces.rows[0].addresses == (
        LO.addresses[0],
        InterfaceAddress(AF_INET, host, 24, 0),
        LO.addresses[1],
    )
    socket = unreached.socket(AF_INET, SOCK_STREAM)
    socket.bind(pack(Endpoint(host, 5000), AF_INET), unreached.caller())
    assert ask(unreached, route.RTM_DELADDR, address(host)) == 0
    assert ask(unreached, route.RTM_DELADDR, address(host)) == E.EADDRNOTAVAIL
