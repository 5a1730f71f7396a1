"""Where a thread has its restartable sequences (rseq(2))."""

from __future__ import annotations


class Registration:
    """A thread's ``struct rseq``.

    Attributes:
        address: Where it lies.
        size: Its bytes.
        signature: The word before each abort address.
        interrupted: The CPU was taken away, or a signal is being delivered, since the last look at it.
        due: It is to be looked at before ring 3 runs, with TIF_NOTIFY_RESUME.
    """

    __slots__ = ("address", "due", "interrupted", "signature", "size")

    def __init__(self, address: int, size: int, signature: int) -> None:
        self.address = address
        self.size = size
        self.signature = signature
        self.interrupted = False
        self.due = True

    def copy(self) -> Registration:
        """That of a forked child, whose memory is a copy."""
        return Registration(self.address, self.size, self.signature)
