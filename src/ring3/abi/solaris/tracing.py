"""What a controller says to a process by /proc, and why that stops (proc(5); sys/procfs.h of illumos)."""

from __future__ import annotations

from typing import Final

from ring3.abi.kinds import IntEnum


class Control(IntEnum):
    """The messages that are written to ``ctl`` and ``lwpctl``."""

    PCNULL = 0
    PCSTOP = 1
    PCDSTOP = 2
    PCWSTOP = 3
    PCTWSTOP = 4
    PCRUN = 5
    PCCSIG = 6
    PCCFAULT = 7
    PCSSIG = 8
    PCKILL = 9
    PCUNKILL = 10
    PCSHOLD = 11
    PCSTRACE = 12
    PCSFAULT = 13
    PCSENTRY = 14
    PCSEXIT = 15
    PCSET = 16
    PCUNSET = 17
    PCSREG = 18
    PCNICE = 21
    PCREAD = 25
    PCWRITE = 26


LONG: Final = -1
"""An operand that is a long of the program that writes it."""
SET: Final = 16
"""Bytes of a set of signals or faults; one of calls has four times as many."""
OPERANDS: Final = {
    64: {
        Control.PCTWSTOP: LONG, Control.PCRUN: LONG, Control.PCSSIG: 256, Control.PCKILL: LONG,
        Control.PCUNKILL: LONG, Control.PCSHOLD: SET, Control.PCSTRACE: SET, Control.PCSFAULT: SET,
        Control.PCSENTRY: 4 * SET, Control.PCSEXIT: 4 * SET, Control.PCSET: LONG, Control.PCUNSET: LONG,
        Control.PCSREG: 28 * 8, Control.PCNICE: LONG, Control.PCREAD: 24, Control.PCWRITE: 24,
    },
}  # fmt: skip
"""Bytes of each message's operand; those that are not here have none."""
OPERANDS[32] = OPERANDS[64] | {
    Control.PCSSIG: 128, Control.PCSREG: 19 * 4, Control.PCREAD: 12, Control.PCWRITE: 12
}  # fmt: skip

PRCSIG: Final = 0x01
PRCFAULT: Final = 0x02
PRSTEP: Final = 0x04
PRSABORT: Final = 0x08
PRSTOP: Final = 0x10

PR_STOPPED: Final = 0x1
PR_ISTOP: Final = 0x2
PR_DSTOP: Final = 0x4
PR_FORK: Final = 0x0010_0000
PR_RLC: Final = 0x0020_0000
PR_KLC: Final = 0x0040_0000
PR_ASYNC: Final = 0x0080_0000
PR_MSACCT: Final = 0x0100_0000
PR_BPTADJ: Final = 0x0200_0000
PR_PTRACE: Final = 0x0400_0000
PR_MSFORK: Final = 0x0800_0000
PR_MODES: Final = (
    PR_FORK | PR_RLC | PR_KLC | PR_ASYNC | PR_MSACCT | PR_BPTADJ | PR_PTRACE | PR_MSFORK
)  # fmt: skip
"""What PCSET and PCUNSET change."""


class Why(IntEnum):
    """``pr_why``."""

    PR_REQUESTED = 1
    PR_SIGNALLED = 2
    PR_SYSENTRY = 3
    PR_SYSEXIT = 4
    PR_JOBCONTROL = 5
    PR_FAULTED = 6
    PR_SUSPENDED = 7


class Fault(IntEnum):
    """Faults that can be traced."""

    FLTILL = 1
    FLTBPT = 3
    FLTTRACE = 4
    FLTACCESS = 5
    FLTBOUNDS = 6
    FLTIOVF = 7
    FLTIZDIV = 8
    FLTFPE = 9
