"""``ring3 strace`` in the style of truss(1): of Solaris's programs, and of Linux's where it is asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.command import ring3
from tests.support import solaris
from tests.support.toolchain import Toolchain


@pytest.fixture
def echo(toolchain: Toolchain) -> str:
    return str(solaris.program(toolchain, "echo.c"))


def test_a_program_of_solaris(echo: str) -> None:
    done = ring3("strace", "--style", "truss", echo)
    first, *lines = done.stderr.splitlines()
    assert re.fullmatch(rf'execve\("{re.escape(echo)}", 0x[0-9A-F]+, 0x[0-9A-F]+\)  argc = 1', first)
    assert lines == [
        'read(0, "", 63)' + "\t" * 5 + "= 0",
        "_exit(0)",
    ]
    assert done.returncode == 0


def test_buffers_show_their_beginning(toolchain: Toolchain) -> None:
    program = str(solaris.program(toolchain, "modinfo.c"))
    lines = ring3("strace", "--style", "truss", "-t", "write", program, "-i", "16").stderr.splitlines()
    assert lines
    assert all(re.fullmatch(r'write\(1, "(.{2}){1,12}"(\.\.)?, \d+\)\t+= \d+', line) for line in lines)


def test_is_what_programs_of_solaris_get(echo: str) -> None:
    done = ring3("strace", "-f", echo)
    assert [line.split("\t")[1] for line in done.stderr.splitlines()][1:] == ['read(0, "", 63)', "_exit(0)"]


def test_other_options_of_strace_are_not_for_them(echo: str) -> None:
    done = ring3("strace", "-y", echo)
    assert done.returncode == 1
    assert "put --style truss first" in done.stderr
    assert done.stdout == ""


def test_counts(echo: str) -> None:
    lines = ring3("strace", "-c", echo).stderr.splitlines()
    assert lines[0] == "syscall               seconds   calls  errors"
    assert [line.split()[0] for line in lines[1:4]] == ["_exit", "execve", "read"]
    assert [line.split()[-1] for line in lines[1:4]] == ["1", "1", "1"]
    assert lines[4] == "                     --------  ------   ----"
    assert re.fullmatch(r"sys totals: {9}( {4}\d| {5})\.\d{3} {7}3 {6}0", lines[5])


def test_a_fault(toolchain: Toolchain) -> None:
    # ring 0 does not answer int 0x80 there: a general protection fault, which is a SIGSEGV
    program = str(solaris.program(toolchain, "deeds.c"))
    lines = ring3("strace", "--style", "truss", "-t", "none", program, "int_80").stderr.splitlines()
    assert re.fullmatch(r" {4}Incurred fault #6, FLTBOUNDS {2}%pc = 0x[0-9A-F]{8,}", lines[0])
    assert lines[-1] == "\t*** process killed ***"
    assert any(line.startswith("    Received signal #11, SIGSEGV [default]") for line in lines)


def test_a_program_of_linux(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("-o", str(out), "-t", "write", "-w", "1", "/usr/bin/echo", "hello")
    assert ring3("strace", "--style=truss", *words).stdout == "hello\n"
    assert out.read_text() == r'write(1, " h e l l o\n", 6)' + "\t\t\t= 6\n" + "   h e l l o\\n\n"


def test_errors_and_raw_arguments() -> None:
    words = ("-t", "chdir,openat", "-x", "openat", "/usr/bin/cat", "/nowhere")
    lines = ring3("strace", "--style=truss", *words).stderr.splitlines()
    assert any(
        re.fullmatch(r"openat\(0x[0-9A-F]+, 0x[0-9A-F]+, 0x0+(, 0x0+)?\)[\t ]Err#2 ENOENT", line)
        for line in lines
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-t", "bogus", "ls"], "truss: unrecognized syscall: bogus"),
        (["-r", "x", "ls"], "truss: not a file descriptor: x"),
        (["-T", "read", "ls"], "truss: -T stops a process"),
        (["-o", "/nowhere/x", "ls"], "truss: Can't fopen '/nowhere/x'"),
        (["/nowhere"], "truss: cannot find program: /nowhere"),
        (["-Q", "ls"], "truss: invalid option -- 'Q'"),
        ([], "truss: usage: "),
    ],
)
def test_what_is_wrong_starts_nothing(words: list[str], message: str) -> None:
    done = ring3("strace", "--style", "truss", *words)
    assert done.stderr.startswith(message)
    assert done.returncode in (1, 2)
    assert done.stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        ["-t", "write", "--style", "truss"],
        ["-t", "write", "--style=truss"],
        ["-s", "all", "--style", "truss", "-twrite"],
    ],
)
def test_the_style_stands_among_the_options(words: list[str]) -> None:
    done = ring3("strace", *words, "/usr/bin/echo", "--style", "x")
    assert done.stdout == "--style x\n"
    assert [line for line in done.stderr.splitlines() if line.startswith("write(")] == [
        r'write(1, " - - s t y l e   x\n", 10)' + "\t\t= 10"
    ]


def test_another_style() -> None:
    done = ring3("strace", "--style", "ktrace", "ls")
    assert (done.stderr, done.returncode) == (
        "strace: invalid --style argument: 'ktrace' (strace or truss)\n",
        1,
    )
