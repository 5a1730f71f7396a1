"""What a user does wrong, or a file has wrong, is one line and the status of a shell: no traceback, panic or hang."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from ring3.cli import main as cli
from ring3.computer import Linux
from ring3.errors import UserError
from tests.cli.command import COMMAND, HELLO, ROOT, is_one_line, ring3
from tests.support.elf_file import put
from tests.support.toolchain import Toolchain

SCRIPTS = {
    "ends at a NUL": (b"#!/bin/sh\0\necho hi\n", 0, ""),
    "ends at a NUL with an argument": (b"#!/bin/sh -e\0x\necho hi\n", 0, ""),
    "starts with a NUL": (b"#!\0/bin/sh", 127, "No such file or directory"),
    "is the one who asks": (b"#!/proc/self/exe\n", 127, "No such file or directory"),
    "is a descriptor of the one who asks": (b"#!/proc/self/fd/0\n", 127, "No such file or directory"),
    "is nothing": (b"#!\n", 126, "names no interpreter"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_scripts_interpreter(tmp_path: Path, name: str) -> None:
    content, status, complaint = SCRIPTS[name]
    finished = ring3("run", str(put(tmp_path / "script", content)))
    assert finished.returncode == status
    assert (finished.stdout == "hi\n") if not status else is_one_line(finished.stderr)
    assert complaint in finished.stderr


FIELDS = {
    "e_type": (16, 2),
    "e_machine": (18, 2),
    "e_entry": (24, 8),
    "e_phoff": (32, 8),
    "e_phentsize": (54, 2),
    "e_phnum": (56, 2),
}
PROGRAM_HEADER = {
    "p_type": (0, 4),
    "p_offset": (8, 8),
    "p_vaddr": (16, 8),
    "p_filesz": (32, 8),
    "p_memsz": (40, 8),
    "p_align": (48, 8),
}
ABSURD = (0, 1, 2, 3, 0xFFF, 0x1000, 1 << 31, 1 << 47, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def test_absurd_numbers_in_headers_are_refused_or_run(tmp_path: Path) -> None:
    """Every field with every absurd number, then several at random: a program comes of it or a complaint."""
    good = Path(HELLO).read_bytes()
    headers = int.from_bytes(good[32:40], "little")
    places = [
        *FIELDS.values(),
        *((headers + 56 * n + at, size) for n in range(2) for at, size in PROGRAM_HEADER.values()),
    ]
    chance = random.Random(8)
    changes = [[(place, number)] for place in places for number in ABSURD]
    changes += [[(chance.choice(places), chance.choice(ABSURD)) for _ in range(3)] for _ in range(150)]
    statuses = set()
    with Linux() as linux:
        for number, change in enumerate(changes):
            content = bytearray(good)
            for (at, size), value in change:
                content[at : at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
            path = put(tmp_path / f"program{number}", bytes(content))
            try:
                linux.load(str(path))
            except UserError as refused:
                statuses.add(refused.status)
    assert statuses == {126, 127}


def test_names_are_looked_for_in_path(tmp_path: Path) -> None:
    put(tmp_path / "greet", b"#!/bin/sh\necho greetings $1\n")
    environment = os.environ | {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    found = subprocess.run(
        [*COMMAND, "run", "greet", "all"],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, "greetings all\n")


def test_a_name_that_is_not_in_path_is_one_line() -> None:
    finished = ring3("run", "ring3-no-such-program")
    assert (finished.returncode, finished.stderr) == (
        127,
        "ring3: ring3-no-such-program: not found in PATH\n",
    )
    finished = ring3("run", "README.md")
    assert finished.stderr == "ring3: README.md: not found in PATH; ./README.md is a file here\n"


ABSENT = """
#include <sys/syscall.h>
#include <unistd.h>
int main(void) { syscall(SYS_io_uring_setup, 1, 0); syscall(SYS_io_uring_setup, 1, 0); return 42; }
"""
LINE = "ring3: absent (2): io_uring_setup is not implemented: ENOSYS (reported once)\n"


@pytest.fixture(scope="module")
def absent(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> str:
    source = tmp_path_factory.mktemp("absent") / "absent.c"
    source.write_text(ABSENT)
    return str(toolchain.build([source], target="x86_64-linux-musl", kind="static"))


def test_an_absent_call_is_told_of_once_with_program_and_pid(absent: str) -> None:
    finished = ring3("run", absent)
    assert (finished.returncode, finished.stderr) == (
        42,
        LINE.replace("absent (", Path(absent).name[:15] + " ("),
    )
    finished = ring3("run", "-q", absent)
    assert (finished.returncode, finished.stderr) == (42, "")


@pytest.mark.parametrize("error", ["2>/dev/full", "2>&-"])
def test_a_standard_error_that_takes_nothing_ends_nobody(absent: str, error: str) -> None:
    command = f"exec {sys.executable} -m ring3 run {absent} {error}"
    assert subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, check=False).returncode == 42


@pytest.mark.parametrize(
    ("deed", "text"),
    [("read_null", "SIGSEGV at 0x"), ("ud2", "the CPU lacks `ud2`"), ("div_zero", "SIGFPE at 0x")],
)
def test_death_by_a_signal_is_told_when_asked(toolchain: Toolchain, deed: str, text: str) -> None:
    program = str(toolchain.program("basic/signals_fault.c"))
    finished = ring3("run", "--verbose", program, deed)
    assert is_one_line(finished.stderr)
    assert text in finished.stderr
    assert ring3("run", program, deed).stderr == ""


def test_what_nobody_thought_of_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_options: object) -> int:
        raise ValueError("of\nours")

    monkeypatch.setattr("ring3.cli.rdmsr.run", fail)
    assert cli.main(["rdmsr", "174"]) == 70
    complaint = capsys.readouterr().err
    assert is_one_line(complaint)
    assert complaint.startswith("ring3: internal error: ValueError: of ours; please report it")
    with pytest.raises(ValueError, match="ours"):
        cli.main(["--debug", "rdmsr", "174"])


def test_another_host_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cli.main(["rdmsr", "174"]) == 1
    assert is_one_line(capsys.readouterr().err)


def test_the_doctor_tells_of_this_host() -> None:
    finished = ring3("doctor")
    assert finished.returncode == 0
    assert finished.stdout.endswith("programs can be run\n")
    assert {line.split()[0] for line in finished.stdout.splitlines()[:-1]} >= {
        "memfd",
        "openat2",
        "seccomp",
        "landlock",
    }
