"""A program that is run with one input after the other, each time from where it asks for its input first.

So nothing of its start is paid for twice. The machine has a seed and virtual clocks: the same input takes the same way
each time.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ring3.abi.kinds import Enum, NamedTuple
from ring3.errors import Deadlock, UserError
from ring3.machine.edges import SIZE
from ring3.python import events
from ring3.python.machine import PIPE

if TYPE_CHECKING:
    from ring3.python.calls import SystemCall
    from ring3.python.crash import Crash
    from ring3.python.machine import Linux

PLACE: Final = "@@"
"""Stands in the arguments for the file that has the input."""
INPUT: Final = "/tmp/input"
"""That file, in the machine."""
_WAITING: Final = frozenset(("poll", "ppoll", "select", "pselect6"))
_READING: Final = frozenset(
    ("read", "readv", "pread64", "preadv", "preadv2", "recvfrom", "recvmsg", "sendfile", "splice", "mmap")
)
"""Calls that ask for standard input, if that is their descriptor."""
_OPENING: Final = frozenset(("open", "openat", "openat2", "stat", "newfstatat", "statx", "access"))
"""Calls that ask for a file by its name."""


class Outcome(Enum):
    """How a run ended."""

    ENDED = "ended"
    CRASHED = "crashed"
    HUNG = "hung"


class Run(NamedTuple):
    """What came of an input.

    Attributes:
        outcome: How the run ended.
        status: As wait(2) encodes it; that of SIGKILL for a run that hung.
        edges: How often each edge was taken.
        crash: What was there when a signal ended the program.
    """

    outcome: Outcome
    status: int
    edges: bytes
    crash: Crash | None


class Target:
    """A program, ready to be run with inputs.

    Attributes:
        machine: What it runs on.
        process: The program.
    """

    def __init__(
        self,
        machine: Linux,
        argv: Sequence[str],
        *,
        start: str | None = None,
        seconds: float = 1.0,
        environment: Mapping[str, str] | None = None,
        at: int | None = None,
        confine: Callable[[], object] = lambda: None,
    ) -> None:
        """Loads the program, runs it up to where its runs begin, and takes the snapshot there.

        Args:
            machine: One on which nothing runs.
            argv: The program and its arguments; `PLACE` in an argument stands for the file with the input, without one
                the input is standard input.
            start: A symbol or an address where runs begin; None for where the program asks for its input first.
            seconds: Of its clock, after which a run has hung.
            environment: Its environment.
            at: Address in this process of the map of edges; None for one of its own.
            confine: Called when the program is loaded, before it runs.

        Raises:
            UserError: The program cannot be run, or ends before that.
        """
        self.machine = machine
        self._own_map = (ctypes.c_uint8 * SIZE)()
        self._seconds = seconds
        self._by_name = any(PLACE in word for word in argv[1:])
        words = [argv[0], *(word.replace(PLACE, INPUT) for word in argv[1:])]
        if self._by_name:
            machine.put(INPUT, b"")
        self.process = machine.spawn(
            words, stdin=b"" if self._by_name else PIPE, stdout=PIPE, stderr=PIPE, env=environment
        )
        self._edges = machine.machine.cpu.count_edges(ctypes.addressof(self._own_map) if at is None else at)
        confine()
        self._go_to(start)
        machine.states.keeps_pages = True
        self._snapshot = machine.snapshot()

    def run(self, data: bytes) -> Run:
        """Runs the program with an input; `Machine.stop`, from another thread too, makes it one that hung."""
        self._snapshot.restore()
        if self._by_name:
            self.machine.put(INPUT, data)
        else:
            self.process.feed(data, end=True)
        self._edges.begin()
        process, outcome = self.process, Outcome.HUNG
        try:
            process.run(timeout=self._seconds)
            outcome = Outcome.ENDED if process.crash is None else Outcome.CRASHED
        except (TimeoutError, Deadlock):
            pass
        status = process.task.program_exit_code if process.ended else 9
        return Run(outcome, status, self._edges.taken(), process.crash)

    def _go_to(self, start: str | None) -> None:
        if start is not None:
            place = int(start, 0) if start[:1].isdigit() else start
            if isinstance(self.process.run_until(events.At(place)).event, events.Exit):
                raise UserError(f"the program ended with {self.process.status} and did not come to {start}")
            return
        while True:
            stop = self.process.run_until(events.Call())
            if stop.call is None:
                raise UserError(
                    f"the program ended with {self.process.status} and did not ask for its input"
                    f" ({PLACE} in an argument stands for a file; --from says where runs begin)"
                )
            if self._asks(stop.call):
                return

    def _asks(self, call: SystemCall) -> bool:
        """Whether a call is the first that has to do with the input."""
        if self._by_name:
            return call.name in _OPENING and call.string("filename") == INPUT
        return call.name in _WAITING or (call.name in _READING and "fd" in call.names and call["fd"] == 0)
