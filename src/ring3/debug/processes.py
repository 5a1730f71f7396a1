"""Processes of Linux as a target: threads, signals, system calls, children and programs, as ptrace(2) shows them.

The debugger is a tracer like any other, but for being outside of the machine (`linux.model.trace.Outside`): where a
tracer's threads stop, so do these, with the same registers. Only breakpoints, watchpoints and steps are the engine's
own. A debugged thread enters the kernel by the full path, as every traced one does.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from ring3.abi.signals import SIG_DFL, SIG_IGN, Sig
from ring3.debug.stops import Reason, Stop
from ring3.debug.target import Target
from ring3.errors import UserError
from ring3.kernel import points
from ring3.kernel.task import TaskState
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.trace import At, Option
from ring3.linux.signals.send import do_send_specific, group_send_sig_info, signal_wake_up
from ring3.linux.tracing import stops as tracing

if TYPE_CHECKING:
    from ring3.debug.thread import Thread
    from ring3.kernel.events import Exited, Sent
    from ring3.kernel.mm.mm import Mm
    from ring3.linux.kernel import LinuxKernel
    from ring3.linux.model.process import Process
    from ring3.linux.model.task import LinuxTask

USER_RING: Final = frozenset((3,))
_OPTIONS: Final = int(
    Option.TRACESYSGOOD | Option.TRACECLONE | Option.TRACEEXEC | Option.TRACEFORK | Option.TRACEVFORK
    | Option.TRACEVFORKDONE
)  # fmt: skip
_GOOD_TRAP: Final = int(Sig.SIGTRAP) | 0x80
_CHILDREN: Final = {tracing.EVENT_FORK: Reason.FORK, tracing.EVENT_VFORK: Reason.VFORK}
_REPEATED: Final = frozenset((Reason.BREAKPOINT, Reason.STEP, Reason.INTERRUPT))
"""Stops that come again, or are no news, when a thread goes on that was made to stop with all others."""


class ProcessTarget(Target):
    """Processes of one Linux kernel.

    Attributes:
        follows_children: Whether new processes are debugged too, and `Reason.FORK` and its like are told.
        tells_threads: Whether the beginning and the end of each thread are told.
        passed: Signals that go to the program without being told.
        calls: Numbers of the system calls that are told, None for all.
    """

    kernel: LinuxKernel

    def __init__(self, kernel: LinuxKernel) -> None:
        super().__init__(kernel, USER_RING)
        self.follows_children = False
        self.tells_threads = False
        self.passed: Collection[int] = ()
        self.calls: Collection[int] | None = ()
        self._interrupted: set[Thread] = set()
        self._halting: set[Thread] = set()
        self._given: dict[Thread, int] = {}
        self._spaces: dict[Thread, Mm | None] = {}
        attach = kernel.probes.attach
        self._attachments += [
            attach(points.TaskExited(), self._exited),
            attach(points.SignalSent(), self._sent),
        ]

    # -- whom ----------------------------------------------------------------------------------------------------

    def attach(self, task: LinuxTask) -> None:
        """Debugs a process from now on; its threads are asked to stop.

        Args:
            task: Any of its threads.

        Raises:
            UserError: Somebody else traces it.
        """
        if any(thread.trace is not None for thread in task.process.threads):
            raise UserError(f"process {task.tgid} is traced already")
        for thread in task.process.threads:
            tracing.ptrace_attach(thread, None, seized=True, options=_OPTIONS, outside=self)
            self.interrupt(self._begin(thread))

    def detach(self, pid: int, signal: int = 0) -> None:
        """Lets a process run without a debugger.

        Args:
            pid: Its number.
            signal: What to deliver to it, 0 for nothing.
        """
        for thread in [thread for thread in self.threads if thread.pid == pid]:
            self._let_go_of(thread, signal)
            signal = 0

    def kill(self, pid: int) -> None:
        """Ends a process; `Reason.EXIT` tells of it."""
        process = self.kernel.processes.get(pid)
        if process is not None and any(thread.pid == pid for thread in self.threads):
            group_send_sig_info(process, SigInfo(int(Sig.SIGKILL)))
            self._let_die(process)  # the probe sees only what a running kernel sends

    def forget_stops(self, pid: int) -> None:
        """Nothing more is to be told of a process."""
        for stop in [stop for stop in self._stops if stop.thread.pid == pid]:
            self._stops.remove(stop)

    def close(self) -> None:
        """Lets all go."""
        for thread in self.threads:
            self._let_go_of(thread, 0)
        super().close()

    def _begin(self, task: LinuxTask) -> Thread:
        thread = self._adopt(task)
        self._spaces[thread] = task.mm
        return thread

    def _let_go_of(self, thread: Thread, signal: int) -> None:
        self._leave_stepper(thread)
        self._forget(thread)
        task = self._task(thread)
        was_held = task.state is TaskState.HELD
        tracing.ptrace_detach(task, signal)
        if was_held:
            if signal:
                do_send_specific(task, SigInfo(signal))
            self.kernel.let_go(task)

    def _forget(self, thread: Thread) -> None:
        self._known.pop(thread.task, None)
        self._halting.discard(thread)
        self._interrupted.discard(thread)
        self._given.pop(thread, None)
        self._leave_space(thread)

    def _leave_space(self, thread: Thread) -> None:
        """A thread has another address space, or none: breakpoints in one that nobody has are gone."""
        space = self._spaces.pop(thread, None)
        if space is not None and space not in self._spaces.values():
            self.breakpoints.forget(space)
            self.watchpoints.forget(space)
        for stop in [stop for stop in self._stops if stop.thread is thread]:
            self._stops.remove(stop)

    @staticmethod
    def _task(thread: Thread) -> LinuxTask:
        task: LinuxTask = thread.task  # type: ignore[assignment]
        return task

    # -- going on and stopping -----------------------------------------------------------------------------------

    def _go_on(self, thread: Thread, signal: int) -> None:
        task = self._task(thread)
        thread.stop = None
        if task.state is TaskState.HELD:
            if signal:
                self._given[thread] = signal
                do_send_specific(task, SigInfo(signal))
            tracing.trace_calls(task, self._call_work)
            self.kernel.let_go(task)
        elif task.trace is not None and task.trace.is_stopped:
            if task.process.stopped and (task.trace.status or 0) >> 8 == tracing.EVENT_STOP:
                task.trace.listening = True
            else:
                self._resume_traced(task, signal)

    def _resume_traced(self, task: LinuxTask, signal: int) -> None:
        tracing.ptrace_resume(task, signal, self._call_work)

    @property
    def _call_work(self) -> int:
        """Whether threads are to stop at their calls."""
        return tracing.SYSCALL_WORK_TRACE if self.calls is None or self.calls else 0

    def _handler(self, thread: Thread, signal: int) -> int | None:
        if not signal:
            return None
        handler = self._task(thread).process.actions[signal].handler
        return None if handler in (SIG_DFL, SIG_IGN) else handler

    def interrupt(self, thread: Thread) -> None:
        """Asks a thread to stop (PTRACE_INTERRUPT); one that waits in a call gives it up for that."""
        trace = self._task(thread).trace
        if thread.stop is None and trace is not None:
            self._interrupted.add(thread)
            trace.trap, trace.renewed = True, trace.listening
            signal_wake_up(self._task(thread))

    def halt(self) -> None:
        """Makes all threads stand still; those that cannot be interrupted where they wait are kept there."""
        self._run(self._is_halted)
        for thread in self._halting:
            if thread.stop is None:
                self._interrupted.discard(thread)
                self.kernel.hold(self._task(thread))
                thread.stop = Stop(Reason.INTERRUPT, thread)
        self._halting.clear()

    def _is_halted(self) -> bool:
        """Whether no thread runs or is about to; those that do are asked to stop."""
        moving = [thread for thread in self._known.values() if thread.stop is None]
        for thread in moving:
            if thread not in self._halting:
                self._halting.add(thread)
                self.interrupt(thread)
        return not any(thread.task.state is TaskState.READY for thread in moving)

    def stopped(self, stop: Stop) -> None:
        """A thread has stopped; what it would do again when it goes on is not told while all are made to stop."""
        thread = stop.thread
        if thread not in self._halting or stop.reason not in _REPEATED:
            super().stopped(stop)
            return
        self._end_step(thread)
        thread.passing = None
        thread.stop = Stop(Reason.INTERRUPT, thread)

    # -- what the kernel tells -----------------------------------------------------------------------------------

    def traced_stop(self, task: LinuxTask) -> None:
        """A thread is about to stop as ptrace(2) has it: it stays so if that is to be told, and else goes on."""
        trace = task.trace
        assert trace is not None
        thread = self._known.get(task) or self._begin(task)
        event, signal = (trace.status or 0) >> 8, (trace.status or 0) & 0xFF
        stop: Stop | None = None
        if event == tracing.EVENT_STOP:
            if thread in self._interrupted:
                stop = Stop(Reason.INTERRUPT, thread)
            elif signal != Sig.SIGTRAP:
                trace.listening = True  # its whole process has stopped, until SIGCONT comes
                return
        elif event:
            stop = self._event(thread, event, trace.message)
        elif signal == _GOOD_TRAP:
            stop = self._call(thread, trace.at)
        elif not self._is_passed(thread, signal):
            stop = Stop(Reason.SIGNAL, thread, signal, trace.info)
        else:
            self._resume_traced(task, signal)
            return
        if stop is None:
            self._resume_traced(task, 0)
        else:
            self._interrupted.discard(thread)
            self.stopped(stop)

    def _is_passed(self, thread: Thread, signal: int) -> bool:
        """Whether a signal is the program's at once: not wanted, or given to it by the debugger."""
        if self._given.get(thread) == signal:
            del self._given[thread]
            return True
        return signal in self.passed

    def _call(self, thread: Thread, at: At) -> Stop | None:
        number = self._task(thread).regs.orig_ax & 0xFFFF_FFFF
        if self.calls is not None and number not in self.calls:
            return None
        reason = Reason.SYSCALL_ENTRY if at is At.ENTRY else Reason.SYSCALL_RETURN
        return Stop(reason, thread, number=number)

    def _event(self, thread: Thread, event: int, message: int) -> Stop | None:
        if event == tracing.EVENT_CLONE:
            self._new_thread(message)
        elif event in _CHILDREN:
            return self._new_process(thread, _CHILDREN[event], message)
        elif event == tracing.EVENT_VFORK_DONE:
            return Stop(Reason.VFORK_DONE, thread) if self.follows_children else None
        elif event == tracing.EVENT_EXEC:
            task = self._task(thread)
            self._leave_space(thread)
            self._spaces[thread] = task.mm
            return Stop(Reason.EXEC, thread, path=task.exe)
        return None

    def _new_thread(self, tid: int) -> None:
        child = self._child(tid)
        if child is not None and self.tells_threads:
            self._hold(Stop(Reason.CREATED, child))

    def _new_process(self, thread: Thread, reason: Reason, tid: int) -> Stop | None:
        """A child has been made, and has not run yet."""
        child = self._child(tid)
        if child is None:
            return None
        if not self.follows_children:
            self._let_go_of(child, 0)
            return None
        self.kernel.hold(self._task(child))
        child.stop = Stop(Reason.INTERRUPT, child)
        return Stop(reason, thread, child=child)

    def _child(self, tid: int) -> Thread | None:
        """A new task, which needs no stop of its own to be told of."""
        task = self.kernel.thread(tid)
        if task is None or task.trace is None or task.trace.outside is not self:
            return None
        task.trace.trap = False
        tracing.trace_calls(task, self._call_work)
        return self._begin(task)

    def _exited(self, event: Exited) -> None:
        thread = self.thread_of(event.task)
        if thread is None:
            return
        process = self._task(thread).process
        self._leave_stepper(thread)
        self._forget(thread)
        if process.threads:
            if self.tells_threads:
                self.stopped(Stop(Reason.THREAD_EXIT, thread, number=event.code))
            return
        code = event.code if process.ending is None else process.ending
        self.stopped(Stop(Reason.EXIT, thread, number=code))

    def _sent(self, event: Sent) -> None:
        """SIGKILL ends who is held, too."""
        if event.info.signo == Sig.SIGKILL and not event.discarded:
            self._let_die(event.process)

    def _let_die(self, process: Process) -> None:
        """Threads of a process that gets SIGKILL are held no more."""
        for thread in self.threads:
            if self._task(thread).process is process:
                self._leave_stepper(thread)
                thread.stop = None
                self.kernel.let_go(self._task(thread))
