"""Programs of a distribution that talk over sockets, each as its user would start it."""

from __future__ import annotations

import os
import shutil
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
    assert in_shell(script, tmp_path).split()[:4] == ["LISTEN", "0", "0", "127.0.0.1:8765"]


def test_getent_finds_localhost(tmp_path: Path) -> None:
    needed("getent")
    found = in_shell("getent ahosts localhost", tmp_path)
    assert found.split()[0] in ("127.0.0.1", "::1")


@pytest.mark.skipif(os.geteuid() != 0, reason="raw sockets are for the privileged")
def test_busybox_pings_the_machine() -> None:
    finished = ring3("run", str(busybox(64)), "ping", "-c", "2", "-i", "0.1", "127.0.0.1")
    assert "2 packets transmitted, 2 packets received, 0% packet loss" in finished.stdout
