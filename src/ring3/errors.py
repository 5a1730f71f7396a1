"""The exceptions of Ring3, each with one owner.

::

    Exception
     +-- Ring3Error          everything this package raises on purpose
     |    +-- UserError      the user's mistake: one line on stderr and an exit status
     |    +-- OutOfFrames    guest RAM is full; the kernel turns it into ENOMEM
     |    +-- Deadlock       every task waits for another: the program would hang for ever
     |    +-- TripleFault    the guest's ring 0 is beyond repair; the machine stops
     |    +-- KernelPanic    our own bug: the guest's registers and the Python traceback
     +-- Errno (abi.errno)   a handler's failure; the gate turns it into -errno or carry and errno

A fault of the guest is never a Python exception: it is a value the CPU hands back and becomes a signal.
"""

from __future__ import annotations


class Ring3Error(Exception):
    """Base of everything this package raises on purpose."""


class UserError(Ring3Error):
    """The user's mistake: bad arguments, a file that cannot be run.

    Attributes:
        status: The exit status of the command: 126 or 127 as a shell gives, 2 for bad usage.
    """

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status


CLOSED = "the machine is closed"
"""What a `UserError` says of one that is switched off."""


class OutOfFrames(Ring3Error):
    """Guest RAM has no free frame left."""


class Deadlock(Ring3Error):
    """Every task waits, and there is no timer, signal or descriptor of the host that could wake one."""


class TripleFault(Ring3Error):
    """An exception could not be delivered, nor the double fault that follows: the CPU shuts down (SDM 3A 6.15)."""


class KernelPanic(Ring3Error):
    """A bug of Ring3 itself, met while the guest ran.

    The Python exception that caused it is its ``__cause__``.

    Attributes:
        registers: The guest's registers at that moment, as text, one line per row.
    """

    def __init__(self, message: str, registers: str = "") -> None:
        super().__init__(message)
        self.registers = registers
