"""Very much at once: processes, signals, mappings, locks and pipes by the hundred, on both paths and for both widths.

Each program's result is known, and the same natively; afterwards the kernel holds what it held before.
"""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from ring3.kernel.timers import Meter
from tests.support import guest
from tests.support.native import Run
from tests.support.stop_clocks import StopClocks
from tests.support.toolchain import Bits, Toolchain

EXPECTED = {
    "trees": b"processes: 121\n",
    "ring": b"ring: 780\n",
    "signals": b"signals: 17700, nested 240, depth 0, children 10\n",
    "mappings": b"mappings: wrong 0, checked 1, moved 1\n",
    "futexes": b"futexes: 360 360 360, recovered 8\n",
    "pipes": b"pipes: 5760 149760\n",
}
SHORT_TURN = 3000
"""Bytes of code after which the next task runs: many switches, at any place."""


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("often", [False, True], ids=["", "often"])
@pytest.mark.parametrize("kind", EXPECTED)
def test_comes_to_the_right_end_and_leaves_nothing(
    linux: Linux, toolchain: Toolchain, kind: str, often: bool, bits: Bits
) -> None:
    program = toolchain.program("storms/storm.c", bits=bits)
    if often:
        assert isinstance(linux.kernel.slices, Meter | StopClocks)
        linux.kernel.slices.tick = SHORT_TURN
    before = guest.census(linux)
    assert guest.run(linux, program, [kind]).stdout == EXPECTED[kind]
    assert guest.census(linux) == before


@pytest.mark.parametrize("kind", EXPECTED)
def test_comes_to_the_same_end_natively(toolchain: Toolchain, native: Run, kind: str) -> None:
    assert native(toolchain.program("storms/storm.c"), [kind]).stdout == EXPECTED[kind]
