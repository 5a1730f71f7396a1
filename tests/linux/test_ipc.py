"""System V interprocess communication and POSIX message queues: the same program on Ring3 and natively."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])


@BITS
def test_does_what_it_does_natively(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("ipc/system_v.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)
    ipc = linux.kernel.ipc
    assert [len(kind) for kind in (ipc.semaphores, ipc.queues, ipc.segments)] == [0, 0, 0]


@BITS
def test_message_queues_by_name(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("ipc/mqueue.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)
    assert not linux.kernel.posix_queues.named
