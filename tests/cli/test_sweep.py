"""``ring3 sweep`` as a user types it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.cli.command import HELLO, is_one_line, ring3

PLAN = '{0}[[program]]\npath = "hello"\nfaults = ["", "write:error=EIO"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a plan of two runs."""
    shutil.copy(HELLO, tmp_path / "hello")
    (tmp_path / "plan.toml").write_text(PLAN.format(""))
    return tmp_path


def test_a_sweep_and_its_files(folder: Path) -> None:
    told = ring3("sweep", "-j", "1", "plan.toml", cwd=folder)
    assert told.returncode == 0, told.stderr
    assert told.stdout == "plan.toml: 2 runs, 0 failures\n\n2 of them were made now; all are in plan.sweep\n"
    assert told.stderr == ""
    assert {path.name for path in (folder / "plan.sweep").iterdir()} >= {"results.parquet", "summary.html"}
    again = ring3("sweep", "-j", "1", "plan.toml", cwd=folder)
    assert "0 of them were made now" in again.stdout


def test_failures_give_status_1_and_can_be_repeated(folder: Path) -> None:
    (folder / "plan.toml").write_text(PLAN.format("status = 9\n"))
    told = ring3("sweep", "-j", "1", "--no-parquet", "-o", "here", "plan.toml", cwd=folder)
    assert told.returncode == 1
    assert "plan.toml: 2 runs, 2 failures with 1 cause\n\n     2 status 0\n" in told.stdout
    name = told.stdout.split("first: hello")[1].split("\n")[1].split()[0]
    shown = ring3("sweep", "-o", "here", "--repeat", name, "plan.toml", cwd=folder)
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"run {name}")
    assert "write(1, " in shown.stdout
    assert not (folder / "here" / "results.parquet").exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["nothing.toml"], 2, "nothing.toml: No such file or directory"),
        (["hello"], 2, "hello: "),
        (["-j", "0", "plan.toml"], 2, "not a number from 1 on"),
        (["--only", "seed", "plan.toml"], 2, "KEY=VALUE is meant"),
        (["--only", "seed=4", "plan.toml"], 2, "no run with seed 4"),
        (["--repeat", "abcdef", "plan.toml"], 1, "has no run abcdef"),
        (["-o", "hello/x", "plan.toml"], 1, "hello/x: Not a directory"),
        (["-j", "2", "--scheduler", "tcp://x:1", "plan.toml"], 2, "--jobs is about this machine"),
    ],
)
def test_mistakes_are_one_line(folder: Path, words: list[str], status: int, said: str) -> None:
    told = ring3("sweep", *words, cwd=folder)
    assert told.returncode == status
    assert said in told.stderr
    assert is_one_line(told.stderr)
    assert told.stdout == ""


def test_a_sweep_that_is_killed_goes_on_and_nothing_is_run_twice(folder: Path) -> None:
    (folder / "plan.toml").write_text(PLAN.format('seeds = "0..99"\n'))
    script = (
        "import os, sys\nfrom ring3.fleet.sweep import sweep\n"
        "def tell(progress):\n    if progress.made >= 40: os.kill(os.getpid(), int(sys.argv[1]))\n"
        "sweep('plan.toml', 'plan.sweep', jobs=1, tell=tell)"
    )
    for number in (signal.SIGKILL, signal.SIGTERM):
        killed = subprocess.run([sys.executable, "-c", script, str(int(number))], cwd=folder, check=False)
        assert killed.returncode == -number
    told = ring3("sweep", "-j", "2", "plan.toml", cwd=folder)
    assert told.returncode == 0, told.stderr
    assert "200 runs, 0 failures" in told.stdout
    made = int(told.stdout.split("\n")[2].split()[0])
    assert made < 200
    whole = ring3("sweep", "-j", "1", "-o", "whole", "plan.toml", cwd=folder)
    assert whole.returncode == 0
    parts = [(folder / name / "results.parquet").read_bytes() for name in ("plan.sweep", "whole")]
    assert parts[0] == parts[1]


def test_a_terminal_shows_progress_and_ctrl_c_says_how_to_go_on(folder: Path) -> None:
    (folder / "plan.toml").write_text(PLAN.format('seeds = "0..9999"\n'))
    running = pexpect.spawn(
        sys.executable,
        ["-m", "ring3", "sweep", "-j", "1", "plan.toml"],
        cwd=str(folder),
        encoding="utf-8",
        timeout=300,
    )
    running.expect(r"\d+ of 20000 runs, \d+\.\d a second, [\d:]+( s)? left")
    running.sendintr()
    running.expect(r"interrupted: \d+ runs were made; the same command goes on\r\n")
    running.expect(pexpect.EOF)
    running.close()
    assert running.signalstatus == signal.SIGINT
    assert "Traceback" not in (running.before or "")
