"""Non-stop mode as a gdb uses it: threads stop, are stepped and go on one by one, while others run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.toolchain import Toolchain


class Mi:
    """A gdb, by its machine interface."""

    def __init__(self, program: Path, socket: Path) -> None:
        self._gdb = subprocess.Popen(
            ["gdb", "-nx", "-q", "--interpreter=mi3", str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        for word in ("mi-async on", "non-stop on", "debuginfod enabled off", "sysroot /"):
            self(f"-gdb-set {word}")
        assert self(f"-target-select remote {socket}").startswith("^connected")

    def __call__(self, command: str) -> str:
        """The answer to a command."""
        assert self._gdb.stdin is not None
        self._gdb.stdin.write(f"{command}\n")
        return self.until(r"^\^")

    def until(self, pattern: str) -> str:
        """The next line that a pattern is found in."""
        assert self._gdb.stdout is not None
        for line in self._gdb.stdout:
            if re.search(pattern, line):
                return line
        raise AssertionError(f"gdb has ended before {pattern}")

    def end(self) -> int:
        """Ends it; its status."""
        self("-gdb-exit")
        self._gdb.communicate()
        return self._gdb.returncode


@pytest.fixture
def gdb(toolchain: Toolchain, tmp_path: Path) -> Iterator[Mi]:
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    program = toolchain.program("debug/subject.c", bits=64, kind="dynamic", flags=["-g", "-O0"])
    socket = tmp_path / "socket"
    with subprocess.Popen(
        [sys.executable, "-m", "ring3", "run", "--gdb", str(socket), str(program), "threads"],
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr is not None
        assert "waiting for gdb" in server.stderr.readline()
        yield Mi(program, socket)
        server.kill()


def test_threads_stop_one_by_one(gdb: Mi) -> None:
    gdb("-break-insert worker")
    gdb("-exec-continue --all")
    for _ in range(2):  # both come there, and neither stops the other
        gdb.until(r"breakpoint-hit")
    states = re.findall(r'id="(\d)".*?state="(\w+)"', gdb("-thread-info"))
    assert dict(states) == {"1": "running", "2": "stopped", "3": "stopped"}
    gdb("-exec-next --thread 2")
    assert 'thread-id="2"' in gdb.until(r"end-stepping-range")
    owns = {gdb(f"-data-evaluate-expression --thread {number} own") for number in (2, 3)}
    assert '^done,value="7"\n' in owns
    assert owns & {'^done,value="11"\n', '^done,value="12"\n'}
    gdb("-exec-interrupt --thread 1")
    assert 'thread-id="1"' in gdb.until(r"^\*stopped")
    gdb("-break-delete 1")
    gdb("-exec-continue --all")
    assert 'exit-code="010"' in gdb.until(r'reason="exited')
    assert gdb.end() == 0
