"""``ring3 run`` on a real terminal, and what it does with signals from outside: driven as a person would."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import COMMAND, ROOT

if TYPE_CHECKING:
    import pexpect
else:
    pexpect = pytest.importorskip("pexpect", reason="pexpect drives the terminals of these tests")

LONG = 60
"""Seconds that a machine with much else to do may take."""
PROMPT = "PROMPT> "
RING3 = f"{sys.executable} -m ring3"
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "TERM": "xterm",
    "PS1": PROMPT,
    "LC_ALL": "C.UTF-8",
    "HOME": "/nowhere",
}


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if not os.access(f"/usr/bin/{program}", os.X_OK)]
    return pytest.mark.skipif(bool(missing), reason=f"not installed here: {', '.join(missing)}")


@contextmanager
def terminal(*words: str) -> Iterator[pexpect.spawn]:
    """A program on a terminal of its own."""
    program = pexpect.spawn(
        words[0],
        list(words[1:]),
        env=ENVIRONMENT,
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
def ring3(*words: str) -> Iterator[pexpect.spawn]:
    with terminal(*COMMAND, "run", *words) as program:
        yield program


@contextmanager
def shell() -> Iterator[pexpect.spawn]:
    """A shell of the host with job control."""
    with terminal("/bin/bash", "--norc", "--noediting") as program:
        program.expect_exact(PROMPT)
        yield program


def ends_with(program: pexpect.spawn, status: int) -> None:
    program.expect(pexpect.EOF)
    program.close()
    assert (program.exitstatus, program.signalstatus) == (status, None)


@needs("bash", "ps", "stty")
def test_a_shell_inside_has_job_control() -> None:
    with ring3("/bin/bash", "--norc", "--noediting") as program:
        program.expect_exact(PROMPT)
        program.sendline("while :; do :; done")
        time.sleep(0.5)
        program.sendcontrol("c")
        program.expect_exact(PROMPT)
        program.sendline("sleep 1000")
        time.sleep(0.5)
        program.sendcontrol("z")
        program.expect("Stopped *sleep 1000")
        program.sendline("fg")
        program.expect_exact("sleep 1000\r\n")
        time.sleep(0.5)
        program.sendcontrol("c")
        program.expect_exact(PROMPT)
        program.sendline("echo ag''ain")
        program.expect_exact("again")
        program.sendline("ps -o pid,pgid,sid,tpgid,tty,stat,comm")
        program.expect(r"(\d+) +\1 +(\d+) +\1 pts/0 +R\+ +ps")
        program.sendline("exit 3")
        ends_with(program, 3)


@needs("stty")
def test_a_new_size_of_the_window_arrives() -> None:
    with ring3("/bin/sh", "-c", "trap 'stty size' WINCH; stty size; while :; do :; done") as program:
        program.expect_exact("24 80")
        program.setwinsize(40, 132)
        program.expect_exact("40 132")


@needs("bash", "stty", "sleep")
def test_without_a_shell_inside_the_one_outside_has_job_control() -> None:
    with shell() as outside:
        outside.sendline(f"{RING3} run /bin/sh -c 'echo st''arted; exec sleep 1000'")
        outside.expect_exact("started")
        time.sleep(0.5)
        outside.sendcontrol("z")
        outside.expect("Stopped")
        outside.expect_exact(PROMPT)
        outside.sendline("stty -a")
        outside.expect(" icanon ")
        outside.expect_exact(PROMPT)
        outside.sendline("fg")
        outside.expect("exec sleep 1000'\r\n")
        time.sleep(2)
        outside.sendcontrol("c")
        outside.expect_exact(PROMPT)
        outside.sendline("echo status $?")
        outside.expect("status 130")
        outside.sendline("stty -a")
        outside.expect(" icanon ")


@needs("bash", "stty", "cat")
def test_the_terminal_is_as_it_was_after_sigkill() -> None:
    with shell() as outside:
        outside.sendline(f"{RING3} run /bin/sh -c 'echo st''arted; exec cat'")
        outside.expect_exact("started")
        found = subprocess.run(["pgrep", "-P", str(outside.pid)], capture_output=True, text=True, check=True)
        os.kill(int(found.stdout.split()[0]), signal.SIGKILL)
        outside.expect("Killed")
        outside.sendline("stty -a")
        outside.expect(" icanon ")


@needs("bash", "cat")
def test_in_the_background_it_stops_when_it_reads() -> None:
    with shell() as outside:
        outside.sendline(f"{RING3} run /bin/sh -c 'echo st''arted; exec cat' &")
        outside.expect_exact("started")
        for _ in range(LONG):
            time.sleep(1)
            outside.sendline("jobs")
            if not outside.expect(["Stopped", "Running"]):
                break
        outside.sendline("fg")
        outside.expect("exec cat'\r\n")
        time.sleep(2)
        outside.sendline("abc")
        outside.expect_exact("abc\r\nabc\r\n")
        outside.sendcontrol("d")
        outside.expect_exact(PROMPT)
        outside.sendline("echo status $?")
        outside.expect("status 0")


def test_three_interrupts_at_once_end_a_program_that_ignores_them() -> None:
    with ring3("/bin/sh", "-c", "trap '' INT; echo st''arted; while :; do :; done") as program:
        program.expect_exact("started")
        program.send("\x03\x03\x03")
        program.expect_exact("ring3: interrupted three times")
        ends_with(program, 130)


@needs("vim")
def test_vim_edits() -> None:
    with ring3(
        "/usr/bin/vim", "-u", "NONE", "-i", "NONE", "-n", "text"
    ) as program:  # a long name would not fit
        program.expect_exact("~")
        program.send("ione two\x1b:r !echo th''ree\r")
        program.expect_exact("three")
        program.send(":q!\r")
        ends_with(program, 0)


@needs("less")
def test_less_shows_a_page_and_the_next() -> None:
    with ring3("/usr/bin/less", "ARCHITECTURE.md") as program:
        program.expect_exact("How Ring3 works")
        program.send("/Rooms\r")
        program.expect_exact("what hardware does")
        program.send("q")
        ends_with(program, 0)


@needs("top")
def test_top_refreshes_and_ends_with_a_key() -> None:
    with ring3("/usr/bin/top", "-d", "0.5") as program:
        program.expect_exact("PID")
        program.expect_exact("top")
        program.send("q")
        ends_with(program, 0)


@pytest.mark.skipif(not shutil.which("python3"), reason="no python3 of the system")
def test_pythons_prompt_answers() -> None:
    with ring3("/usr/bin/python3", "-q") as program:
        program.expect_exact(">>> ")
        program.sendline("6 * 7")
        program.expect_exact("42")
        program.sendline("while True: pass\n")
        time.sleep(1)
        program.sendcontrol("c")
        program.expect_exact("KeyboardInterrupt")
        program.expect_exact(">>> ")
        program.sendline("raise SystemExit(4)")
        ends_with(program, 4)


TRAPS = (
    "trap 'echo got TERM; exit 5' TERM; trap 'echo got USR1' USR1; trap 'echo got HUP' HUP; echo started; "
)


@pytest.mark.parametrize("waiting", ["while :; do :; done", "while :; do sleep 1000 & wait; done"])
@pytest.mark.parametrize("path", ["short", "full"])
def test_signals_from_outside_run_traps(path: str, waiting: str) -> None:
    program = subprocess.Popen(
        [*COMMAND, "run", "--path", path, "/bin/sh", "-c", TRAPS + waiting],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True,
    )  # fmt: skip
    assert program.stdout is not None
    assert program.stdout.readline() == "started\n"
    for number, line in (
        (signal.SIGUSR1, "got USR1\n"),
        (signal.SIGHUP, "got HUP\n"),
        (signal.SIGTERM, "got TERM\n"),
    ):
        program.send_signal(number)
        assert program.stdout.readline() == line
    assert program.wait(LONG) == 5
    program.communicate()


def test_a_signal_from_outside_ends_a_program_without_a_trap() -> None:
    program = subprocess.Popen(
        [*COMMAND, "run", "/bin/sh", "-c", "echo started; while :; do :; done"],
        stdout=subprocess.PIPE, cwd=ROOT, text=True,
    )  # fmt: skip
    assert program.stdout is not None
    assert program.stdout.readline() == "started\n"
    program.send_signal(signal.SIGTERM)
    assert program.wait(LONG) == 128 + signal.SIGTERM
    program.communicate()


def test_a_signal_that_is_ignored_outside_is_ignored_inside() -> None:
    finished = subprocess.run(
        ["/bin/sh", "-c", f"trap '' HUP; exec {RING3} run /bin/sh -c 'kill -HUP $$; echo still here'"],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert (finished.returncode, finished.stdout) == (0, "still here\n")
