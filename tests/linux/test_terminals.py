"""Both ends of a pseudoterminal at random: modes, keys, output, packets, flow; compared with a native run.

Linux hands on what was written by a worker, at some time: so native runs take their time (SETTLE microseconds after
each call) and are kept beside the program. `python -m tests.linux.test_terminals SEED...` makes them anew; git tells
whether they are other than they were.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.toolchain import Toolchain, find

SOURCE: Final = "sequences/terminals.c"
SAVED: Final = Path(__file__).parents[1] / "programs/sequences/terminals"
STEPS: Final = "250"
SEEDS: Final = sorted(path.stem for path in SAVED.glob("*.out"))


@pytest.mark.parametrize("seed", SEEDS)
def test_terminals_as_on_linux(linux: Linux, toolchain: Toolchain, seed: str) -> None:
    outcome = guest.run(linux, toolchain.program(SOURCE), [seed, STEPS])
    assert outcome.stdout.splitlines() == (SAVED / f"{seed}.out").read_bytes().splitlines()
    assert outcome.status == 0


def record(seeds: list[str]) -> None:
    """Runs the program natively, and keeps what it prints."""
    program = find().program(SOURCE)
    for seed in seeds:
        with (SAVED / f"{seed}.out").open("wb") as saved:
            subprocess.run([program, seed, STEPS], env={"SETTLE": "20000"}, stdout=saved, check=True)


if __name__ == "__main__":
    record(sys.argv[1:] or SEEDS)
