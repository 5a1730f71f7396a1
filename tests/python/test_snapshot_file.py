"""Snapshots in files, and machines that are made of them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ring3
from tests.support.toolchain import Bits, Toolchain


@pytest.fixture
def linux(request: pytest.FixtureRequest) -> Iterator[ring3.Linux]:
    """A machine on which every run is the same."""
    with ring3.Linux(seed=1, virtual_time=True, **getattr(request, "param", {})) as machine:
        yield machine


@pytest.mark.parametrize("linux", [{}, {"full_path": True}], ids=["short", "full"], indirect=True)
@pytest.mark.parametrize("bits", [64, 32])
def test_another_machine_goes_on_as_the_first(
    linux: ring3.Linux, toolchain: Toolchain, bits: Bits, tmp_path: Path
) -> None:
    built = str(toolchain.program("snapshots/everything.c", bits=bits))
    process = linux.spawn([built], stdin=ring3.PIPE, stdout=ring3.PIPE)
    process.run_until(ring3.Call("getpgid"))
    snapshot = linux.snapshot()
    snapshot.save(tmp_path / "file")
    expected = ends(linux)
    with ring3.Snapshot.load(tmp_path / "file") as other, snapshot.fork() as third:
        assert [ends(other), ends(third)] == [expected] * 2
        assert other.processes[0].ended
    snapshot.restore()
    assert ends(linux) == expected


def ends(machine: ring3.Linux) -> tuple[object, ...]:
    """What becomes of the program of a machine, and when."""
    (process,) = machine.processes
    process.feed(b"line\n")
    with machine.trace() as trace:
        return process.run(), process.stdout, str(trace), machine.kernel.clocks.realtime()


def test_a_machine_of_a_file_has_snapshots_of_its_own(linux: ring3.Linux) -> None:
    process = linux.spawn(["examples/hello/hello"], stdout=ring3.PIPE)
    process.run_until(ring3.Call("write"))
    with linux.snapshot().fork() as other:
        snapshot = other.snapshot()
        for _ in range(2):
            assert other.processes[0].run() == 0
            assert other.processes[0].stdout == b"Hello, world\n"
            snapshot.restore()
    assert process.stdout == b""


def test_a_machine_with_the_hosts_clocks_and_chance_too() -> None:
    with ring3.Linux() as machine:
        machine.spawn(["examples/hello/hello"], stdout=ring3.PIPE).run_until(ring3.Call("write"))
        with machine.snapshot().fork() as other:
            (process,) = other.processes
            assert (process.run(), process.stdout) == (0, b"Hello, world\n")


@pytest.fixture
def saved(linux: ring3.Linux, tmp_path: Path) -> Path:
    """A snapshot of a program that is about to write to this process's standard output."""
    linux.spawn(["examples/hello/hello"]).run_until(ring3.Call("write"))
    linux.snapshot().save(tmp_path / "saved")
    return tmp_path / "saved"


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ring3", "run", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_goes_on_with_its_own_descriptors(saved: Path) -> None:
    finished = command("--from", str(saved))
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "Hello, world\n", "")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--from", "README.md"], "README.md is no snapshot of a machine"),
        (["--from", "absent"], "absent: No such file or directory"),
        (["--from", "absent", "examples/hello/hello"], "it takes no PROGRAM"),
    ],
)
def test_what_is_no_snapshot_is_refused(words: list[str], line: str) -> None:
    finished = command(*words)
    assert finished.returncode in (1, 2)
    assert line in finished.stderr
    assert finished.stderr.count("\n") == 1


def changed(saved: Path, change: Any) -> None:  # noqa: ANN401 -- a function of head, body and frames
    """Changes a file, and what it says of itself."""
    magic, head_line, packed = saved.read_bytes().split(b"\n", 2)
    head = json.loads(head_line)
    raw = zlib.decompress(packed)
    body, frames = json.loads(raw[: head["body"]]), raw[head["body"] :]
    frames = change(head, body, frames) or frames
    text = json.dumps(body).encode()
    head["body"] = len(text)
    out = io.BytesIO()
    out.write(magic + b"\n" + json.dumps(head).encode() + b"\n" + zlib.compress(text + frames, 1))
    saved.write_bytes(out.getvalue())


def another_version(head: Any, _body: Any, _frames: bytes) -> None:  # noqa: ANN401
    head["version"] = "0"


def foreign_class(_head: Any, body: Any, _frames: bytes) -> None:  # noqa: ANN401
    body["objects"][-1][0] = "subprocess:Popen"


def foreign_function(_head: Any, body: Any, _frames: bytes) -> None:  # noqa: ANN401
    body["objects"].append(["list", [["f", "os", "system", 0, [], None]]])


def foreign_module(_head: Any, body: Any, _frames: bytes) -> None:  # noqa: ANN401
    body["objects"].append(["list", [["c", "ring3.cli.main:os.PathLike"]]])


def less_memory(_head: Any, _body: Any, frames: bytes) -> bytes:  # noqa: ANN401
    return frames[:-1]


def more_of_the_host(_head: Any, body: Any, _frames: bytes) -> None:  # noqa: ANN401
    body["objects"].append(["ring3.fs.host_writable:WritableFileSystem", [{"d": []}]])


def no_such_object(_head: Any, body: Any, _frames: bytes) -> None:  # noqa: ANN401
    body["objects"].append(["list", [["o", 10**9]]])


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (another_version, "another version"),
        (foreign_class, "damaged"),
        (foreign_function, "damaged"),
        (foreign_module, "damaged"),
        (less_memory, "damaged"),
        (more_of_the_host, "no file can hold a WritableFileSystem"),
        (no_such_object, "damaged"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_a_line(saved: Path, change: Any, line: str) -> None:  # noqa: ANN401
    changed(saved, change)
    with pytest.raises(ring3.UserError, match=line) as refused:
        ring3.Snapshot.load(saved)
    assert "\n" not in str(refused.value)


def test_a_file_that_was_cut_off_is_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    for size in (5, 20, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:size])
        with pytest.raises(ring3.UserError):
            ring3.Snapshot.load(saved)


def test_a_directory_that_is_written_on_the_host_is_in_no_file(tmp_path: Path) -> None:
    (tmp_path / "shown").mkdir()
    with ring3.Linux(bind=[f"{tmp_path}/shown:/shown:rw"]) as machine:
        machine.spawn(["examples/hello/hello"])
        with pytest.raises(ring3.UserError, match="no file can hold a Writable"):
            machine.snapshot().save(tmp_path / "file")
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("virtual_time", [True, False])
def test_a_machine_that_has_run_nothing_yet(virtual_time: bool, tmp_path: Path) -> None:
    with ring3.Linux(seed=1, virtual_time=virtual_time) as machine:
        machine.snapshot().save(tmp_path / "booted")
    with ring3.Snapshot.load(tmp_path / "booted") as machine:
        process = machine.spawn(["examples/hello/hello"], stdout=ring3.PIPE)
        assert (process.run(), process.stdout) == (0, b"Hello, world\n")
