"""Parquet: the same file, whoever made the runs; whole, or not there."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from ring3.errors import UserError
from ring3.fleet import page, parquet
from tests.fleet.conftest import Swept

reader = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
PLAN = """
seeds = "0..1"
trace = true
[[program]]
path = "target"
arguments = ["copy", "crash", "chance", "wait", "status 2"]
inputs = [{ text = "\\u00e9\\n" }]
"""


def test_columns_have_what_came_of_each_run(swept: Swept, tmp_path: Path) -> None:
    path = tmp_path / "results.parquet"
    with swept(PLAN) as found:
        assert parquet.write(str(path), found.rows()) == 10
    rows = reader.read_table(path).to_pylist()
    assert [row["seed"] for row in rows] == [0, 1] * 5
    assert {row["ending"] for row in rows} == {"exit", "signal", "deadlock"}
    assert rows[0]["stdout"] == "é\n".encode()
    assert rows[0]["trace"].startswith("arch_prctl(")
    assert rows[2]["stack"][0].startswith("inner")
    assert sum(row["failed"] for row in rows) == 6


def test_two_sweeps_give_equal_files(swept: Swept, tmp_path: Path) -> None:
    paths = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for number, path in enumerate(paths):
        with swept(PLAN, f"out{number}") as found:
            parquet.write(str(path), found.rows())
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_full_disk_is_a_line_and_leaves_no_half_file(swept: Swept, tmp_path: Path) -> None:
    path = str(tmp_path / "file")
    with swept(PLAN, only={"seed": "0"}) as found:
        writers = (
            lambda: parquet.write(path, found.rows()),
            lambda: page.write(path, "plan", found.summary()),
        )
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        try:
            for write in writers:
                with pytest.raises(UserError, match="the outcomes themselves are stored"):
                    write()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.glob("file*"))


def test_without_pyarrow_there_is_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "find_spec", lambda _name: None)
    with pytest.raises(UserError, match=r"pip install 'ring3\[fleet\]'"):
        parquet.require()
