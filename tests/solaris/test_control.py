"""Processes that others control through /proc: calls, signals, faults, memory and registers, for both widths."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import guest, solaris_linked
from tests.support.guest import PathThrough
from tests.support.toolchain import Toolchain

SHOWN = {
    "calls": (
        "stop 0 stopped flags 3 why 1 what 0 again 0 entry 0 exit 0 run 0\n"
        "wait 0 flags 3 why 3 what 4 call 4 args 6 size 5 run 0 wait 0 flags 3 why 4 what 4 value 5\n"
        "child wrote 5\nchild wrote -1 errno 4\n"
        "second flags 3 why 3 what 4 fd out 1 abort 0\nended 0\n"
    ),
    "signals": (
        "wait 0 flags 3 why 2 what 16 signal 16 run 0\nlives !\nended 0\nended 10\n"
    ),
    "faults": (
        "wait 0 flags 3 why 6 what 3 read 0 cc write 0 nowhere 5 set 0 step 0 wait 0 flags 3 why 6 what 4 moved 1\n"
        "child saw 9\nended 0\n"
    ),
    "modes": (
        "runs after the last close x\nended 0\n"
        "bad mode 22 message 22 fork flags 3 why 4 what 142 child why 4 what 142\nended 9\n"
        "gone 2\ntimed 0 busy 16 stop 0 kill 0\nended 9\n"
    ),
}  # fmt: skip
"""PR_STOPPED and PR_ISTOP, and whys: requested 1, signal 2, entry 3, exit 4, fault 6."""


@pytest.fixture(scope="module", params=[64, 32])
def program(
    toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Path:
    folder = tmp_path_factory.mktemp("control")
    return solaris_linked.program(toolchain, "controller.c", folder / "controller", bits=request.param)


@pytest.mark.parametrize("path", ["short", "full"])
@pytest.mark.parametrize("deed", SHOWN)
def test_deed(program: Path, deed: str, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        machine.kernel.make_time_virtual()
        outcome = guest.run(machine, program, [deed])
    assert (outcome.stdout.decode(), outcome.stderr, outcome.status) == (SHOWN[deed], b"", 0)
