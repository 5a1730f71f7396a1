"""Sockets that are used in any order, with any bytes: an error or an answer, never a bug of ours."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from ring3.abi.errno import Errno
from ring3.abi.linux.sockets import (
    AF_INET,
    AF_INET6,
    AF_NETLINK,
    AF_UNIX,
    SOCK_DGRAM,
    SOCK_RAW,
    SOCK_SEQPACKET,
    SOCK_STREAM,
)
from ring3.fs.file import O_NONBLOCK, WouldBlock
from ring3.net import options
from ring3.net.socket import Message, Socket
from tests.net.machine import Machine

KINDS = [
    (AF_UNIX, SOCK_STREAM),
    (AF_UNIX, SOCK_DGRAM),
    (AF_UNIX, SOCK_SEQPACKET),
    (AF_INET, SOCK_STREAM),
    (AF_INET, SOCK_DGRAM),
    (AF_INET6, SOCK_STREAM),
    (AF_INET6, SOCK_DGRAM),
    (AF_NETLINK, SOCK_RAW),
]
STEPS = 3000


def address(chance: random.Random) -> bytes:
    """One that leads somewhere, cut off or changed now and then, or any bytes."""
    made = chance.choice(
        [
            b"\1\0\0n" + bytes([chance.randrange(4)]),
            b"\1\0path%d\0" % chance.randrange(3),
            b"\1\0",
            b"\2\0\x20" + bytes([chance.randrange(4)]) + b"\x7f\0\0\1" + bytes(8),
            b"\2\0\x20" + bytes([chance.randrange(4)]) + bytes(12),
            b"\n\0\x20" + bytes([chance.randrange(4)]) + bytes(4 + 15) + b"\1" + bytes(4),
            b"\n\0\x20\1" + bytes(24),
            b"\x10\0\0\0" + bytes(8),
            bytes(16),
            chance.randbytes(chance.randrange(30)),
        ]
    )
    return made[: chance.randrange(len(made) + 1)] if not chance.randrange(8) else made


def pass_on(machine: Machine, chance: random.Random, sockets: list[Socket], socket: Socket) -> None:
    rights = (chance.choice(sockets),) if socket.passes_rights and not chance.randrange(4) else ()
    data = chance.randbytes(chance.choice((0, 1, 20, 5000, 60000)))
    target = chance.choice((b"", address(chance)))
    socket.send(Message(data, chance.choice((0, 1)), target, rights), machine.caller())


def receive(machine: Machine, chance: random.Random, sockets: list[Socket], socket: Socket) -> None:
    received = socket.recv(chance.choice((0, 1, 7, 100000)), chance.choice((0, 1, 2, 3, 0x20, 0x102)))
    for file in received.rights:
        file.drop()


def accept(machine: Machine, chance: random.Random, sockets: list[Socket], socket: Socket) -> None:
    made = socket.accept()
    made.hold()
    sockets.append(made)


def close(machine: Machine, chance: random.Random, sockets: list[Socket], socket: Socket) -> None:
    sockets.remove(socket)
    socket.drop()


def set_options(machine: Machine, chance: random.Random, sockets: list[Socket], socket: Socket) -> None:
    caller = machine.caller(capabilities=chance.choice((0, -1)))
    with suppress(Errno):
        value = chance.randbytes(chance.choice((0, 4, 8)))
        options.set_option(socket, chance.randrange(80), value, caller)
    if socket.has_levels:
        level, name = chance.choice((0, 6, 17, 41, 270)), chance.randrange(60)
        socket.get_option(level, name, chance.randrange(9), caller)
        socket.set_option(level, name, chance.randbytes(chance.choice((0, 1, 4, 8))), caller)


def ask(machine: Machine, chance: random.Random, sockets: list[Socket], socket: Socket) -> None:
    socket.flags ^= O_NONBLOCK
    for question in (socket.name, socket.peer_name, socket.available, socket.unsent, socket.at_mark):
        with suppress(Errno):
            question()


DEEDS: list[Callable[[Machine, random.Random, list[Socket], Socket], None]] = [
    lambda machine, chance, sockets, socket: socket.bind(address(chance), machine.caller()),
    lambda machine, chance, sockets, socket: socket.listen_for(chance.randrange(-2, 3), machine.caller()),
    lambda machine, chance, sockets, socket: socket.connect(address(chance), machine.caller()),
    lambda machine, chance, sockets, socket: socket.shutdown(chance.randrange(1, 4)),
    accept,
    pass_on,
    pass_on,
    receive,
    receive,
    close,
    set_options,
    ask,
]


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_any_calls_is_survived(machine: Machine, seed: int) -> None:
    chance = random.Random(seed)
    sockets: list[Socket] = []
    for _ in range(STEPS):
        while len(sockets) < 6:
            sockets.append(machine.socket(*chance.choice(KINDS)))
        with suppress(Errno, WouldBlock):
            chance.choice(DEEDS)(machine, chance, sockets, chance.choice(sockets))
        for socket in sockets:
            socket.poll()
    for socket in sockets:
        socket.drop()
    machine.pass_time(61 * 10**9)
    assert not machine.network.netlink_ports
    assert not list(machine.network.udp)
    assert not [left for left in machine.network.tcp if left.refs]
    assert all(not count for count in machine.network.in_flight.total.values())
