"""Deep trees of the host and few descriptors: programs go on, or get an errno."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import COMMAND

DEPTH = 1100


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder with a tree that is deeper than Python's own recursion goes."""
    fd = os.open(tmp_path, os.O_RDONLY)
    for _ in range(DEPTH):
        os.mkdir("a", dir_fd=fd)
        below = os.open("a", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)
    yield tmp_path
    subprocess.run(["rm", "-r", str(tmp_path / "a")], check=True)  # deeper than shutil's rmtree goes


def run(folder: Path, script: str, descriptors: int | None = None) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        if descriptors is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    return subprocess.run(
        [*COMMAND, "run", "/bin/sh", "-c", script],
        cwd=folder, capture_output=True, text=True, check=False, preexec_fn=limit,
    )  # fmt: skip


def test_a_file_at_the_bottom_of_a_deep_tree(deep: Path) -> None:
    path = "/".join("a" * DEPTH)
    finished = run(deep, f"echo new >{path}/file && cat {path}/file")
    assert (finished.returncode, finished.stdout) == (0, "new\n"), finished.stderr[-300:]


@pytest.mark.parametrize("descriptors", [40, 64])
def test_few_descriptors_of_the_host(tmp_path: Path, descriptors: int) -> None:
    for number in range(100):
        (tmp_path / f"file{number}").write_text("")
    script = 'for n in 3 4 5 6 7 8 9; do eval "exec $n<file$n"; done; cat file1* && echo read'
    finished = run(tmp_path, script, descriptors)
    assert "Traceback" not in finished.stderr
    assert finished.returncode in (0, 1, 2), finished.stderr
