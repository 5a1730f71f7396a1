"""Programs of a distribution that talk over sockets, each as its user would start it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import ring3
from tests.support.debian import busybox

SHELL = "/bin/sh"
PYTHON = "/usr/bin/python3"


def needed(*programs: str) -> None:
    """Skips the test where the host has not all programs."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"the host has no {', '.join(missing)}")


def in_shell(script: str, folder: Path) -> str:
    """What a script prints."""
    finished = ring3("run", SHELL, "-c", script, cwd=folder)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_python_serves_and_curl_gets(tmp_path: Path) -> None:
    needed(PYTHON, "curl")
    (tmp_path / "page").write_text("served\n")
    script = (
        f"{PYTHON} -m http.server 8123 --bind 127.0.0.1 >/dev/null 2>&1 & "
        "curl -s --retry 60 --retry-delay 1 --retry-connrefused http://127.0.0.1:8123/page; kill $!; exit 0"
    )
    assert in_shell(script, tmp_path) == "served\n"


def test_asyncio_talks_to_itself(tmp_path: Path) -> None:
    needed(PYTHON)
    (tmp_path / "echo.py").write_text(
        "import asyncio\n"
        "async def echo(reader, writer):\n"
        "    writer.write(await reader.readline())\n"
        "    writer.close()\n"
        "async def main():\n"
        "    server = await asyncio.start_server(echo, 'localhost', 0)\n"
        "    port = server.sockets[0].getsockname()[1]\n"
        "    reader, writer = await asyncio.open_connection('localhost', port)\n"
        "    writer.write(b'line\\n')\n"
        "    print((await reader.read()).decode(), end='')\n"
        "asyncio.run(main())\n"
    )
    assert in_shell(f"{PYTHON} echo.py", tmp_path) == "line\n"


def test_node_reads_what_a_child_prints(tmp_path: Path) -> None:
    needed("node")
    script = (
        """node -e 'require("child_process").exec("echo child", (error, out) => process.stdout.write(out))'"""
    )
    assert in_shell(script, tmp_path) == "child\n"


def test_ksh_has_pipelines_of_sockets(tmp_path: Path) -> None:
    needed("ksh")
    assert in_shell("ksh -c 'echo one two | wc -w'", tmp_path).strip() == "2"


def test_ip_shows_the_loopback_interface(tmp_path: Path) -> None:
    needed("ip")
    assert in_shell("ip -oneline addr | cut -d' ' -f 2,7", tmp_path) == "lo 127.0.0.1/8\nlo ::1/128\n"


def test_ss_lists_who_listens(tmp_path: Path) -> None:
    needed("ss", PYTHON)
    script = (
        f'{PYTHON} -c \'import os, socket; s = socket.create_server(("127.0.0.1", 8765)); '
        'os.system("ss -Htln 2>/dev/null")\''
    )
    assert in_shell(script, tmp_path).split()[:4] == ["LISTEN", "0", "128", "127.0.0.1:8765"]


def test_getent_finds_localhost(tmp_path: Path) -> None:
    needed("getent")
    found = in_shell("getent ahosts localhost", tmp_path)
    assert found.split()[0] in ("127.0.0.1", "::1")


@pytest.mark.skipif(os.geteuid() != 0, reason="raw sockets are for the privileged")
def test_busybox_pings_the_machine() -> None:
    finished = ring3("run", str(busybox(64)), "ping", "-c", "2", "-i", "0.1", "127.0.0.1")
    assert "2 packets transmitted, 2 packets received, 0% packet loss" in finished.stdout


HEADERS = """
import socket, struct
number = lambda n: struct.pack("i", n)
def tried(family, host, level, options, messages):
    receiver, sender = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
    receiver.bind((host, 0))
    for option in options: receiver.setsockopt(level, option, 1)
    for message in messages:
        try: sender.sendmsg([b"x"], [message] if message else [], 0, receiver.getsockname())
        except OSError as error: print(message, error.errno); continue
        print(message, receiver.recvmsg(10, 200)[1])
there6 = bytes(15) + b"\\1" + number(1)
tried(socket.AF_INET6, "::1", 41, [49, 51, 66], [
    None, (41, 52, number(7)), (41, 67, number(33)), (41, 52, number(-1)),
    (41, 52, number(256)), (41, 52, number(5) + b"x"), (41, 99, number(1)), (0, 2, number(3)), (41, 50, there6),
    (41, 67, number(-2))])
there4 = number(0) + b"\\x7f\\0\\0\\5" + bytes(4)
tried(socket.AF_INET, "127.0.0.1", 0, [8, 12, 13], [
    None, (0, 2, number(7)), (0, 1, b"\\x10"), (0, 1, number(8)), (0, 2, number(0)),
    (0, 2, number(256)), (0, 99, number(1)), (41, 52, number(3)), (0, 8, there4)])
receiver, sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
receiver.bind(("::", 0))
for level, option in (0, 12), (41, 51), (41, 49): receiver.setsockopt(level, option, 1)
sender.setsockopt(0, 2, 9); sender.sendto(b"y", ("::ffff:127.0.0.1", receiver.getsockname()[1]))
print(receiver.recvmsg(10, 100)[1])
"""


def test_headers_are_said_and_seen_by_control_messages_as_natively(tmp_path: Path) -> None:
    needed(PYTHON)
    (tmp_path / "headers.py").write_text(HEADERS)
    finished = ring3("run", PYTHON, "headers.py", cwd=tmp_path)
    native = subprocess.run([PYTHON, "headers.py"], capture_output=True, text=True, cwd=tmp_path, check=False)
    if native.returncode:
        pytest.skip(f"the host has no IPv6: {native.stderr.splitlines()[-1]}")
    assert finished.stdout == native.stdout, finished.stderr
