"""What the machine's name service answers; the resolver of the tests is Python's own reading of RFC 1035."""

from __future__ import annotations

import struct

import pytest

from ring3.abi.linux.sockets import AF_INET, SOCK_DGRAM
from ring3.net.inet.address import LOOPBACK4, LOOPBACK6, pack
from ring3.net.name_service import AAAA, ADDRESS, ANY, FORMERR, HOST4, NOTIMP, NXDOMAIN, PTR, A, answer
from tests.net.machine import Machine


def query(name: bytes, kind: int, flags: int = 0x0100, group: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label for label in name.split(b"."))
    return struct.pack(">6H", 77, flags, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, group)


def answers(name: bytes, kind: int) -> tuple[int, list[bytes]]:
    """The code and the data of each record."""
    asked = query(name, kind)
    raw = answer(asked, b"Box")
    assert raw is not None
    number, flags, questions, count, *_ = struct.unpack_from(">6H", raw)
    assert (number, questions, flags & 0x8180) == (77, 1, 0x8180)
    assert raw[12 : len(asked)] == asked[12:]
    at, found = len(asked), []
    for _ in range(count):
        assert raw[at : at + 2] == b"\xc0\x0c"
        size = struct.unpack_from(">H", raw, at + 10)[0]
        found.append(raw[at + 12 : at + 12 + size])
        at += 12 + size
    assert at == len(raw)
    return flags & 15, found


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        (b"localhost", A, (0, [LOOPBACK4])),
        (b"LocalHost", AAAA, (0, [LOOPBACK6])),
        (b"a.localhost", ANY, (0, [LOOPBACK4, LOOPBACK6])),
        (b"box", A, (0, [HOST4])),
        (b"box", AAAA, (0, [])),
        (b"localhost", 15, (0, [])),
        (b"example.org", A, (NXDOMAIN, [])),
        (b"1.0.0.127.in-addr.arpa", PTR, (0, [b"\x09localhost\0"])),
        (b"1.1.0.127.in-addr.arpa", PTR, (0, [b"\x03box\0"])),
        (b"2.0.0.127.in-addr.arpa", PTR, (NXDOMAIN, [])),
    ],
)
def test_it_knows_the_machine_alone(name: bytes, kind: int, found: tuple[int, list[bytes]]) -> None:
    assert answers(name, kind) == found


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (query(b"localhost", A, group=3), FORMERR),
        (query(b"localhost", A)[:-3], FORMERR),
        (query(b"localhost", A)[:15], FORMERR),
        (struct.pack(">6H", 77, 0, 2, 0, 0, 0), FORMERR),
        (query(b"localhost", A, flags=0x2800), NOTIMP),
    ],
)
def test_what_it_does_not_understand_is_said(message: bytes, code: int) -> None:
    raw = answer(message, b"box")
    assert raw is not None
    assert struct.unpack_from(">H", raw, 2)[0] & 15 == code
    assert len(raw) == 12


@pytest.mark.parametrize("message", [b"", bytes(11), query(b"localhost", A, flags=0x8000)])
def test_what_is_no_query_is_not_answered(message: bytes) -> None:
    assert answer(message, b"box") is None


def test_a_socket_is_answered_at_once_until_a_program_serves_there(machine: Machine) -> None:
    client, server = machine.socket(AF_INET, SOCK_DGRAM), machine.socket(AF_INET, SOCK_DGRAM)
    place = pack(ADDRESS, AF_INET)
    machine.send(client, query(b"localhost", A), address=place)
    received = client.recv(512)
    assert received.data.endswith(LOOPBACK4)
    assert received.address == place
    machine.network.udp.add(server, 53)  # type: ignore[arg-type]
    machine.send(client, query(b"localhost", A), address=place)
    assert not client.available()
