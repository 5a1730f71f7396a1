"""``ring3 dis``."""

from __future__ import annotations

import subprocess
import sys

from tests.support.toolchain import PROGRAMS, Toolchain, musl


def dis(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ring3", "dis", *words], capture_output=True, text=True, check=False
    )


def test_a_function(toolchain: Toolchain) -> None:
    program = toolchain.build(
        [PROGRAMS / "debug" / "stops.c"], target=musl(64), kind="nolibc", flags=("-O0",)
    )
    finished = dis("-F", "inner", str(program))
    assert (finished.returncode, finished.stderr) == (0, "")
    lines = finished.stdout.splitlines()
    assert lines[0].split() == ["inner:", "55", "pushq", "%rbp"]
    assert lines[-1].endswith(" c3                 ret    ")
    assert dis("-F", "nosuch", str(program)).returncode == 1


def test_no_file() -> None:
    assert dis("/nonexistent").stderr == "ring3: failed to open /nonexistent: No such file or directory\n"
