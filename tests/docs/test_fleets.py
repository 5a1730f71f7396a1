"""The examples of docs/fleets.md: files, commands and what they print."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ring3.fleet import plan
from tests.cli.command import ROOT, ring3

PAGE = (ROOT / "docs" / "fleets.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(title: str) -> list[tuple[str, str]]:
    section = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    return [(kind, text) for kind, text in BLOCK.findall(section)]


def _follow(folder: Path, title: str) -> None:
    """Writes the files of a section, runs its commands and scripts, and compares what they print."""
    printed, complaints = "", ""
    for kind, text in _blocks(title):
        name = re.match(r"# ([\w/.-]+\.\w+)\n", text)
        if kind == "text":
            assert text in printed, complaints
        elif name:
            (folder / name[1]).parent.mkdir(exist_ok=True)
            (folder / name[1]).write_text(text)
        elif kind == "sh":
            told = ring3(*shlex.split(text.removeprefix("ring3 ")), cwd=folder)
            printed, complaints = told.stdout, told.stderr
        else:
            assert kind == "python"
            done = subprocess.run(
                [sys.executable, "-"], input=text, cwd=folder, capture_output=True, text=True, check=False
            )
            printed, complaints = done.stdout, done.stderr


def _needs(*paths: str) -> None:
    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        pytest.skip(f"the host has no {missing[0]}")


def test_a_corpus_of_programs_traced(tmp_path: Path) -> None:
    _needs("/bin/true", "/bin/pwd", "/bin/date")
    _follow(tmp_path, "A corpus of programs traced")


def test_a_campaign_over_a_test_suite(tmp_path: Path) -> None:
    _needs("/usr/bin/python3", "/usr/lib/python3.11/unittest/__init__.py")
    _follow(tmp_path, "A campaign over a package's test suite")


def test_a_bisection_over_versions(tmp_path: Path) -> None:
    _needs("/bin/sh")
    for number in range(1, 9):
        answer = "${#line}" if number < 6 else "$((${#line} - 1))"
        (tmp_path / f"tool-{number}").mkdir()
        (tmp_path / f"tool-{number}" / "tool").write_text(
            f'#!/bin/sh\n# {number}\nread -r line\necho "{answer}"\n'
        )
    _follow(tmp_path, "A bisection over versions")


def test_the_plan_that_shows_everything_can_be_read(tmp_path: Path) -> None:
    _needs("/lib/x86_64-linux-gnu/libc.so.6")
    ((_, text),) = [block for block in _blocks("Plans") if block[0] == "toml"]
    for name in (
        "build/parser",
        "old/1/parser",
        "old/2/parser",
        "corpus/a.txt",
        "test.conf",
        "testdata/x",
        "strict.toml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("" if name == "strict.toml" else name)
    (tmp_path / "plan.toml").write_text(text)
    found = plan.read(str(tmp_path / "plan.toml"))
    assert [program.name for program in found.programs] == ["build/parser", "parser-old"]
    assert found.programs[1].seeds == (range(7, 8),)
