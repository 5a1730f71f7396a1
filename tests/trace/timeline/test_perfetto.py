"""Traces of Perfetto: valid by its own schema, and in accord with the lines that strace writes of the same run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ring3.computer import Linux
from ring3.linux.model.task import LinuxTask
from ring3.trace.timeline.recorder import Recorder
from tests.cli.command import HELLO, is_one_line, ring3
from tests.support import guest, solaris_linked
from tests.support.toolchain import Toolchain

perfetto = pytest.importorskip("perfetto.protos.perfetto.trace.perfetto_trace_pb2")
unknown_fields = pytest.importorskip("google.protobuf.unknown_fields")

PROGRAMS = ("tasks/signals.c", "tasks/processes.c", "threads/mutexes.c cancel", "basic/hello.c")


@dataclass
class Slice:
    """A slice of a thread, and what lies in it."""

    name: str
    category: str
    begin: int
    end: int = -1
    inner: list[Slice] = field(default_factory=list)


@dataclass
class Trace:
    """A trace as Perfetto would read it.

    Attributes:
        packets: All packets.
        tracks: Descriptors of tracks by number, as they were made first.
        slices: The outermost slices of each track, in order.
        calls: The system calls of all threads, each with its thread, in the order of their beginnings.
    """

    packets: list[Any]
    tracks: dict[int, Any]
    slices: dict[int, list[Slice]]
    calls: list[tuple[int, Slice]]


def read(raw: bytes) -> Trace:
    """Reads a trace, and makes sure that it is one."""
    whole = perfetto.Trace()
    whole.ParseFromString(raw)
    assert list(unknown(whole)) == []
    assert all(packet.trusted_packet_sequence_id == 1 for packet in whole.packet)
    trace = Trace(list(whole.packet), {}, {}, [])
    open_slices: dict[int, list[Slice]] = {}
    last = 0
    for packet in whole.packet:
        if packet.HasField("track_descriptor"):
            trace.tracks.setdefault(packet.track_descriptor.uuid, packet.track_descriptor)
        if not packet.HasField("track_event"):
            continue
        assert packet.timestamp >= last
        last = packet.timestamp
        event = packet.track_event
        track = trace.tracks[event.track_uuid]  # it is described before it is used
        waiting = open_slices.setdefault(event.track_uuid, [])
        if event.type == event.TYPE_SLICE_BEGIN:
            begun = Slice(event.name, event.categories[0], packet.timestamp)
            (waiting[-1].inner if waiting else trace.slices.setdefault(event.track_uuid, [])).append(begun)
            waiting.append(begun)
            if begun.category == "syscall":
                trace.calls.append((track.thread.tid, begun))
        elif event.type == event.TYPE_SLICE_END:
            waiting.pop().end = packet.timestamp
    assert not any(open_slices.values())
    return trace


def unknown(message: Any) -> Iterator[str]:  # noqa: ANN401 - any message
    """Where a message has fields that the schema does not know, and enumerations that it has no name for."""
    if len(unknown_fields.UnknownFieldSet(message)):
        yield type(message).__name__
    for described, value in message.ListFields():
        if described.message_type is not None:
            for one in value if described.is_repeated else [value]:
                yield from unknown(one)


def every(slices: list[Slice]) -> Iterator[Slice]:
    for one in slices:
        yield one
        yield from every(one.inner)


@dataclass
class Line:
    """A line of strace's in which a call begins, or the rest of one."""

    tid: int
    stamp: int
    name: str
    begins: bool


def lines_of(text: str) -> list[Line]:
    found = []
    for line in text.splitlines():
        begun = re.match(r"(\d+) +(\d+)\.(\d{6}) (?:<\.\.\. (\w+) resumed>|(\w+)\()", line)
        if begun is not None:
            stamp = int(begun[2]) * 10**9 + int(begun[3]) * 1000
            found.append(Line(int(begun[1]), stamp, begun[4] or begun[5], bool(begun[5])))
    return found


@pytest.fixture(scope="module", params=PROGRAMS)
def both(
    request: pytest.FixtureRequest, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Trace, list[Line]]:
    folder = tmp_path_factory.mktemp("trace")
    source, *arguments = request.param.split()
    command = (str(toolchain.program(source)), *arguments)
    words = ("-f", "-ttt", "-o", str(folder / "lines"), "--perfetto", str(folder / "trace"), *command)
    ran = ring3("strace", *words)
    assert ran.stderr == ""
    return read((folder / "trace").read_bytes()), lines_of((folder / "lines").read_text())


def test_the_calls_are_those_of_the_lines_at_the_same_times(both: tuple[Trace, list[Line]]) -> None:
    trace, lines = both
    begun = [line for line in lines if line.begins][1:]  # the execve that made the program was nobody's call
    assert [(tid, call.name) for tid, call in trace.calls] == [(line.tid, line.name) for line in begun]
    for (_, call), line, after in zip(trace.calls, begun, [*begun[1:], None], strict=True):
        assert line.stamp <= call.begin
        assert after is None or call.begin < after.stamp + 1000


def test_a_call_that_was_cut_ends_before_the_line_of_its_rest(both: tuple[Trace, list[Line]]) -> None:
    trace, lines = both
    open_calls = {}
    calls = iter(trace.calls)
    for line in lines[1:]:
        if line.begins:
            open_calls[line.tid] = next(calls)[1]
        else:
            assert open_calls[line.tid].name == line.name
            assert open_calls[line.tid].begin <= open_calls[line.tid].end < line.stamp + 1000


def test_slices_lie_within_each_other(both: tuple[Trace, list[Line]]) -> None:
    trace, _ = both
    for slices in trace.slices.values():
        assert all(one.category == "syscall" for one in slices)
        for one in every(slices):
            inner = [(inside.begin, inside.end) for inside in one.inner]
            assert inner == sorted(inner)
            assert all(one.begin <= begin <= end <= one.end for begin, end in inner)
            assert all(inside.category == "kernel" for inside in one.inner)


def test_arrows_lead_from_one_event_to_a_later_one(both: tuple[Trace, list[Line]]) -> None:
    trace, _ = both
    starts, ends = {}, {}
    for packet in trace.packets:
        for flow in packet.track_event.flow_ids:
            assert flow not in starts
            starts[flow] = packet.timestamp
        for flow in packet.track_event.terminating_flow_ids:
            assert flow not in ends
            ends[flow] = packet.timestamp
    assert ends.keys() <= starts.keys()
    assert all(starts[flow] <= ends[flow] for flow in ends)


def test_one_task_at_a_time_has_the_cpu(both: tuple[Trace, list[Line]]) -> None:
    trace, _ = both
    on_cpu = 0
    for packet in trace.packets:
        for event in packet.ftrace_events.event:
            if event.HasField("sched_switch"):
                assert event.sched_switch.prev_pid == on_cpu
                on_cpu = event.sched_switch.next_pid
        track = trace.tracks.get(packet.track_event.track_uuid)
        if (
            track is not None
            and track.HasField("thread")
            and packet.track_event.categories[:1] == ["syscall"]
        ):
            assert track.thread.tid == on_cpu


def recorded(program: Path, *arguments: str, follow: bool = True) -> Trace:
    written = bytearray()
    with guest.boot() as linux:
        task = linux.load(str(program), arguments, {})
        recorder = Recorder(linux.kernel, [task], written.extend, follow=follow)
        linux.run(task)
        recorder.close()
    return read(bytes(written))


@pytest.fixture(scope="module")
def families(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return solaris_linked.program(toolchain, "families.c", tmp_path_factory.mktemp("families") / "families")


@pytest.mark.parametrize(
    ("family", "told"),
    [
        ("processes", {"forksys", "exece", "becomes /usr/bin/echo", "ends: SIGKILL", "SIGKILL"}),
        ("signals", {"kill", "page fault", "ends: status 0"}),
    ],
)
def test_a_run_on_solaris_is_told_too(families: Path, family: str, told: set[str], tmp_path: Path) -> None:
    script = 'syscall:::entry { printf("%d %s\\n", pid, probefunc); }'
    options = (
        "--os",
        "solaris",
        "--perfetto",
        str(tmp_path / "trace"),
        "-qn",
        script,
        "-o",
        str(tmp_path / "lines"),
    )
    assert ring3("dtrace", *options, "-c", f"{families} {family}").returncode == 0
    trace = read((tmp_path / "trace").read_bytes())
    lines = [line for line in (tmp_path / "lines").read_text().splitlines() if line]
    assert [f"{tid} {call.name}" for tid, call in trace.calls] == lines
    assert told <= names(trace)


def names(trace: Trace) -> set[str]:
    return {packet.track_event.name for packet in trace.packets}


def test_signals_faults_programs_and_ends_are_told(toolchain: Toolchain) -> None:
    told = names(recorded(toolchain.program("tasks/signals.c")))
    assert {"page fault", "ends: status 0", "rt_sigaction"} <= told
    assert any(name.startswith("SIG") for name in told)
    told = names(recorded(toolchain.program("tasks/processes.c")))
    assert any(name.startswith("becomes /") for name in told)
    assert any(name.startswith("starts ") for name in told)


def test_who_wakes_whom_is_an_arrow(toolchain: Toolchain) -> None:
    trace = recorded(toolchain.program("threads/mutexes.c"), "cancel")
    ends = {flow for packet in trace.packets for flow in packet.track_event.terminating_flow_ids}
    wakes = [p.track_event for p in trace.packets if p.track_event.name.startswith("wakes ")]
    assert wakes
    assert {flow for event in wakes for flow in event.flow_ids} & ends
    assert any(
        event.HasField("sched_waking") for packet in trace.packets for event in packet.ftrace_events.event
    )


def test_counters_only_rise(toolchain: Toolchain) -> None:
    trace = recorded(toolchain.program("basic/hello.c"))
    values: dict[str, list[int]] = {}
    for packet in trace.packets:
        event = packet.track_event
        if event.type == event.TYPE_COUNTER:
            values.setdefault(trace.tracks[event.track_uuid].name, []).append(event.counter_value)
    assert values["system calls"] == list(range(1, len(trace.calls) + 1))
    assert values["page faults"] == list(range(1, len(values["page faults"]) + 1))
    assert len(values["memory in use (pages)"]) == len(values["page faults"])


def test_children_are_left_out_unless_they_are_followed(toolchain: Toolchain) -> None:
    program = toolchain.program("tasks/processes.c")
    assert len({tid for tid, _ in recorded(program, follow=False).calls}) == 1
    assert len({tid for tid, _ in recorded(program).calls}) > 1


def test_a_recorder_that_is_closed_leaves_nothing_behind() -> None:
    with guest.boot() as linux:
        assert_quiet(linux)
        Recorder(linux.kernel, [], bytearray().extend).close()
        assert_quiet(linux)


def assert_quiet(linux: Linux) -> None:
    task = linux.load(HELLO, (), {})
    assert isinstance(task, LinuxTask)
    assert "ready" not in vars(linux.kernel)
    assert "switch_to" not in vars(linux.kernel)
    assert linux.run(task) == 0


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("{folder}/none/trace", "strace: {folder}/none/trace: No such file or directory"),
        ("/dev/full", "strace: /dev/full: No space left on device"),
    ],
)
def test_a_file_that_cannot_be_written_is_one_line(path: str, complaint: str, tmp_path: Path) -> None:
    ran = ring3("strace", "-o", "/dev/null", "--perfetto", path.format(folder=tmp_path), HELLO)
    assert ran.returncode == 1
    assert ran.stderr == complaint.format(folder=tmp_path) + "\n"
    assert is_one_line(f"ring3 {ran.stderr}")


def test_dtrace_writes_one_beside_its_script(tmp_path: Path, toolchain: Toolchain) -> None:
    program, path = toolchain.program("basic/hello.c"), tmp_path / "trace"
    script = 'syscall::writev:entry { printf("by %s", execname); }'
    done = ring3("dtrace", f"--perfetto={path}", "-qn", script, "-c", str(program))
    assert (done.returncode, "by hello" in done.stdout) == (0, True)
    trace = read(path.read_bytes())
    assert [call.name for _, call in trace.calls][-1] == "exit_group"
    assert all(track.process.process_name == "hello" for track in trace.tracks.values() if track.process.pid)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--perfetto", "/dev/full", "-c", HELLO], "failed to write /dev/full: No space left on device"),
        (
            ["--perfetto", "/nowhere/trace", "-c", HELLO],
            "failed to write /nowhere/trace: No such file or directory",
        ),
        (["--perfetto", "trace"], "--perfetto: there is no program; -c starts one"),
    ],
)
def test_what_dtrace_cannot_record(words: list[str], complaint: str, tmp_path: Path) -> None:
    done = ring3("dtrace", *words, "-qn", "BEGIN { exit(0); }", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, f"dtrace: {complaint}\n")
