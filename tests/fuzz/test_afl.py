"""The fork server of AFL++: its protocol, word by word, and afl-fuzz itself where it is installed."""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.fuzz.afl import CONTROL, STATUS
from ring3.machine.edges import SIZE
from tests.support.afl import Campaign
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
    for data in (b"~", b"?", b"~"):  # computes, waits for what never comes
        os.kill(server.begin(data), signal.SIGKILL)
        assert server.word() == signal.SIGKILL
        server.begin(b"e")
        assert server.word() == 7 << 8


def test_without_afl_a_line_says_how_it_is_used(program: str) -> None:
    words = [sys.executable, "-m", "ring3", "fuzz", "--afl", program]
    finished = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert finished.stderr.startswith("ring3: --afl is for AFL++: afl-fuzz -i IN -o OUT -- ring3 fuzz --afl")
    assert finished.stderr.count("\n") == 1


def test_a_hang_is_told_when_afl_says_so(server: Server) -> None:
    assert server.word() == 0
    stand = server.begin(b"?")
    assert not select.select([server.status], [], [], 0.1)[0]
    os.kill(stand, signal.SIGKILL)
    assert server.word() == signal.SIGKILL


@pytest.mark.skipif(shutil.which("afl-fuzz") is None, reason="AFL++ is not installed")
def test_afl_fuzz_finds_the_byte_that_is_missing(program: str, tmp_path: Path) -> None:
    options = "-D -s 1 -t 60000 -E 5000"
    campaign = Campaign(tmp_path, b"R3\xfe ", options, [program])
    assert any(data.startswith(b"R3\xfe!") for data in campaign.crashes), campaign.told


def climbed(server: Server) -> bytes:
    """An input that crashes, found byte by byte: what takes edges that its beginning does not take is kept."""
    assert server.word() == 0
    data = b""
    for _ in range(4):
        seen: set[bytes] = set()
        for byte in (0, *range(256)):
            server.begin(data + bytes([byte]))
            if server.word() & 0x7F:
                return data + bytes([byte])
            edges = bytes(server.map)
            if byte and edges not in seen and seen:
                data += bytes([byte])
                break
            seen.add(edges)
        else:
            return b""
    return b""


@pytest.mark.parametrize(("options", "found"), [([], b"R3\xfe!"), (["--no-map"], b"")], ids=["map", "no map"])
def test_the_map_leads_from_nothing_to_a_crash_behind_four_comparisons(
    toolchain: Toolchain, tmp_path: Path, options: list[str], found: bytes
) -> None:
    server = Server([*options, str(toolchain.program("fuzz/four_bytes.c"))], tmp_path)
    assert climbed(server) == found
    server.close()
