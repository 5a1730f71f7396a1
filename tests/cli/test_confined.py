"""Every command that runs a program of the guest has given up what it does not need when that runs."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, HELLO, ROOT

LOOKED_AT = """
import os, sys
from ring3.kernel.core import Kernel

report, run = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND), Kernel.run

def looked_at(*arguments):
    with open("/proc/self/status") as status:
        said = dict(line.split(":", 1) for line in status)
    os.write(report, (said["NoNewPrivs"].strip() + said["Seccomp"].strip() + "\\n").encode())
    return run(*arguments)

Kernel.run = looked_at
from ring3.cli.main import main
main(sys.argv[2:])
"""
"""Runs a command, and says of each time that the kernel runs whether this process is confined."""

CONFINED = "12"


def states(folder: Path, words: list[str], said: str = "") -> set[str]:
    """What `LOOKED_AT` says while a command runs."""
    subprocess.run(
        [sys.executable, "-c", LOOKED_AT, str(folder / "states"), *words],
        input=said, text=True, cwd=folder, env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True, check=True,
    )  # fmt: skip
    return set((folder / "states").read_text().split())


COMMANDS = {
    "run": (["run", HELLO], ""),
    "strace": (["strace", "-o", "trace", HELLO], ""),
    "strace-ff": (["strace", "-ff", "-o", "trace", HELLO], ""),
    "explain": (["explain", "--syscall", "write", "-o", "told", HELLO], ""),
    "map": (["map", "--svg", "map.svg", HELLO], ""),
    "policy": (["policy", "learn", "-o", "policy.toml", HELLO], ""),
    "faults": (["faults", "-e", "write", "-o", "report", HELLO], ""),
    "fuzz": (["fuzz", "--runs", "2", "/bin/cat"], ""),
    "mdb": (["mdb", HELLO], ":run\n"),
    "dtrace": (["dtrace", "-qn", "syscall::write:entry { exit(0); }", "-c", HELLO], ""),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_are_confined_while_a_program_runs(name: str, tmp_path: Path) -> None:
    words, said = COMMANDS[name]
    assert states(tmp_path, words, said) == {CONFINED}


@pytest.mark.parametrize("name", ["strace", "faults", "mdb", "dtrace"])
def test_every_command_has_the_option_that_leaves_it_out(name: str, tmp_path: Path) -> None:
    (command, *words), said = COMMANDS[name]
    assert states(tmp_path, [command, "--no-confine", *words], said) == {"00"}


@pytest.mark.parametrize(
    ("words", "said", "name", "beginning"),
    [
        (["strace", "-ff", "-o", "out/trace", HELLO], "", "out/trace.2", "execve("),
        (["strace", "-o", "|cat >out/read", HELLO], "", "out/read", "execve("),
        (["strace", "-o", "out/trace", "--flame", "out/f.svg", HELLO], "", "out/f.svg", "<"),
        (["faults", "-e", "write", "--format", "junit", "-o", "out/report", HELLO], "", "out/report", "<?xml"),
        (["mdb", HELLO], ":run\n!echo hello >out/shell\n", "out/shell", "hello"),
        (
            ["dtrace", "-wqn", 'syscall::write:entry { system("echo hello >out/shell"); }', "-c", HELLO],
            "", "out/shell", "hello",
        ),
        (
            ["dtrace", "-wqn", 'syscall::write:entry { freopen("out/file"); printf("hello"); }', "-c", HELLO],
            "", "out/file", "hello",
        ),
    ],
    ids=["strace -ff", "strace to a command", "flame", "faults", "mdb !", "dtrace system", "dtrace freopen"],
)  # fmt: skip
def test_what_commands_write_and_start_on_the_host_works(
    words: list[str], said: str, name: str, beginning: str, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    finished = subprocess.run(
        [*COMMAND, *words], input=said, text=True, capture_output=True, cwd=tmp_path, check=False
    )
    assert (tmp_path / name).read_text().startswith(beginning), finished.stderr


def test_a_port_is_not_published_again_by_a_debugger_that_is_confined(tmp_path: Path) -> None:
    """mdb boots anew for a second ``:run``, and a confined process makes no sockets."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    finished = subprocess.run(
        [*COMMAND, "mdb", "--publish", f"{port}:80", HELLO],
        input=":run\n:run\n", text=True, capture_output=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert finished.stdout.startswith("Hello, world\n")
    assert finished.stderr == f"mdb: 127.0.0.1 port {port} of the host: Operation not permitted\n"
