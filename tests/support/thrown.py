"""Throws programs to and fro between both CPUs, at stops that are chosen at random: no result may change."""

from __future__ import annotations

from random import Random

from ring3.computer import Linux
from ring3.machine.cpu import Stop
from ring3.machine.moving_cpu import MovingCpu


def throw(linux: Linux, seed: int = 15) -> None:
    """Has each run of ring 3 go on on a CPU that is drawn."""
    cpu, run, draw = linux.machine.cpu, linux.kernel.run_cpu, Random(seed).random
    assert isinstance(cpu, MovingCpu)

    def run_anywhere() -> Stop:
        if cpu.cpl == 3:
            cpu.move(away=draw() < 0.5)
        return run()

    linux.kernel.run_cpu = run_anywhere
