"""One firing of a probe: what its clauses ask of it while they run, and where they leave what they record."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ring3.trace.dtrace.providers.base import Context, Probe, Stack

if TYPE_CHECKING:
    from ring3.trace.dtrace.records import Handler
    from ring3.trace.dtrace.session import Session

Records = list[tuple["Handler", tuple[Any, ...]]]
"""What a clause recorded: who prints it, and the values."""


class Delivery(NamedTuple):
    """The records of one clause at one probe, for the consumer."""

    cpu: int
    probe: Probe
    records: Records
    follows: bool
    """An earlier clause of the same firing recorded something."""
    size: int = 0
    epid: int = 0


class SymbolName(NamedTuple):
    """A name for an address, as sym() and its like record it."""

    text: str


class Firing:
    """The state of one firing. It is made once for an enabled probe and used again."""

    __slots__ = (
        "_session",
        "_times",
        "context",
        "epid",
        "names",
        "probe",
        "speculation",
    )

    def __init__(self, session: Session, probe: Probe) -> None:
        self._session = session
        self.probe = probe
        self.names = tuple(
            text.encode() for text in (probe.provider, probe.module, probe.function, probe.name)
        )
        self.epid = 0
        self.context: Context
        self.speculation: int | None = None
        self._times: dict[str, int] = {}

    def begin(self, context: Context) -> None:
        """The probe fired."""
        self.context = context
        if self._times:
            self._times.clear()

    @property
    def arguments(self) -> Sequence[int]:
        """arg0 to arg9."""
        return self.context.arguments

    @property
    def thread(self) -> Hashable:
        """Whose thread-local variables are meant."""
        return self._session.target.thread()

    def _time(self, name: str, read: Callable[[], int]) -> int:
        """A time, which stays the same while the probe's clauses run."""
        if name not in self._times:
            self._times[name] = read()
        return self._times[name]

    def timestamp(self) -> int:
        """Nanoseconds of a clock that only grows."""
        return self._time("timestamp", self._session.clock.now)

    def walltimestamp(self) -> int:
        """Nanoseconds since 1970, at this moment."""
        return self._session.clock.wall()

    def vtimestamp(self) -> int:
        """Nanoseconds the thread ran."""
        session = self._session

        def read() -> int:
            value = session.target.reader("vtimestamp")(self.context)
            return value if isinstance(value, int) and value else session.clock.now()

        return self._time("vtimestamp", read)

    def kernel_stack(self, limit: int) -> Stack:
        """The kernel's stack; `limit` 0 means the option stackframes."""
        session = self._session
        return session.target.kernel_stack(self.context, limit or session.options.number("stackframes"))

    def user_stack(self, limit: int) -> Stack:
        """The process's stack; `limit` 0 means the option ustackframes."""
        session = self._session
        return session.target.user_stack(self.context, limit or session.options.number("ustackframes"))

    def symbol(self, kind: str, address: int) -> SymbolName:
        """The name of an address, of the kernel (`sym`, `func`, `mod`) or of the process (`usym` ...)."""
        session = self._session
        process = 0
        if kind.startswith("u"):
            number = session.target.reader("pid")(self.context)
            process = number if isinstance(number, int) else 0
        return SymbolName(symbol_text(session.target.name_of(address, process), kind, address))

    def exit(self, status: int) -> int:
        """End the session after this firing."""
        self._session.request_exit(status)
        return status

    @property
    def ended(self) -> bool:
        """Whether exit() was called: what follows an `if` is a clause of its own, and not run any more."""
        return self._session.draining and self.probe.name not in ("END", "ERROR")

    def speculate(self, number: int, size: int) -> Records | None:
        """Where the rest of the clause records, a list that goes to a speculation.

        Args:
            number: The speculation.
            size: What the clause records, in bytes.

        Returns:
            None if the speculation is not active or has no more room: the clause ends there.
        """
        if not self._session.speculations.reserve(number, size):
            return None
        self.speculation = number
        return []

    def commit(self, number: int) -> None:
        """Give what a speculation kept to the consumer."""
        for delivery in self._session.speculations.end(number):
            self._session.deliver(delivery)

    def discard(self, number: int) -> None:
        """Forget what a speculation kept."""
        self._session.speculations.end(number)

    def raise_signal(self, number: int) -> None:
        """Send a signal to the current process."""
        self._session.target.signal(number)

    def stop(self) -> None:
        """Stop the current process."""
        self._session.target.stop()

    def chill(self, nanoseconds: int) -> None:
        """Let time pass."""
        self._session.chill(nanoseconds)


def symbol_text(found: tuple[str, str, int] | None, kind: str, address: int) -> str:
    """How sym(), func(), mod() and their user counterparts show an address."""
    if found is None:
        return f"0x{address:x}"
    module, function, offset = found
    if kind in ("mod", "umod"):
        return module or f"0x{address:x}"
    if not function:
        return f"{module}`0x{address:x}" if module else f"0x{address:x}"
    plus = f"+0x{offset:x}" if kind == "uaddr" and offset else ""
    return f"{module}`{function}{plus}"
