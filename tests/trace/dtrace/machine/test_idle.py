"""A machine that dtrace has switched on for a probe, on which nobody has started a program."""

import io

import pytest

from ring3.computer import Linux, Solaris
from ring3.trace.dtrace.command import Command
from ring3.trace.dtrace.machine import idle
from ring3.trace.dtrace.machine.host import Computer, MachineHost

pytestmark = pytest.mark.guest


def dtrace(*words: str, system: str) -> tuple[int, str, str]:
    def boot(_path: str) -> tuple[Computer, str]:
        return (
            Solaris(virtual_time=True, seed=1) if system == "solaris" else Linux(virtual_time=True, seed=1)
        ), system

    host, stdout, stderr = MachineHost(boot, system=system), io.BytesIO(), io.StringIO()
    try:
        status = Command(host, stdout, stderr).main(words)
    finally:
        host.close()
    return status, stdout.getvalue().decode(), stderr.getvalue()


@pytest.mark.parametrize("system", ["linux", "solaris"])
def test_a_script_that_waits_for_any_call_sees_some(system: str) -> None:
    script = (
        'syscall::read:entry /pid != $pid && !n++/ { printf("%s ", execname); } '
        'write:entry /n/ { printf("%d", fds[arg0].fi_name == "null"); exit(0); }'
    )
    status, stdout, stderr = dtrace("-qn", script, system=system)
    assert (status, stdout.split(), stderr) == (0, ["sh", "1"], "")


def test_time_is_that_of_the_machine() -> None:
    script = (
        "BEGIN { t = timestamp; } tick-100ms { ticks++; } "
        'syscall::*nanosleep:return /ticks/ { printf("%d %d", ticks >= 10, timestamp - t >= 1000000000); exit(0); }'
    )
    assert dtrace("-qn", script, system="linux")[:2] == (0, "1 1\n")


@pytest.mark.parametrize("words", [("-ln", "syscall::read:entry"), ("-en", "syscall::read:entry")])
def test_nothing_runs_where_nothing_is_traced(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(MachineHost, "_load")
    assert dtrace(*words, system="linux")[0] == 0


def test_a_machine_without_a_shell_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "PROGRAM", ("/nowhere", ()))
    script = 'syscall:::entry { trace("never"); } tick-10ms { exit(3); }'
    assert dtrace("-qn", script, system="linux")[:2] == (3, "\n")
