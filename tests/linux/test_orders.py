"""The order in which calls check their arguments: random bad ones in every position, as nobody, compared with the host.

What a kernel of the host's age answers may differ from another one's; tests/programs/storms/orders.c lists the calls.
"""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.fuzzing import seeds
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

CALLS = "150"


@pytest.mark.parametrize("seed", seeds(4))
def test_random_arguments(linux: Linux, toolchain: Toolchain, native: Run, seed: int) -> None:
    program = toolchain.program("storms/orders.c")
    arguments = [str(seed), CALLS]
    theirs = native(program, arguments)
    assert guest.run(linux, program, arguments).stdout.splitlines() == theirs.stdout.splitlines()


@pytest.mark.parametrize("bits", [64, 32])
def test_what_is_refused_first(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("tasks/refusals.c", bits=bits)
    assert guest.run(linux, program).stdout.splitlines() == native(program).stdout.splitlines()
