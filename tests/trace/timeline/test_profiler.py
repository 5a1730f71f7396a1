"""Profiles: the program's stack and the kernel's functions in one, and nothing for what waits."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from ring3.kernel import points
from ring3.trace.pictures.stacks import Frame, Profile
from ring3.trace.timeline import profiler as profiler_module
from ring3.trace.timeline.profiler import Profiler
from tests.cli.command import HELLO, ring3
from tests.support import guest
from tests.support.toolchain import Toolchain


def profiled(program: Path, *, follow: bool = True, path: guest.PathThrough = "short") -> tuple[Profile, int]:
    """A program's profile, and how many nanoseconds the run took."""
    with guest.boot(path) as linux:
        task = linux.load(str(program), (), {})
        profiler = Profiler(linux.kernel, [task], follow=follow)
        begun = time.perf_counter_ns()
        assert linux.run(task) == 0
        spent = time.perf_counter_ns() - begun
        profiler.close()
        return profiler.profile("spends"), spent


@pytest.fixture(scope="module")
def spends(toolchain: Toolchain) -> Path:
    return toolchain.program("trace/spends.c")


@pytest.mark.parametrize("path", ["short", "full"])
def test_stacks_lead_from_the_program_into_the_kernel(spends: Path, path: guest.PathThrough) -> None:
    profile, spent = profiled(spends, path=path)
    paths = {tuple(frame.name for frame in stack) for stack, weight in profile.stacks.items() if weight > 0}
    assert any("computes" in stack for stack in paths)
    reading = [stack for stack in paths if "ksys_pread64" in stack]
    assert reading
    assert all(stack.index("main") < stack.index("reads") < stack.index("ksys_pread64") for stack in reading)
    assert any("touches" in stack and "handle_mm_fault" in stack for stack in paths)
    for stack in profile.stacks:
        kernel = [frame.is_kernel for frame in stack]
        assert kernel == sorted(kernel)  # the program is outside, the kernel inside
        assert not kernel[0]
    assert all(weight >= 0 for weight in profile.stacks.values())
    assert 0 < sum(profile.stacks.values()) <= spent


def test_children_are_left_out_unless_they_are_followed(spends: Path) -> None:
    def in_child(profile: Profile) -> bool:
        return any({"waits", "computes"} <= {frame.name for frame in stack} for stack in profile.stacks)

    assert in_child(profiled(spends)[0])
    assert not in_child(profiled(spends, follow=False)[0])


def test_what_waits_costs_nothing(spends: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks, years = itertools.count(), 0
    monkeypatch.setattr(profiler_module, "time", SimpleNamespace(perf_counter_ns=lambda: next(ticks) + years))

    def left(task: object) -> None:
        nonlocal years
        if task is parent and parent.pending is not None:
            years += 10**18

    with guest.boot() as linux:
        parent = linux.load(str(spends), (), {})
        profiler = Profiler(linux.kernel, [parent])
        linux.kernel.probes.attach(points.OffCpu(), left)
        assert linux.run(parent) == 0
        profiler.close()
    assert years > 0
    assert 0 < sum(profiler.profile("").stacks.values()) < 10**18


def test_looking_at_stacks_is_nobodys_doing() -> None:
    with guest.boot() as linux:
        task = linux.load(HELLO, (), {})
        profiler = Profiler(linux.kernel, [task])
        faults: list[int] = []
        linux.kernel.probes.attach(points.PageFault(), lambda event: faults.append(event.address))
        linux.run(task)
        profiler.close()
        assert {stack[0] for stack in profiler.profile("").stacks} == {Frame("hello")}


@pytest.mark.parametrize("ending", ["svg", "folded", "json"])
def test_the_command_writes_the_form_that_the_ending_says(spends: Path, ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"profile.{ending}"
    ran = ring3("strace", "-f", "-o", "/dev/null", "--flame", str(file), str(spends))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "computes" in file.read_text()
    assert "ksys_pread64" in file.read_text()


def test_another_ending_is_refused_before_anything_runs(tmp_path: Path) -> None:
    ran = ring3("strace", "--flame", str(tmp_path / "profile.png"), HELLO)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("strace: ")
    assert "FILE.svg" in ran.stderr
    assert not list(tmp_path.iterdir())
