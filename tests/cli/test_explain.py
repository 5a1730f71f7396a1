"""``ring3 explain`` as a user meets it: what goes where, and with which status."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, HELLO, ROOT, is_one_line, ring3
from tests.support.toolchain import Toolchain

TITLE = f"write: system call 1, made by {HELLO} (task 2)"


def test_explanation_follows_what_the_call_prints() -> None:
    finished = ring3("explain", HELLO)
    assert (finished.returncode, finished.stderr) == (0, "")
    lines = finished.stdout.splitlines()
    assert lines[:3] == ["Hello, world", TITLE, "=" * len(TITLE)]
    assert lines[-1].split()[:1] == ["r11"]


def test_explanation_comes_before_what_the_program_prints_later(toolchain: Toolchain) -> None:
    finished = ring3("explain", str(toolchain.program("seeds/write.c")))
    assert finished.returncode == 0
    assert finished.stdout.splitlines()[0].partition(":")[0] == "arch_prctl"
    assert finished.stdout.endswith("\nHello, World\n")


def test_status_of_the_program_is_not_passed_on(toolchain: Toolchain) -> None:
    program = str(toolchain.program("seeds/exit_syscall.c"))
    assert ring3("run", program).returncode == 42
    finished = ring3("explain", "--syscall", "exit", program)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.splitlines()[-1].endswith("ended with status 42: there is no way back to ring 3.")


def test_nth() -> None:
    finished = ring3("explain", "--nth", "2", HELLO)
    assert finished.stdout.splitlines()[1].startswith("exit: system call 2, made by ")


def test_output_file(tmp_path: Path) -> None:
    finished = ring3("explain", "-o", str(tmp_path / "told"), HELLO)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "Hello, world\n", "")
    assert (tmp_path / "told").read_text().splitlines()[0] == TITLE


def test_json(tmp_path: Path) -> None:
    finished = ring3("explain", "--json", "--output", str(tmp_path / "told"), "--syscall", "write", HELLO)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "Hello, world\n", "")
    told = json.loads((tmp_path / "told").read_text())
    assert (told["program"], told["asked"]["name"], told["back"]["by"]) == (HELLO, "write", "sysretq")
    printed = ring3("explain", "--json", "--syscall", "write", HELLO).stdout
    assert printed.startswith("Hello, world\n{\n")
    assert json.loads(printed.removeprefix("Hello, world\n")).keys() == told.keys()


def test_arguments_are_the_programs(toolchain: Toolchain) -> None:
    program = str(toolchain.program("basic/exit_status.c"))
    finished = ring3("explain", "--syscall", "exit_group", "--", program, "--json")
    assert finished.returncode == 0
    assert finished.stdout.startswith("exit_group: system call ")
    finished = ring3("explain", "--syscall", "exit_group", program, "7")
    assert "ended with status 7" in finished.stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--syscall", "mkdir"), f"ring3: {HELLO} made 2 system calls, none of them mkdir\n"),
        (("--nth", "3"), f"ring3: {HELLO} made only 2 system calls\n"),
        (("--nth", "123456789"), f"ring3: {HELLO} made only 2 system calls\n"),
    ],
)
def test_call_that_was_never_made(words: tuple[str, ...], complaint: str) -> None:
    finished = ring3("explain", *words, HELLO)
    assert (finished.returncode, finished.stdout, finished.stderr) == (1, "Hello, world\n", complaint)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--syscall",),
        ("--syscall", "write"),
        ("--syscall", "no_such_call", HELLO),
        ("--syscall", "", HELLO),
        ("--syscall", "WRITE", HELLO),
        ("--nth", HELLO),
        ("--nth", "0", HELLO),
        ("--nth", "-1", HELLO),
        ("--nth", "x", HELLO),
        ("--nth", "1.5", HELLO),
        ("--nth", "٣", HELLO),
        ("--nth", "1", "--syscall", "write", HELLO),
        ("--bogus", HELLO),
        ("-o", "no/such/folder/told", HELLO),
        ("-o", str(ROOT), HELLO),
    ],
    ids=" ".join,
)
def test_bad_usage_is_one_line_and_status_2_before_anything_runs(words: tuple[str, ...]) -> None:
    finished = ring3("explain", *words)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert is_one_line(finished.stderr), finished.stderr


@pytest.mark.parametrize(("name", "status"), [("missing", 127), ("./folder", 126), ("./text", 126)])
def test_program_that_cannot_run(tmp_path: Path, name: str, status: int) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no program")
    finished = ring3("explain", name, cwd=tmp_path)
    assert (finished.returncode, finished.stdout) == (status, "")
    assert is_one_line(finished.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the host has no /dev/full")
def test_full_disk(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        finished = ring3("explain", HELLO, stdout=full)
    assert finished.returncode == 1
    assert is_one_line(finished.stderr)
    finished = ring3("explain", "-o", "/dev/full", HELLO)
    assert (finished.returncode, finished.stdout) == (1, "Hello, world\n")
    assert finished.stderr == "ring3: /dev/full: No space left on device\n"


def test_reader_that_goes_away() -> None:
    with subprocess.Popen(
        [*COMMAND, "explain", "--nth", "2", HELLO], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"Hello, world\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode in (0, 141)  # 0 if all of it was written before


def test_help() -> None:
    finished = ring3("explain", "--help")
    assert finished.returncode == 0
    for option in ("--syscall NAME", "--nth N", "--json", "--output FILE"):
        assert option in finished.stdout


def test_a_page_goes_to_its_file_and_nothing_of_it_to_stdout(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    finished = ring3("explain", "--html", str(page), HELLO)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "Hello, world\n", "")
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert TITLE in page.read_text()


def test_doors_are_compared_with_a_program_of_ones_own_or_with_the_one_that_comes_along(
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.html"
    finished = ring3("explain", "--compare", "--html", str(page), "--syscall", "getpid")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert "getpid by int $0x80, sysenter (32-bit) and syscall" in page.read_text()
    finished = ring3("explain", "--compare", "--html", str(page), HELLO)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "Hello, world\n", "")
    assert TITLE in page.read_text()


@pytest.mark.parametrize(
    ("words", "status", "complaint"),
    [
        (
            ["--html", "{folder}/none/page.html", HELLO],
            2,
            "{folder}/none/page.html: No such file or directory",
        ),
        (["--html", "/dev/full", HELLO], 1, "/dev/full: No space left on device"),
        (
            ["--html", "page.html", "-o", "told", HELLO],
            2,
            "--html FILE and -o FILE: the explanation goes to one",
        ),
        (["--html", "page.html", "--json", HELLO], 2, "not allowed with argument --html"),
        (["--compare", HELLO], 2, "--compare is shown on a page"),
        (["--compare", "--html", "page.html", "--nth", "2", HELLO], 2, "--syscall NAME, not --nth"),
        (["--compare", "--html", "page.html", "--syscall", "mmap2"], 2, "no call 'mmap2' is in both tables"),
        (
            ["--compare", "--html", "page.html", "--os", "solaris", "modinfo"],
            2,
            "--compare is about Linux's doors",
        ),
        (["--html", "page.html"], 2, "no PROGRAM is given"),
        (
            ["--html", "{folder}/page.html", "--syscall", "fork", HELLO],
            1,
            "made 2 system calls, none of them fork",
        ),
    ],
)
def test_mistakes_with_pages_are_one_line(
    words: list[str], status: int, complaint: str, tmp_path: Path
) -> None:
    finished = ring3("explain", *(word.format(folder=tmp_path) for word in words))
    assert complaint.format(folder=tmp_path) in finished.stderr
    assert is_one_line(finished.stderr)
    assert finished.returncode == status
