"""A call that is not there: SIGSYS, and ENOSYS for who ignores it; the user is told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ring3.abi.solaris.signals import SIG_IGN, SolarisSig
from ring3.computer import Solaris
from ring3.solaris.process import Action
from tests.support import guest, solaris
from tests.support.guest import PathThrough
from tests.support.toolchain import Toolchain

BOTH_PATHS = pytest.mark.parametrize("path", ["short", "full"])


@pytest.fixture
def deeds(toolchain: Toolchain) -> Path:
    return solaris.program(toolchain, "deeds.c")


def run_ignoring(machine: Solaris, program: Path, deed: str) -> tuple[int, bytes]:
    """Runs a deed in a process that its parent has let ignore SIGSYS; its status and output."""
    inner = machine.kernel.spawn

    def spawn(*arguments: object) -> object:
        task = inner(*arguments)  # type: ignore[arg-type]
        task.process.actions[SolarisSig.SIGSYS] = Action(SIG_IGN)
        return task

    vars(machine.kernel)["spawn"] = spawn
    outcome = guest.run(machine, program, [deed])
    return outcome.status, outcome.stdout


@BOTH_PATHS
@pytest.mark.parametrize(
    "deed",
    ["nosys_0", "loadable_8", "loadable_named_51", "old_handler_21", "absent_55", "number_256"],
)
def test_who_ignores_sigsys_sees_enosys(deeds: Path, deed: str, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        assert run_ignoring(machine, deeds, deed) == (0, b"rax 89 carry 1\n")


@BOTH_PATHS
def test_fault_cannot_be_ignored(deeds: Path, path: PathThrough) -> None:
    with guest.boot_solaris(path) as machine:
        machine.kernel.report = print
        task = machine.load(str(deeds), ["ud2"])
        task.process.actions[SolarisSig.SIGILL] = Action(SIG_IGN)
        assert machine.run(task) == 128 + SolarisSig.SIGILL


@BOTH_PATHS
@pytest.mark.parametrize(
    ("deed", "line"),
    [
        ("absent_55", "uadmin is not implemented: SIGSYS (reported once)"),
        ("old_handler_21", "mount is not implemented: SIGSYS (reported once)"),
        ("number_256", "there is no system call 256: SIGSYS (reported once)"),
        ("nosys_35", "there is no system call 35: SIGSYS (reported once)"),
        ("loadable_named_51", "system call 51 is in a module that is not there: SIGSYS (reported once)"),
    ],
)
def test_absent_call_is_reported_once(deeds: Path, deed: str, line: str, path: PathThrough) -> None:
    lines: list[str] = []
    with guest.boot_solaris(path) as machine:
        machine.kernel.report = lines.append
        for _ in range(2):
            assert guest.run(machine, deeds, [deed]).status == 128 + SolarisSig.SIGSYS
    assert lines == [line]
