"""What ``basic/signals_fault.c`` dies of, as ``basic/signals_fault.tsv`` lists it from native runs."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from tests.support.toolchain import PROGRAMS, Bits


@dataclass(frozen=True, slots=True)
class Fault:
    """One deed of the program built for one width, and the signal it dies of."""

    name: str
    bits: Bits
    signal: signal.Signals

    def __str__(self) -> str:
        return f"{self.name}-{self.bits}"

    @property
    def status(self) -> int:
        """The exit status as a shell gives it."""
        return 128 + self.signal


def table() -> list[Fault]:
    """Returns every deed of either width; a deed that one width does not have is absent for it."""
    faults = []
    widths: tuple[Bits, Bits] = (64, 32)
    for line in (PROGRAMS / "basic" / "signals_fault.tsv").read_text().splitlines()[1:]:
        name, *signals = line.split("\t")
        faults += [
            Fault(name, bits, signal.Signals[died_of])
            for bits, died_of in zip(widths, signals, strict=True)
            if died_of != "-"
        ]
    return faults
