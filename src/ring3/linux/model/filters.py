"""Which system calls a thread has given up, or catches itself (seccomp(2), PR_SET_SYSCALL_USER_DISPATCH)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ring3.abi.kinds import IntEnum, NamedTuple

if TYPE_CHECKING:
    from ring3.kernel import classic_bpf
    from ring3.linux.model.listener import Listener


class Mode(IntEnum):
    """What a thread has given up (PR_GET_SECCOMP)."""

    DISABLED = 0
    STRICT = 1
    FILTER = 2
    DEAD = 3


class Filter(NamedTuple):
    """A filter, and those that were there before it; a child inherits all, and nobody can take one away.

    Attributes:
        program: What decides.
        before: The next older filter.
        instructions: How many instructions of Linux's own this filter and the older ones count for.
        listener: Who is asked what it does not decide, None for nobody.
        logs: Whether its actions are to be logged (SECCOMP_FILTER_FLAG_LOG).
    """

    program: classic_bpf.Program
    before: Filter | None
    instructions: int
    listener: Listener | None = None
    logs: bool = False


def chain(newest: Filter | None) -> Iterator[Filter]:
    """A filter and those that were there before it, the newest first."""
    while newest is not None:
        yield newest
        newest = newest.before


class Seccomp(NamedTuple):
    """What a thread has given up; None stands for nothing.

    Attributes:
        mode: How.
        filter: The newest filter.
    """

    mode: Mode
    filter: Filter | None = None

    def listeners(self) -> list[Listener]:
        """Those of all its filters: one of them listens at most, the others have closed."""
        return [one.listener for one in chain(self.filter) if one.listener is not None]


class Dispatch(NamedTuple):
    """What a thread catches.

    Attributes:
        offset: Where the range begins from which calls go to the kernel.
        length: Its bytes, modulo 2**64: it may wrap around.
        selector: Address of the byte that says whether calls are caught, 0 if they always are.
    """

    offset: int
    length: int
    selector: int
