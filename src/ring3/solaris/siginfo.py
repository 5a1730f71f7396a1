"""What comes with a signal: ``siginfo_t``, 256 bytes in a 64-bit program, 128 in one of 32 (sys/siginfo.h)."""

from __future__ import annotations

import struct
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.abi.solaris.signals import SolarisSig

SIZE: Final = {64: 256, 32: 128}
SI_USER: Final = 0
SI_LWP: Final = -1
SI_QUEUE: Final = -2
SI_TIMER: Final = -3
CLD_EXITED: Final = 1
CLD_KILLED: Final = 2
CLD_DUMPED: Final = 3
CLD_STOPPED: Final = 5
CLD_CONTINUED: Final = 6


class Info(NamedTuple):
    """A signal and what comes with it.

    Attributes:
        signo: The signal.
        code: Why (``si_code``).
        pid: Who sent it, or the child.
        uid: The sender's user.
        status: A child's exit status or signal; the value of sigqueue(3C).
        address: Where a fault was.
    """

    signo: int
    code: int = SI_USER
    pid: int = 0
    uid: int = 0
    status: int = 0
    address: int = 0

    def pack(self, bits: int = 64) -> bytes:
        """``siginfo_t`` of a program of 64 or 32 bits."""
        if bits == 32:
            return self._pack32()
        head = struct.pack("<iii4x", self.signo, self.code, 0)
        if self.address or (self.code > 0 and not self.pid):
            body = struct.pack("<Q", self.address)
        elif self.signo == SolarisSig.SIGCLD:
            body = struct.pack("<i4xqi4xq", self.pid, 0, self.status, 0)
        else:
            body = struct.pack("<i4xI4xQ", self.pid, self.uid, self.status & (1 << 64) - 1)
        return (head + body).ljust(SIZE[64], b"\0")

    def _pack32(self) -> bytes:
        if self.address or (self.code > 0 and not self.pid):
            body = struct.pack("<I", self.address & 0xFFFF_FFFF)
        elif self.signo == SolarisSig.SIGCLD:
            body = struct.pack("<iiii", self.pid, 0, self.status, 0)
        else:
            body = struct.pack("<iII", self.pid, self.uid, self.status & 0xFFFF_FFFF)
        return (struct.pack("<iii", self.signo, self.code, 0) + body).ljust(SIZE[32], b"\0")
