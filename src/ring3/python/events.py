"""What `Process.run_until` can wait for, and what it tells when something has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ring3.python.calls import SystemCall
    from ring3.python.process import Process


class Call(NamedTuple):
    """A system call is about to be made.

    Attributes:
        name: Its name, such as ``openat``; "" for any.
    """

    name: str = ""


class Return(NamedTuple):
    """A system call is about to return.

    Attributes:
        name: Its name; "" for any.
    """

    name: str = ""


class KernelFunction(NamedTuple):
    """A function of the kernel has been called; the machine stops as soon as the system call it belongs to is over.

    Attributes:
        name: Its name, such as ``vfs_write``.
    """

    name: str


class At(NamedTuple):
    """The next instruction is at an address.

    Attributes:
        place: The address, or a symbol of the program or of a library that is loaded.
    """

    place: int | str


class Signal(NamedTuple):
    """The program takes a signal; the machine stops where that has led to.

    Attributes:
        number: Its number; 0 for any.
    """

    number: int = 0


class Exit(NamedTuple):
    """The program has ended."""


class Instructions(NamedTuple):
    """The program has executed so many instructions.

    Attributes:
        number: How many, from 1 on.
    """

    number: int


class After(NamedTuple):
    """So much time has passed by the machine's clock.

    Attributes:
        seconds: How much.
    """

    seconds: float


KINDS = (Call, Return, KernelFunction, At, Signal, Exit, Instructions, After)
Event = (
    Call | Return | KernelFunction | At | Signal | Exit | Instructions | After | Callable[["Process"], bool]
)
"""What to wait for; a function of the process is asked between the turns of its threads, and after each system call."""


class Stop(NamedTuple):
    """Why the machine has stopped; the process goes on with the next `Process.run` or `run_until`.

    Attributes:
        event: What has come: the one that was waited for, or `Exit`; None if `Machine.stop` was called.
        process: The process it concerns.
        call: The system call, for `Call` and `Return`.
        address: Where the next instruction is, for `At` and `Instructions`; else None.
        signal: The signal's number, for `Signal`; else 0.
        status: The program's status as a shell has it, for `Exit`; else None.
    """

    event: Any
    process: Process
    call: SystemCall | None = None
    address: int | None = None
    signal: int = 0
    status: int | None = None
