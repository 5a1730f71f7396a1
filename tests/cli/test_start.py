"""What a plain run imports: each start of a program pays for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

HELLO: Final = Path(__file__).resolve().parents[2] / "examples" / "hello" / "hello"
MOST: Final = 179
"""Modules of ours that a start may import; four of them are what may move a program to the host's processor."""
LATER: Final = (
    "ring3.computer.solaris", "ring3.fs.fifo", "ring3.fs.landlock", "ring3.fs.line_discipline", "ring3.fs.pipe",
    "ring3.fs.pty", "ring3.kernel.mm.advise", "ring3.kernel.mm.fork", "ring3.kernel.mm.lock", "ring3.kernel.mm.remap",
    "ring3.kernel.observed", "ring3.kernel.probes", "ring3.kernel.randomness",
    "ring3.linux.entry.exit_work", "ring3.linux.entry.trace_work", "ring3.linux.futexes", "ring3.linux.proc.process",
    "ring3.linux.proc.system", "ring3.linux.proc.tree", "ring3.linux.terminals.console", "ring3.linux.timers.interval",
    "ring3.linux.timers.posix", "ring3.machine.brake", "ring3.machine.instructions", "ring3.machine.unicorn_hooks",
    "ring3.linux.x86.xsave", "ring3.machine.host_cpu.processor", "ring3.machine.host_cpu.stub",
    "ring3.machine.unicorn_fxsave", "ring3.machine.unicorn_repeatable", "ring3.machine.unicorn_stops", "ring3.net",
    "ring3.solaris", "ring3.trace",
    "asyncio", "capstone", "dataclasses", "elftools", "inspect", "shutil", "traceback", "unicorn",
)  # fmt: skip
"""Rooms and modules that hello has no use for."""


@pytest.fixture(scope="module")
def imported() -> list[str]:
    command = [sys.executable, "-v", "-m", "ring3", "run", str(HELLO)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "Hello, world\n"
    return [line.split("'")[1] for line in done.stderr.splitlines() if line.startswith("import '")]


def test_a_start_imports_no_more_modules_than_it_needs(imported: list[str]) -> None:
    ours = [name for name in imported if name.split(".")[0] == "ring3"]
    assert 100 < len(ours) <= MOST, ours


@pytest.mark.parametrize("module", LATER)
def test_what_a_plain_run_does_without_is_not_imported(imported: list[str], module: str) -> None:
    assert not [name for name in imported if name == module or name.startswith(f"{module}.")]
