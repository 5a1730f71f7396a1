"""What truss's options choose."""

from __future__ import annotations

import pytest

from ring3.errors import UserError
from ring3.trace.truss.command_line import parse

CALLS = ("read", "write", "stat", "fstatat", "execve", "exit")


def test_lists_of_calls() -> None:
    assert parse(["-t", "read,write", "ls"], CALLS).calls.has("read")
    assert not parse(["-t", "read,write", "ls"], CALLS).calls.has("stat")
    assert parse(["-t", "!read", "ls"], CALLS).calls.has("stat")
    assert not parse(["-t", "!read", "ls"], CALLS).calls.has("read")
    assert parse(["-t", "exec", "ls"], CALLS).calls.has("execve")


def test_signals_and_faults_with_and_without_their_beginnings() -> None:
    asked = parse(["-s", "int,SIGHUP", "-m", "!page,fltbounds", "ls"], CALLS)
    assert [asked.signals.has(name) for name in ("SIGINT", "SIGHUP", "SIGTERM")] == [True, True, False]
    assert [asked.faults.has(name) for name in ("FLTPAGE", "FLTBOUNDS", "FLTILL")] == [False, False, True]


def test_without_options_all_but_page_faults() -> None:
    asked = parse(["ls", "-t"], CALLS)
    assert asked.words == ["ls", "-t"]
    assert asked.calls.has("stat")
    assert asked.signals.has("SIGINT")
    assert not asked.faults.has("FLTPAGE")
    assert not asked.reads.has("0")


@pytest.mark.parametrize("words", [["-p", "x"], ["-t"], ["-v", "stat", "ls"], ["-u", "libc", "ls"]])
def test_mistakes(words: list[str]) -> None:
    with pytest.raises(UserError):
        parse(words, CALLS)
