"""Which calls and signals an expression means."""

from __future__ import annotations

import pytest

from ring3.errors import UserError
from ring3.trace import expressions
from ring3.trace.strace.command_line import parse


@pytest.mark.parametrize(
    ("text", "chosen", "others"),
    [
        ("open,close", ["open", "close"], ["read"]),
        ("!open", ["read"], ["open"]),
        ("%file", ["openat", "execve", "stat", "chdir"], ["read", "fstat"]),
        ("%desc", ["read", "openat", "fstat", "mmap"], ["getpid", "stat"]),
        ("network", ["socket", "sendto"], ["read"]),
        ("%signal", ["kill", "rt_sigaction"], ["fork"]),
        ("/^get.*id$", ["getpid", "getuid"], ["getrandom"]),
        ("?nothing,1", ["write"], ["read"]),
        ("none", [], ["read"]),
    ],
)
def test_calls(text: str, chosen: list[str], others: list[str]) -> None:
    wanted = expressions.calls(text)
    assert [name for name in chosen if not wanted(name, 64)] == []
    assert [name for name in others if wanted(name, 64)] == []


def test_widths() -> None:
    wanted = expressions.calls("read@32")
    assert wanted("read", 32)
    assert not wanted("read", 64)


def test_signals() -> None:
    assert expressions.signals("INT,SIGTERM")(2)
    assert not expressions.signals("!chld")(17)
    assert not expressions.signals("none")(9)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-e", "trace=foo", "x"], "invalid system call 'foo'"),
        (["-e", "signal=foo", "x"], "invalid signal 'foo'"),
        (["-Q", "x"], "invalid option -- 'Q'"),
        (["-s", "x", "y"], "invalid -s argument: 'x'"),
        (["-f"], "must have PROG [ARGS] or -p PID"),
        (["-e", "trace=/(", "x"], "invalid regular expression"),
        (["-z", "-Z", "x"], "Conflicting options"),
    ],
)
def test_mistakes(words: list[str], message: str) -> None:
    with pytest.raises(UserError) as raised:
        parse(words)
    assert message in str(raised.value)
    assert raised.value.status == 1
