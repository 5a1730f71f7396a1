"""Listens to a machine and hands on what it hears: which calls of which tasks begin and end, signals, ends of tasks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.tbl import Abi, sys_call_table
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver, ObservedCoroutine
from ring3.kernel.watched_stubs import StubCall, StubRow
from ring3.linux.model.task import LinuxTask
from ring3.linux.signals.send import is_dying, sig_ignored
from ring3.trace.called import SENDS
from ring3.trace.inject.injector import DONE, Done
from ring3.trace.strace.form import Form
from ring3.trace.strace.multiplexed import entry_of, stands_for
from ring3.trace.strace.multiplexed import inner as inner_call
from ring3.trace.strace.opened import OpenCall, Writer
from ring3.trace.strace.programs import program_of
from ring3.trace.strace.text import Text

if TYPE_CHECKING:
    from ring3.kernel.events import Created, Executed, Exited, Sent, Taken
    from ring3.kernel.task import Task
    from ring3.linux.kernel import LinuxKernel
    from ring3.linux.model.siginfo import SigInfo
    from ring3.trace.strace.style import Style


_EXECS: Final = {64: frozenset({59, 322}), 32: frozenset({11, 358})}
"""The numbers of execve(2) and execveat(2)."""


class Wanted(NamedTuple):
    """Which of what happens is handed on.

    Attributes:
        calls: Whether calls of a name and a width are.
        begun: Whether one that begins is, by its arguments; None for all.
        ended: Whether one that has ended is, by its errno, 0 for success; None for all, which are told of at once.
        left: Whether one is in which its task ends.
        signal: Whether a signal is.
        follow: Whether children are traced.
    """

    calls: Callable[[str, int], bool]
    begun: Callable[[StubCall], bool] | None = None
    ended: Callable[[int], bool] | None = None
    left: bool = True
    signal: Callable[[int], bool] = lambda _number: True
    follow: bool = False


class Until(NamedTuple):
    """When tracing ends before the tasks do.

    Attributes:
        executes: A task is traced no more when it executes a program.
        calls: Nobody is traced any more after so many calls, 0 for never.
    """

    executes: bool = False
    calls: int = 0


class _Row(CallObserver):
    """Listens to the calls of one name, or of the absent ones, which have one stub.

    What does not change from call to call is looked up when it is made.
    """

    def __init__(self, tracer: Tracer, forms: dict[int, Form] | Form, bits: int) -> None:
        self._tracer = tracer
        self._is_narrow = bits == 32
        self._form = forms if isinstance(forms, Form) else None
        self._forms = forms if isinstance(forms, dict) else {}
        wanted = tracer.wanted
        self._begun = wanted.begun
        self._ended = wanted.ended
        self._tasks = tracer.tasks
        self._open = tracer.open
        self._writer = tracer.writer
        self._text_of = tracer.text_of
        self._timed = tracer.timed
        self._begins = tracer.begins

    def form_of(self, call: StubCall) -> tuple[Form | None, list[int] | None]:
        """How a call is written, None if it is not wanted; and its arguments, where they are not those in registers."""
        return self._form or self._forms.get(call.number), None

    def entry(self, call: Call) -> None:
        assert isinstance(call, StubCall)
        task = call.task
        if task not in self._tasks:
            return
        form, arguments = self.form_of(call)
        if self._is_narrow or self._tracer.narrow:
            self._tracer.note_width(task, 32 if self._is_narrow else 64)
        if form is None or (self._begun is not None and not self._begun(call)):
            return
        opened = self._open[task] = OpenCall(call, task, form, self._text_of, arguments)  # type: ignore[arg-type]
        if self._begins is not None:
            self._begins(task)
        if self._timed:
            opened.began = time.perf_counter_ns()
        if self._ended is None:
            opened.told = True
            self._writer.begin(opened)
        elif not form.is_constant:
            opened.line()

    def wait(self, call: Call) -> None:
        """Nothing will be heard of it for a while."""
        self._writer.flush()

    def returned(self, call: Call) -> None:
        opened = self._open.pop(call.task, None)  # type: ignore[arg-type]
        if opened is None:
            return
        if (call.has_notes or opened.form.name in SENDS) and is_dying(opened.task):
            self._tracer.leave_in(opened)
            return
        error, value = call.error, call.value
        if error is not None:
            number, value = (int(error.number) if isinstance(error, Errno) else 0), 0
        elif value.__class__ is not int:
            number, value = 0, int(value) if isinstance(value, int) else 0
        else:
            number = -value if -4096 < value < 0 else 0
            if number and call.has_notes and call.notes.get(DONE, 0) & Done.VALUE:
                number, value = 0, value & call.what.mask
        if self._ended is None or self._ended(number):
            self._writer.end(opened, value, number)
        if self._tracer.ignored:
            self._tracer.tell_ignored(opened.task)
        if self._tracer.remaining:
            self._tracer.note_end()

    def left(self, call: Call) -> None:
        if call.task is not None:
            self._tracer.leave(call.task)


class _MultiplexedRow(_Row):
    """Listens to calls that stand for others, whose forms it has by name."""

    def __init__(self, tracer: Tracer, own: Form | None, inner: dict[str, Form], bits: int) -> None:
        super().__init__(tracer, {}, bits)
        self._own = own
        self._inner = inner

    def form_of(self, call: StubCall) -> tuple[Form | None, list[int] | None]:
        assert isinstance(call.task, LinuxTask)
        meant = inner_call(call.what.symbol, call.task.memory.peek, call.arguments)
        return (self._own, None) if meant is None else (self._inner.get(meant.name), meant.arguments)


class Tracer(CallObserver):
    """Hands on what tasks do, and their children if they are followed.

    Attributes:
        wanted: Which of it.
        writer: Whom it is handed on to.
        timed: Whether calls know when they began.
        begins: Who else is told that a task begins a call, None for nobody.
        tasks: Who is traced.
        open: The calls that have begun.
        narrow: Who has made calls of 32-bit programs last.
        remaining: After how many more calls nobody is traced any more, 0 for never.
        ignored: Signals that tasks ignore, until their next call.
    """

    def __init__(
        self,
        kernel: LinuxKernel,
        first: Iterable[Task],
        wanted: Wanted,
        style: Callable[[str, int], Style],
        writer: Writer,
        *,
        timed: bool = False,
        until: Until = Until(),  # noqa: B008 -- it is a value
        tell: Callable[[str], object] | None = None,
        begins: Callable[[Task], object] | None = None,
    ) -> None:
        """Begins to listen.

        Args:
            kernel: Whose calls.
            first: The tasks to trace at first.
            wanted: What is handed on.
            style: How values of calls of a name and a width are written.
            writer: Takes it.
            timed: Whether the writer asks for times.
            until: When tracing ends before the tasks do.
            tell: Takes what is said of tasks that are traced from now on; None if nothing is to be.
            begins: Called when a task begins a call.
        """
        self.wanted = wanted
        self.writer = writer
        self.timed = timed
        self.tasks: set[Task] = set(first)
        self.open: dict[Task, OpenCall] = {}
        self.ignored: dict[Task, list[SigInfo]] = {}
        self._kernel = kernel
        self._style = style
        self._tell = tell
        self.begins = begins
        self.narrow: set[Task] = set()
        self.remaining = until.calls
        self._texts: dict[tuple[Task, int, Style], Text] = {}
        attach = kernel.probes.attach
        self._attachments = [
            attach(points.SystemCall(), self),
            attach(points.SignalDelivered(), self._taken),
            attach(points.SignalSent(), self._sent),
            attach(points.TaskCreated(), self._created),
            attach(points.TaskExited(), self._exited),
        ]
        if until.executes:
            self._attachments.append(attach(points.TaskExec(), self._executes))

    @property
    def program_ended(self) -> bool:
        """For `Kernel.run`: whether nobody is left to be traced."""
        return not self.tasks

    def close(self) -> None:
        """Listens no more."""
        while self._attachments:
            self._attachments.pop().detach()
        self.writer.flush()

    def detach(self, task: Task) -> None:
        """Traces a task no more; a call of it that has begun stays cut."""
        assert isinstance(task, LinuxTask)
        self.writer.abandon(task)
        self._forget(task)

    def executed(self, task: LinuxTask, path: str) -> None:
        """Tells of the execve(2) by which the first program came, which no program of the machine made."""
        wanted = self.wanted
        if wanted.calls("execve", 64) and wanted.begun is None and (wanted.ended is None or wanted.ended(0)):
            self.writer.executed(task, path)

    def take_over(self, task: Task) -> None:
        """Tells of the call in which a task waits already."""
        pending = task.pending
        if isinstance(pending, ObservedCoroutine) and isinstance(pending.call, StubCall):
            call = pending.call
            call.number = task.regs.orig_ax & 0xFFFF_FFFF
            row = self.of(call.what)
            if row is not None:
                row.entry(call)

    # -- calls -----------------------------------------------------------------------------------------------------

    def of(self, what: StubRow) -> CallObserver | None:
        """Who listens to the calls of one stub; nobody where none of them is wanted."""
        if not what.names:
            return None
        bits = 32 if what.abi == Abi.I386 else 64
        wanted = {
            name: Form(what.symbol, name, bits, self._style(name, bits))
            for name in what.names
            if self.wanted.calls(name, bits)
        }
        if others := stands_for(what.symbol):
            (name,) = what.names
            inner = {
                other: Form(entry_of(other), other, bits, self._style(other, bits))
                for other in others
                if name in wanted or self.wanted.calls(other, bits)
            }
            return _MultiplexedRow(self, wanted.get(name), inner, bits) if wanted or inner else None
        if len(what.names) == 1:
            return _Row(self, wanted[what.names[0]], bits) if wanted else None
        return _Row(self, _by_number(wanted, Abi(what.abi)), bits) if wanted else None

    def text_of(self, task: LinuxTask, form: Form) -> Text:
        """What writes the values of a task's calls."""
        key = (task, form.bits, form.style)
        found = self._texts.get(key)
        if found is None:
            found = self._texts[key] = Text(program_of(task, form.bits), form.style)
        return found

    def leave(self, task: Task) -> None:
        """A task ends in the call that it has begun, if any."""
        opened = self.open.pop(task, None)
        if opened is not None:
            self.leave_in(opened)

    def leave_in(self, opened: OpenCall) -> None:
        """A task ends in a call, so that nobody hears what it returned."""
        if opened.told or self.wanted.left:
            self.writer.leave(opened)

    # -- signals and tasks -----------------------------------------------------------------------------------------

    def _taken(self, event: Taken) -> None:
        if event.task in self.tasks and self.wanted.signal(event.info.signo):
            assert isinstance(event.task, LinuxTask)
            self.writer.signal(event.task, event.info)

    def _sent(self, event: Sent) -> None:
        """A signal that is ignored is taken by nobody; it is told of when its receiver makes its next call."""
        if not event.process.threads:  # a zombie, or number 1, which is the kernel's own
            return
        task = event.receiver or event.process.leader
        assert isinstance(task, LinuxTask)
        signal = event.info.signo
        wanted = event.discarded and task in self.tasks and self.wanted.signal(signal)
        if wanted and sig_ignored(event.process, task, signal):
            self.ignored.setdefault(task, []).append(event.info)

    def tell_ignored(self, task: Task) -> None:
        """Tells of the signals that a task has ignored."""
        for info in self.ignored.pop(task, ()):
            assert isinstance(task, LinuxTask)
            self.writer.signal(task, info)

    def _created(self, event: Created) -> None:
        if self.wanted.follow and event.parent in self.tasks:
            self.tasks.add(event.task)
            if event.parent in self.narrow:
                self.narrow.add(event.task)
            if self._tell is not None:
                self._tell(f"Process {event.task.tid} attached")

    def _executes(self, event: Executed) -> None:
        if event.task in self.tasks:
            self.detach(event.task)

    def note_width(self, task: Task, bits: int) -> None:
        """A task makes a call of a width: tells if that is another one than before."""
        if (task in self.narrow) is (bits == 32):
            return
        (self.narrow.add if bits == 32 else self.narrow.discard)(task)
        assert isinstance(task, LinuxTask)
        self.writer.changed_width(task, bits)

    def note_end(self) -> None:
        """One call more has ended of those after which nobody is traced any more."""
        self.remaining -= 1
        if not self.remaining:
            for task in tuple(self.tasks):
                self.detach(task)

    def _exited(self, event: Exited) -> None:
        task = event.task
        if task not in self.tasks:
            return
        assert isinstance(task, LinuxTask)
        self.leave(task)
        self.tell_ignored(task)
        by = self._superseding(task)
        if by is None:
            self.writer.exited(task, event.code)
            self._forget(task)
        else:
            self._forget(task)
            self.writer.superseded(task, by)

    def _superseding(self, task: LinuxTask) -> int | None:
        """The number of the thread whose execve(2) ends the first one of its process; None if it ends otherwise."""
        by = self._kernel.current
        if task.tid != task.process.pid or by is None or by is task:
            return None
        executes = _EXECS[32 if by.is_narrow else 64]
        return by.tid if by.process is task.process and by.regs.orig_ax in executes else None

    def _forget(self, task: Task) -> None:
        self.tasks.discard(task)
        self.narrow.discard(task)
        self.open.pop(task, None)
        for key in [key for key in self._texts if key[0] is task]:
            del self._texts[key]


def _by_number(forms: dict[str, Form], abi: Abi) -> dict[int, Form]:
    """The same by number."""
    return {slot.number: forms[slot.name] for slot in sys_call_table(abi) if slot.name in forms}
