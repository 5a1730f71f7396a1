"""TCP's states, ports and buffers, without a CPU."""

from __future__ import annotations

import pytest

from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import (
    AF_INET,
    AF_INET6,
    MSG_OOB,
    MSG_PEEK,
    SEND_SHUTDOWN,
    SO_REUSEADDR,
    SO_REUSEPORT,
    SOCK_DGRAM,
    SOCK_STREAM,
    State,
)
from ring3.fs.file import WouldBlock
from ring3.fs.readiness import POLLERR, POLLHUP, READABLE, WRITABLE
from ring3.net.inet.address import ANY4, ANY6, LOOPBACK4, LOOPBACK6, Endpoint, overlap, pack, parse
from ring3.net.inet.received import ReceiveQueue
from ring3.net.inet.tcp import TcpSocket
from tests.net.machine import Machine

MINUTE = 60 * 10**9


def address(port: int, host: bytes = LOOPBACK4, family: int = AF_INET) -> bytes:
    return pack(Endpoint(host, port), family)


def tcp(machine: Machine, family: int = AF_INET) -> TcpSocket:
    made = machine.socket(family, SOCK_STREAM)
    assert isinstance(made, TcpSocket)
    return made


def listening(machine: Machine, port: int = 8000, backlog: int = 5) -> TcpSocket:
    made = tcp(machine)
    made.bind(address(port), machine.caller())
    made.listen_for(backlog, machine.caller())
    return made


def connection(machine: Machine) -> tuple[TcpSocket, TcpSocket]:
    listener, client = listening(machine), tcp(machine)
    client.connect(address(8000), machine.caller())
    accepted = listener.accept()
    accepted.hold()
    listener.drop()
    assert isinstance(accepted, TcpSocket)
    return client, accepted


def fails(error: E, deed: object) -> None:
    assert callable(deed)
    with pytest.raises(Errno) as caught:
        deed()
    assert caught.value.number is error


def test_the_end_that_closes_first_waits(machine: Machine) -> None:
    client, server = connection(machine)
    assert (client.state, server.state) == (State.ESTABLISHED, State.ESTABLISHED)
    client.shutdown(SEND_SHUTDOWN)
    assert (client.state, server.state) == (State.FIN_WAIT2, State.CLOSE_WAIT)
    assert server.recv(1).data == b""
    machine.send(server, b"still heard")
    assert client.recv(99).data == b"still heard"
    server.drop()
    assert (client.state, server.state) == (State.TIME_WAIT, State.CLOSE)


def test_time_wait_keeps_the_port_for_a_minute(machine: Machine) -> None:
    client, server = connection(machine)
    server.drop()
    client.drop()
    other = tcp(machine)
    fails(E.EADDRINUSE, lambda: other.bind(address(8000), machine.caller()))
    machine.pass_time(MINUTE)
    other.bind(address(8000), machine.caller())


def test_an_end_that_was_closed_first_waits_once_the_other_is_closed(machine: Machine) -> None:
    client, server = connection(machine)
    client.drop()
    assert (client.state, server.state) == (State.FIN_WAIT2, State.CLOSE_WAIT)
    server.drop()
    assert (client.state, server.state) == (State.TIME_WAIT, State.CLOSE)


def test_an_end_that_was_closed_first_is_gone_when_the_other_speaks(machine: Machine) -> None:
    client, server = connection(machine)
    client.drop()
    machine.send(server, b"lost")
    assert client.state == State.CLOSE
    assert client not in machine.network.tcp


def test_closing_with_unread_data_resets(machine: Machine) -> None:
    client, server = connection(machine)
    machine.send(client, b"never read")
    machine.send(server, b"kept")
    server.drop()
    assert client.poll() & (POLLERR | POLLHUP) == POLLERR | POLLHUP
    assert client.recv(9).data == b"kept"
    fails(E.ECONNRESET, lambda: client.recv(9))
    assert client.recv(9).data == b""


def test_who_sends_to_a_closed_end_hears_of_it_next_time(machine: Machine) -> None:
    client, server = connection(machine)
    server.drop()
    assert machine.send(client, b"lost") == 4
    fails(E.EPIPE, lambda: machine.send(client, b"x"))


def test_a_full_queue_of_connections_makes_others_wait(machine: Machine) -> None:
    listener = listening(machine, backlog=0)
    first, second = tcp(machine), tcp(machine)
    first.connect(address(8000), machine.caller())
    with pytest.raises(WouldBlock):
        second.connect(address(8000), machine.caller())
    assert second.state == State.SYN_SENT
    listener.accept()
    assert second.state == State.ESTABLISHED
    second.connect(address(8000), machine.caller())
    fails(E.EISCONN, lambda: second.connect(address(8000), machine.caller()))


def test_a_listener_that_goes_resets_who_was_not_accepted(machine: Machine) -> None:
    listener, client = listening(machine), tcp(machine)
    client.connect(address(8000), machine.caller())
    listener.drop()
    fails(E.ECONNRESET, lambda: client.recv(1))


def test_other_networks_are_unreachable(machine: Machine) -> None:
    fails(E.ENETUNREACH, lambda: tcp(machine).connect(address(80, b"\x08\x08\x08\x08"), machine.caller()))


def test_a_sender_waits_for_room(machine: Machine) -> None:
    client, server = connection(machine)
    sent = machine.send(client, bytes(16 << 20))
    assert sent == server.receive_buffer + client.send_buffer
    assert client.unsent() == client.send_buffer
    assert not client.poll() & WRITABLE
    with pytest.raises(WouldBlock):
        machine.send(client, b"x")
    woken: list[bool] = []
    client.listen(lambda: woken.append(True), WRITABLE)
    assert len(server.recv(sent).data) == sent
    assert woken
    assert client.poll() & WRITABLE


def test_ports_below_1024_are_for_the_privileged(machine: Machine) -> None:
    fails(E.EACCES, lambda: tcp(machine).bind(address(80), machine.caller()))
    tcp(machine).bind(address(80), machine.caller(capabilities=1 << 10))


@pytest.mark.parametrize(("option", "allowed"), [(0, False), (SO_REUSEADDR, False), (SO_REUSEPORT, True)])
def test_who_listens_shares_its_port_only_on_purpose(machine: Machine, option: int, allowed: bool) -> None:
    one, other = tcp(machine), tcp(machine)
    for made in (one, other):
        made.options[option] = 1
    one.bind(address(8000), machine.caller())
    one.listen_for(1, machine.caller())
    if allowed:
        other.bind(address(8000), machine.caller())
    else:
        fails(E.EADDRINUSE, lambda: other.bind(address(8000), machine.caller()))


def test_a_socket_of_ipv6_hears_ipv4_too(machine: Machine) -> None:
    listener, client = tcp(machine, AF_INET6), tcp(machine)
    listener.bind(address(8000, ANY6, AF_INET6), machine.caller())
    listener.listen_for(1, machine.caller())
    client.connect(address(8000), machine.caller())
    assert parse(listener.accept().peer_name(), AF_INET6).host == LOOPBACK4


@pytest.mark.parametrize(
    ("one", "other", "only6", "both"),
    [
        (ANY4, LOOPBACK4, False, True),
        (LOOPBACK4, b"\x7f\0\0\2", False, False),
        (ANY6, LOOPBACK4, False, True),
        (ANY6, LOOPBACK4, True, False),
        (LOOPBACK6, ANY4, False, False),
    ],
)
def test_addresses_that_get_the_same_packets(one: bytes, other: bytes, only6: bool, both: bool) -> None:
    assert overlap(one, other, only6, False) is both
    assert overlap(other, one, False, only6) is both


def test_messages_beyond_the_buffer_are_lost(machine: Machine) -> None:
    receiver, sender = machine.socket(AF_INET, SOCK_DGRAM), machine.socket(AF_INET, SOCK_DGRAM)
    receiver.bind(address(8000), machine.caller())
    receiver.set_receive_buffer(2304)
    for _ in range(10):
        machine.send(sender, b"x", address=address(8000))
    got = 0
    while receiver.poll() & READABLE:
        receiver.recv(1)
        got += 1
    assert got == 3


# -- bytes in order ----------------------------------------------------------------------------------------------


def test_bytes_come_in_order_whatever_the_pieces() -> None:
    queue = ReceiveQueue()
    for piece in (b"abc", b"d", b"efgh"):
        queue.put(piece, urgent=False)
    assert queue.take(5, MSG_PEEK, inline=False) == b"abcde"
    assert queue.take(2, 0, inline=False) == b"ab"
    queue.give_back(b"b")
    assert queue.take(99, 0, inline=False) == b"bcdefgh"
    assert queue.take(1, 0, inline=False) is None


def test_a_byte_out_of_band_is_passed_or_read(machine: Machine) -> None:
    client, server = connection(machine)
    machine.send(client, b"ab!", MSG_OOB)
    machine.send(client, b"cd")
    assert server.available() == 2
    assert server.recv(9).data == b"ab"
    assert server.at_mark()
    assert server.recv(1, MSG_OOB).data == b"!"
    assert server.recv(9).data == b"cd"
    fails(E.EINVAL, lambda: server.recv(1, MSG_OOB))
