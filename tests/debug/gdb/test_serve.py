"""Where gdb's server listens, and what becomes of a program whose client is gone."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ring3.debug.gdb.packets import framed
from ring3.debug.gdb.serve import accept, listen
from ring3.errors import UserError
from tests.support.toolchain import Toolchain


@pytest.mark.parametrize(
    ("where", "host"), [("0", "127.0.0.1"), (":0", "127.0.0.1"), ("127.0.0.2:0", "127.0.0.2")]
)
def test_a_port_is_of_the_loopback_unless_the_user_says_more(where: str, host: str) -> None:
    listening, name = listen(where)
    with listening:
        assert listening.getsockname()[0] == host
        assert name == f"{host}:{listening.getsockname()[1]}"


def test_a_unix_socket_is_the_users_alone_and_gone_when_somebody_is_there(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    listening, name = listen(str(path))
    assert name == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        with accept(listening):
            assert not path.exists()


@pytest.mark.parametrize("where", ["", "x", "-1", "65536", "1.5", "host:", "٣", "/no/such/folder/socket"])
def test_where_nobody_can_listen(where: str) -> None:
    with pytest.raises(UserError, match="--gdb"):
        listen(where)


def test_a_place_that_is_taken(tmp_path: Path) -> None:
    first, name = listen(str(tmp_path / "socket"))
    with first, pytest.raises(UserError, match="in use"):
        listen(name)


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"\x00\xff$#00", framed(b"qSupported:multiprocess+"), framed(b"vCont;c"), framed(b"m0,ffffffffff")[:-1],
        framed(b"Z0,zz,1"), b"$" + b"x" * 300_000,
    ],
    ids=["nothing", "noise", "a greeting", "go on", "half a packet", "no breakpoint", "too much"],
)  # fmt: skip
def test_a_client_that_is_gone_leaves_the_program_running(
    toolchain: Toolchain, tmp_path: Path, sent: bytes
) -> None:
    path = tmp_path / "socket"
    program = toolchain.program("debug/events.c")
    with subprocess.Popen(
        [sys.executable, "-m", "ring3", "run", "--gdb", str(path), str(program), "threads"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stderr is not None
        assert "waiting for gdb" in server.stderr.readline()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(sent)
        said = server.stderr.read()
    assert (server.returncode, said) == (2, "")
