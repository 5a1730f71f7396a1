"""``ring3 top`` on a machine that is up, on a terminal and without one."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect

from tests.session.machines import Machines

LOOP = "echo ready; while :; do pwd >/dev/null; done"


@contextmanager
def terminal(machines: Machines, *words: str) -> Iterator[pexpect.spawn]:
    """``ring3 top WORD...`` on a terminal."""
    shown = pexpect.spawn(
        sys.executable, ["-m", "ring3", "top", *words], dimensions=(24, 100), encoding="utf-8", timeout=120,
        env={**machines.environment, "TERM": "xterm"},
    )  # fmt: skip
    try:
        yield shown
    finally:
        shown.close(force=True)


def test_a_table_is_printed_without_a_terminal(machines: Machines) -> None:
    name = machines.up()
    program = machines.start("run", "--on", name, "/bin/sh", "-c", LOOP)
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    told = machines.ring3("top", name)
    assert (told.returncode, told.stderr) == (0, "")
    lines = told.stdout.splitlines()
    assert lines[0].startswith("m (linux), up 0:00:")
    assert lines[1].split()[0] == "PID"
    assert lines[2].endswith(f"/bin/sh -c {LOOP}")
    missing = machines.ring3("top", "nothing")
    assert (missing.returncode, missing.stdout) == (69, "")
    assert missing.stderr.count("\n") == 1


def test_keys_and_numbers_on_a_terminal(machines: Machines) -> None:
    name = machines.up()
    program = machines.start("run", "--on", name, "/bin/sh", "-c", LOOP)
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    with terminal(machines, "-d", "0.2", name) as shown:
        shown.expect(r"m \(linux\), up")
        shown.expect(r"[1-9]\d* calls/s")
        shown.expect(r"/bin/sh -c echo")
        shown.expect("dup2")
        shown.send("\\nothing here\r")
        shown.expect("filter: nothing here")
        shown.send("\\\x1b")
        shown.expect("/bin/sh -c echo")
        shown.send("k")
        shown.expect("Send signal")
        shown.send("\r")
        assert program.wait() == 128 + signal.SIGTERM
        shown.expect("0 processes")
        shown.send("q")
        shown.expect(pexpect.EOF)
        shown.close()
        assert shown.exitstatus == 0


def test_a_machine_that_ends_is_a_line(machines: Machines) -> None:
    name = machines.up()
    with terminal(machines, "-d", "0.2", name) as shown:
        shown.expect("F10")
        machines.kill(name)
        shown.expect(r"ring3: [^\r\n]*m[^\r\n]*\r\n")
        shown.expect(pexpect.EOF)
        shown.close()
        assert shown.exitstatus == 69
    assert "Traceback" not in (shown.before or "")


def test_counters_are_attached_while_somebody_looks(machines: Machines) -> None:
    name = machines.up()
    machines.ring3("top", name)
    assert machines.ring3("run", "--on", name, "/bin/sh", "-c", "pwd; exit 3").returncode == 3
    assert machines.ring3("strace", "--on", name, "-c", "/bin/sh", "-c", "exit 4").returncode == 4
