"""Restartable sequences: compared with a native run."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain


@pytest.mark.parametrize("bits", [64, 32])
def test_does_what_it_does_natively(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("tasks/rseq.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)
