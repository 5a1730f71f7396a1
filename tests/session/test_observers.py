"""Commands that look at a machine that is up, while others use it."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.cli.command import HELLO
from tests.session.machines import Machines


def test_a_program_is_traced_into_a_file_of_the_client(machines: Machines, tmp_path: Path) -> None:
    name = machines.up()
    told = tmp_path / "trace"
    done = machines.ring3("strace", "--on", name, "-o", str(told), HELLO)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello, world\n", "")
    lines = told.read_text().splitlines()
    assert lines[0].startswith(f'execve("{HELLO}", ')
    assert 'write(1, "Hello, world\\n", 13)          = 13' in lines
    assert lines[-1] == "+++ exited with 0 +++"
    missing = machines.ring3("strace", "--on", name, "-o", str(tmp_path / "no" / "file"), HELLO)
    assert missing.returncode == 1
    assert missing.stderr == f"strace: Can't fopen '{tmp_path}/no/file': No such file or directory\n"


def test_who_traces_a_program_sees_nobody_elses_calls(machines: Machines) -> None:
    name = machines.up()
    other = machines.start(
        "run", "--on", name, "/bin/sh", "-c", "echo ready; while :; do pwd >/dev/null; done"
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "ready\n"
    traced = machines.ring3("strace", "--on", name, "-f", "-c", HELLO)
    assert {line.split()[-1] for line in traced.stderr.splitlines()[2:-2]} == {"execve", "write"}
    explained = machines.ring3("explain", "--on", name, "--syscall", "write", HELLO)
    assert explained.stdout.startswith("Hello, world\nwrite: system call 1, made by ")
    failing = machines.ring3("strace", "--on", name, "-e", "inject=write:error=ENOSPC", HELLO)
    assert failing.stdout == ""
    assert "ENOSPC (No space left on device) (INJECTED)" in failing.stderr
    other.send_signal(signal.SIGTERM)
    assert other.wait() == 128 + signal.SIGTERM


def test_a_program_that_is_not_there_is_not_traced(machines: Machines) -> None:
    name = machines.up()
    done = machines.ring3("strace", "--on", name, "-p", "4711")
    assert (done.returncode, done.stderr) == (
        1, "strace: attach: ptrace(PTRACE_SEIZE, 4711): No such process\n",
    )  # fmt: skip
    here = machines.ring3("strace", "-p", "1")
    assert (here.returncode, here.stderr) == (
        1, "strace: -p is for processes on a machine that is up: ring3 strace --on NAME -p PID\n",
    )  # fmt: skip


def test_a_register_and_a_table_are_those_of_the_machine(machines: Machines) -> None:
    name = machines.up()
    assert machines.ring3("wrmsr", "--on", name, "MSR_FMASK", "0x300").returncode == 0
    assert machines.ring3("rdmsr", "--on", name, "MSR_FMASK").stdout == "300\n"
    assert machines.ring3("rdmsr", "--on", name, "-r", "MSR_FMASK").stdout == "\0\3\0\0\0\0\0\0"
    assert machines.ring3("run", "--on", name, HELLO).stdout == "Hello, world\n"
    table = machines.ring3("tables", "--on", name)
    assert table.stdout == machines.ring3("tables").stdout


def test_dtrace_sees_what_others_run(machines: Machines) -> None:
    name = machines.up()
    watching = machines.start(
        "dtrace", "--on", name, "-qn",
        'BEGIN { printf("ready\\n"); } '
        'syscall::write:entry /execname == "hello"/ { printf("%s\\n", copyinstr(arg1)); exit(3); }',
    )  # fmt: skip
    assert watching.stdout is not None
    assert watching.stdout.readline() == "ready\n"
    assert machines.ring3("run", "--on", name, HELLO).stdout == "Hello, world\n"
    assert watching.stdout.readline() == "Hello, world\n"
    assert watching.wait() == 3
    started = machines.ring3(
        "dtrace", "--on", name, "-qn", "syscall:::entry { @[probefunc] = count(); }", "-c", HELLO
    )
    assert "write" in started.stdout
    waiting = machines.start(
        "dtrace", "--on", name, "-qn", 'BEGIN { printf("ready\\n"); } END { printf("over\\n"); }'
    )
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "ready\n"
    waiting.send_signal(signal.SIGINT)
    assert waiting.stdout.readline() == "over\n"
    assert waiting.wait() == 0
