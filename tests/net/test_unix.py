"""AF_UNIX sockets as objects: room, what is under way, garbage."""

from __future__ import annotations

import pytest

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import (
    AF_UNIX,
    MSG_OOB,
    MSG_PEEK,
    MSG_TRUNC,
    SO_PASSCRED,
    SOCK_DGRAM,
    SOCK_SEQPACKET,
    SOCK_STREAM,
)
from ring3.fs.file import File, WouldBlock
from ring3.fs.readiness import POLLHUP, POLLPRI, POLLRDHUP, READABLE, WRITABLE
from ring3.net.caller import Ucred
from ring3.net.socket import Message, Socket
from ring3.net.unix.base import UnixSocket, charge_of
from tests.net.machine import Machine

NAMED = b"\1\0\0name"


def fails(error: E, deed: object) -> None:
    assert callable(deed)
    with pytest.raises(Errno) as caught:
        deed()
    assert caught.value.number is error


@pytest.mark.parametrize(
    ("head", "paged", "charge"),
    [
        (1, 0, 768),
        (192, 0, 768),
        (193, 0, 1280),
        (1000, 0, 2304),
        (3776, 0, 4352),
        (0, 1, 4864),
        (3776, 32768, 37120),
    ],
)
def test_a_packet_counts_what_linux_takes_for_it(head: int, paged: int, charge: int) -> None:
    """The sizes are those measured on Linux 6.18: packets until a socket of 212992 bytes was full."""
    assert charge_of(head, paged) == charge


@pytest.mark.parametrize("kind", [SOCK_STREAM, SOCK_DGRAM])
def test_a_sender_is_stopped_when_too_much_is_under_way(machine: Machine, kind: int) -> None:
    one, other = machine.pair(AF_UNIX, kind)
    sent = 278
    for _ in range(sent):
        machine.send(one, b"x")
    with pytest.raises(WouldBlock):
        machine.send(one, b"x")
    assert not one.poll() & WRITABLE
    woken: list[int] = []
    one.listen(lambda: woken.append(sent), WRITABLE)
    for _ in range(sent):
        assert other.recv(1).data == b"x"
    assert woken
    assert one.poll() & WRITABLE
    assert isinstance(one, UnixSocket)
    assert one.under_way == 0


def test_a_stream_takes_as_much_as_there_is_room_for(machine: Machine) -> None:
    one, other = machine.pair(AF_UNIX, SOCK_STREAM)
    sent = machine.send(one, bytes(1 << 20))
    assert sent == 6 * 36544
    assert len(other.recv(1 << 20).data) == sent


def test_messages_keep_their_bounds(machine: Machine) -> None:
    for kind in (SOCK_DGRAM, SOCK_SEQPACKET):
        one, other = machine.pair(AF_UNIX, kind)
        machine.send(one, b"first")
        machine.send(one, b"")
        assert other.recv(2, MSG_PEEK).data == b"fi"
        cut = other.recv(2)
        assert (cut.data, cut.size, cut.flags) == (b"fi", 5, MSG_TRUNC)
        assert other.recv(2).data == b""
        with pytest.raises(WouldBlock):
            other.recv(1)


def test_a_byte_out_of_band_ends_what_is_read_at_once(machine: Machine) -> None:
    one, other = machine.pair(AF_UNIX, SOCK_STREAM)
    machine.send(one, b"ab!", MSG_OOB)
    machine.send(one, b"cd")
    assert other.poll() & POLLPRI
    assert other.recv(1, MSG_OOB).data == b"!"
    assert other.recv(9).data == b"ab"
    assert other.at_mark()
    assert other.recv(9).data == b"cd"
    fails(E.EINVAL, lambda: other.recv(1, MSG_OOB))


def test_a_closed_peer_shows(machine: Machine) -> None:
    one, other = machine.pair(AF_UNIX, SOCK_STREAM)
    machine.send(one, b"left")
    one.drop()
    assert other.poll() & (POLLHUP | POLLRDHUP | READABLE) == POLLHUP | POLLRDHUP | READABLE
    assert other.recv(9).data == b"left"
    assert other.recv(9).data == b""
    fails(E.EPIPE, lambda: machine.send(other, b"x"))


def test_unread_data_resets_the_peer(machine: Machine) -> None:
    one, other = machine.pair(AF_UNIX, SOCK_STREAM)
    machine.send(other, b"never read")
    one.drop()
    fails(E.ECONNRESET, lambda: other.recv(1))
    assert other.recv(1).data == b""


def test_names_go_with_their_sockets(machine: Machine) -> None:
    for _ in range(2):
        listener = machine.socket(AF_UNIX, SOCK_STREAM)
        listener.bind(NAMED, machine.caller())
        other = machine.socket(AF_UNIX, SOCK_STREAM)
        fails(E.EADDRINUSE, lambda other=other: other.bind(NAMED, machine.caller()))
        listener.drop()
        fails(E.ECONNREFUSED, lambda other=other: other.connect(NAMED, machine.caller()))


def test_a_socket_is_given_a_name(machine: Machine) -> None:
    one, other = machine.socket(AF_UNIX, SOCK_DGRAM), machine.socket(AF_UNIX, SOCK_DGRAM)
    one.bind(b"\1\0", machine.caller())
    other.bind(b"\1\0", machine.caller())
    assert {one.name(), other.name()} == {b"\1\0\x0000000", b"\1\0\x0000001"}


def test_connections_remember_who_made_them(machine: Machine) -> None:
    listener, client = machine.socket(AF_UNIX, SOCK_STREAM), machine.socket(AF_UNIX, SOCK_STREAM)
    listener.bind(NAMED, machine.caller())
    listener.listen_for(1, machine.caller(uid=5, pid=50))
    client.connect(NAMED, machine.caller(uid=6, pid=60))
    assert client.peer_credentials() == (Ucred(50, 5, 5), (7, 8))
    assert listener.accept().peer_credentials() == (Ucred(60, 6, 6), (7, 8))


def test_bytes_of_different_senders_are_kept_apart(machine: Machine) -> None:
    one, other = machine.pair(AF_UNIX, SOCK_STREAM)
    other.options[SO_PASSCRED] = 1
    one.send(Message(b"a"), machine.caller(uid=1))
    one.send(Message(b"b"), machine.caller(uid=1))
    one.send(Message(b"c"), machine.caller(uid=2))
    assert other.recv(9).data == b"ab"
    assert other.recv(9).data == b"c"


# -- files under way ---------------------------------------------------------------------------------------------


def pass_on(machine: Machine, socket: Socket, *files: File, limit: int = 1024) -> None:
    socket.send(Message(b"x", rights=files), machine.caller(limit=limit))


def test_files_under_way_are_held_until_nobody_can_receive_them(machine: Machine) -> None:
    one, other = machine.pair(AF_UNIX, SOCK_STREAM)
    carried = machine.socket(AF_UNIX, SOCK_STREAM)
    pass_on(machine, one, carried)
    assert carried.refs == 2
    peeked = other.recv(1, MSG_PEEK)
    assert peeked.rights == (carried,)
    carried.drop()
    received = other.recv(1)
    assert received.rights == (carried,)
    carried.drop()
    assert carried.refs == 1
    pass_on(machine, one, carried)
    other.drop()
    assert carried.refs == 1
    assert machine.network.in_flight.total == {1000: 0}


def test_sockets_that_only_hold_each_other_are_closed(machine: Machine) -> None:
    one, other = machine.pair(AF_UNIX, SOCK_STREAM)
    pass_on(machine, one, one, other)
    pass_on(machine, other, one, other)
    one.drop()
    assert one.refs
    other.drop()
    assert (one.refs, other.refs) == (0, 0)
    assert machine.network.in_flight.total == {1000: 0}


def test_what_can_still_be_received_stays(machine: Machine) -> None:
    one, other = machine.pair(AF_UNIX, SOCK_STREAM)
    inner, peer = machine.pair(AF_UNIX, SOCK_STREAM)
    leaf = machine.socket(AF_UNIX, SOCK_DGRAM)
    pass_on(machine, peer, leaf)
    pass_on(machine, one, inner)
    leaf.drop()
    inner.drop()
    assert other.recv(1).rights == (inner,)
    assert inner.recv(1).rights == (leaf,)


def test_a_connection_that_nobody_accepted_can_be_garbage(machine: Machine) -> None:
    listener, client = machine.socket(AF_UNIX, SOCK_STREAM), machine.socket(AF_UNIX, SOCK_STREAM)
    listener.bind(NAMED, machine.caller())
    listener.listen_for(1, machine.caller())
    client.connect(NAMED, machine.caller())
    pass_on(machine, client, listener)
    listener.drop()
    assert listener.refs == 0
    assert client.poll() & POLLHUP


def test_an_ordinary_user_has_so_many_files_under_way(machine: Machine) -> None:
    one, _ = machine.pair(AF_UNIX, SOCK_STREAM)
    for _ in range(4):
        pass_on(machine, one, one, limit=3)
    fails(E.ETOOMANYREFS, lambda: pass_on(machine, one, one, limit=3))
