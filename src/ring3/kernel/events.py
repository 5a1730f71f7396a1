"""What observers are told has happened, as values; `kernel.points` says where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ring3.abi.kinds import NamedTuple

if TYPE_CHECKING:
    from ring3.kernel.mm.fault import FaultOutcome
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.mm.space import Space
    from ring3.kernel.mm.vma import Vma
    from ring3.kernel.task import Task


class DataAccess(NamedTuple):
    """A program is about to read or write memory.

    Attributes:
        task: Its task.
        ip: The instruction.
        address: Of the first byte.
        size: Bytes.
        value: What is written, None for a load.
    """

    task: Task
    ip: int
    address: int
    size: int
    value: int | None


class Faulted(NamedTuple):
    """A page fault was resolved, or could not be.

    Attributes:
        task: Whose; None outside of any.
        mm: Where.
        address: Linear address.
        write: It was a store.
        fetch: It was an instruction fetch.
        outcome: What came of it.
    """

    task: Task | None
    mm: Mm
    address: int
    write: bool
    fetch: bool
    outcome: FaultOutcome


class MappingChanged(NamedTuple):
    """A mapping came, went or got other rights.

    Attributes:
        task: On whose behalf; None outside of any.
        space: The address space.
        change: ``insert``, ``remove`` or ``recast``.
        vma: The mapping.
    """

    task: Task | None
    space: Space
    change: str
    vma: Vma


class Loaded(NamedTuple):
    """A file was mapped to be executed."""

    task: Task | None
    space: Space
    vma: Vma


class Sent(NamedTuple):
    """A signal was generated.

    Attributes:
        task: By whom; None outside of any.
        receiver: The thread it is for, None for any of the process.
        process: The process it is for.
        info: The signal's number and what comes with it.
        discarded: It was dropped: ignored, there already, or without room.
    """

    task: Task | None
    receiver: Task | None
    process: Any
    info: Any
    discarded: bool


class Taken(NamedTuple):
    """A thread takes a signal."""

    task: Task
    info: Any


class Created(NamedTuple):
    """A task begins; ``parent`` is who made it, None for one that nobody forked."""

    task: Task
    parent: Task | None


class Executed(NamedTuple):
    """A task has become another program."""

    task: Task
    path: bytes


class Exited(NamedTuple):
    """A task ends, with a code as wait(2) has it."""

    task: Task
    code: int


class Woken(NamedTuple):
    """A task that waited may run again; ``by`` is who runs meanwhile, None for nobody: a timer or the host."""

    task: Task
    by: Task | None


End = tuple[bytes, int]
"""An address of IPv4 or IPv6 as its bytes, and a port."""


class Carried(NamedTuple):
    """Something goes from one end to the other, as a network would carry it.

    Attributes:
        task: Whose call it comes of; None outside of any.
        protocol: By its number: 6 for TCP, 17 for UDP, 1 for ICMP.
        source: Whom it is from.
        target: Whom it is for.
        flags: Those of a segment of TCP (RFC 9293, 3.1).
        data: What is carried: bytes of a stream, or a whole message.
    """

    task: Task | None
    protocol: int
    source: End
    target: End
    flags: int
    data: bytes
