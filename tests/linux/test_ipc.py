"""System V interprocess communication: the same program on Ring3 and natively, and what ipcs(1) reads."""

from __future__ import annotations

import pytest

from ring3.api import Linux
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain


@pytest.mark.parametrize("bits", [64, 32])
def test_does_what_it_does_natively(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("ipc/system_v.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)
    ipc = linux.kernel.ipc
    assert [len(kind) for kind in (ipc.semaphores, ipc.queues, ipc.segments)] == [0, 0, 0]
