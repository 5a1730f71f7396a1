"""Constants that every program may name: errors, signals, faults, registers, and what the translated types use.

They are looked up when a program names them; the numbers of errors and signals are those of the traced system.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ring3.trace.dtrace import registers
from ring3.trace.dtrace.errors import FaultKind

_VNODES = ("NON", "REG", "DIR", "BLK", "CHR", "LNK", "FIFO", "DOOR", "PROC", "SOCK", "PORT", "BAD")
"""Kinds of `v_type` (sys/vnode.h), from 0 on."""
_FAULTS = (
    "ILL",
    "PRIV",
    "BPT",
    "TRACE",
    "ACCESS",
    "BOUNDS",
    "IOVF",
    "IZDIV",
    "FPE",
    "STACK",
    "PAGE",
    "WATCH",
)
"""Faults that proc:::fault tells (sys/fault.h), from 1 on."""
_TCP_STATES = (
    *("CLOSED", "IDLE", "BOUND", "LISTEN", "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED"),
    *("CLOSE_WAIT", "FIN_WAIT_1", "CLOSING", "LAST_ACK", "FIN_WAIT_2", "TIME_WAIT"),
)
"""States of a connection (inet/tcp.h), from -6 on."""
_FIXED = {
    "NULL": 0,
    **{f"DTRACEFLT_{kind.name}": int(kind) for kind in FaultKind},
    "DTRACEFLT_DIVZERO": int(FaultKind.DIVZERO),
    **registers.CONSTANTS,
    "AF_UNIX": 1,
    "AF_INET": 2,
    "PR_MODEL_ILP32": 1,
    "PR_MODEL_LP64": 2,
    "PR_STOPPED": 1,
    "PR_ISTOP": 2,
    "PR_DSTOP": 4,
    "PR_IDLE": 0x10000000,
    "PR_WAITING": 1,
    "PR_RUNNING": 2,
    "SSLEEP": 1,
    "SRUN": 2,
    "SZOMB": 3,
    "SSTOP": 4,
    "SIDL": 5,
    "SONPROC": 6,
    "SWAIT": 7,
    "CLD_EXITED": 1,
    "CLD_KILLED": 2,
    "CLD_DUMPED": 3,
    "CLD_TRAPPED": 4,
    "CLD_STOPPED": 5,
    "CLD_CONTINUED": 6,
    **{f"V{kind}": number for number, kind in enumerate(_VNODES)},
    **{f"FLT{fault}": number for number, fault in enumerate(_FAULTS, 1)},
    **{f"TH_{flag}": 1 << bit for bit, flag in enumerate(("FIN", "SYN", "RST", "PUSH", "ACK", "URG"))},
    **{f"TCP_STATE_{state}": number for number, state in enumerate(_TCP_STATES, -6)},
    **{f"IPPROTO_{name}": number for name, number in (("ICMP", 1), ("TCP", 6), ("UDP", 17), ("ICMPV6", 58))},
    "ARPHRD_ETHER": 1,
    "ARPHRD_INFINIBAND": 32,
    "B_DONE": 0x2,
    "B_ERROR": 0x4,
    "B_PAGEIO": 0x10,
    "B_PHYS": 0x20,
    "B_READ": 0x40,
    "B_WRITE": 0x100,
    "B_ASYNC": 0x400,
}


def linux() -> dict[str, int]:
    """Errors and signals of Linux."""
    from ring3.abi.errno import E  # noqa: PLC0415 - only programs that name a constant pay for it
    from ring3.abi.signals import Sig  # noqa: PLC0415

    named = {name: int(value) for name, value in E.__members__.items()}
    named |= {name: int(value) for name, value in Sig.__members__.items()}
    return named | {
        "AF_INET6": 10,
        "O_RDONLY": 0,
        "O_WRONLY": 1,
        "O_RDWR": 2,
        "O_CREAT": 0o100,
        "O_APPEND": 0o2000,
    }


def solaris() -> dict[str, int]:
    """Errors and signals of Solaris."""
    from ring3.abi.solaris.errno import SolarisE  # noqa: PLC0415
    from ring3.abi.solaris.signals import SolarisSig  # noqa: PLC0415

    named = {name: int(value) for name, value in SolarisE.__members__.items()}
    named |= {name: int(value) for name, value in SolarisSig.__members__.items()}
    return named | {
        "AF_INET6": 26,
        "O_RDONLY": 0,
        "O_WRONLY": 1,
        "O_RDWR": 2,
        "O_CREAT": 0x100,
        "O_APPEND": 8,
    }


def finder(of_system: Callable[[], Mapping[str, int]] = linux) -> Callable[[str], int | None]:
    """A function that gives the value of a constant; None for a name that is none."""
    table: dict[str, int] = {}

    def find(name: str) -> int | None:
        name = name.removeprefix("D`")
        if name in _FIXED:
            return _FIXED[name]
        if not name.isupper() and not name[:2].isupper():
            return None
        if not table:
            table.update(of_system())
        return table.get(name)

    return find
