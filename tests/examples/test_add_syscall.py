from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain, musl

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
HELLO = EXAMPLES / "hello" / "hello"


def rot13(toolchain: Toolchain, bits: Bits) -> Path:
    return toolchain.build([EXAMPLES / "rot13.c"], target=musl(bits), kind="static")


@pytest.mark.parametrize("bits", [64, 32])
def test_program_meets_its_call_on_a_machine_that_has_it(toolchain: Toolchain, bits: Bits) -> None:
    command = [sys.executable, str(EXAMPLES / "add_syscall.py"), str(rot13(toolchain, bits))]
    finished = subprocess.run(command, capture_output=True, check=False)
    assert finished.stdout == b"Hello from a new system call!\n"
    assert finished.stderr == b"rot13 of a bad pointer: Bad address\n"
    assert finished.returncode == 23


@pytest.mark.parametrize("bits", [64, 32])
def test_no_other_machine_has_it(toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = rot13(toolchain, bits)
    finished = subprocess.run(
        [sys.executable, "-m", "ring3", "run", program], capture_output=True, check=False
    )
    there = native(program)
    assert (finished.stdout, finished.stderr, finished.returncode) == (
        there.stdout,
        there.stderr,
        there.status,
    )
    assert there.stderr == b"rot13: Function not implemented\n"


def test_hello_is_the_seeds_and_does_natively_what_it_should(native: Run) -> None:
    seed = (ROOT / "tests" / "programs" / "seeds" / "hello.s").read_bytes()
    assert (EXAMPLES / "hello" / "hello.s").read_bytes() == seed
    finished = native(HELLO)
    assert (finished.stdout, finished.stderr, finished.status) == (b"Hello, world\n", b"", 0)
