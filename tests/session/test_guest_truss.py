"""truss as a program of a machine of Solaris: its children are the guest's, and it writes where the guest does."""

from __future__ import annotations

import pytest

from tests.cli.command import ring3

pytestmark = pytest.mark.guest


def test_calls_of_a_program() -> None:
    done = ring3("run", "--os", "solaris", "--", "truss", "-t", "write,_exit", "echo", "hello")
    assert (done.returncode, done.stdout) == (0, "hello\n")
    lines = done.stderr.splitlines()
    assert lines[0] == 'write(1, " h e l l o\\n", 6)\t\t\t= 6'
    assert lines[1:] == ["_exit(0)"]


def test_status_is_the_programs() -> None:
    done = ring3("run", "--os", "solaris", "--", "truss", "-t", "_exit", "egrep", "nothing", "/etc/passwd")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "_exit(1)\n")


def test_counts() -> None:
    done = ring3("run", "--os", "solaris", "--", "truss", "-c", "echo", "x")
    lines = [line.split() for line in done.stderr.splitlines()]
    assert lines[0] == ["syscall", "seconds", "calls", "errors"]
    assert ["write", "1"] in [[line[0], line[2]] for line in lines if len(line) == 3]


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["nothere"], 1, "truss: cannot find program: nothere\n"),
        (["-p", "99"], 1, "truss: no process: 99\n"),
    ],
)
def test_mistakes_are_one_line(words: list[str], status: int, message: str) -> None:
    done = ring3("run", "--os", "solaris", "--", "truss", *words)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", message)
