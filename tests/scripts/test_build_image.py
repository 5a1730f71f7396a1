"""The machine code that ships is what its source gives, in whatever folder it is built."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("src", "scripts", "examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def build_image(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "scripts" / "build-image"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_ships_is_what_the_source_gives(copy: Path) -> None:
    checked = build_image(copy, "--check")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_another_source_or_a_missing_file_is_told_and_repaired(copy: Path) -> None:
    source = copy / "examples" / "hello" / "hello.s"
    source.write_text(source.read_text().replace("Hello, world", "Hello, WORLD"))
    (copy / "src" / "ring3" / "image" / "vdso" / "vdso32.so").unlink()
    checked = build_image(copy, "--check")
    assert checked.returncode == 1
    assert sorted(line.split()[0] for line in checked.stderr.splitlines()) == [
        "hello/hello",
        "vdso/vdso32.so",
    ]
    assert build_image(copy).returncode == 0
    assert build_image(copy, "--check").returncode == 0
    assert b"Hello, WORLD" in (copy / "examples" / "hello" / "hello").read_bytes()
