"""Explaining a call is not seen by the program, nor by the kernel afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ring3.kernel import points
from ring3.kernel.task import Task
from ring3.kernel.watched_cpu import CpuObserver
from ring3.machine.cpu import Stop
from ring3.trace.explain.doors import call_at
from ring3.trace.explain.watch import Explainer, Wanted
from tests.support import guest
from tests.support.guest import PathThrough
from tests.support.toolchain import Toolchain
from tests.trace.explain.explaining import build

BOTH_PATHS = pytest.mark.parametrize("path", ["short", "full"])

PROGRAMS: dict[str, Callable[[Toolchain], Path]] = {
    "hello": lambda toolchain: toolchain.program("seeds/hello.s", kind="nolibc"),
    "doors32": lambda toolchain: build(toolchain, "doors32.S", 32),
    "clobber64": lambda toolchain: toolchain.program("basic/clobber64.S", kind="nolibc"),
    "clobber32": lambda toolchain: toolchain.program("basic/clobber32.S", bits=32, kind="nolibc"),
    "upper_halves": lambda toolchain: toolchain.program("basic/upper_halves.c"),
    "malloc_loop": lambda toolchain: toolchain.program("basic/malloc_loop.c", bits=32),
    "args": lambda toolchain: toolchain.program("basic/args.c", kind="static-pie"),
}


def run(program: Path, path: PathThrough, nth: int | None) -> tuple[int, int]:
    """The program's status, and how many calls were made until the explained one, that one included."""
    with guest.boot(path) as linux:
        task = linux.load(str(program), ["a", "b"], {"NAME": "value"})
        explainer = Explainer(linux.kernel, Wanted(nth or 1 << 30))
        return linux.run(task), explainer.calls


@BOTH_PATHS
@pytest.mark.parametrize("name", PROGRAMS)
def test_output_and_status(
    toolchain: Toolchain, capfdbinary: pytest.CaptureFixture[bytes], name: str, path: PathThrough
) -> None:
    program = PROGRAMS[name](toolchain)
    status, calls = run(program, path, None)
    printed = capfdbinary.readouterr()
    assert calls > 1
    for nth in {1, 2, calls // 2 + 1, calls - 1, calls}:
        assert run(program, path, nth) == (status, nth)
        assert capfdbinary.readouterr() == printed


def calls_of(program: Path, path: PathThrough, nth: int | None) -> list[tuple[guest.Snapshot, str]]:
    """The registers that its mode has, and a digest of memory, at each call that a program makes."""
    found = []
    with guest.boot(path) as linux:
        cpu = linux.machine.cpu
        task = linux.load(str(program), (), {})

        class Calls(CpuObserver):
            def after(self, task: Task, stop: Stop) -> None:
                if call_at(stop, cpu) is not None:
                    snapshot = guest.Snapshot.of(cpu)
                    seen = snapshot.gprs if cpu.long_mode else snapshot.gprs[:8]
                    found.append((replace(snapshot, gprs=seen), guest.digest(task.memory)))

        linux.kernel.probes.attach(points.CpuRun(), Calls())
        if nth is not None:
            Explainer(linux.kernel, Wanted(nth))
        linux.run(task)
    return found


@BOTH_PATHS
@pytest.mark.parametrize("name", ["doors32", "clobber32", "upper_halves"])
def test_registers_and_memory_at_every_call(toolchain: Toolchain, name: str, path: PathThrough) -> None:
    program = PROGRAMS[name](toolchain)
    plain = calls_of(program, path, None)
    assert len(plain) > 4
    for nth in (1, 2, 3, 4, len(plain)):
        assert calls_of(program, path, nth) == plain


def test_observer_lets_go(toolchain: Toolchain) -> None:
    with guest.boot() as linux:
        kernel, cpu = linux.kernel, linux.machine.cpu
        kernel.stubs[linux.symbols["__x64_sys_write"]] = kernel.call("sys_write").entry("__x64_sys_write")
        before = (kernel.run_cpu, linux.machine.microcode)
        stubs = dict(kernel.stubs)
        layers = kernel.call("sys_write")
        functions = dict(layers.namespace)
        task = linux.load(str(toolchain.program("seeds/hello.s", kind="nolibc")), (), {})
        explainer = Explainer(kernel, Wanted())
        assert (kernel.run_cpu, linux.machine.microcode) != before
        linux.run(task)
        assert explainer.explanation is not None
        assert (kernel.run_cpu, linux.machine.microcode) == before
        assert kernel.run_cpu == cpu.run
        assert layers.namespace == functions
        write = linux.symbols["__x64_sys_write"]
        assert kernel.stubs[write] is stubs[write]


def test_told_when_the_call_is_over(toolchain: Toolchain, capfd: pytest.CaptureFixture[str]) -> None:
    printed = []
    with guest.boot() as linux:
        task = linux.load(str(toolchain.program("seeds/write.c")), (), {})
        Explainer(linux.kernel, Wanted(), lambda told: printed.append((told.nth, capfd.readouterr().out)))
        linux.run(task)
    assert printed == [(1, "")]
    assert capfd.readouterr().out == "Hello, World\n"


def test_call_that_was_not_made(toolchain: Toolchain) -> None:
    with guest.boot() as linux:
        task = linux.load(str(toolchain.program("seeds/hello.s", kind="nolibc")), (), {})
        explainer = Explainer(linux.kernel, Wanted(name="mkdir"))
        assert linux.run(task) == 0
        assert (explainer.calls, explainer.explanation) == (2, None)
