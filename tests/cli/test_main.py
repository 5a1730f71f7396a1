from __future__ import annotations

import argparse
import errno
import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ring3 import __version__
from ring3.cli import main as cli
from ring3.errors import KernelPanic, TripleFault, UserError
from tests.cli.command import COMMAND, HELLO, ROOT, is_one_line, ring3
from tests.support.toolchain import Toolchain, musl

PROGRAM_COMMANDS = {"run": (), "wrmsr": ("MSR_LSTAR", "entry_SYSCALL_64")}


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("bogus",),
        ("--bogus",),
        ("run",),
        ("run", "--path"),
        ("run", "--path", "long", HELLO),
        ("run", "--bogus", HELLO),
        ("run", "--"),
        ("tables", "--abi", "arm"),
        ("tables", "--os", "plan9"),
        ("tables", "--header", "stdio"),
        ("tables", "--header", "unistd", "--json"),
        ("tables", "more"),
        ("rdmsr",),
        ("rdmsr", "174", "175"),
        ("rdmsr", "-p", "x", "174"),
        ("rdmsr", "-f", "64:0", "174"),
        ("wrmsr",),
        ("wrmsr", "174"),
        ("wrmsr", "174", "0"),
        ("wrmsr", "174", "0", "--"),
        ("wrmsr", "174", "ffffffff81000000", HELLO),
    ],
    ids=" ".join,
)
def test_bad_usage_is_one_line_and_status_2(words: tuple[str, ...]) -> None:
    finished = ring3(*words)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert is_one_line(finished.stderr), finished.stderr


@pytest.mark.parametrize("command", PROGRAM_COMMANDS)
@pytest.mark.parametrize(
    ("name", "status", "complaint"),
    [
        ("./missing", 127, "./missing: No such file or directory"),
        ("./folder", 126, "./folder: is a directory"),
        ("./text", 126, "./text: Permission denied"),
        ("./script", 126, "./script: "),
        ("", 127, ": No such file or directory"),
    ],
)
def test_program_that_cannot_run(
    tmp_path: Path, command: str, name: str, status: int, complaint: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no program")
    (tmp_path / "script").write_text("no program")
    (tmp_path / "script").chmod(0o755)
    finished = ring3(command, *PROGRAM_COMMANDS[command], name, cwd=tmp_path)
    assert (finished.returncode, finished.stdout) == (status, "")
    assert is_one_line(finished.stderr)
    assert finished.stderr.startswith(f"ring3: {complaint}")


def test_help_lists_every_command() -> None:
    finished = ring3("--help")
    assert (finished.returncode, finished.stderr) == (0, "")
    for name, text in cli.COMMANDS.items():
        assert re.search(rf"^  +{name} +{text[:30]}", finished.stdout, re.MULTILINE)


def test_each_command_has_one_purpose() -> None:
    named = [name for names in cli.PURPOSES.values() for name in names]
    assert sorted(named) == sorted(cli.COMMANDS)


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_each_command_has_help(command: str) -> None:
    finished = ring3(command, "--help")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith(f"usage: ring3 {command} ")
    assert max(map(len, finished.stdout.splitlines())) <= 120


def test_examples_of_the_help_run() -> None:
    lines = re.findall(r"^  ring3 (.*)$", cli.EXAMPLES, re.MULTILINE)
    assert len(lines) > 3
    for line in lines:
        finished = ring3(*line.split())
        assert "Traceback" not in finished.stderr
        assert finished.returncode in (0, 132, 139), line


def test_version() -> None:
    assert ring3("--version").stdout == f"ring3 {__version__}\n"


@pytest.mark.parametrize("words", [("tables",), ("tables", "--json"), ("--help",), ("rdmsr", "174")])
def test_reader_that_has_gone_is_sigpipes_status(words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as stdout:
        finished = ring3(*words, stdout=stdout)
    assert (finished.returncode, finished.stderr) == (141, "")


def test_full_device_is_one_line() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("the host has no /dev/full")
    with Path("/dev/full").open("wb") as stdout:
        finished = ring3("tables", stdout=stdout)
    assert (finished.returncode, finished.stderr) == (1, "ring3: standard output: No space left on device\n")


def test_what_streams_do_not_fail_with_is_an_internal_error() -> None:
    def wrong(_options: argparse.Namespace) -> int:
        raise OSError(errno.EINVAL, "Invalid argument")

    said = io.StringIO()
    options = argparse.Namespace(command="doctor", main=wrong, debug=False)
    assert cli.perform(options, ["doctor"], said) == 70
    assert said.getvalue().startswith(
        "ring3: internal error: OSError: [Errno 22] Invalid argument; please report it"
    )


def closing(streams: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Runs the command from a shell that closes some streams first."""
    script = f'exec "$0" -m ring3 "$@" {streams}'
    return subprocess.run(
        ["sh", "-c", script, COMMAND[0], *words], capture_output=True, cwd=ROOT, check=False
    )


@pytest.mark.parametrize(
    "words", [("tables",), ("rdmsr", "174"), ("--help",), ("dtrace", "-qn", "BEGIN { trace(1); exit(0); }")]
)
def test_closed_stdout_is_no_crash(words: tuple[str, ...]) -> None:
    finished = closing(">&-", *words)
    assert (finished.returncode, finished.stderr) == (0, b"")


def test_closed_stderr_does_not_send_complaints_elsewhere() -> None:
    finished = closing("2>&-", "run", "missing")
    assert (finished.returncode, finished.stdout) == (127, b"")


def test_closed_descriptors_stay_closed_for_the_program(toolchain: Toolchain, tmp_path: Path) -> None:
    source = tmp_path / "closed.c"
    source.write_text(
        "#include <sys/stat.h>\n#include <unistd.h>\nint main(void) {\n"
        "    struct stat s;\n    int open = 0;\n"
        "    for (int fd = 0; fd < 3; fd++) open |= (fstat(fd, &s) == 0) << fd;\n    return open;\n}\n"
    )
    program = str(toolchain.build([source], target=musl(64), kind="static"))
    assert [
        closing(streams, "run", program).returncode
        for streams in ("", ">&-", "<&-", "<&- >&-", "<&- >&- 2>&-")
    ] == [7, 5, 6, 4, 0]


@pytest.mark.parametrize("before", [(), ("--",)], ids=["bare", "after two dashes"])
def test_words_after_the_program_are_its_own(toolchain: Toolchain, before: tuple[str, ...]) -> None:
    program = str(toolchain.program("basic/args.c"))
    words = ["--", "--path", "-x", "--", "--help", ""]
    finished = ring3("run", *before, program, *words)
    assert finished.returncode == 0
    arguments = re.findall(r"^argv\[\d+\] \[(.*)\]$", finished.stdout, re.MULTILINE)
    assert arguments == words


def test_interrupt_ends_a_program_that_makes_no_calls(toolchain: Toolchain, tmp_path: Path) -> None:
    source = tmp_path / "loop.S"
    source.write_text(
        ".globl _start\n_start: mov $1, %eax\nmov $1, %edi\nlea _start(%rip), %rsi\nmov $1, %edx\nsyscall\n1: jmp 1b\n"
    )
    program = str(toolchain.build([source], target=musl(64), kind="nolibc"))
    # whoever runs the tests in the background has SIGINT ignored, and so would the command
    listening = (
        "import os, signal, sys; signal.signal(2, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [sys.executable, "-c", listening, *COMMAND, "run", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.read(1)  # the program has said something: from here on it only loops
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == -signal.SIGINT
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("error", "status", "complaint"),
    [
        (UserError("no such thing", 3), 3, "ring3: no such thing\n"),
        (TripleFault("vector 14"), 70, "ring3: the CPU shut down: vector 14\n"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 141, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_what_went_wrong_becomes_a_line_and_a_status(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    complaint: str,
) -> None:
    def fail(_options: object) -> int:
        raise error

    monkeypatch.setattr("ring3.cli.rdmsr.run", fail)
    monkeypatch.setattr(cli, "_abandon_stdout", lambda: None)
    assert cli.main(["rdmsr", "174"]) == status
    assert capsys.readouterr().err == complaint


def test_panic_tells_all(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_options: object) -> int:
        try:
            raise ZeroDivisionError("the bug")
        except ZeroDivisionError as error:
            raise KernelPanic("oh no", "rip=0") from error

    monkeypatch.setattr("ring3.cli.rdmsr.run", fail)
    assert cli.main(["rdmsr", "174"]) == 70
    lines = capsys.readouterr().err.splitlines()
    assert lines[:3] == ["ring3: kernel panic: oh no", "rip=0", "Traceback (most recent call last):"]
    assert lines[-1] == "ZeroDivisionError: the bug"


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        (("run", "--os", "beos", "true"), ("linux", "solaris")),
        (("run", "--cpu", "none", "true"), ("emulated", "host", "auto")),
        (("up", "--os", "beos"), ("linux", "solaris")),
        (("rdmsr", "--os", "beos", "MSR_LSTAR"), ("linux", "solaris")),
    ],
)
def test_choices_are_told_as_they_are_typed(words: tuple[str, ...], choices: tuple[str, ...]) -> None:
    told = ring3(*words)
    assert told.returncode == 2
    offered = told.stderr.partition("(choose from ")[2].partition(")")[0]
    assert tuple(choice.strip("'") for choice in offered.split(", ")) == choices
