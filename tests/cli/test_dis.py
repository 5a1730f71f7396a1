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
    missing = dis("-F", "nosuch", "-F", "inner", str(program))
    assert (missing.returncode, missing.stdout) == (1, finished.stdout)
    assert missing.stderr == f"ring3: {program}: there is no function nosuch\n"


def test_a_file_without_symbols(toolchain: Toolchain) -> None:
    program = toolchain.build(
        [PROGRAMS / "debug" / "stops.c"], target=musl(64), kind="nolibc", flags=("-O0", "-Wl,-s")
    )
    finished = dis(str(program))
    assert (finished.returncode, finished.stderr) == (0, "")
    lines = finished.stdout.splitlines()
    assert lines[0] == "section .text"
    assert lines[1].split()[1:] == ["55", "pushq", "%rbp"]


def test_no_file() -> None:
    assert dis("/nonexistent").stderr == "ring3: failed to open /nonexistent: No such file or directory\n"
