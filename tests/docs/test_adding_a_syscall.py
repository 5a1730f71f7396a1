"""The permanent way of docs/adding-a-syscall.md, followed to the letter in a copy of the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.toolchain import Bits, Toolchain, musl

ROOT = Path(__file__).resolve().parents[2]
NUMBER = 472


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{path} has {text.count(old)} times {old!r}"
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy's ``src``, with the five changes made."""
    copy = tmp_path_factory.mktemp("copy")
    for folder in ("src", "scripts", "examples"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    ring3 = copy / "src" / "ring3"
    tables = ring3 / "abi" / "data" / "linux"
    for name, abi in (("syscall_64.tbl", "common"), ("syscall_32.tbl", "i386")):
        last = f"{NUMBER - 1}\t{abi}\trseq_slice_yield\tsys_rseq_slice_yield\n"
        edit(tables / name, last, f"{last}{NUMBER}\t{abi}\trot13\t\t\tsys_rot13\n")
    for constant in ("\nNR_SYSCALLS", "\nIA32_NR_SYSCALLS"):
        edit(
            ring3 / "abi" / "tbl.py", f"{constant}: Final = {NUMBER}\n", f"{constant}: Final = {NUMBER + 1}\n"
        )
    example = (ROOT / "examples" / "add_syscall.py").read_text()
    handler = example[example.index("def sys_rot13") : example.index("def main")]
    (ring3 / "linux" / "calls" / "system" / "rot13.py").write_text(
        '"""rot13, which no Linux has."""\n\nfrom __future__ import annotations\n\nimport codecs\n\n'
        "from ring3.abi.c_types import Pointer, SizeT\nfrom ring3.linux.definition import syscall\n\n\n"
        f'@syscall("full")\n{handler}'
    )
    for script in ("build-table", "build-image"):
        subprocess.run([sys.executable, copy / "scripts" / script], check=True)
    return copy / "src"


@pytest.mark.parametrize("path", ["short", "full"])
@pytest.mark.parametrize("bits", [64, 32])
def test_call_added_for_good(toolchain: Toolchain, package: Path, bits: Bits, path: str) -> None:
    source = ROOT / "examples" / "rot13.c"
    program = toolchain.build([source], target=musl(bits), kind="static", flags=[f"-DNR_rot13={NUMBER}"])
    finished = subprocess.run(
        [sys.executable, "-m", "ring3", "run", "--path", path, program],
        env=os.environ | {"PYTHONPATH": str(package)},
        capture_output=True,
        check=False,
    )
    assert finished.stdout == b"Hello from a new system call!\n"
    assert finished.stderr == b"rot13 of a bad pointer: Bad address\n"
    assert finished.returncode == 23
