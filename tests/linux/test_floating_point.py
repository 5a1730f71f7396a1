"""Floating point as the host's processor does it: results, flags, exceptions, alignment."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.floating_point import differences
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])


@pytest.mark.native
def test_operations_on_random_operands(linux: Linux, toolchain: Toolchain, native: Run) -> None:
    """The long form, with other operands each time, is scripts/fuzz-floating-point."""
    program = toolchain.program("floating_point/operations.c")
    mine, real = guest.run(linux, program, ["1", "60"]).finished, native(program, ["1", "60"])
    assert (mine.stderr, mine.status) == (b"", 0)
    assert not list(differences(mine.stdout.decode(), real.stdout.decode()))


@pytest.mark.native
@BITS
@pytest.mark.parametrize("name", ["remainders", "unmasked", "alignment"])
def test_as_natively(linux: Linux, toolchain: Toolchain, native: Run, name: str, bits: Bits) -> None:
    program = toolchain.program(f"floating_point/{name}.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)
