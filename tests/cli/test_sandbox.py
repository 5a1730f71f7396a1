"""The options that say what a program has, and how much of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import is_one_line, ring3


def said(*words: str) -> str:
    finished = ring3("run", *words)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_the_environment() -> None:
    assert said("--env", "A=one=two", "/bin/sh", "-c", 'echo $A; test -n "$PATH"') == "one=two\n"
    assert said("--clear-env", "--env", "A=1", "/usr/bin/env") == "A=1\n"


def test_a_directory_is_shown_copy_on_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("host\n")
    script = "cat /given/file; echo guest >/given/file; cat /given/file"
    assert said("--bind", f"{tmp_path}:/given", "/bin/sh", "-c", script) == "host\nguest\n"
    assert (tmp_path / "file").read_text() == "host\n"


def test_a_directory_is_shown_read_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("host\n")
    script = "(echo guest >/given/file) 2>/dev/null || cat /given/file"
    assert said("--bind", f"{tmp_path}:/given:ro", "/bin/sh", "-c", script) == "host\n"


def test_a_directory_is_shown_where_the_host_has_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("host\n")
    assert said("--bind", str(tmp_path), "/bin/cat", str(tmp_path / "file")) == "host\n"


@pytest.mark.parametrize(
    "word", ["", ":/given", "/usr:given", "/usr:/given:rx", "/nowhere", "/etc/passwd:/given"]
)
def test_what_cannot_be_shown_is_one_line(word: str) -> None:
    finished = ring3("run", "--bind", word, "/bin/true")
    assert finished.returncode not in (0, 1)
    assert is_one_line(finished.stderr)


def test_the_hosts_name() -> None:
    assert said("--hostname", "island", "/bin/uname", "-n") == "island\n"


def test_memory_is_that_of_the_machine() -> None:
    total = said("--memory", "64M", "/bin/sh", "-c", "read name number unit </proc/meminfo; echo $number")
    assert 32 << 10 < int(total) <= 64 << 10


def test_descriptors() -> None:
    assert said("--files", "20", "/bin/sh", "-c", "ulimit -n; ulimit -Hn") == "20\n20\n"


def test_cpu_time() -> None:
    finished = ring3("run", "--cpu-seconds", "1", "/bin/sh", "-c", "while :; do :; done")
    assert finished.returncode == 128 + 24


def test_tasks() -> None:
    finished = ring3("run", "--tasks", "2", "/bin/sh", "-c", "(:) && echo one; (: | :) || echo refused")
    assert "one" in finished.stdout
    assert "annot fork" in finished.stderr


@pytest.mark.parametrize("program", ["while :; do :; done", "read x </dev/zero", "sleep 1000"])
def test_time(program: str) -> None:
    finished = ring3("run", "--timeout", "1", "/bin/sh", "-c", program)
    assert finished.returncode == 124
    assert finished.stderr == "ring3: sh was ended after 1 s\n"


@pytest.mark.parametrize(
    "words", [["--env", "A"], ["--memory", "1M"], ["--memory", "12T"], ["--files", "0"], ["--timeout", "-1"]]
)
def test_what_makes_no_sense_is_one_line(words: list[str]) -> None:
    finished = ring3("run", *words, "/bin/true")
    assert finished.returncode == 2
    assert is_one_line(finished.stderr)
