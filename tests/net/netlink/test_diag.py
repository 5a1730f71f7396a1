"""sock_diag: requests that are malformed in any way; what well-formed ones give is compared in test_sockets."""

from __future__ import annotations

import random
import struct

import pytest

from ring3.abi.linux.sockets import AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM
from ring3.net.caller import CAP_NET_ADMIN
from ring3.net.inet.address import LOOPBACK4, Endpoint, pack
from ring3.net.netlink.attributes import attribute
from ring3.net.netlink.diag_filter import AUTO, D_COND, MARK_COND, S_COND, S_EQ, S_GE
from ring3.net.netlink.family import NETLINK_KOBJECT_UEVENT, NETLINK_SOCK_DIAG
from ring3.net.socket import Message
from tests.net.machine import Machine

DUMP = 0x300
HEAD = struct.pack("<BBBBI48s", AF_INET, 6, 0xFF, 0, 0xFFFF_FFFF, bytes(48))
ERROR, ANSWER, DONE = 2, 20, 3


def ask(
    machine: Machine, body: bytes, kind: int = 20, flags: int = DUMP, capabilities: int = 0
) -> list[tuple[int, bytes]]:
    """Type and body of each message of the answer."""
    socket = machine.socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG)
    head = struct.pack("<IHHII", 16 + len(body), kind, 1 | flags, 9, 0)
    socket.send(Message(head + body), machine.caller(capabilities=capabilities))
    found = []
    while socket.available():
        raw = socket.recv(1 << 16).data
        while raw:
            size, kind = struct.unpack_from("<IH", raw)
            found.append((kind, raw[16:size]))
            raw = raw[(size + 3) & ~3 :]
    socket.drop()
    return found


def listening(machine: Machine) -> None:
    socket = machine.socket(AF_INET, SOCK_STREAM)
    socket.bind(pack(Endpoint(LOOPBACK4, 8000), AF_INET), machine.caller())
    socket.listen_for(5, machine.caller())


def filtered(machine: Machine, program: bytes, capabilities: int = 0) -> int:
    """How many sockets a filter chooses of a listening one, or a negative errno."""
    found = ask(machine, HEAD + attribute(1, program), capabilities=capabilities)
    if found[0][0] == ERROR:
        return int(struct.unpack_from("<i", found[0][1])[0])
    assert found[-1][0] == DONE
    return len(found) - 1


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (b"", 1),
        (struct.pack("<BBHBBH", S_EQ, 8, 12, 0, 0, 8000), 1),
        (struct.pack("<BBHBBH", S_EQ, 8, 12, 0, 0, 8001), 0),
        (struct.pack("<BBHBBH", S_GE, 8, 12, 0, 0, 8001), 0),
        (struct.pack("<BBH", AUTO, 4, 8), 0),
        (struct.pack("<BBHBBxxi4s", S_COND, 16, 20, AF_INET, 32, 8000, LOOPBACK4), 1),
        (struct.pack("<BBHBBxxi4s", S_COND, 16, 20, AF_INET, 9, -1, b"\x7f\x80\0\0"), 0),
        (struct.pack("<BBHBBxxi", D_COND, 12, 16, 0, 0, -1), 1),
        (struct.pack("<BBHBBxxi", D_COND, 12, 16, 3, 0, -1), -22),
        (struct.pack("<BBHII", MARK_COND, 12, 16, 0, 0), -1),
        (struct.pack("<BBH", AUTO, 0, 8), -22),
        (b"\6", -22),
    ],
)  # fmt: skip
def test_a_filter_chooses(machine: Machine, program: bytes, expected: int) -> None:
    listening(machine)
    assert filtered(machine, program) == expected


def test_marks_are_for_those_who_may_set_them(machine: Machine) -> None:
    listening(machine)
    assert filtered(machine, struct.pack("<BBHII", MARK_COND, 12, 16, 0, 0), CAP_NET_ADMIN) == 1


def test_any_request_is_answered(machine: Machine) -> None:
    """Well-formed requests with some bytes changed, cut off, or none at all."""
    listening(machine)
    machine.pair(AF_UNIX, SOCK_STREAM)
    udp = machine.socket(AF_INET6, SOCK_DGRAM)
    machine.send(udp, b"x", address=pack(Endpoint(LOOPBACK4, 9), AF_INET))
    chance = random.Random(7)
    condition = attribute(1, struct.pack("<BBHBBxxi4s", S_COND, 16, 20, AF_INET, 32, 8000, LOOPBACK4))
    bodies = [HEAD + condition, bytes([AF_INET6, 17]) + HEAD[2:], bytes([AF_UNIX]) + bytes(3) + b"\xff" * 20,
              bytes([AF_NETLINK, 255]) + bytes(18), bytes(80)]  # fmt: skip
    for _ in range(2000):
        body = bytearray(chance.choice(bodies))
        for _ in range(chance.randrange(4)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        del body[chance.choice((len(body), len(body), chance.randrange(len(body)))) :]
        flags, kind = chance.choice((0, DUMP)), chance.choice((18, 20, 20, 20, 21))
        assert {found for found, _ in ask(machine, bytes(body), kind, flags)} <= {18, ANSWER, DONE, ERROR}


def test_nobody_is_told_of_devices(machine: Machine) -> None:
    socket = machine.socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT)
    socket.bind(struct.pack("<HHII", AF_NETLINK, 0, 0, 1), machine.caller())
    assert not socket.available()
