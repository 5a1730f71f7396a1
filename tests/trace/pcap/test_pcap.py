"""Capture files: what is in them is read by rules of the RFCs that stand here once more, and by tcpdump."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ring3.errors import UserError
from ring3.kernel.events import Carried, End
from ring3.net.flows import Flows
from ring3.trace.pcap import Capture
from tests.cli.command import ring3

PYTHON = "/usr/bin/python3"
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ONE: End = (b"\x7f\0\0\1", 4000)
OTHER: End = (b"\x7f\0\0\1", 80)
ONE6: End = (bytes(15) + b"\1", 4000)
OTHER6: End = (bytes(15) + b"\1", 80)
FAR: End = (b"\xc0\0\2\1", 80)


class Segment(NamedTuple):
    source: int
    target: int
    sequence: int
    acknowledged: int
    flags: int
    data: bytes


def total(data: bytes) -> int:
    """The sum of RFC 1071, one word after the other; 0xffff of what carries its own checksum."""
    found = 0
    for at in range(0, len(data), 2):
        found += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
        found = (found & 0xFFFF) + (found >> 16)
    return found


def opened(packet: bytes) -> tuple[int, bytes, bytes]:
    """Protocol, addresses and contents of a packet whose lengths and checksum are right."""
    if packet[0] >> 4 == 4:
        assert total(packet[:20]) == 0xFFFF
        assert int.from_bytes(packet[2:4], "big") == len(packet)
        return packet[9], packet[12:20], packet[20:]
    assert int.from_bytes(packet[4:6], "big") == len(packet) - 40
    return packet[6], packet[8:40], packet[40:]


def summed(packet: bytes) -> tuple[int, bytes]:
    """Protocol and contents of a packet, with the pseudo-header's checksum checked."""
    protocol, addresses, data = opened(packet)
    assert total(addresses + struct.pack(">II", len(data), protocol) + data) == 0xFFFF
    return protocol, data


def segments(*carried: Carried) -> list[Segment]:
    flows, found = Flows(bytes), []
    for one in carried:
        for packet in flows.packets(one):
            protocol, data = summed(packet)
            assert protocol == 6
            source, target, sequence, acknowledged, words, flags = struct.unpack_from(">HHIIBB", data)
            found.append(Segment(source, target, sequence, acknowledged, flags, data[words >> 4 << 2 :]))
    return found


def tcp(flags: int, data: bytes = b"", source: End = ONE, target: End = OTHER) -> Carried:
    return Carried(None, 6, source, target, flags, data)


def back(flags: int, data: bytes = b"") -> Carried:
    return tcp(flags, data, OTHER, ONE)


def consistent(found: list[Segment]) -> None:
    """Each end counts its bytes, SYN and FIN, and acknowledges what has come (RFC 9293, 3.4)."""
    following: dict[int, int] = {}
    for segment in found:
        if segment.source in following:
            assert segment.sequence == following[segment.source]
        if segment.flags & ACK:
            assert segment.acknowledged == following[segment.target]
        length = len(segment.data) + bool(segment.flags & SYN) + bool(segment.flags & FIN)
        following[segment.source] = segment.sequence + length


@pytest.mark.parametrize("ends", [(ONE, OTHER), (ONE6, OTHER6), (FAR, ONE)])
def test_a_connection_is_numbered_and_acknowledged(ends: tuple[End, End]) -> None:
    one, other = ends
    found = segments(
        tcp(SYN, b"", one, other),
        tcp(SYN | ACK, b"", other, one),
        tcp(ACK, b"", one, other),
        tcp(PSH | ACK, b"question", one, other),
        tcp(PSH | ACK, b"odd", other, one),
        tcp(FIN | ACK, b"", other, one),
        tcp(FIN | ACK, b"", one, other),
    )
    consistent(found)
    assert [segment.flags for segment in found[:5]] == [SYN, SYN | ACK, ACK, PSH | ACK, ACK]
    assert b"".join(segment.data for segment in found) == b"questionodd"
    assert [segment.flags for segment in found[-4:]] == [FIN | ACK, ACK, FIN | ACK, ACK]


def test_what_began_before_anybody_looked_has_a_handshake() -> None:
    found = segments(tcp(PSH | ACK, b"later"))
    consistent(found)
    assert [segment.flags for segment in found] == [SYN, SYN | ACK, ACK, PSH | ACK, ACK]


@pytest.mark.parametrize(("far", "longest"), [(False, 65483), (True, 1460)])
def test_long_data_is_cut_into_segments(far: bool, longest: int) -> None:
    data = bytes(range(256)) * 600
    found = segments(tcp(PSH | ACK, data, ONE, FAR if far else OTHER))
    consistent(found)
    assert max(len(segment.data) for segment in found) == longest
    assert b"".join(segment.data for segment in found) == data
    assert sum(bool(segment.flags & PSH) for segment in found) == 1


def test_a_refused_connection_and_a_port_that_is_used_again() -> None:
    found = segments(tcp(SYN), back(RST | ACK), tcp(SYN), back(SYN | ACK), tcp(ACK), tcp(RST | ACK))
    assert [segment.flags for segment in found] == [SYN, RST | ACK, SYN, SYN | ACK, ACK, RST | ACK]
    consistent(found[:2])
    consistent(found[2:])


def test_the_end_of_what_nobody_saw_is_not_there() -> None:
    assert not segments(tcp(FIN | ACK), back(RST | ACK))
    assert len(segments(tcp(PSH | ACK, b"x"), tcp(FIN | ACK), tcp(FIN | ACK))) == 7


@pytest.mark.parametrize("ends", [(ONE, OTHER), (ONE6, OTHER6)])
@pytest.mark.parametrize("data", [b"", b"odd", b"even"])
def test_messages(ends: tuple[End, End], data: bytes) -> None:
    (packet,) = Flows(bytes).packets(Carried(None, 17, *ends, 0, data))
    protocol, contents = summed(packet)
    assert protocol == 17
    assert struct.unpack_from(">HHH", contents) == (4000, 80, 8 + len(data))
    assert contents[8:] == data


TALK = """
import socket, threading
def talk(family, host):
    server = socket.create_server((host, 0), family=family)
    client = socket.socket(family); client.connect(server.getsockname())
    connection, _ = server.accept()
    client.sendall(b"question"); connection.recv(100)
    connection.sendall(b"a" * 100000)
    got = 0
    while got < 100000: got += len(client.recv(1 << 20))
    client.close(); connection.recv(1); connection.close(); server.close()
    one, two = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
    one.bind((host, 0)); two.sendto(b"message", one.getsockname()); one.recv(100); port = one.getsockname(); one.close()
    two.connect(port); two.send(b"lost")
    try: two.recv(1)
    except ConnectionRefusedError: pass
    try: socket.create_connection((host, port[1]))
    except ConnectionRefusedError: pass
talk(socket.AF_INET, "127.0.0.1")
talk(socket.AF_INET6, "::1")
"""


def records(path: Path) -> Iterator[bytes]:
    """The packets of a file (pcap-savefile(5))."""
    raw = path.read_bytes()
    assert struct.unpack_from("<IHHiIII", raw) == (0xA1B2C3D4, 2, 4, 0, 0, 262144, 101)
    at = 24
    while at < len(raw):
        _, micro, kept, size = struct.unpack_from("<IIII", raw, at)
        assert micro < 10**6
        assert kept == size
        yield raw[at + 16 : at + 16 + kept]
        at += 16 + kept
    assert at == len(raw)


@pytest.mark.parametrize("reach", ["loopback", "host"])
def test_a_program_that_talks_is_captured(tmp_path: Path, reach: str) -> None:
    (tmp_path / "talk.py").write_text(TALK)
    done = ring3("run", "--net", reach, "--pcap", "out.pcap", PYTHON, "talk.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    streams: dict[tuple[int, bytes], list[Segment]] = {}
    messages = []
    for packet in records(tmp_path / "out.pcap"):
        protocol, addresses, _ = opened(packet)
        if protocol == 1:
            continue
        _, data = summed(packet)
        if protocol == 6:
            source, target, sequence, acknowledged, words, flags = struct.unpack_from(">HHIIBB", data)
            half = len(addresses) // 2
            key = (
                source ^ target,
                bytes(a ^ b for a, b in zip(addresses[:half], addresses[half:], strict=True)),
            )
            part = Segment(source, target, sequence, acknowledged, flags, data[words >> 4 << 2 :])
            streams.setdefault(key, []).append(part)
        elif protocol == 17:
            messages.append(data[8:])
    carried = [b"".join(part.data for part in found) for found in streams.values()]
    for found in streams.values():
        consistent(found)
    assert sorted(map(len, carried)) == [0, 0, 100008, 100008]
    assert messages == [b"message", b"lost"] * 2
    if shutil.which("tcpdump") is not None:
        shown = subprocess.run(
            ["tcpdump", "-vvnr", "out.pcap"], capture_output=True, text=True, cwd=tmp_path, check=True
        ).stdout
        assert "incorrect" not in shown
        assert "bad" not in shown
        assert ("port unreachable" in shown or "unreachable port" in shown) is (reach == "loopback")


def test_a_published_port_is_captured(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = (
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 80)); print('ready', flush=True)\n"
        "c, _ = server.accept(); c.sendall(c.recv(10) + b'!'); c.close()\n"
    )
    (tmp_path / "serve.py").write_text(code)
    done: list[subprocess.CompletedProcess[str]] = []
    options = ("--publish", f"{port}:80", "--pcap", "out.pcap")

    def run() -> None:
        done.append(ring3("run", *options, PYTHON, "serve.py", cwd=tmp_path))

    thread = threading.Thread(target=run)
    thread.start()
    answer = b""
    while not answer and thread.is_alive():  # refused and reset until the program listens
        try:
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"hello")
                answer = client.recv(100)
        except OSError:
            continue
    thread.join()
    assert answer == b"hello!"
    assert b"hello!" in (tmp_path / "out.pcap").read_bytes()


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    done = ring3("run", "--pcap", "no/such/file", PYTHON, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "ring3: no/such/file: No such file or directory\n")
    with pytest.raises(UserError):
        Capture(None, str(tmp_path))  # type: ignore[arg-type]
