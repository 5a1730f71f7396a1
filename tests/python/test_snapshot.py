"""Snapshots: a machine goes on from them in the same way, as often as one likes."""

from __future__ import annotations

import gc
import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import ring3
from ring3.fs.host import HostFile
from ring3.linux.model.task import LinuxTask
from tests.support.host_cpu import NEEDS_HOST_CPU
from tests.support.toolchain import Bits, Toolchain

EXPECTED = b"""alarm
half: half of a pipe
socket: in a socket
file: contents at 8
epoll: 1
tracee: 0 status 0x700
written 200000, read 200000
poll 1 0x1, read 5: line
"""


@pytest.fixture
def linux(request: pytest.FixtureRequest) -> Iterator[ring3.Linux]:
    """A machine on which every run is the same."""
    with ring3.Linux(seed=1, virtual_time=True, **getattr(request, "param", {})) as machine:
        yield machine


@pytest.mark.parametrize("linux", [{}, {"full_path": True}], ids=["short", "full"], indirect=True)
@pytest.mark.parametrize("bits", [64, 32])
def test_a_machine_goes_on_from_a_snapshot_as_it_did(
    linux: ring3.Linux, toolchain: Toolchain, bits: Bits
) -> None:
    built = str(toolchain.program("snapshots/everything.c", bits=bits))
    process = linux.spawn([built], stdin=ring3.PIPE, stdout=ring3.PIPE)
    process.run_until(ring3.Call("getpgid"))
    snapshot = linux.snapshot()
    runs = []
    for _ in range(3):
        with linux.trace() as trace:
            process.feed(b"line\n")
            runs.append((process.run(), process.stdout, str(trace), linux.kernel.clocks.realtime()))
        snapshot.restore()
    assert runs[0][:2] == (0, EXPECTED)
    assert runs[1:] == runs[:1] * 2


def test_a_machine_that_polls_the_hosts_input_goes_on_as_it_did(
    linux: ring3.Linux, toolchain: Toolchain
) -> None:
    """What was read of a pipe of the host is gone: it is written again."""
    reading, writing = os.pipe()
    built = str(toolchain.program("snapshots/everything.c"))
    process = linux.spawn([built], stdin=reading, stdout=ring3.PIPE)
    process.run_until(ring3.Call("getpgid"))
    snapshot = linux.snapshot()
    runs = []
    for _ in range(3):
        os.write(writing, b"line\n")
        with linux.trace() as trace:
            runs.append((process.run(), process.stdout, str(trace)))
        snapshot.restore()
    assert runs[0][:2] == (0, EXPECTED)
    assert runs[1:] == runs[:1] * 2
    os.close(reading)
    os.close(writing)


@pytest.fixture(scope="session")
def target(toolchain: Toolchain) -> str:
    """A program that reads a line."""
    return str(toolchain.program("python/target.c"))


def test_hooks_and_objects_stay_and_files_of_the_machine_go_back(linux: ring3.Linux, target: str) -> None:
    linux.put("/etc/config.r3", b"before\n")
    process = linux.spawn([target], stdin=ring3.PIPE, stdout=ring3.PIPE, env={"KEY": "k"})
    process.run_until(ring3.Call("read"))
    snapshot = linux.snapshot()
    seen = []

    @linux.on_syscall("exit_group")
    def ending(call: ring3.SystemCall) -> None:
        seen.append(call.name)

    found = set()
    for line in (b"R3\n", b"R4\n", b"R3\n"):
        linux.put("/etc/config.r3", line)
        process.feed(line)
        process.run()
        found.add(process.stdout)
        snapshot.restore()
        assert not process.ended
    assert seen == ["exit_group"] * 3
    assert len(found) == 2
    process.feed(b"R3\n", end=True)
    assert process.run() == 0
    assert process.stdout.endswith(b"config before\n")


def resident() -> int:
    """How much memory this process has, in KiB; guest RAM counts where it is in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() >> 10


def test_a_tree_of_snapshots_holds_what_changed(linux: ring3.Linux, target: str) -> None:
    process = linux.spawn([target], stdin=ring3.PIPE, stdout=ring3.PIPE)
    process.run_until(ring3.Call("read"))
    place = process.registers["rsp"] - 4096
    tree, used, before = [linux.snapshot()], linux.machine.ram.frames_in_use, resident()
    for number in range(1000):
        if number % 8 == 0:  # another branch
            tree[number // 2].restore()
        process.memory.write(place, number.to_bytes(2))
        tree.append(linux.snapshot())
    assert linux.machine.ram.frames_in_use - used <= 1000
    assert resident() - before <= 1000 * 32  # that page, the page tables, and what Python keeps of it
    for number in (999, 0, 100, 57, 999):
        tree[number + 1].restore()
        assert process.memory.read(place, 2) == number.to_bytes(2)
    del tree
    linux.snapshot()
    assert linux.machine.ram.frames_in_use - used <= 2


def test_a_program_that_was_spawned_later_is_gone(linux: ring3.Linux, target: str) -> None:
    snapshot = linux.snapshot()
    first = linux.spawn([target], stdin=b"R3\n", stdout=ring3.PIPE)
    assert first.run() == 0
    snapshot.restore()
    assert not linux.processes
    again = linux.spawn([target], stdin=b"R3\n", stdout=ring3.PIPE)
    assert (again.run(), again.pid, again.stdout) == (0, first.pid, first.stdout)


def test_a_call_that_was_stopped_at_goes_on_once(linux: ring3.Linux, target: str) -> None:
    process = linux.spawn([target], stdin=b"R3\n", stdout=ring3.PIPE)
    process.run_until(ring3.Return("read"))
    at_return = linux.snapshot()
    assert process.run() == 0
    expected = process.stdout
    for _ in range(2):
        at_return.restore()
        stop = process.run_until(ring3.Call("writev"))
        assert stop.call is not None
        at_call = linux.snapshot()
        assert process.run_until(ring3.Call()).call is not None
        at_call.restore()
        assert process.run() == 0
        assert process.stdout == expected


def test_what_cannot_be_is_refused_with_a_line(linux: ring3.Linux, target: str, tmp_path: Path) -> None:
    snapshot = linux.snapshot()
    with ring3.Linux() as other, pytest.raises(ring3.UserError, match="belongs to the machine"):
        other.restore(snapshot)
    process = linux.spawn([target], stdin=b"R3\n", stdout=ring3.PIPE)

    @linux.on_syscall("writev")
    def writing(_call: ring3.SystemCall) -> None:
        linux.snapshot()

    with pytest.raises(ring3.UserError, match="stands still"):
        process.run()
    linux.close()
    with pytest.raises(ring3.UserError, match="is closed"):
        snapshot.restore()


@NEEDS_HOST_CPU
def test_programs_on_the_hosts_processor_go_back_too(toolchain: Toolchain, tmp_path: Path) -> None:
    built = str(toolchain.program("snapshots/everything.c"))
    with ring3.Linux(cpu="host") as machine:
        process = machine.spawn([built], stdin=ring3.PIPE, stdout=ring3.PIPE)
        process.run_until(ring3.Call("getpgid"))
        snapshot = machine.snapshot()
        for _ in range(3):
            process.feed(b"line\n")
            assert (process.run(), process.stdout) == (0, EXPECTED)
            snapshot.restore()
        snapshot.save(tmp_path / "file")
    with ring3.Snapshot.load(tmp_path / "file") as machine:
        assert machine.machine.cpu_kind == "host"
        (process,) = machine.processes
        process.feed(b"line\n")
        assert (process.run(), process.stdout) == (0, EXPECTED)


def test_files_of_the_host_are_those_of_the_snapshot_or_it_is_refused(
    linux: ring3.Linux, target: str, tmp_path: Path
) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"R3\nmore")
    with path.open("rb") as file:
        process = linux.spawn([target], stdin=file.fileno(), stdout=ring3.PIPE)
        process.run_until(ring3.Call("read"))
        snapshot = linux.snapshot()
        assert process.run() == 0
        expected = process.stdout
        snapshot.restore()
        assert (process.run(), process.stdout) == (0, expected)
    snapshot.restore()  # by its name
    assert (process.run(), process.stdout) == (0, expected)
    snapshot.restore()
    assert isinstance(process.task, LinuxTask)
    again = process.task.files[0]
    assert isinstance(again, HostFile)
    os.close(again.fd)
    path.unlink()
    with pytest.raises(ring3.UserError, match="input, which the snapshot has open, is not there any more"):
        snapshot.restore()


def test_what_later_files_cost_is_given_back_once(linux: ring3.Linux) -> None:
    linux.put("/etc/early", b"")
    snapshot = linux.snapshot()
    ledger = linux.kernel.vfs.ledger
    then = ledger.outside()[1:]
    for _ in range(2):
        for number in range(300):
            linux.put(f"/etc/late{number}", b"")
        assert ledger.frames > len(then[1])
        snapshot.restore()
        gc.collect()
        assert ledger.outside()[1:] == then


@pytest.mark.skipif(shutil.which("unshare") is None, reason="the host has no unshare")
def test_namespaces_overlays_and_limits_go_back() -> None:
    script = """
    mkdir -p /tmp/mm; mount -t tmpfs -o size=1m t /tmp/mm; cd /tmp/mm; mkdir a b c d m; echo hi >a/f
    mount -t overlay o -o lowerdir=a:b,upperdir=c,workdir=d m; echo x >>m/f; sync
    echo more >>m/f; cat m/f; rm m/f; kill $$; echo $$; sh -c 'echo $$'
    """
    with ring3.Linux() as machine:
        process = machine.spawn(["/usr/bin/unshare", "-rmpf", "/bin/sh", "-c", script], stdout=ring3.PIPE)
        process.run_until(ring3.Call("sync"))
        snapshot = machine.snapshot()
        said = []
        for _ in range(2):
            said.append((process.run(), process.stdout))
            snapshot.restore()
    assert said[0] == said[1]
    assert said[0][1].split()[:4] == [b"hi", b"x", b"more", b"1"]
