"""The store: what was said to be on the disk is there, whatever happens."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ring3.errors import UserError
from ring3.fleet.outcome import Ending, Outcome
from ring3.fleet.store import FILE, Store

OUTCOME = Outcome(Ending.EXIT, 3, "status 3")
ADD = """
import sys
from ring3.fleet.outcome import Ending, Outcome
from ring3.fleet.store import Store

with Store(sys.argv[1], "1") as store:
    for number in range(1_000_000):
        store.add([(f"{number}", Outcome(Ending.EXIT, number).to_json())])
        print(number, flush=True)
"""


def test_what_is_stored_is_found_again(tmp_path: Path) -> None:
    with Store(str(tmp_path / "a" / "b"), "1") as store:
        store.add([("one", OUTCOME.to_json()), ("two", OUTCOME.to_json())])
        store.add([("one", Outcome(Ending.HANG).to_json())])
    with Store(str(tmp_path / "a" / "b"), "1") as store:
        assert store.find("one") == OUTCOME
        assert store.find("three") is None
        assert store.missing(["three", "one", "four"]) == ["three", "four"]
        assert len(store) == 2


@pytest.mark.parametrize("count", [0, 1, 7, 40])
def test_a_process_that_is_killed_loses_nothing_that_was_stored(tmp_path: Path, count: int) -> None:
    command = [sys.executable, "-c", ADD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as adding:
        assert adding.stdout is not None
        last = [int(adding.stdout.readline()) for _ in range(count + 1)][-1]
        adding.send_signal(signal.SIGKILL)
    with Store(str(tmp_path), "1") as store:
        assert not store.missing(str(number) for number in range(last + 1))
        assert len(store) <= last + 1000
        found = store.find(str(last))
        assert found is not None
        assert found.status == last


def test_two_sweeps_do_not_share_a_directory(tmp_path: Path) -> None:
    with Store(str(tmp_path), "1"), pytest.raises(UserError, match="another sweep is at work there"):
        Store(str(tmp_path), "1")
    Store(str(tmp_path), "1").close()


def test_outcomes_of_another_ring3_are_not_mixed_with_ours(tmp_path: Path) -> None:
    Store(str(tmp_path), "1").close()
    with pytest.raises(UserError, match="outcomes of ring3 1, and this is ring3 2"):
        Store(str(tmp_path), "2")
    Store(str(tmp_path), "1").close()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"anything else, and long enough to be read as a header" * 20)
    with pytest.raises(UserError, match="not a database"):
        Store(str(tmp_path), "1")


def test_a_store_of_a_later_form_is_refused(tmp_path: Path) -> None:
    Store(str(tmp_path), "1").close()
    database = sqlite3.connect(tmp_path / FILE)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(UserError, match="form 99"):
        Store(str(tmp_path), "1")


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file/out: Not a directory$"):
        Store(str(tmp_path / "file" / "out"), "1")


def _fill(store: Store) -> None:
    for number in range(1000):
        store.add([(str(number), Outcome(Ending.EXIT, detail=str(number) * 1000).to_json())])


def test_a_full_disk_is_a_line_and_loses_nothing(tmp_path: Path) -> None:
    with Store(str(tmp_path), "1") as store:
        store.add([("one", OUTCOME.to_json())])
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
        try:
            with pytest.raises(UserError, match="what is stored is safe"):
                _fill(store)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        known = len(store)
        assert store.find("one") == OUTCOME
        store.add([("last", OUTCOME.to_json())])
        assert len(store) == known + 1
