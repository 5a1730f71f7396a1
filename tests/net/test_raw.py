"""Raw sockets of ICMP."""

from __future__ import annotations

import pytest

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import AF_INET, AF_INET6, SOCK_DGRAM, SOCK_RAW, SOL_RAW
from ring3.fs.file import WouldBlock
from ring3.net.caller import CAP_NET_RAW
from ring3.net.inet.address import LOOPBACK4, Endpoint, pack
from ring3.net.inet.wire import checksum
from ring3.net.socket import Message, Socket
from tests.net.machine import Machine

ICMP = 1
HERE = pack(Endpoint(LOOPBACK4, 0), AF_INET)


def raw(machine: Machine) -> Socket:
    return machine.network.make(AF_INET, SOCK_RAW, ICMP, machine.caller(capabilities=CAP_NET_RAW)).hold()  # type: ignore[return-value]


def request(payload: bytes) -> bytes:
    head = b"\x08\0\0\0\x12\x34\0\1"
    return head[:2] + checksum(head + payload).to_bytes(2, "big") + head[4:] + payload


def test_they_are_for_the_privileged(machine: Machine) -> None:
    with pytest.raises(Errno) as caught:
        machine.socket(AF_INET, SOCK_RAW, ICMP)
    assert caught.value.number is E.EPERM


def test_no_group_may_have_one_that_is_not_raw(machine: Machine) -> None:
    for family, protocol in ((AF_INET, ICMP), (AF_INET6, 58)):
        with pytest.raises(Errno) as caught:
            machine.socket(family, SOCK_DGRAM, protocol)
        assert caught.value.number is E.EACCES


def test_a_request_is_seen_and_answered(machine: Machine) -> None:
    socket = raw(machine)
    socket.send(Message(request(b"payload"), address=HERE), machine.caller())
    asked, answered = socket.recv(100), socket.recv(100)
    assert asked.data[20:] == request(b"payload")
    assert (answered.data[20], answered.data[28:], answered.address) == (0, b"payload", HERE)
    for packet in (asked.data, answered.data):
        assert checksum(packet[:20]) == 0
        assert checksum(packet[20:]) == 0


def test_a_wrong_checksum_is_not_answered_and_types_can_be_left_out(machine: Machine) -> None:
    socket = raw(machine)
    socket.set_option(SOL_RAW, 1, (1 << 8).to_bytes(4, "little"), machine.caller())
    socket.send(Message(b"\x08\0\0\0" + bytes(8), address=HERE), machine.caller())
    with pytest.raises(WouldBlock):
        socket.recv(100)
    socket.drop()
    assert machine.network.raw == []


def test_the_checksum_is_that_of_the_rfc() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xDDF2 ^ 0xFFFF
