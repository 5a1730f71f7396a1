"""Processes that make runs, and their ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.fleet.batch import Batch
from ring3.fleet.content import EMPTY, Content
from ring3.fleet.crew import Lost, Made, Worker
from ring3.fleet.outcome import Ending, Outcome
from ring3.fleet.run import HOME, File, Limits, Run


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A process that makes runs, when it is needed."""
    found = Worker()
    yield found
    found.close()


def batch(target: Path, *arguments: tuple[str, ...], seconds: int = 60) -> Batch:
    program = Content.read_from(str(target))
    itself, limits = File(f"{HOME}/target", program.digest, 0o755), Limits(seconds=seconds)
    runs = [
        Run(itself, ("./target", *words), EMPTY.digest, 1, (), "", (), (), (), limits, trace=False, keep=100)
        for words in arguments
    ]
    return Batch(tuple(runs), {program.digest: program.read(), EMPTY.digest: b""})


def outcome(made: Made) -> Outcome:
    return Outcome.from_json(made.outcome)


def test_runs_are_made_in_order(worker: Worker, target: Path) -> None:
    asked = batch(target, ("status", "1"), ("status", "2"), ("crash",))
    made = list(worker.work(asked))
    assert [one.name for one in made] == [run.name for run in asked.runs]
    assert [outcome(one).status for one in made] == [1, 2, 139]
    assert [outcome(one).status for one in worker.work(batch(target, ("status", "4")))] == [4]


def test_a_process_that_is_killed_is_replaced_and_no_outcome_comes_twice(
    worker: Worker, target: Path
) -> None:
    made = []
    for one in worker.work(batch(target, *(("status", str(number)) for number in range(6)))):
        made.append(outcome(one).status)
        if len(made) == 3:
            worker.kill()
    assert made == list(range(6))


def test_a_run_that_computes_for_too_long_hangs(worker: Worker, target: Path) -> None:
    made = list(worker.work(batch(target, ("status", "1"), ("compute",), ("status", "2"), seconds=1)))
    assert [outcome(one).ending for one in made] == [Ending.EXIT, Ending.HANG, Ending.EXIT]
    assert outcome(made[1]).cause == "hang (computes)"


def test_a_run_that_breaks_its_process_is_told_of_and_the_next_is_made(
    worker: Worker, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking = tmp_path / "python"
    breaking.write_text(
        f'#!/bin/sh\nif [ -e {tmp_path}/whole ]; then exec {sys.executable} "$@"; fi\nkill -SEGV $$\n'
    )
    breaking.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(breaking))
    made = []
    for one in worker.work(batch(target, ("status", "1"), ("status", "2"))):
        made.append(outcome(one))
        (tmp_path / "whole").touch()
    assert [one.ending for one in made] == [Ending.BROKEN, Ending.EXIT]
    assert made[0].detail == "the process that makes the run ends by SIGSEGV"


def test_processes_that_cannot_start_are_told_of_in_a_line(
    worker: Worker, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Lost, match=r"^processes that make runs end: status 1$"):
        list(worker.work(batch(target, ("status", "1"))))
