"""Which calls and signals an expression means."""

from __future__ import annotations

from pathlib import Path

import pytest

from ring3.abi import tbl
from ring3.errors import UserError
from ring3.trace import expressions
from ring3.trace.strace.command_line import parse

CLASSES = Path(__file__).with_name("classes.txt").read_text().splitlines()


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


@pytest.mark.parametrize("line", CLASSES, ids=[" ".join(line.split()[:2]) for line in CLASSES])
def test_classes(line: str) -> None:
    """A line of `classes.txt`: the calls below 451 of a width that strace 6.1 has in a class."""
    bits, name, *chosen = line.split()
    wanted = expressions.calls(name)
    abi = tbl.Abi.X86_64 if bits == "64" else tbl.Abi.I386
    known = {slot.name for slot in tbl.sys_call_table(abi) if slot.name is not None and slot.number < 451}
    assert sorted(call for call in known if wanted(call, int(bits))) == sorted(known & set(chosen))


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
        (["-e", "trace=/(", "x"], "regcomp: (: Unmatched ( or \\("),
        (["-e", "trace=open@99", "x"], "incorrect personality designator '99' in qualification 'open@99'"),
        (["-e", "read=-1", "x"], "invalid descriptor '-1'"),
        (["-e", "status=foo", "x"], "invalid status 'foo'"),
        (["-e", "trace=errno:EFOO", "x"], "invalid errno 'EFOO'"),
        (["-e", "trace=arg:fd", "x"], "invalid condition 'fd'"),
        (["-q", "-e", "quiet=all", "x"], "-q and -e quiet/--quiet cannot be provided simultaneously"),
        (["-c", "-C", "x"], "-c/--summary-only and -C/--summary are mutually exclusive"),
        (["-w", "x"], "-w/--summary-wall-clock must be given with (-c/--summary-only or -C/--summary)"),
        (["-S", "x", "x"], "invalid sortby: 'x'"),
        (["-U", "name,x", "x"], "unknown column name: 'x'"),
        (["-U", "calls,calls", "x"], "provided more than once: 'calls' (-U option residual: 'calls')"),
        (["-X", "x", "x"], "invalid -X argument: 'x'"),
        (["-I", "7", "x"], "invalid -I argument: '7'"),
        (["-b", "foo", "x"], "Syscall 'foo' for -b isn't supported"),
        (["-p", "0", "x"], "Invalid process id: '0'"),
        (["-O", "5x", "x"], "invalid -O argument: '5x'"),
        (["--tips=x", "x"], "invalid --tips argument: 'x'"),
        (["--su", "x"], "option '--su' is ambiguous; possibilities: '--summary-only' '--summary'"),
        (["--output"], "option '--output' requires an argument"),
        (["--summary=x", "x"], "option '--summary' doesn't allow an argument"),
        (["--nothing", "x"], "unrecognized option '--nothing'"),
    ],
)
def test_mistakes(words: list[str], message: str) -> None:
    with pytest.raises(UserError) as raised:
        parse(words)
    assert message in str(raised.value)
    assert raised.value.status == 1
