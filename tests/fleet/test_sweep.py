"""Sweeps: every run once, whatever happens; failures by cause; any run again by its name."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ring3.errors import UserError
from ring3.fleet import repeated
from ring3.fleet.progress import Meter, duration
from ring3.fleet.summary import Summary, label
from ring3.fleet.sweep import sweep
from tests.fleet.conftest import Swept

PLAN = """
seeds = "0..2"
inputs = [{ text = "a", name = "good" }, { text = "b!", name = "bad" }]
[[program]]
path = "target"
arguments = ["copy", "copy @@", "chance"]
"""


def test_runs_are_made_once_and_failures_have_causes(swept: Swept) -> None:
    with swept(PLAN) as first:
        assert first.made == 18
        summary = first.summary()
        rows = [(row.name, row.outcome) for row in first.rows()]
    assert (summary.runs, summary.failed) == (18, 6)
    assert [(group.count, group.cause[:16]) for group in summary.failures.by_count] == [
        (3, "SIGSEGV in inner"),
        (3, "SIGSEGV in inner"),
    ]
    assert len(dict(rows)) == 18
    with swept(PLAN) as again:
        assert again.made == 0
        assert [(row.name, row.outcome) for row in again.rows()] == rows
    with swept(PLAN.replace("0..2", "1..4")) as more:
        assert more.made == 12


def test_what_was_cut_off_goes_on(folder: Path, swept: Swept) -> None:
    class Enough(Exception):
        pass

    def tell(progress: object) -> None:
        if getattr(progress, "made", 0) >= 4:
            raise Enough

    (folder / "plan.toml").write_text(PLAN)
    with pytest.raises(Enough):
        sweep(folder / "plan.toml", folder / "out", jobs=1, tell=tell)
    with swept(PLAN) as rest, swept(PLAN, "whole") as whole:
        assert 0 < rest.made < 18
        assert whole.made == 18
        assert [(row.name, row.outcome) for row in rest.rows()] == [
            (row.name, row.outcome) for row in whole.rows()
        ]


def test_some_runs_alone(swept: Swept) -> None:
    with swept(PLAN, only={"seed": "1", "input": "bad"}) as some:
        assert some.made == 3
        assert {row.point.input for row in some.rows()} == {"bad"}
    with pytest.raises(UserError, match="no run with seed 9"):
        swept(PLAN, only={"seed": "9"})
    with pytest.raises(UserError, match="cannot be chosen by 'sed'"):
        swept(PLAN, only={"sed": "9"})


def test_identical_versions_are_run_once_and_told_of_twice(folder: Path, swept: Swept) -> None:
    (folder / "copy").write_bytes((folder / "target").read_bytes())
    with swept('[[program]]\nversions = { old = "target", new = "copy" }\narguments = ["chance"]\n') as found:
        assert found.made == 1
        assert [row.point.version for row in found.rows()] == ["old", "new"]


def test_a_run_is_repeated_by_its_name(swept: Swept) -> None:
    with swept(PLAN) as found:
        row = next(row for row in found.rows() if row.failed)
        out = io.StringIO()
        assert repeated.show(found, row.name[:8], out) == 0
        text = out.getvalue()
        assert "SIGSEGV in inner" in text
        assert 'read(0, "b!", 64) = 2' in text
        assert text.endswith("the same as in the sweep\n")
        for wrong in ("ffffffff", "zz"):
            with pytest.raises(UserError):
                found.point(wrong)


def test_a_campaign_fails_each_call_and_judges(swept: Swept) -> None:
    plan = (
        'faults = { calls = "read,write,open" }\ninputs = [{ text = "abc" }]\n'
        '[[program]]\npath = "target"\narguments = ["copy"]\n'
    )
    with swept(plan) as found:
        rows = list(found.rows())
        assert found.made == len(rows) == 15
    assert rows[0].point.fault is None
    causes = {row.cause for row in rows if row.failed}
    assert "lie when write has ENOSPC: status 0, and /sweep/copy is another" in causes
    assert not any(row.failed for row in rows if row.point.run.faults == ("read:error=EIO:when=1",))
    with swept(plan) as again:
        assert again.made == 0


def test_a_plan_can_be_values(folder: Path) -> None:
    program = {"path": str(folder / "target"), "arguments": [["status", "7"]], "status": [7]}
    with sweep({"program": [program]}, folder / "out", jobs=1) as found:
        (row,) = found.rows()
        assert (row.outcome.status, row.failed) == (7, False)
        assert label(row.point).endswith("target, status 7, seed 0")
    with pytest.raises(UserError, match="output directory"):
        sweep({"program": [program]})


def test_a_file_that_changes_meanwhile_ends_the_sweep(folder: Path) -> None:
    data = folder / "data"
    data.write_text("one")

    def tell(_progress: object) -> None:
        data.write_text("two")

    (folder / "plan.toml").write_text(
        'seeds = "0..9"\n[[program]]\npath = "target"\narguments = ["copy data"]\n[program.files]\ndata = "data"\n'
    )
    with pytest.raises(UserError, match="has changed since the sweep began"):
        sweep(folder / "plan.toml", folder / "out", jobs=1, tell=tell)


def test_the_summary_is_read_in_a_terminal(swept: Swept) -> None:
    with swept(PLAN) as found:
        text = str(Summary.of(found.rows()))
    assert text.startswith("18 runs, 6 failures with 2 causes\n\n     3 SIGSEGV in inner")
    assert "first: target, copy, < bad, seed 0" in text


def test_progress_tells_rate_and_time_left() -> None:
    now = [0.0]
    meter = Meter(100, lambda: now[0])
    meter.found(20)
    assert str(meter.progress()) == "20 of 100 runs"
    now[0] = 4.0
    meter.made(16)
    assert str(meter.progress()) == "36 of 100 runs, 4.0 a second, 16 s left"
    now[0] = 30.0
    meter.made(4)
    assert meter.progress().rate == pytest.approx(4 / 26)
    assert [duration(seconds) for seconds in (0, 59.4, 61, 3725)] == ["0 s", "59 s", "1:01", "1:02:05"]
