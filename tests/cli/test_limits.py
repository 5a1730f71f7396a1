"""Programs that take all there is, or do something very often: errors where errors are due, and nothing that grows.

With ``RING3_LIMITS_FACTOR`` all of it so many times as often: ``scripts/exhaust`` does that.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.cli.command import COMMAND
from tests.support.toolchain import Toolchain

FACTOR: Final = int(os.environ.get("RING3_LIMITS_FACTOR", "1"))
GROWTH: Final = 48 << 10
"""KiB that a run may take more than one that does nothing, whatever it does: the machine's RAM, and caches."""

MEASURE: Final = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""
"""What runs a command and says how large it was: a process begins with the largest size of who forked it."""


def run(toolchain: Toolchain, folder: Path, mode: str, count: int, *options: str) -> tuple[str, int]:
    """What the program says, and the largest size of its process in KiB."""
    command = [*COMMAND, "run", *options, str(toolchain.program("sandbox/limits.c")), mode, str(count)]
    measured = [sys.executable, "-c", MEASURE, *command]
    done = subprocess.run(measured, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout, int(done.stderr.splitlines()[-1])


@pytest.mark.parametrize(
    ("mode", "count", "said"),
    [
        ("descriptors", 500, "500 files, errno 24\n"),
        ("sockets", min(1000 * FACTOR, 10_000), "{count} sockets, 1 byte\n"),
        ("connections", 300, "{count} connections\n"),
        ("names", 2000, "{count} names\nremoved: 0\n"),
        ("sparse", 1 << 30, "0 1 1 1 1\n"),
        ("opens", 10_000, "{count} opens\n"),
        ("deep", 300, "{count} deep, named\n0 left\n"),
    ],
)
def test_much_of_something(toolchain: Toolchain, tmp_path: Path, mode: str, count: int, said: str) -> None:
    often = count * FACTOR if mode in ("names", "opens", "connections") else count
    _, nothing = run(toolchain, tmp_path, "none", 0)
    found, size = run(toolchain, tmp_path, mode, often)
    assert found == said.format(count=often)
    lies_there = often if mode == "names" else 0  # a KiB for each, of guest RAM
    assert size - nothing < GROWTH + lies_there


def test_messages_that_nobody_reads(toolchain: Toolchain, tmp_path: Path) -> None:
    found, size = run(toolchain, tmp_path, "messages", 5000, "--memory", "32M")
    assert found == "sockets: errno 105\nqueues: errno 12\n"
    assert size < (96 << 10)


def test_a_full_disk(toolchain: Toolchain, tmp_path: Path) -> None:
    found, size = run(toolchain, tmp_path, "full", 1 << 30, "--memory", "32M")
    assert found == "full: errno 28\nroom again: 65536\n"
    assert size < (96 << 10)
