"""The fork server of AFL++: its protocol, word by word, and afl-fuzz itself where it is installed."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.fuzz.afl import CONTROL, STATUS
from ring3.machine.edges import SIZE
from tests.support.toolchain import Toolchain

IPC_PRIVATE, IPC_RMID = 0, 0


class Server:
    """A fork server, as afl-fuzz has started it."""

    def __init__(self, words: list[str], folder: Path) -> None:
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.shmat.restype = ctypes.c_void_p
        self.segment = self.libc.shmget(IPC_PRIVATE, ctypes.c_size_t(SIZE), 0o1600)
        if self.segment < 0:
            pytest.skip("the host gives no shared memory")
        self.map = (ctypes.c_uint8 * SIZE).from_address(self.libc.shmat(self.segment, None, 0))
        self.input = open(folder / ".cur_input", "wb+", buffering=0)  # noqa: SIM115 -- closed with the server
        reading, self.control = os.pipe()
        self.status, writing = os.pipe()

        def move() -> None:
            os.dup2(reading, CONTROL)
            os.dup2(writing, STATUS)

        self.process = subprocess.Popen(
            [sys.executable, "-m", "ring3", "fuzz", "--afl", *words],
            stdin=self.input.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=move,  # noqa: PLW1509 -- no other thread is there
            env={**os.environ, "__AFL_SHM_ID": str(self.segment)},
        )
        os.close(reading)
        os.close(writing)

    def word(self) -> int:
        return int.from_bytes(os.read(self.status, 4), "little")

    def begin(self, data: bytes) -> int:
        self.input.seek(0)
        self.input.truncate(0)
        self.input.write(data)
        os.write(self.control, bytes(4))
        return self.word()

    def close(self) -> None:
        os.close(self.control)
        self.process.wait()
        os.close(self.status)
        self.input.close()
        self.libc.shmctl(self.segment, IPC_RMID, None)


@pytest.fixture
def program(toolchain: Toolchain) -> str:
    """A program that crashes behind four comparisons."""
    return str(toolchain.program("fuzz/compares.c"))


@pytest.fixture(params=["stdin", "file"])
def server(request: pytest.FixtureRequest, program: str, tmp_path: Path) -> Iterator[Server]:
    """A fork server for that, with each kind of input."""
    words = [program] if request.param == "stdin" else [program, str(tmp_path / ".cur_input")]
    made = Server(["--run-seconds", "1000000", *words], tmp_path)
    yield made
    made.close()


def test_runs_have_statuses_and_edges(server: Server) -> None:
    assert server.word() == 0
    maps: dict[bytes, set[bytes]] = {}
    for data, status in ((b"R3", 0), (b"e", 7 << 8), (b"R3\xfe!", 11), (b"R3", 0), (b"", 0)):
        server.begin(data)
        assert server.word() == status
        maps.setdefault(data, set()).add(bytes(server.map))
    assert all(len(found) == 1 and any(found.pop()) for found in maps.values())


def test_a_run_that_is_killed_has_hung_and_the_next_one_goes_on(server: Server) -> None:
    assert server.word() == 0
    for _ in range(2):
        os.kill(server.begin(b"~"), signal.SIGKILL)
        assert server.word() == signal.SIGKILL
        server.begin(b"e")
        assert server.word() == 7 << 8


def test_without_afl_a_line_says_how_it_is_used(program: str) -> None:
    words = [sys.executable, "-m", "ring3", "fuzz", "--afl", program]
    finished = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert finished.stderr.startswith("ring3: --afl is for AFL++: afl-fuzz -i IN -o OUT -- ring3 fuzz --afl")
    assert finished.stderr.count("\n") == 1


@pytest.mark.skipif(shutil.which("afl-fuzz") is None, reason="AFL++ is not installed")
def test_afl_fuzz_finds_the_byte_that_is_missing(program: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/seed").write_bytes(b"R3\xfe ")
    command = tmp_path / "ring3"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m ring3 "$@"\n')
    command.chmod(0o755)
    switches = (
        "SKIP_BIN_CHECK I_DONT_CARE_ABOUT_MISSING_CRASHES SKIP_CPUFREQ NO_UI NO_AFFINITY BENCH_UNTIL_CRASH"
    )
    settings = {f"AFL_{name}": "1" for name in switches.split()}
    options = "-D -s 1 -t 60000 -E 5000 -i in -o out --"
    finished = subprocess.run(
        ["afl-fuzz", *options.split(), str(command), "fuzz", "--afl", program],
        cwd=tmp_path,
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    crashes = [path.read_bytes() for path in (tmp_path / "out/default/crashes").glob("id*")]
    assert any(data.startswith(b"R3\xfe!") for data in crashes), finished.stdout[-2000:]
