"""afl-fuzz as the tests start it: Ring3 is its target, and it ends with the first crash."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_SWITCHES: Final = (
    "SKIP_BIN_CHECK I_DONT_CARE_ABOUT_MISSING_CRASHES SKIP_CPUFREQ NO_UI NO_AFFINITY BENCH_UNTIL_CRASH"
)


class Campaign:
    """One that is over.

    Attributes:
        crashes: The inputs that crashed.
        runs: How many runs there were.
        told: What afl-fuzz printed last.
    """

    def __init__(self, folder: Path, seed: bytes, options: str, words: Sequence[str]) -> None:
        """Runs it.

        Args:
            folder: An empty one, for its files.
            seed: The input that it begins with.
            options: Those of afl-fuzz.
            words: Those of ``ring3 fuzz --afl``.
        """
        (folder / "in").mkdir(parents=True)
        (folder / "in/seed").write_bytes(seed)
        command = folder / "ring3"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m ring3 "$@"\n')
        command.chmod(0o755)
        finished = subprocess.run(
            [
                "afl-fuzz", *options.split(), "-i", "in", "-o", "out", "--",
                str(command), "fuzz", "--afl", *words,
            ],
            cwd=folder,
            env={**os.environ, **{f"AFL_{name}": "1" for name in _SWITCHES.split()}},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        self.told = finished.stdout[-2000:]
        self.crashes = [path.read_bytes() for path in (folder / "out/default/crashes").glob("id*")]
        facts = (folder / "out/default/fuzzer_stats").read_text().splitlines()
        self.runs = next(int(line.split(":")[1]) for line in facts if line.startswith("execs_done"))
