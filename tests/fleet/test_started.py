"""Runs that begin in a snapshot: they come to what runs from the start come to, and the snapshot is sent once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pytest

import ring3
from ring3.errors import UserError
from ring3.fleet import batch
from ring3.fleet.plan import parse
from ring3.fleet.repeated import essence
from ring3.fleet.sweep import sweep
from tests.fleet.conftest import Swept

AXES = """
seeds = "0..1"
inputs = [{ text = "a", name = "good" }, { text = "b!", name = "bad" }, { text = "c", name = "other" }]
faults = ["", "write:error=EIO"]
"""
STARTED = AXES + '[[program]]\nsnapshot = "started.r3s"\n'
WHOLE = AXES + '[[program]]\npath = "target"\narguments = ["copy"]\n'


@pytest.fixture
def started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A snapshot in which the program waits for its input."""
    monkeypatch.chdir(folder)
    with ring3.Linux(seed=1, virtual_time=True, ram_bytes=64 << 20) as machine:
        process = machine.spawn(["./target", "copy"], stdin=ring3.PIPE, stdout=ring3.PIPE)
        process.run_until(ring3.Call("read"))
        machine.snapshot().save("started.r3s")
    monkeypatch.chdir("/")
    return folder / "started.r3s"


def test_runs_come_to_what_they_come_to_from_the_start(swept: Swept, started: Path) -> None:
    with swept(WHOLE, "whole") as whole:
        expected = [row.outcome for row in whole.rows()]
    with swept(STARTED) as sweep:
        rows = list(sweep.rows())
        assert sweep.made == 12
        assert sweep.summary().failed == 8
        again = sweep.repeat(rows[3].name)
    for row, other in zip(rows, expected, strict=True):
        found = row.outcome
        assert (found.ending, found.status, found.stdout) == (other.ending, other.status, other.stdout)
        assert found.cause.split(" in ")[0] == other.cause.split(" in ")[0]
        assert sum(found.calls.values()) < sum(other.calls.values())
    assert essence(again) == essence(rows[3].outcome)
    assert started.exists()


def test_the_order_of_runs_does_not_matter(swept: Swept, started: Path) -> None:
    with swept(STARTED) as first, swept(STARTED, "other", {"input": "other"}) as second:
        outcomes = {row.name: row.outcome for row in first.rows()}
        assert all(outcomes[row.name] == row.outcome for row in second.rows())
    assert started.exists()


def test_a_worker_gets_it_once(swept: Swept, started: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    send = batch.send

    def noting(file: BinaryIO, kind: str, value: object, blobs: Sequence[bytes] = ()) -> None:
        sent.extend(blobs)
        send(file, kind, value, blobs)

    monkeypatch.setattr(batch, "send", noting)
    with swept(STARTED) as made:
        assert made.made == 12
    assert sent.count(started.read_bytes()) == 1


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"snapshot": "target"}, "target is no snapshot of a machine"),
        ({"snapshot": "nothing"}, "plan: program 1: nothing: there is no such file"),
        ({"snapshot": "started.r3s", "arguments": "x"}, "has started already: it gets no arguments"),
        ({"snapshot": "started.r3s", "path": "target"}, "either path or versions or snapshot is needed"),
        ({"snapshot": []}, "plan: program 1: snapshot is empty"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    started: Path, fields: dict[str, object], complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        parse({"program": [fields]}, folder=str(started.parent))


def test_clocks_of_the_host_are_refused(folder: Path) -> None:
    with ring3.Linux(seed=1) as machine:
        machine.snapshot().save(folder / "real.r3s")
    with pytest.raises(UserError, match="virtual_time=True is needed"):
        sweep({"program": [{"snapshot": str(folder / "real.r3s")}]}, folder / "out")


def test_a_snapshot_without_a_program_is_refused(folder: Path) -> None:
    with ring3.Linux(seed=1, virtual_time=True) as machine:
        machine.snapshot().save(folder / "empty.r3s")
    with sweep({"program": [{"snapshot": str(folder / "empty.r3s")}]}, folder / "out", jobs=1) as made:
        (row,) = made.rows()
    assert row.outcome.cause == "refused: the snapshot: no program runs in it"
