"""Scheduling: what can be set and by whom, and who runs when."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from ring3.linux.model.credentials import Credentials
from ring3.linux.model.scheduling import Policy, Scheduling
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])

TURNS = b"""\
yielding: abcabcabcabcabc
one after the other: aaaaabbbbbccccc
fifo: Pcccdddbababap
rr: Pcccdddbababap
woken: lhmlhmlhm
lowered: pcq
"""
"""What the program prints on a single CPU of Linux 6.18, run by user 0."""


@BITS
def test_settings_are_as_natively(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("tasks/scheduling.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)


@BITS
def test_yielding_and_priorities_decide_who_runs(
    linux: Linux, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch, bits: Bits
) -> None:
    monkeypatch.setattr("ring3.computer.linux.host_credentials", lambda: Credentials.of(0, 0))
    assert guest.run(linux, toolchain.program("tasks/turns.c", bits=bits)).stdout == TURNS


def test_a_child_starts_anew_if_that_was_asked_for() -> None:
    assert Scheduling(Policy.FIFO, 5).for_child() == Scheduling(Policy.FIFO, 5)
    assert Scheduling(Policy.FIFO, 5, reset_on_fork=True).for_child() == Scheduling()
    assert Scheduling(nice=-5, reset_on_fork=True).for_child() == Scheduling()
    assert Scheduling(Policy.BATCH, nice=5, reset_on_fork=True).for_child() == Scheduling(
        Policy.BATCH, nice=5
    )


def test_ranks() -> None:
    assert [Scheduling(policy, 7).rank for policy in Policy] == [0, 7, 7, 0, 0, 100]
