"""docs/adding-a-syscall-solaris.md: its Python prints what it says, its example runs, its permanent way is followed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_snippets import MARK, SNIPPET
from tests.support.toolchain import Toolchain

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "adding-a-syscall-solaris.md"
SOURCE = ROOT / "examples" / "rot13_solaris.S"
EXAMPLE = ROOT / "examples" / "add_syscall_solaris.py"
NUMBER = 208


@pytest.fixture
def program(toolchain: Toolchain) -> Path:
    return toolchain.build([SOURCE], target="x86_64-freestanding-none", kind="nolibc")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{path} has {text.count(old)} times {old!r}"
    path.write_text(text.replace(old, new))


def run(*words: object, source: Path = ROOT / "src") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, words)],
        env=os.environ | {"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_snippets_print_what_the_page_says() -> None:
    snippets = SNIPPET.findall(PAGE.read_text())
    assert len(snippets) == 5
    script = f"print({MARK!r})\n".join(code for code, _ in snippets)
    finished = run("-u", "-c", script)
    assert finished.stderr == ""
    assert finished.stdout.split(MARK + "\n") == [printed for _, printed in snippets]


def test_page_shows_the_programs_own_stub() -> None:
    shown = re.search(r"^rot13:\n(?:\t.*\n)+", PAGE.read_text(), re.MULTILINE)
    assert shown is not None
    assert shown[0] in SOURCE.read_text()


def test_without_the_call_it_is_sigsys(program: Path) -> None:
    finished = run("-m", "ring3", "run", "--os", "solaris", program)
    assert (finished.stdout, finished.returncode) == ("", 140)
    assert finished.stderr in PAGE.read_text()


def test_example(program: Path) -> None:
    finished = run(EXAMPLE, program)
    assert (finished.stdout, finished.stderr) == ("Hello from a new system call!\n", "")
    assert finished.returncode == 23


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy's ``src``, with the four changes made."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    ring3 = copy / "src" / "ring3"
    data = ring3 / "abi" / "data" / "solaris"
    page = PAGE.read_text()
    row = next(line.strip() for line in page.splitlines() if line.strip().startswith(f"{NUMBER}\trot13"))
    edit(data / "sysent.tsv", f"\n{NUMBER}\tnosys\t0\tnosys\tNOSYS\t\tnosys\t0\n", f"\n{row}\n")
    for name in ("name_to_sysnum", "name_to_sysnum.solaris11"):
        with (data / name).open("a") as file:
            file.write(f"rot13\t\t\t{NUMBER}\n")
    example = EXAMPLE.read_text()
    handler = example[example.index("def rot13") : example.index("def main")]
    (ring3 / "solaris" / "rot13.py").write_text(
        '"""rot13, which no Solaris has."""\n\nfrom __future__ import annotations\n\nimport codecs\n\n'
        "from ring3.abi.c_types import Address, SizeT\nfrom ring3.solaris.definition import syscall\n\n\n"
        f'@syscall("full")\n{handler}'
    )
    families = ring3 / "solaris" / "table.py"
    families.write_text(re.sub(r"\brw\b", "rot13, rw", families.read_text()))
    return copy / "src"


@pytest.mark.parametrize("path", ["short", "full"])
def test_call_added_for_good(program: Path, package: Path, path: str) -> None:
    finished = run("-m", "ring3", "run", "--os", "solaris", "--path", path, program, source=package)
    assert (finished.stdout, finished.stderr) == ("Hello from a new system call!\n", "")
    assert finished.returncode == 23
