"""``ring3 fuzz`` as a user runs it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.command import HELLO, is_one_line, ring3
from tests.support.toolchain import Toolchain


@pytest.fixture(scope="session")
def compares(toolchain: Toolchain) -> str:
    """A program that crashes behind four comparisons."""
    return str(toolchain.program("fuzz/compares.c"))


def test_a_crash_is_found_kept_and_repeated(compares: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/seed").write_bytes(b"R3\xfe ")
    (tmp_path / "words").write_text('# words\nmark="\\x21"\n')
    options = ["-i", "in", "-o", "out", "-x", "words", "--first", "--runs", "5000", "--run-seconds", "0.001"]
    finished = ring3("fuzz", *options, "--env", "A=b c", compares, "@@", cwd=tmp_path)
    assert (finished.returncode, finished.stderr) == (1, "")
    assert " 1 crashes, " in finished.stdout
    (report,) = (tmp_path / "out/crashes").glob("*.txt")
    command = shlex.split(report.read_text().splitlines()[0])
    assert command[0] == "ring3"
    assert "A=b c" in command
    again = ring3(*command[1:], cwd=tmp_path)
    assert again.returncode == 1
    assert "SIGSEGV" in again.stdout or "SIGABRT" in again.stdout


def test_a_campaign_ends_after_its_runs_and_is_the_same_again(compares: str, tmp_path: Path) -> None:
    told = []
    for name in ("one", "two"):
        finished = ring3("fuzz", "-o", name, "--runs", "30", compares, cwd=tmp_path)
        assert (finished.returncode, finished.stderr) == (0, "")
        told.append(sorted(path.read_bytes() for path in (tmp_path / name / "queue").iterdir()))
    assert told[0] == told[1]


def test_an_input_is_run_once(compares: str, tmp_path: Path) -> None:
    (tmp_path / "e").write_bytes(b"e")
    finished = ring3("fuzz", "--repeat", "e", compares, cwd=tmp_path)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "1\nit ended with 7\n", "")


@pytest.mark.parametrize(
    ("words", "status", "line"),
    [
        (["--repeat", "absent", HELLO], 1, "absent: No such file or directory"),
        (["-i", "absent", HELLO], 2, "absent: No such file or directory"),
        (["-o", "/proc/nowhere", HELLO], 1, "/proc/nowhere: No such file or directory"),
        (["--runs", "0", HELLO], 2, "--runs"),
        (["--time", "x", HELLO], 2, "--time"),
        ([], 2, "no PROGRAM is given"),
        (["/absent/program"], 127, "/absent/program"),
    ],
)
def test_mistakes_are_told_in_a_line(words: list[str], status: int, line: str) -> None:
    finished = ring3("fuzz", *words)
    assert finished.returncode == status, finished.stderr
    assert line in finished.stderr
    assert is_one_line(finished.stderr)
