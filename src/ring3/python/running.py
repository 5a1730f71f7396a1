"""Running a machine up to an event: it stops, can be looked at, and goes on from there.

A thread stops in one of three ways. At an address it is held before the instruction. In a system call it waits, like
any call that waits. For anything else the machine is left between two turns of its threads. What a hook raises, and
Ctrl-C, end the run in the third way, so that no thread loses its place.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import Errno
from ring3.errors import UserError
from ring3.image.linux.boot import L
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.task import GivenUp, TaskState
from ring3.kernel.wait import UNTIL_READY
from ring3.kernel.watched_cpu import CpuObserver
from ring3.linux.model.task import LinuxTask
from ring3.python import events
from ring3.python.calls import SystemCall
from ring3.python.hooks import attached
from ring3.python.memory import Registers

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel
    from ring3.kernel.events import Taken
    from ring3.kernel.probes import Attachment
    from ring3.kernel.task import Task
    from ring3.python.machine import Machine
    from ring3.python.process import Process

_AGAIN: Final = 0.02
"""Seconds after which a run that was asked to stop is asked again: one that just began has not noticed."""
_NEED_RESCHED: Final = L["TIF_NEED_RESCHED"]


class Runner:
    """What runs one machine, and stops it."""

    not_state = (
        "_bell",
        "_error",
        "_has_been_asked",
        "_is_over",
        "_kernel",
        "_lock",
        "_stop",
        "_thread",
        "_wanted",
    )

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._kernel: Kernel[Any] = machine.kernel
        self._error: BaseException | None = None
        self._stop: events.Stop | None = None
        self._is_over: Callable[[], bool] = lambda: True
        self._held: dict[Task, int] = {}
        self._waiting: dict[Task, list[bool]] = {}
        self._wanted: tuple[Process | None, events.Event | None] = None, None
        self._has_been_asked = False
        self._lock = threading.Lock()
        self._bell: int | None = None
        self._thread: int | None = None

    @property
    def is_running(self) -> bool:
        """Whether the machine runs."""
        return self._thread is not None

    @property
    def program_ended(self) -> bool:
        """For `Kernel.run`: whether the machine is to be left."""
        return self._has_been_asked or self._error is not None or self._stop is not None or self._is_over()

    def fail(self, error: BaseException) -> None:
        """Ends the run: the error comes out of it."""
        if self._error is None:
            self._error = error
        self.ask_to_stop()

    def ask_to_stop(self) -> None:
        """Has the thread on the CPU leave it soon."""
        task = self._kernel.current
        if isinstance(task, LinuxTask):
            task.set_flag(_NEED_RESCHED)
        self._kernel.machine.cpu.interrupt()

    def run(self, is_over: Callable[[], bool]) -> None:
        """Runs the machine until something is so; while another thread runs it, waits for that first.

        Raises:
            Deadlock: Nothing can run any more.
            KernelPanic: A bug of ours.
            UserError: It is run by this very thread, of which a hook is called; or it is closed.
        """
        with self._alone("run"):
            self._run(is_over)

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        """While this thread has the machine."""
        if self._thread == threading.get_ident():
            raise UserError(f"a hook cannot {what} the machine that has called it")
        with self._lock:
            self._thread = threading.get_ident()
            try:
                yield
            finally:
                self._kernel.machine.cpu.rest()
                self._thread = None

    def end(self, close: Callable[[], None]) -> None:
        """Closes the machine; a run in another thread is stopped before.

        Raises:
            UserError: A hook is called by it.
        """
        over = threading.Event()

        def ask() -> None:
            while not over.wait(_AGAIN):
                self.leave()

        if self._thread not in (None, threading.get_ident()):
            threading.Thread(target=ask, daemon=True).start()
        try:
            with self._alone("close"):
                close()
                if self._bell is not None:
                    bell, self._bell = self._bell, None
                    os.close(bell)
        finally:
            over.set()

    def _run(self, is_over: Callable[[], bool]) -> None:
        self._has_been_asked = False
        self._go_on()
        self._is_over, self._stop, self._error = is_over, None, None
        if not self._kernel.is_closed:
            self._listen()
        with self._interruptible():
            self._kernel.run(self)
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _listen(self) -> None:
        """Has a machine that sleeps notice signals of this process, or at least who asks it to stop."""
        if self._kernel.listen_to_host() is None:
            if self._bell is None:
                self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            with suppress(BlockingIOError):
                os.eventfd_read(self._bell)
            self._kernel.host.wake_by(self._bell)

    def run_until(self, process: Process, event: events.Event) -> events.Stop:
        """Runs the machine until an event of a process, or its end."""
        with self._alone("run"):
            return self._run_until(process, event)

    def _run_until(self, process: Process, event: events.Event) -> events.Stop:
        if process.ended:
            return self._exit(process)
        attachments = list(self._watch(process, event))
        asks = event if callable(event) else None
        self._wanted = process, event
        try:
            self._run(lambda: process.ended or (asks is not None and asks(process)))
        finally:
            self._wanted = None, None
            for attachment in attachments:
                attachment.detach()
        if self._stop is not None:
            return self._stop
        if process.status is not None:
            return self._exit(process)
        return events.Stop(None if self._has_been_asked else event, process)

    @staticmethod
    def _exit(process: Process) -> events.Stop:
        return events.Stop(events.Exit(), process, status=process.status)

    # -- going on ------------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Lets those go on that were stopped."""
        while self._waiting:
            task, released = self._waiting.popitem()
            released.append(True)
            self._kernel.ready(task)
        while self._held:
            self._kernel.let_go(self._held.popitem()[0])

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Ctrl-C ends the run between two turns, if nobody has a handler of his own."""
        main = threading.current_thread() is threading.main_thread()
        if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, lambda *_: self.fail(KeyboardInterrupt()))
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    # -- events --------------------------------------------------------------------------------------------------

    def _watch(self, process: Process, event: events.Event) -> Iterator[Attachment]:
        """Attaches what notices an event."""
        given: object = event
        if not (isinstance(given, events.KINDS) or callable(given)):
            raise UserError(
                f"{given!r} is nothing to run up to: give Call, At, Exit and so on, or a function"
            )
        attach = partial(attached, self._kernel)
        if isinstance(event, events.Call | events.Return):
            yield attach(points.SystemCall(event.name), _AtCall(self, process, event))
        elif isinstance(event, events.At):
            place = event.place if isinstance(event.place, int) else process.symbol(event.place)
            passing = {task for task, at in self._held.items() if at == place == Registers(task)["rip"]}
            yield attach(
                points.Address(place, process.task.memory), self._at_address(process, event, passing)
            )
        elif isinstance(event, events.Instructions):
            yield attach(
                points.Instruction(frozenset((3,)), full_path=False, task=process.task),
                _Counting(self, process, event),
            )
        elif isinstance(event, events.KernelFunction):
            yield attach(points.Function(event.name), _AtFunction(self, process, event))
        elif isinstance(event, events.Signal):
            yield attach(points.SignalDelivered(), self._at_signal(process, event))
        elif isinstance(event, events.After):
            yield self._timer(process, event)
        elif callable(event):
            yield attach(points.SystemCall(), _Asking(self))

    def stop(self, stop: events.Stop) -> None:
        """The event has come, while the process runs."""
        if self._stop is None:
            self._stop = stop
            self.ask_to_stop()

    def leave(self) -> None:
        """A hook wants the machine to be left."""
        self._has_been_asked = True
        self.ask_to_stop()
        if self._bell is not None:
            os.eventfd_write(self._bell, 1)

    def hold(self, stop: events.Stop, task: Task, address: int) -> None:
        """The event has come before an instruction."""
        self._held[task] = address
        self._kernel.hold(task)
        self._stop = stop

    async def wait_in_call(self, stop: events.Stop, task: Task) -> None:
        """The event has come in a call of the task, which waits until the machine runs again."""
        released: list[bool] = []
        self._waiting[task] = released
        self._stop = stop
        while not released:
            await UNTIL_READY

    def at_return(self, call: Call, task: Task) -> events.Stop | None:
        """The stop at the return of a call that was made to wait at its entry, None if nobody waits for it now."""
        process, event = self._wanted
        if process is None or not isinstance(event, events.Return) or not process.owns(task):
            return None
        seen = SystemCall(call, self._machine)
        return (
            events.Stop(event, self._machine.process_of(task), seen)
            if event.name in ("", seen.name)
            else None
        )

    def _at_address(
        self, process: Process, event: events.At, passing: set[Task]
    ) -> Callable[[Task, int], None]:
        def reached(task: Task, address: int) -> None:
            if task in passing:
                passing.discard(task)
            elif process.owns(task) and self._stop is None:
                self.hold(events.Stop(event, self._machine.process_of(task), address=address), task, address)

        return reached

    def _at_signal(self, process: Process, event: events.Signal) -> Callable[[Taken], None]:
        def taken(told: Taken) -> None:
            if process.owns(told.task) and event.number in (0, told.info.signo):
                self.stop(events.Stop(event, self._machine.process_of(told.task), signal=told.info.signo))

        return taken

    def _timer(self, process: Process, event: events.After) -> Attachment:
        from ring3.kernel.probes import Attachment  # noqa: PLC0415 -- as Kernel.probes has it

        kernel = self._kernel
        deadline = kernel.clocks.monotonic() + int(event.seconds * 1e9)
        timer = kernel.timers.add(deadline, lambda: self.stop(events.Stop(event, process)))
        return Attachment(timer.cancel)


class _AtCall(CallObserver):
    """Stops a process in a system call, before it is made or before it returns."""

    def __init__(self, runner: Runner, process: Process, event: events.Call | events.Return) -> None:
        self._runner = runner
        self._process = process
        self._event = event

    def entry(self, call: Call) -> None:
        """The call begins: it is made by one that waits, also where a hook has answered it."""
        task = call.task
        if task is None or not self._process.owns(task):
            return
        if (
            isinstance(self._event, events.Return) or task.progress is None
        ):  # else it was begun before a snapshot
            machine = self._process.machine
            stop = events.Stop(self._event, machine.process_of(task), SystemCall(call, machine))
            call.target = partial(self._made, call, task, stop, call.target)

    async def _made(
        self, call: Call, task: Task, stop: events.Stop, answered: Callable[..., Any] | None, *_arguments: int
    ) -> int:
        call.target = answered
        if isinstance(self._event, events.Call):
            await self._runner.wait_in_call(stop, task)
        try:
            value = call.make()
            call.value = value if isinstance(value, int) else await value
        except Errno as error:
            call.error = error
        at_return = self._runner.at_return(call, task)
        if at_return is not None:
            try:
                await self._runner.wait_in_call(at_return, task)
            except GivenUp:
                assert task.progress is not None
                task.progress.result = call.error if isinstance(call.error, Errno) else int(call.value)
                raise
        if call.error is not None:
            raise call.error
        return int(call.value)


class _AtFunction(CallObserver):
    """Stops the machine after a kernel function was called."""

    def __init__(self, runner: Runner, process: Process, event: events.KernelFunction) -> None:
        self._runner = runner
        self._process = process
        self._event = event

    def entry(self, call: Call) -> None:
        if call.task is not None and self._process.owns(call.task):
            self._runner.stop(events.Stop(self._event, self._process.machine.process_of(call.task)))


class _Asking(CallObserver):
    """Has the machine left after each system call, so that a predicate is asked."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def returned(self, call: Call) -> None:
        del call
        self._runner.ask_to_stop()


class _Counting(CpuObserver):
    """Stops a thread after so many instructions."""

    def __init__(self, runner: Runner, process: Process, event: events.Instructions) -> None:
        self._runner = runner
        self._process = process
        self._event = event
        self._left = event.number

    def before(self, task: Task) -> None:
        cpu = task.kernel.machine.cpu
        if cpu.cpl != 3 or task.state is TaskState.HELD:
            return
        if self._left == 0:
            address = cpu.rip
            self._runner.hold(events.Stop(self._event, self._process, address=address), task, address)
        self._left -= 1
