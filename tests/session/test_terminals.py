"""Two terminals on one machine: each has its programs, its keys, its size and its job control, and sees the other's."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import COMMAND, ROOT
from tests.session.machines import Machines

if TYPE_CHECKING:
    import pexpect
else:
    pexpect = pytest.importorskip("pexpect", reason="pexpect drives the terminals of these tests")

LONG = 60
"""Seconds that a machine with much else to do may take."""
PROMPT = "PROMPT> "
RING3 = f"{sys.executable} -m ring3"

pytestmark = pytest.mark.skipif(
    not all(os.access(f"/usr/bin/{name}", os.X_OK) for name in ("bash", "stty")),
    reason="bash, stty: not installed",
)


@contextmanager
def terminal(machines: Machines, *words: str) -> Iterator[pexpect.spawn]:
    """A program on a terminal of its own."""
    environment = {**machines.environment, "TERM": "xterm", "PS1": PROMPT, "LC_ALL": "C.UTF-8"}
    program = pexpect.spawn(
        words[0],
        list(words[1:]),
        env=environment,
        encoding="utf-8",
        timeout=LONG,
        cwd=ROOT,
        dimensions=(24, 80),
    )
    try:
        yield program
    finally:
        program.close(force=True)


@contextmanager
def shell(machines: Machines) -> Iterator[pexpect.spawn]:
    """A shell of the host with job control."""
    with terminal(machines, "/bin/bash", "--norc", "--noediting") as program:
        program.expect_exact(PROMPT)
        yield program


def test_a_shell_on_a_machine_has_its_terminal(machines: Machines) -> None:
    name = machines.up()
    with terminal(machines, *COMMAND, "run", "--on", name, "/bin/bash", "--norc", "--noediting") as program:
        program.expect_exact(PROMPT)
        program.sendline("stty size; tty")
        program.expect_exact("24 80\r\n/dev/pts/")
        program.expect_exact(PROMPT)
        program.sendline("trap 'stty size' WINCH; echo tra''pped")
        program.expect_exact("trapped")
        program.setwinsize(40, 132)
        program.sendline("")
        program.expect_exact("40 132")
        program.sendline("echo be''gun; while :; do :; done")
        program.expect_exact("begun")
        program.sendcontrol("c")
        program.expect_exact(PROMPT)
        program.sendline("cat")
        program.sendline("echoed")
        program.expect_exact("echoed\r\nechoed\r\n")
        program.sendcontrol("z")
        program.expect("Stopped +cat")
        program.sendline("fg")
        program.expect_exact("cat\r\n")
        program.sendcontrol("d")
        program.expect_exact(PROMPT)
        program.sendline("exit 3")
        program.expect(pexpect.EOF)
        program.close()
        assert (program.exitstatus, program.signalstatus) == (3, None)


def test_what_one_terminal_runs_another_traces_and_injects(machines: Machines) -> None:
    name = machines.up()
    with (
        terminal(machines, *COMMAND, "run", "--on", name, "/bin/bash", "--norc", "--noediting") as one,
        shell(machines) as other,
    ):
        one.expect_exact(PROMPT)
        other.sendline(f"{RING3} ps {name}")
        other.expect(r"(\d+) +1 +\1 +\1 pts/\d+ +Ss\+ +0:00 /bin/bash --norc --noediting")
        pid = other.match.group(1)
        other.expect_exact(PROMPT)
        other.sendline(f"{RING3} strace --on {name} -e trace=write,chdir -e inject=chdir:error=EIO -p {pid}")
        other.expect_exact(f"strace: Process {pid} attached")
        one.sendline("cd /; echo tra''ced")
        one.expect_exact("Input/output error")
        one.expect_exact("traced")
        other.expect_exact('chdir("/")')
        other.expect_exact("EIO (Input/output error) (INJECTED)")
        other.expect_exact('write(1, "traced\\n", 7)')
        other.sendcontrol("c")
        other.expect_exact(f"strace: Process {pid} detached")
        other.expect_exact(PROMPT)
        other.sendline("echo $?")
        other.expect_exact("130")
        one.sendline("cd / && echo aga''in")
        one.expect_exact("again")


def test_the_shell_outside_stops_it_and_lets_it_go_on(machines: Machines) -> None:
    name = machines.up()
    with shell(machines) as outside:
        outside.sendline(f"{RING3} run --on {name} /bin/sh -c 'echo st''arted; exec cat'")
        outside.expect_exact("started\r\n")
        outside.sendcontrol("z")
        outside.expect("Stopped")
        outside.expect_exact(PROMPT)
        outside.sendline("stty -a")
        outside.expect(r" icanon\b")
        outside.expect_exact(PROMPT)
        outside.sendline("fg")
        outside.expect_exact("exec cat'\r\n")
        outside.sendline("echoed")
        outside.expect_exact("echoed\r\nechoed\r\n")
        outside.sendcontrol("c")
        outside.expect_exact(PROMPT)
        outside.sendline("echo $?")
        outside.expect_exact("130")


def test_two_readers_on_one_terminal(machines: Machines) -> None:
    """The one in the background is stopped when it reads, and has the terminal when it is brought to the front."""
    name = machines.up()
    with shell(machines) as outside:
        outside.sendline(f"{RING3} run --on {name} /bin/sh -c 'read x; echo first: $x' &")
        outside.sendline("until jobs | grep Stop; do :; done")
        outside.expect(r"\[1\]\+ +Stopped")
        outside.sendline(f"{RING3} run --on {name} /bin/sh -c 'read x; echo second: $x'")
        outside.sendline("one")
        outside.expect("second: one")
        outside.expect_exact(PROMPT)
        outside.sendline("fg")
        outside.sendline("two")
        outside.expect("first: two")
        outside.expect_exact(PROMPT)


@pytest.mark.parametrize("who", ["client", "server"])
def test_whoever_is_killed_the_terminal_is_as_it_was(machines: Machines, who: str) -> None:
    name = machines.up()
    with shell(machines) as outside:
        outside.sendline(f"bash -c 'echo =$$=; exec {RING3} run --on {name} /bin/cat'")
        outside.expect(r"=(\d+)=\r\n")
        client = int(outside.match.group(1))
        outside.sendline("echoed")
        outside.expect_exact("echoed\r\nechoed\r\n")
        if who == "server":
            machines.kill(name)
            outside.expect_exact(f"ring3: the machine {name} is gone")
        else:
            os.kill(client, signal.SIGKILL)
            outside.expect_exact("Killed")
        outside.expect_exact(PROMPT)
        outside.sendline("stty -a")
        outside.expect(r" icanon\b")
