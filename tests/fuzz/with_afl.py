"""AFL++ against four comparisons of bytes, with the map of edges and without it. What `scripts/check-afl` runs.

afl-fuzz refuses an empty file as its first input; a line feed is as good as nothing to the program.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.support.afl import Campaign
from tests.support.toolchain import find

MOST: Final = 2_000_000
"""Runs after which it is given up with the map, too."""
TIMES: Final = 10
CRASHES: Final = b"R3\xfe!"


def main(seeds: list[str]) -> int:
    """Makes two campaigns for each seed of AFL++'s randomness; 1 if one did not come to what it should."""
    toolchain = find()
    toolchain.build_libraries()
    program = str(toolchain.program("fuzz/four_bytes.c"))
    failed = False
    for seed in seeds:
        with tempfile.TemporaryDirectory() as name:
            options = f"-s {seed} -p coe -t 1000"
            guided = Campaign(Path(name, "map"), b"\n", f"{options} -E {MOST}", [program])
            found = any(data.startswith(CRASHES) for data in guided.crashes)
            print(
                f"seed {seed}, with the map: {guided.runs} runs, {guided.crashes or 'no crash'}", flush=True
            )
            most = TIMES * guided.runs
            blind = Campaign(Path(name, "none"), b"\n", f"{options} -E {most}", ["--no-map", program])
            print(f"seed {seed}, without it: {blind.runs} runs, {blind.crashes or 'no crash'}", flush=True)
            failed |= not found or bool(blind.crashes)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
