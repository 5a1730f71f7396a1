"""What is said of command lines that are wrong, or that say what has no effect: the messages of the real strace 6.1.

A line of `messages.txt` has a command line, the status of the real one, and what it wrote on standard error, its lines
between slashes. The program is `true`, where there is one.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from ring3.errors import UserError
from ring3.trace.strace.command_line import parse
from tests.cli.command import ring3
from tests.support.toolchain import Toolchain

LINES = Path(__file__).with_name("messages.txt").read_text().splitlines()


def _said(words: list[str]) -> tuple[int, list[str]]:
    try:
        return 0, [f"strace: {note}" for note in parse(words).notes]
    except UserError as error:
        return error.status, f"strace: {error}".splitlines()


@pytest.mark.parametrize("line", LINES, ids=[line.split("\t")[0] for line in LINES])
def test_as_the_real_one(line: str) -> None:
    words, status, message = line.split("\t")
    assert _said(shlex.split(words)) == (int(status), message.split(" / "))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nosuchprogram"], "Can't stat 'nosuchprogram': No such file or directory"),
        (["--", "-x"], "Can't stat '-x': No such file or directory"),
        (["-o", "", "true"], "Can't fopen '': No such file or directory"),
        (["-u", "nosuchuser", "true"], "Cannot find user 'nosuchuser'"),
        (["/tmp"], "/tmp: is a directory"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_opened_or_run(words: list[str], message: str) -> None:
    done = ring3("strace", *words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"strace: {message}\n")


def test_values_that_may_be_left_out(toolchain: Toolchain) -> None:
    program = str(toolchain.program("trace/injected.c"))
    done = ring3("strace", "-a1", "--quiet=exit", "--decode-fds=dev", "-e", "trace=close", program)
    assert done.stderr == "close(3</dev/zero<char 1:5>>) = 0\n"
    assert ring3("strace", "-a1", "--quiet", "-e", "trace=none", program).stderr == "+++ exited with 0 +++\n"
