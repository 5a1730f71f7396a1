"""The providers sysinfo and vminfo: what is counted of the system, as it is counted; arg0 is by how much.

Only what this kernel does is there: it has no swap, no queues of messages and one processor.
Sources: the Dynamic Tracing Guide's chapters on sysinfo and vminfo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ring3.abi.errno import Errno
from ring3.kernel import points
from ring3.kernel.events import Faulted
from ring3.kernel.mm.fault import FaultOutcome
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.task import TaskState
from ring3.trace.dtrace.machine.providers import padded
from ring3.trace.dtrace.machine.target import TaskContext
from ring3.trace.dtrace.providers.base import Description, Fire, Probe, select

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.task import Task

_READS: Final = ("read", "readv", "pread", "pread64", "preadv", "recv", "recvfrom", "recvmsg")
_WRITES: Final = ("write", "writev", "pwrite", "pwrite64", "pwritev", "send", "sendto", "sendmsg")
_PAGE: Final = 4096


class _Calls(NamedTuple):
    """A statistic of calls: which, and whether their results are added up, or the calls counted."""

    names: tuple[str, ...]
    adds_results: bool = False


_SYSINFO: Final = {
    "msg": _Calls(("msgsnd", "msgrcv", "msgsys")),
    "sema": _Calls(("semop", "semtimedop", "semsys")),
    "sysread": _Calls(_READS),
    "syswrite": _Calls(_WRITES),
    "readch": _Calls(_READS, adds_results=True),
    "writech": _Calls(_WRITES, adds_results=True),
    "sysfork": _Calls(("fork", "clone", "clone3", "forksys")),
    "sysvfork": _Calls(("vfork",)),
    "sysexec": _Calls(("execve", "execveat", "exece")),
}


def _every(event: Faulted) -> int:
    return event.outcome is FaultOutcome.OK


def _protection(event: Faulted) -> int:
    return event.outcome is FaultOutcome.SEGV_ACCERR


def _anonymous(event: Faulted) -> bool:
    vma = event.mm.vma_at(event.address)
    return vma is not None and vma.obj is None


_VMINFO: Final[dict[str, Callable[[Faulted], int]]] = {
    "as_fault": _every,
    "prot_fault": _protection,
    "zfod": lambda event: _every(event) and _anonymous(event),
}
_PAGING: Final = {"maj_fault": False, "pgin": False, "pgpgin": True, "fspgin": True}
"""Statistics of pages that are read from the host; whether pages are counted, or requests."""


_NEVER: Final = {
    "sysinfo": (
        *(
            "bawrite",
            "bread",
            "bwrite",
            "canch",
            "idlethread",
            "intrblk",
            "lread",
            "lwrite",
            "mdmint",
            "modload",
        ),
        *("modunload", "mutex_adenters", "namei", "outch", "phread", "phwrite", "procovf", "rawch", "rcvint"),
        *(
            "rw_rdfails",
            "rw_wrfails",
            "trap",
            "ufsdirblk",
            "ufsiget",
            "ufsinopage",
            "ufsipage",
            "wait_ticks_io",
        ),
        *("xcalls", "xmtint", "cpu_ticks_idle", "cpu_ticks_kernel", "cpu_ticks_user", "cpu_ticks_wait"),
    ),
    "vminfo": (
        *(
            "anonfree",
            "anonpgin",
            "anonpgout",
            "cow_fault",
            "dfree",
            "execfree",
            "execpgin",
            "execpgout",
            "fsfree",
        ),
        *(
            "fspgout",
            "kernel_asflt",
            "pgfrec",
            "pgout",
            "pgpgout",
            "pgrec",
            "pgrrun",
            "pgswapin",
            "pgswapout",
        ),
        *("rev", "scan", "softlock", "swapin", "swapout"),
    ),
}
"""Statistics of what this kernel does not do, or does not count: they stay 0."""


class StatisticsProvider:
    """One of the two."""

    def __init__(
        self,
        name: str,
        module: str,
        kernel: Kernel[Any],
        attachers: dict[str, Callable[[Fire], list[tuple[Any, Any]]]],
    ) -> None:
        """Make probes that are attached at the points an attacher gives, each with an observer."""
        self.name = name
        self._kernel = kernel
        self._attachers = dict.fromkeys(_NEVER[name], lambda _fire: list[tuple[Any, Any]]()) | attachers
        self._probes = [Probe(name, module, "", what) for what in self._attachers]

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches."""
        return select(description, self._probes)

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire whenever it is counted."""
        attached = [
            self._kernel.probes.attach(point, observer)
            for point, observer in self._attachers[probe.name](fire)
        ]

        def detach() -> None:
            for each in attached:
                each.detach()

        return detach


class _Counted(CallObserver):
    """Calls are counted when they begin."""

    def __init__(self, fire: Fire) -> None:
        self._fire = fire

    def entry(self, call: Call) -> None:
        """One more."""
        self._fire(TaskContext(padded((1,)), call.task))


class _Added(CallObserver):
    """What calls return is added up."""

    def __init__(self, fire: Fire) -> None:
        self._fire = fire

    def returned(self, call: Call) -> None:
        """So many bytes more, unless it has failed."""
        value = call.value
        if not isinstance(call.error, Errno) and isinstance(value, int) and 0 < value < 1 << 62:
            self._fire(TaskContext(padded((value,)), call.task))


class _Paged(CallObserver):
    """Reads of the host."""

    def __init__(self, fire: Fire, pages: bool) -> None:
        self._fire = fire
        self._pages = pages

    def entry(self, call: Call) -> None:
        """One request more, or its pages."""
        if call.what.name not in ("pread", "preadv") or call.begun_before:
            return
        data = call.arguments[1]
        size = data if isinstance(data, int) else sum(map(len, data))
        self._fire(TaskContext(padded((-(-size // _PAGE) if self._pages else 1,)), call.task))


def _of_preemptions(fire: Fire) -> list[tuple[Any, Any]]:
    def left(task: Task) -> None:
        if task.state is TaskState.READY:
            fire(TaskContext(padded((1,)), task))

    return [(points.OffCpu(), left)]


def _of_threads(fire: Fire) -> list[tuple[Any, Any]]:
    return [(points.TaskCreated(), lambda event: fire(TaskContext(padded((1,)), event.parent)))]


def _of_switches(fire: Fire) -> list[tuple[Any, Any]]:
    return [(points.OnCpu(), lambda task: fire(TaskContext(padded((1,)), task)))]


_OF_THREADS: Final = {"pswitch": _of_switches, "inv_swtch": _of_preemptions, "nthreads": _of_threads}


def statistics_providers(kernel: Kernel[Any], module: str) -> list[StatisticsProvider]:
    """sysinfo and vminfo, whose probes are in a module."""
    known = {name for row in kernel.stub_rows().values() for name in row.names}

    def of_calls(calls: _Calls) -> Callable[[Fire], list[tuple[Any, Any]]]:
        kind = _Added if calls.adds_results else _Counted
        return lambda fire: [(points.SystemCall(name), kind(fire)) for name in calls.names if name in known]

    def of_faults(counted: Callable[[Faulted], int]) -> Callable[[Fire], list[tuple[Any, Any]]]:
        def attach(fire: Fire) -> list[tuple[Any, Any]]:
            def told(event: Faulted) -> None:
                if counted(event):
                    fire(TaskContext(padded((1,)), event.task))

            return [(points.PageFault(), told)]

        return attach

    def of_paging(pages: bool) -> Callable[[Fire], list[tuple[Any, Any]]]:
        return lambda fire: [(points.HostData(), _Paged(fire, pages))]

    sysinfo = {name: of_calls(calls) for name, calls in _SYSINFO.items()}
    vminfo = {name: of_faults(counted) for name, counted in _VMINFO.items()}
    vminfo |= {name: of_paging(pages) for name, pages in _PAGING.items()}
    return [
        StatisticsProvider(
            "sysinfo",
            module,
            kernel,
            sysinfo | _OF_THREADS,
        ),
        StatisticsProvider("vminfo", module, kernel, vminfo),
    ]
