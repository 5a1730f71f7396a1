"""The points at which an observer can be attached, as values; with each, what an observer is there.

Who is told of calls is a `CallObserver`, who is told of the CPU a `CpuObserver`; elsewhere it is a function that gets
one of the events of `kernel.events`, as something has happened.

What is counted (faults, bytes read, switches) has no points of its own: who counts is told at the point where it
happens, as DTrace's sysinfo and vminfo are (`ring3.trace.dtrace.machine.statistics`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.kinds import NamedTuple

if TYPE_CHECKING:
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.task import Task


class SystemCall(NamedTuple):
    """System calls, by any door: a `CallObserver`, whose calls are `watched_stubs.StubCall`.

    Attributes:
        name: Which, by its name in the system's table; "" for all, those that are absent included.
    """

    name: str = ""


class Stub(NamedTuple):
    """Whatever ring 0 hands over to Python, system calls included: a `CallObserver`, whose calls are `StubCall`.

    Attributes:
        symbol: Which, by the stub's symbol; "" for all.
    """

    symbol: str = ""


class Layer(NamedTuple):
    """Calls of one layer of a Linux system call, however it is reached: a `CallObserver`.

    Attributes:
        name: Its name in the source that SYSCALL_DEFINE makes: ``__se_sys_write``, ``__do_sys_write``.
    """

    name: str


class Function(NamedTuple):
    """Calls of a kernel function that has a name: a `CallObserver`.

    Attributes:
        name: Its key, such as ``genunix`modctl``, or its name alone where one module only has it.
    """

    name: str


class CpuRun(NamedTuple):
    """Runs of the CPU, from where it goes on to where it stops: a `CpuObserver`."""


class Instruction(NamedTuple):
    """Every instruction: a `CpuObserver`, which before one may take the task off the CPU (`Kernel.hold`).

    Attributes:
        rings: In which rings.
        full_path: Whether ring 0 is to be gone through where the short path would leave it out.
        task: Whose; None for those of all tasks.
    """

    rings: frozenset[int] = frozenset((0, 3))
    full_path: bool = True
    task: Task | None = None


class Delivery(NamedTuple):
    """The CPU's own way into ring 0, by a door or an exception: gets `Delivered`; puts the full path in force."""


class Address(NamedTuple):
    """A breakpoint: a function of the task and the address, called before the instruction is executed.

    It may change registers and memory; if it changes RIP, the task goes on there.

    Attributes:
        address: Linear address; one of the kernel puts the full path in force.
        mm: The address space it is meant for; None for all.
    """

    address: int
    mm: Mm | None = None


class Block(NamedTuple):
    """Blocks of code as ring 3 enters them: a function of the task, the address and the size in bytes.

    Attributes:
        first: The first address that counts.
        last: The last one.
    """

    first: int = 0
    last: int = (1 << 63) - 1


class Data(NamedTuple):
    """Accesses of programs to a range of memory: gets `DataAccess`, before the access is made.

    Attributes:
        mm: The address space; None for every one, as for addresses of the kernel.
        address: Of the first byte.
        size: Bytes.
        read: Whether loads count.
        write: Whether stores count.
    """

    mm: Mm | None
    address: int
    size: int
    read: bool = False
    write: bool = True


class PageFault(NamedTuple):
    """Pages that were missing or forbidden, for programs and for the kernel on their behalf: gets `Faulted`."""


class Mapping(NamedTuple):
    """Mappings that come, go or change: gets `MappingChanged`."""


class ObjectLoaded(NamedTuple):
    """Files that are mapped to be executed: gets `Loaded`."""


class SignalSent(NamedTuple):
    """Signals that are generated, and whether they were discarded at once: gets `Sent`."""


class SignalForced(NamedTuple):
    """Signals that the kernel makes of exceptions of the running thread, which are not sent: gets `Sent`."""


class SignalDelivered(NamedTuple):
    """Signals that a thread takes: gets `Taken`, before its action."""


class TaskCreated(NamedTuple):
    """Tasks that begin: gets `Created`."""


class TaskExec(NamedTuple):
    """Programs that a task becomes: gets `Executed`."""


class TaskExiting(NamedTuple):
    """Tasks that are about to end, and have their memory and files yet: gets `Exited`."""


class TaskExited(NamedTuple):
    """Tasks that end: gets `Exited`, while the task is still whole."""


class TaskWoken(NamedTuple):
    """Tasks that waited and may run again: gets `Woken`."""


class OnCpu(NamedTuple):
    """Tasks that get the CPU: gets the task."""


class OffCpu(NamedTuple):
    """Tasks that have left the CPU: gets the task."""


class Tick(NamedTuple):
    """The passing of time, by the machine's clock: gets the task that was on the CPU last, None for none.

    Attributes:
        period: Nanoseconds between two.
    """

    period: int


class Clock(NamedTuple):
    """Looks at a clock: a `CallObserver`.

    Attributes:
        name: ``realtime``, ``monotonic`` or ``cpu``.
    """

    name: str


class Randomness(NamedTuple):
    """Random bytes taken: a `CallObserver`, whose calls have their number as the only argument."""


class Packet(NamedTuple):
    """What sockets of IPv4 and IPv6 send and receive, inside of the machine and outward: gets `Carried`."""


class HostData(NamedTuple):
    """What is read from and written to descriptors and files of the host: a `CallObserver` of the functions that do it.

    ``Call.what.name`` says which: ``read``, ``write``, ``pread``, ``preadv``, ``pwrite``.
    """
