"""What a client imports: each command on a machine that is up pays for it."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

from tests.cli.command import HELLO, ROOT
from tests.session.machines import Machines

OURS: Final = {
    "ring3", "ring3.__main__", "ring3.errors", "ring3.finder", "ring3.host_signals", "ring3.session",
    "ring3.session.client", "ring3.session.folder", "ring3.session.host_terminal", "ring3.session.wire",
}  # fmt: skip
TOO_DEAR: Final = (
    "argparse",
    "asyncio",
    "ctypes",
    "dataclasses",
    "inspect",
    "json",
    "socket",
    "subprocess",
    "threading",
)


@pytest.fixture
def imported(machines: Machines) -> list[str]:
    command = [sys.executable, "-v", "-m", "ring3", "run", "--on", machines.up(), HELLO]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, env=machines.environment
    )
    assert done.stdout == "Hello, world\n"
    return [line.split("'")[1] for line in done.stderr.splitlines() if line.startswith("import '")]


def test_a_client_imports_nothing_of_a_kernel(imported: list[str]) -> None:
    assert {name for name in imported if name.split(".")[0] == "ring3"} <= OURS
    assert not set(TOO_DEAR).intersection(imported)
