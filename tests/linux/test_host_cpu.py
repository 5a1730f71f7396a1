"""Programs on the host's own processor do what they do on the emulated one, as far as they can tell."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ring3.computer import Linux
from ring3.machine.board import CpuKind
from ring3.machine.cpu import Stop
from tests.support import guest
from tests.support.guest import Outcome, PathThrough
from tests.support.host_cpu import NEEDS_HOST_CPU
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

pytestmark = NEEDS_HOST_CPU

BITS = pytest.mark.parametrize("bits", [64, 32])
PATHS = pytest.mark.parametrize("way", ["short", "full"])
SAME: list[tuple[str, Sequence[str]]] = [
    ("basic/printf_float.c", ()),
    ("basic/sse.c", ()),
    ("tasks/processes.c", ()),
    ("tasks/signals.c", ()),
    ("tasks/segments.c", ()),
    ("tasks/prctl.c", ()),
]
"""Sources below ``tests/programs``, and arguments."""


@pytest.fixture(autouse=True)
def kinds() -> Iterator[None]:
    """Leaves the choice of the other tests alone."""
    kept = list(guest.CPU)
    yield
    guest.CPU[:] = kept


def run_on(
    kind: CpuKind, program: Path, arguments: Sequence[str] = (), way: PathThrough = "short"
) -> Outcome:
    guest.CPU[:] = [kind]
    with guest.boot(way) as linux:
        return guest.run(linux, program, arguments, environment={"A": "1"})


def on_host(program: Path, arguments: Sequence[str] = (), way: PathThrough = "short") -> Outcome:
    return run_on(CpuKind.HOST, program, arguments, way)


@BITS
@PATHS
@pytest.mark.parametrize(("name", "arguments"), SAME, ids=[name for name, _ in SAME])
def test_both_cpus_do_the_same(
    toolchain: Toolchain, name: str, arguments: Sequence[str], way: PathThrough, bits: Bits
) -> None:
    program = toolchain.program(name, bits=bits, kind="static")
    assert (
        on_host(program, arguments, way).finished
        == run_on(CpuKind.EMULATED, program, arguments, way).finished
    )


@BITS
@pytest.mark.parametrize("name", ["tasks/vectors.c", "tasks/vector_state.c"])
def test_vector_registers_are_kept_as_natively(
    toolchain: Toolchain, native: Run, name: str, bits: Bits
) -> None:
    program = toolchain.program(name, bits=bits, kind="static")
    assert on_host(program).finished == native(program)


@PATHS
def test_what_only_the_emulated_cpu_can_is_done_by_it_and_nobody_can_tell(
    toolchain: Toolchain, native: Run, way: PathThrough
) -> None:
    program = toolchain.program("tasks/vectors.c", bits=64, kind="static")
    guest.CPU[:] = [CpuKind.HOST]
    with guest.boot(way) as linux:
        entered: list[int] = []
        cpu = linux.machine.cpu
        leave: list[Callable[[], None]] = []
        real = linux.kernel.run_cpu

        def run() -> Stop:
            """Hooks blocks of code at every seventh run, and takes the hook away at the next one."""
            entered.append(0)
            if leave:
                leave.pop()()
            elif len(entered) % 7 == 0 and cpu.cpl == 3:
                leave.append(cpu.hook_blocks(lambda address, size: None, 0x1000, 0x1FFF))
            return real()

        linux.kernel.run_cpu = run
        assert guest.run(linux, program).finished == native(program)
        assert len(entered) > 50


def ring3(*words: str, preexec: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    command = [*preexec, sys.executable, "-m", "ring3", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_line(toolchain: Toolchain) -> None:
    program = str(toolchain.program("basic/exit_status.c", bits=64, kind="static"))
    done = ring3("run", "--cpu", "host", program, "7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")
    done = ring3("strace", "--cpu", "host", program, "7")
    assert done.returncode == 7
    assert "exit_group(7)" in done.stderr
    refused = ring3("strace", "--cpu", "guest", program).stderr
    assert refused.splitlines()[0] == "strace: invalid --cpu argument: 'guest'"


DENY = """
import ctypes, os, struct, sys
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])), (6, 0, 0, 0x50001), (6, 0, 0, 0x7FFF0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in steps))
described = struct.pack("<HxxxxxxQ", len(steps), ctypes.addressof(program))
prctl = ctypes.CDLL(None).prctl
assert not prctl(38, 1, 0, 0, 0) and not prctl(22, 2, described, 0, 0)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Starts a program for which one call of the host is EPERM, as a container's filter has it (seccomp(2))."""


@pytest.mark.parametrize(
    "call",
    [pytest.param(101, id="ptrace"), pytest.param(319, id="memfd_create"), pytest.param(317, id="seccomp")],
)
def test_a_host_that_does_not_allow_it(toolchain: Toolchain, call: int) -> None:
    """One line and no traceback with ``host``, the emulated CPU with ``auto``."""
    program = str(toolchain.program("basic/exit_status.c", bits=64, kind="static"))
    deny = [sys.executable, "-c", DENY, str(call)]
    refused = ring3("run", "--cpu", "host", program, "7", preexec=deny)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert refused.stderr.startswith("ring3: the host's processor cannot be used: ")
    done = ring3("run", "--cpu", "auto", program, "7", preexec=deny)
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")


def test_solaris_is_refused_in_one_line() -> None:
    done = ring3("run", "--os", "solaris", "--cpu", "host", "/bin/true")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--cpu emulated" in done.stderr


def test_python_gets_the_same_by_an_argument() -> None:
    with Linux(cpu="host", ram_bytes=64 << 20) as linux:
        assert linux.machine.cpu.vectors is not None
    with pytest.raises(ValueError, match="guest"):
        Linux(cpu="guest")
