"""What the kernel answers about its network."""

from __future__ import annotations

import struct

import pytest

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET, AF_NETLINK, SOCK_RAW
from ring3.fs.file import WouldBlock
from ring3.net.interfaces import LO, Interfaces
from ring3.net.netlink import route
from ring3.net.netlink.attributes import attribute, attributes_in
from ring3.net.socket import Message
from tests.net.machine import Machine

REQUEST, DUMP, ACK = 1, 0x300, 4

LOOPBACK = Interfaces((LO,))


def ask(
    machine: Machine, kind: int, flags: int, body: bytes, capabilities: int = 0
) -> list[tuple[int, int, bytes]]:
    """Type, flags and body of each message of the answers."""
    socket = machine.socket(AF_NETLINK, SOCK_RAW)
    head = struct.pack("<IHHII", 16 + len(body), kind, REQUEST | flags, 9, 0)
    socket.send(Message(head + body), machine.caller(capabilities=capabilities))
    found = []
    while socket.available():
        raw = socket.recv(1 << 16).data
        while raw:
            size, kind, flags, sequence, _ = struct.unpack_from("<IHHII", raw)
            assert sequence == 9
            found.append((kind, flags, raw[16:size]))
            raw = raw[(size + 3) & ~3 :]
    with pytest.raises(WouldBlock):
        socket.recv(1)
    return found


def test_a_dump_of_links_ends() -> None:
    kind, body = route.links(b"", LOOPBACK)[0]
    assert kind == route.RTM_NEWLINK
    assert struct.unpack_from("<BxHiI", body) == (0, 772, 1, 0x10049)
    assert attributes_in(body[16:])[route.IFLA_IFNAME] == b"lo\0"


def test_a_dump_is_answered_in_parts_and_ended(machine: Machine) -> None:
    answers = ask(machine, route.RTM_GETADDR, DUMP, bytes(8))
    assert [kind for kind, _, _ in answers] == [route.RTM_NEWADDR, route.RTM_NEWADDR, 3]
    assert all(flags & 2 for _, flags, _ in answers)


def test_a_family_can_be_asked_for(machine: Machine) -> None:
    answers = ask(machine, route.RTM_GETADDR, DUMP, bytes([AF_INET]) + bytes(7))
    assert [kind for kind, _, _ in answers] == [route.RTM_NEWADDR, 3]


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        (route.RTM_GETLINK, struct.pack("<BxHiII", 0, 0, 77, 0, 0), E.ENODEV),
        (route.RTM_GETLINK, bytes(4), E.EINVAL),
        (route.RTM_GETROUTE, bytes(12), E.EINVAL),
        (route.RTM_NEWADDR, bytes(8), E.EPERM),
    ],
)
def test_errors_are_answers(machine: Machine, kind: int, body: bytes, error: E) -> None:
    ((answered, _, raw),) = ask(machine, kind, ACK, body)
    assert answered == 2
    assert struct.unpack_from("<i", raw) == (-error,)


def test_routes_lead_to_the_machine_itself() -> None:
    body = struct.pack("<8BI", AF_INET, 32, 0, 0, 0, 0, 0, 0, 0)
    assert route.one(route.RTM_GETROUTE, body + attribute(route.RTA_DST, b"\x7f\1\2\3"), LOOPBACK)
    with pytest.raises(Errno):
        route.one(route.RTM_GETROUTE, body + attribute(route.RTA_DST, b"\1\2\3\4"), LOOPBACK)


@pytest.mark.parametrize("raw", [b"", b"\1", b"\xff\xff\1\0", b"\3\0\1\0", b"\4\0\1\0\xff"])
def test_attributes_that_are_none_end_the_list(raw: bytes) -> None:
    assert set(attributes_in(raw)) <= {1}


def test_numbers_of_sockets_are_given_once(machine: Machine) -> None:
    one, other = machine.socket(AF_NETLINK, SOCK_RAW), machine.socket(AF_NETLINK, SOCK_RAW)
    for made in (one, other):
        made.bind(struct.pack("<HHII", AF_NETLINK, 0, 0, 0), machine.caller())
    assert one.name() != other.name()
    one.drop()
    other.drop()
    assert not machine.network.netlink_ports
