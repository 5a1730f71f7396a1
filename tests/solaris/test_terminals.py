"""Pseudoterminals as programs of Solaris use them: modules of a stream, settings, editing, job control; the host's."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.support import guest, solaris_linked
from tests.support.guest import PathThrough
from tests.support.toolchain import Toolchain

DEEDS = {
    "streams": (
        "locked 11\n"
        "early write 22\n"
        "grant 0 unlock 0 name /dev/pts/0\n"
        "isatty 0 22 stream 1 0\n"
        "look 22 find 0 bad 22 long 22 pop 22\n"
        "window 0 isatty 0 isatty 1 look ldterm count 3\n"
        "list 3 ldterm ptem pts\n"
        "2502 1805 bd 8a3b 3:1c:7f:15:4:0:0:0:11:13:1a:19:12:f:17:16:14:8:0\n"
        "old 2502 1805 bd 8a3b 3 0\n"
        "lflag 8a31 min 1 susp 1a\n"
        "master 22 tty /dev/pts/0\n"
        "popped 0\n"
    ),
    "lines": (
        "openpty 0\n"
        "/dev/pts/0 24 x 80\n"
        "read 6 of 6 hallo\n"
        "echo 11\n"
        "shown 11 d\n"
        "eof 3\n"
        "flushed 0\n"
        "closed 1 ready 1\n"
        "end 0 then 0\n"
    ),
    "jobs": (
        "before 6\n"
        "tty 3 session 1 group 1 again 25\r\n"
        "ttydev 1\r\n"
        "bad 1 22\r\n"
        "stopped 1 by 26\r\n"
        "line\r\n"
        "reader 5\r\n"
        "exit 5 write 0 set 5 told 0\r\n"
        "blocked 0 group 1\r\n"
        "ready\r\n"
        "^Ccaught 2\r\n"
        "hung up 1\n"
    ),
}
"""What ptm(4D), ldterm(4M), termio(4I) and streamio(4I) say, and ``ttymodes`` in options.conf of illumos."""
HOST = "get 0 tty 1 set 0 same 1 window 0 30 x 100 group 2 session 2 none 25\r\n"


@pytest.fixture(scope="module", params=[64, 32])
def program(
    toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Path:
    output = tmp_path_factory.mktemp("terminals") / f"terminals{request.param}"
    return solaris_linked.program(toolchain, "terminals.c", output, bits=request.param)


@pytest.mark.parametrize("path", ["short", "full"])
@pytest.mark.parametrize("deed", DEEDS)
def test_deed(program: Path, deed: str, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        outcome = guest.run(machine, program, [deed])
    assert (outcome.stdout.decode(), outcome.stderr, outcome.status) == (DEEDS[deed], b"", 0)


def test_the_hosts_terminal_is_set_and_stays_so(program: Path) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 30, 100, 0, 0))
    command = [sys.executable, "-m", "ring3", "run", str(program), "host"]
    finished = subprocess.run(command, stdin=theirs, stdout=theirs, stderr=theirs, check=False)
    shown, settings = os.read(ours, 1000), termios.tcgetattr(theirs)
    os.close(ours)
    os.close(theirs)
    assert (shown.decode(), finished.returncode) == (HOST, 0)
    assert settings[3] & (termios.ICANON | termios.ECHO) == 0
    assert settings[6][termios.VTIME] == 7
    assert settings[4] == termios.B115200
