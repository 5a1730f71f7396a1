"""The fixture for pytest, as a project of somebody else uses it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = """
import pytest

@pytest.mark.ring3_both_paths
def test_status(ring3):
    assert ring3.run(["/bin/sh", "-c", "echo hi; exit 3"]).status == 3

@pytest.mark.ring3(seed=1)
def test_full(ring3):
    ring3.fail("write", "ENOSPC")
    assert ring3.run(["/bin/sh", "-c", "echo hi"]).status == 0
"""


def test_machines_are_given_and_failures_show_the_last_calls(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "ring3: the last calls" in done.stdout
    assert 'write(1, "hi\\n", 3) = -1 ENOSPC' in done.stdout
