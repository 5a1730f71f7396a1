"""A file that is looked into: symbols, code, values by their types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ring3.debug.mdb.targets.file import FileTarget
from ring3.debug.object_file import ObjectFile
from tests.debug.mdb.session import Typed
from tests.support.toolchain import PROGRAMS, Toolchain, musl


@pytest.fixture(scope="module")
def program(toolchain: Toolchain) -> Path:
    return toolchain.build(
        [PROGRAMS / "debug" / "types.c"], target=musl(64), kind="nolibc", flags=("-g", "-O0", "-fno-builtin")
    )


@pytest.fixture
def typed(program: Path) -> Typed:
    return Typed(FileTarget(ObjectFile(str(program), program.read_bytes())))


def test_print(typed: Typed) -> None:
    elements = ", ".join(["1", "2", "3", *["0"] * 29])
    assert typed("thing::print") == (
        "{\n"
        '    name = [ "hello" ]\n'
        "    flags = 5\n"
        "    more = 9\n"
        "    c = 4 (BLUE)\n"
        "    n = [\n"
        "        {\n            v = 1\n            next = one\n        },\n"
        "        {\n            v = 2\n            next = 0\n        },\n"
        "    ]\n"
        "    fn = f\n"
        f"    arr = [ {elements}, ... ]\n"
        "    none = [ '\\001', ... ]\n"
        "}\n"
    )


def test_members_and_pointers(typed: Typed) -> None:
    assert typed("thing::print struct thing n[0].next->v flags") == "n[0].next->v = 1\nflags = 5\n"
    assert typed("thing::print struct thing n[0]") == ("n[0] = {\n    n[0].v = 1\n    n[0].next = one\n}\n")
    assert (
        typed("one::print -t struct node") == "struct node {\n    int v = 1\n    struct node *next = two\n}\n"
    )
    assert typed("thing::print -d arr[2]") == "arr[2] = 3\n"
    assert typed("thing::print struct thing nosuch") == (
        "mdb: failed to find member nosuch of struct thing: no such member of structure or union\n"
    )


def test_lists(typed: Typed) -> None:
    assert typed("one::list struct node next | ::print struct node v") == "v = 1\nv = 2\n"
    assert typed("thing::print struct thing n[0].next | ::print struct node v") == "v = 1\n"


def test_printf(typed: Typed) -> None:
    assert (
        typed('thing::printf "%s|%-4d|%#x|%s\\n" struct thing name n[1].v flags c') == "hello|2   |5|BLUE\n"
    )


def test_enum(typed: Typed) -> None:
    lines = typed("::enum color").splitlines()
    assert lines == [f"{'VALUE':>8} {'NAME':<64}", f"{0:>8} RED", f"{2:>8} GREEN", f"{4:>8} BLUE"]


def test_code(typed: Typed) -> None:
    lines = typed("f::dis").splitlines()
    assert lines[0] == f"{'f:':<32}pushq  %rbp"
    assert lines[-1].endswith("ret    ")
    assert typed("f/i") == f"f:\n{'f:':<16}pushq  %rbp\n"
    assert typed("f,2/ai").splitlines()[1:] == [f"{'f:':<16}pushq  %rbp", f"{'f+1:':<16}movq   %rsp,%rbp"]
    assert len(typed("f+4::dis -n 1").splitlines()) >= 2


def test_memory(typed: Typed) -> None:
    assert typed("counter/D") == f"counter:\n{'counter:':<16}{'42':<16}\n"
    assert typed("thing/s").splitlines()[1] == f"{'thing:':<16}hello"
    assert typed("counter/W 1") == (
        f"mdb: failed to write 1 at address {typed.session.dot:#x}: target is not open for writing\n"
    )
    assert "68656c6c 6f000000" in typed("thing::dump")


def test_a_write_changes_the_file(program: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.write_bytes(program.read_bytes())
    typed = Typed(FileTarget(ObjectFile(str(copy), copy.read_bytes()), writable=True))
    assert typed("counter/W 2b").split() == ["counter:", "0x2a", "=", "0x2b"]
    assert Typed(FileTarget(ObjectFile(str(copy), copy.read_bytes())))("counter/D").split()[-1] == "43"


def test_symbols(typed: Typed, program: Path) -> None:
    assert typed("f::whatis").rstrip().endswith(f"is f, in {program}")
    assert [line.split("|")[-1] for line in typed("::nm -t func -n").splitlines()] == ["Name", "_start", "f"]
    assert typed("8::whatis") == "8 is unknown\n"
    assert typed("::status").splitlines()[0] == "debugging executable file (64-bit)"


def ring3_mdb(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ring3", "mdb", *words],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def test_commands_from_a_pipe(program: Path) -> None:
    finished = ring3_mdb(str(program), text="f::dis\n")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith(f"{'f:':<32}pushq  %rbp\n")


def test_the_status_of_expressions() -> None:
    assert ring3_mdb("-e", "0t2 << 0t10=K").stdout == f"{'':16}{'800':<16}\n"
    failed = ring3_mdb("-e", "::nosuch")
    assert (failed.returncode, failed.stderr) == (1, "mdb: invalid command '::nosuch': unknown dcmd name\n")
    assert (
        ring3_mdb("/nonexistent").stderr == "ring3: failed to open /nonexistent: No such file or directory\n"
    )
    assert ring3_mdb("-Z").returncode == 2
