"""``ring3 run`` as a user sees it: the program's output and status, one line for what cannot be run, all of a panic."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ROOT, is_one_line, ring3
from tests.support.elf_file import CODE, PAGE, PT_INTERP, R, Segment, elf_file, program, put
from tests.support.toolchain import Bits, Toolchain

PATHS = pytest.mark.parametrize("path", ["short", "full"])
EXIT_7 = bytes.fromhex("bf07000000 b83c000000 0f05")
TEXT = Segment(PAGE, CODE, len(EXIT_7), len(EXIT_7))


@PATHS
@pytest.mark.parametrize("bits", [64, 32])
def test_the_status_and_the_streams_are_the_programs(toolchain: Toolchain, path: str, bits: Bits) -> None:
    program_ = str(toolchain.program("seeds/write.c", bits=bits))
    finished = ring3("run", "--path", path, program_)
    assert (finished.returncode, finished.stdout, finished.stderr) == (60, "Hello, World\n", "")


@PATHS
@pytest.mark.parametrize(
    ("deed", "status"), [("read_null", 139), ("ud2", 132), ("div_zero", 136), ("int3", 133), ("in", 139)]
)
def test_a_signal_is_128_and_its_number(toolchain: Toolchain, path: str, deed: str, status: int) -> None:
    finished = ring3("run", "--path", path, str(toolchain.program("basic/signals_fault.c")), deed)
    assert (finished.returncode, finished.stdout) == (status, "")


@PATHS
def test_a_program_that_waits_for_nothing_in_virtual_time_is_one_line(
    toolchain: Toolchain, path: str
) -> None:
    finished = ring3("run", "--virtual-time", "--path", path, str(toolchain.program("basic/pauses.c")))
    assert finished.returncode == 124
    assert finished.stderr == "ring3: every task waits and nothing can wake one: 2 (pauses)\n"


def test_standard_input_is_the_programs(toolchain: Toolchain, tmp_path: Path) -> None:
    source = tmp_path / "copy.c"
    source.write_text(
        "#include <unistd.h>\nint main(void) {\n    char text[64];\n"
        "    long size = read(0, text, sizeof text);\n    write(1, text, size);\n    write(2, text, size);\n"
        "    return size;\n}\n"
    )
    built = toolchain.build([source], target="x86_64-linux-musl", kind="static")
    finished = subprocess.run(
        [sys.executable, "-m", "ring3", "run", str(built)],
        input=b"hello",
        capture_output=True,
        check=False,
        cwd=ROOT,
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (5, b"hello", b"hello")


MADE = {
    "empty": (b"", 126, "empty file"),
    "arm": (elf_file([TEXT], EXIT_7, machine=40), 126, "made for another machine"),
    "class": (elf_file([TEXT], EXIT_7, elf_class=1), 126, "made for another machine"),
    "endian": (elf_file([TEXT], EXIT_7, data=2), 126, "not a little-endian ELF file"),
    "cut": (program(EXIT_7)[:50], 126, "truncated ELF header"),
    "headers": (program(EXIT_7)[:90], 126, "truncated program headers"),
    "segment": (program(EXIT_7)[: PAGE + 1], 126, "truncated: a segment ends"),
    "overlap": (elf_file([TEXT, TEXT], EXIT_7), 126, "segments overlap"),
    "kernel": (elf_file([Segment(PAGE, 0xFFFF_8000_0000_0000, 1, 1)], b"x"), 126, "above the addresses"),
    "huge": (elf_file([Segment(PAGE, CODE, 1, 1 << 47)], b"x"), 126, "above the addresses"),
    "phnum": (elf_file([TEXT], EXIT_7, phnum=65535), 126, "65535 program headers"),
    "offset": (elf_file([Segment(1 << 50, CODE, 1, 1)], b"x"), 126, "truncated: a segment ends"),
    "loader": (
        elf_file([TEXT, Segment(PAGE + 16, 0, 8, 8, R, PT_INTERP)], EXIT_7.ljust(16, b"\0") + b"/no/ld\0\0"),
        127,
        "interpreter /no/ld: No such file or directory",
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_a_bad_file_is_one_line(tmp_path: Path, name: str) -> None:
    content, status, complaint = MADE[name]
    path = put(tmp_path / name, content)
    finished = ring3("run", str(path))
    assert (finished.returncode, finished.stdout) == (status, "")
    assert is_one_line(finished.stderr)
    assert finished.stderr.startswith(f"ring3: {path}: ")
    assert complaint in finished.stderr


def test_a_file_without_permission_is_one_line(tmp_path: Path) -> None:
    finished = ring3("run", str(put(tmp_path / "program", program(EXIT_7), 0o600)))
    assert finished.returncode == 126
    assert is_one_line(finished.stderr)
    assert finished.stderr.endswith(": Permission denied\n")


def test_a_name_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe")
    finished = subprocess.run(
        [sys.executable, "-m", "ring3", "run", name], capture_output=True, check=False, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert finished.returncode == 127
    assert finished.stderr.count(b"\n") == 1
    assert finished.stderr.startswith(b"ring3: ")


PANIC = """
import sys
from ring3.linux.table import DEFINED

def boom(task, *arguments):
    raise ZeroDivisionError("the bug")

DEFINED["sys_set_tid_address"].function = boom
from ring3.cli.main import main
sys.exit(main(["run", "--path", sys.argv[1], sys.argv[2]]))
"""


@PATHS
def test_a_panic_tells_the_registers_and_the_traceback(toolchain: Toolchain, path: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PANIC, path, str(toolchain.program("basic/hello.c"))],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (finished.returncode, finished.stdout) == (70, "")
    lines = finished.stderr.splitlines()
    assert lines[0].startswith("ring3: kernel panic: ZeroDivisionError: the bug (task ")
    assert f"{218:016x}" in finished.stderr  # set_tid_address, in rax
    assert "Traceback (most recent call last):" in lines
    assert lines[-1] == "ZeroDivisionError: the bug"
