"""`ring3 run --net` and `--publish`: programs that the host's clients reach, and hosts that programs reach."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, HELLO, is_one_line, ring3

PYTHON = "/usr/bin/python3"

pytestmark = pytest.mark.skipif(shutil.which(PYTHON) is None, reason="the host has no /usr/bin/python3")

ECHO = """
import socket, sys
server = socket.socket(socket.AF_INET, getattr(socket, "SOCK_" + sys.argv[1]))
server.bind(("127.0.0.1", int(sys.argv[2])))
if sys.argv[1] == "DGRAM":
    print(server.getsockname()[1], flush=True)
    data, client = server.recvfrom(100)
    server.sendto(data.upper(), client)
else:
    server.listen()
    print(server.getsockname()[1], flush=True)
    connection, client = server.accept()
    got = 0
    while data := connection.recv(1 << 16):
        got += len(data)
    connection.sendall(b"%d from %s" % (got, client[0].encode()))
"""


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A program that listens under Ring3, and the port that it says it has."""
    (folder / "echo.py").write_text(ECHO)
    command = [*COMMAND, "run", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as running:
        assert running.stdout is not None
        yield int(running.stdout.readline()), running
        assert running.wait() == 0


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
        assert isinstance(port, int)
        return port


@pytest.mark.parametrize("size", [0, 11, 1_000_000])
def test_a_client_of_the_host_reaches_a_published_port(tmp_path: Path, size: int) -> None:
    port = free_port(socket.SOCK_STREAM)
    with serving(tmp_path, "--publish", f"{port}:2000", PYTHON, "echo.py", "STREAM", "2000") as (inside, _):
        assert inside == 2000
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(bytes(size))
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b"%d from 127.0.0.1" % size
            assert client.recv(100) == b""


def test_messages_find_their_way_back(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    words = ("--publish", f"127.0.0.1:{port}:2000/udp", PYTHON, "echo.py", "DGRAM", "2000")
    with serving(tmp_path, *words), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        client.send(b"message")
        assert client.recv(100) == b"MESSAGE"


def test_a_server_is_reached_where_the_network_is_the_hosts(tmp_path: Path) -> None:
    with (
        serving(tmp_path, "--net", "host", PYTHON, "echo.py", "STREAM", "0") as (port, _),
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.sendall(b"four")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b"4 from 127.0.0.1"


def test_a_program_reaches_the_host_only_if_it_may(tmp_path: Path) -> None:
    code = (
        "import socket, sys\n"
        "try:\n"
        "    with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as s:\n"
        "        s.sendall(b'hello'); print(s.recv(100))\n"
        "except OSError as error: print(error.errno)\n"
    )
    (tmp_path / "client.py").write_text(code)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(connection.recv(100) + b" too")

        thread = threading.Thread(target=answer)
        thread.start()
        port = str(server.getsockname()[1])
        answers = [
            ring3("run", "--net", reach, PYTHON, "client.py", port, cwd=tmp_path).stdout
            for reach in ("none", "loopback", "host")
        ]
        thread.join()
    assert answers == ["101\n", "111\n", "b'hello too'\n"]


NATIVE = """
import socket, struct
def told(name, call):
    try: print(name, call())
    except OSError as error: print(name, error.errno)
def pair(kind, family=socket.AF_INET, host="127.0.0.1"):
    a, b = socket.socket(family, kind), socket.socket(family, kind)
    a.bind((host, 0))
    if kind == socket.SOCK_DGRAM:
        b.bind((host, 0)); b.connect(a.getsockname()); a.connect(b.getsockname()); return a, b
    a.listen(); b.connect(a.getsockname()); return a.accept()[0], b
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    one, two = pair(socket.SOCK_STREAM, family, host)
    one.setblocking(False)
    told("empty", lambda: one.recv(1))
    two.send(b"abc"); two.send(b"!", socket.MSG_OOB)
    two.sendmsg([b"d", b"ef"])
    one.setblocking(True)
    told("peek", lambda: one.recv(2, socket.MSG_PEEK))
    told("stream", lambda: one.recv(100))
    told("urgent", lambda: one.recv(1, socket.MSG_OOB))
    told("all", lambda: one.recv(3, socket.MSG_WAITALL))
    told("type", lambda: (one.getsockopt(1, 3), one.getsockopt(1, 39), one.getsockopt(6, 11, 8)[:1]))
    two.shutdown(socket.SHUT_WR)
    told("end", lambda: one.recv(1))
    two.close()
    told("sent", lambda: one.send(b"x"))
    one, two = pair(socket.SOCK_DGRAM, family, host)
    one.send(b"first"); one.send(b"")
    told("message", lambda: two.recvmsg(3)[0])
    told("none", lambda: two.recv(3))
    one.close(); two.settimeout(0.01)
    told("late", lambda: two.recv(3))
    two.send(b"gone"); two.settimeout(None)
    told("refused", lambda: two.recv(3))
    told("large", lambda: two.send(bytes(70000)))
    told("filter", lambda: two.setsockopt(1, 99, b"xxxx"))
told("refused", lambda: socket.create_connection(("127.0.0.1", 1)))
told("linger", lambda: (two.setsockopt(1, 13, struct.pack("ii", 1, 5)), two.getsockopt(1, 13, 8)))
"""


def test_the_hosts_sockets_answer_as_they_do_natively(tmp_path: Path) -> None:
    (tmp_path / "native.py").write_text(NATIVE)
    done = ring3("run", "--net", "host", PYTHON, "native.py", cwd=tmp_path)
    native = subprocess.run([PYTHON, "native.py"], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout == native.stdout, done.stderr


def test_names_of_the_machine_are_known_and_others_are_not(tmp_path: Path) -> None:
    code = (
        "import socket\n"
        "print(socket.gethostbyname(socket.gethostname()), socket.gethostbyaddr('127.0.1.1')[0])\n"
        "print(sorted({entry[4][0] for entry in socket.getaddrinfo('localhost', 80)}))\n"
        "try: socket.getaddrinfo('nowhere.example', 80)\n"
        "except socket.gaierror as error: print(error.errno == socket.EAI_NONAME)\n"
    )
    (tmp_path / "names.py").write_text(code)
    done = ring3("run", PYTHON, "names.py", cwd=tmp_path)
    assert done.stdout == "127.0.1.1 ring3\n['127.0.0.1', '::1']\nTrue\n", done.stderr


@pytest.mark.skipif(shutil.which("ip") is None, reason="the host has no ip")
def test_interfaces_are_the_hosts_where_the_network_is() -> None:
    native = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    assert ring3("run", "--net", "host", "ip", "-o", "link").stdout == native


@pytest.mark.parametrize(
    "words",
    [
        ("--publish", "8000"),
        ("--publish", "1:2:3:4:tcp"),
        ("--publish", "70000:1"),
        ("--publish", "1:x"),
        ("--publish", "1:2/sctp"),
        ("--publish", ":1:2"),
        ("--publish", "192.0.2.77:0:80"),
        ("--net", "host", "--publish", "0:80"),
        ("--net", "everywhere"),
    ],
)
def test_what_makes_no_sense_is_one_line(words: tuple[str, ...]) -> None:
    done = ring3("run", *words, HELLO)
    assert done.returncode == 2 or (done.returncode and not done.stdout)
    assert is_one_line(done.stderr)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = ring3("run", "--publish", f"{port}:80", HELLO)
    assert done.stderr == f"ring3: 127.0.0.1 port {port} of the host: {os.strerror(98)}\n"
