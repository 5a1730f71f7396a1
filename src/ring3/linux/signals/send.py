"""Sending signals: to a thread, a process, a process group.

Follows kernel/signal.c of Linux 6.x: prepare_signal, __send_signal_locked, complete_signal; permissions of kill(2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.abi.signals import SIG_DFL, SIG_IGN, CldCode, SaFlags, SiCode, Sig
from ring3.image.linux.boot import L
from ring3.kernel.functions import function
from ring3.linux.model.limits import Resource
from ring3.linux.model.process import Process, child_info
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.model.signal_state import (
    CORE_DUMPING,
    DEFAULT,
    IGNORED_BY_DEFAULT,
    STOPPING,
    UNBLOCKABLE,
    Pending,
    bit,
)

if TYPE_CHECKING:
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask

TIF_SIGPENDING = L["TIF_SIGPENDING"]
_SIGCONT = int(Sig.SIGCONT)
_SIGKILL = int(Sig.SIGKILL)
_SIGRTMIN = int(Sig.SIGRTMIN)
_BY_SENDER = (Layout.KILL, Layout.QUEUE)
"""What tells who sent a signal."""


@function("void recalc_sigpending(void)")
def recalc_sigpending(task: LinuxTask) -> None:
    """Sets or clears TIF_SIGPENDING after masks or queues changed."""
    trace = task.trace
    waiting = (task.signals.set | task.process.pending.set) & ~task.blocked
    if waiting or task.must_stop or (trace is not None and trace.has_trap):
        task.set_flag(TIF_SIGPENDING)
    else:
        task.clear_flag(TIF_SIGPENDING)


@function(
    "void set_current_blocked(sigset_t *newset)",
    calls={"recalc_sigpending", "retarget_shared_pending"},
)
def set_current_blocked(task: LinuxTask, mask: int) -> None:
    """Replaces a thread's mask; others take what it no longer can (__set_task_blocked)."""
    if len(task.process.threads) > 1:
        retarget_shared_pending(task, mask & ~task.blocked)
    task.blocked = mask
    recalc_sigpending(task)


@function(
    "void retarget_shared_pending(struct task_struct *tsk, sigset_t *which)",
    calls={"signal_wake_up"},
)
def retarget_shared_pending(task: LinuxTask, signals: int) -> None:
    """Makes other threads look at signals of the process that a thread will not take (retarget_shared_pending)."""
    left = signals & task.process.pending.set
    if not left:
        return
    for thread in task.process.threads:
        if thread is not task and left & ~thread.blocked:
            signal_wake_up(thread)
            left &= thread.blocked


def is_noticed(task: LinuxTask) -> bool:
    """Whether a thread was told that it has signals to take (TIF_SIGPENDING): it looks before it is in ring 3."""
    return bool(task.kernel.machine.ram.q[task.struct] >> TIF_SIGPENDING & 1)


@function("void signal_wake_up(struct task_struct *t, bool fatal)")
def signal_wake_up(task: LinuxTask) -> None:
    """Makes a thread look at its signals: at once if it waits."""
    task.set_flag(TIF_SIGPENDING)
    task.kernel.ready(task)


@function(
    "int do_send_specific(pid_t tgid, pid_t pid, int sig, struct kernel_siginfo *info)",
    calls={"do_send_sig_info"},
)
def do_send_specific(task: LinuxTask, info: SigInfo) -> bool:
    """Sends a signal to one thread; False if it was ignored or is there already.

    Raises:
        Errno: EAGAIN, a program has sent a real-time signal and too many are queued.
    """
    return do_send_sig_info(task.process, task, info)


@function(
    "int group_send_sig_info(int sig, struct kernel_siginfo *info, struct task_struct *p, "
    "enum pid_type type)",
    calls={"do_send_sig_info"},
)
def group_send_sig_info(process: Process, info: SigInfo) -> bool:
    """The same to a process: one of its threads that does not block it takes it."""
    return do_send_sig_info(process, None, info)


@function(
    "int do_send_sig_info(int sig, struct kernel_siginfo *info, struct task_struct *p, enum pid_type type)",
    calls={"prepare_signal", "recalc_sigpending", "sig_ignored", "signal_wake_up"},
)
def do_send_sig_info(process: Process, task: LinuxTask | None, info: SigInfo) -> bool:
    """Queues a signal for a thread, or for a process where none is given; False if nobody gets it."""
    if process.dead or not process.threads or process.ending is not None:
        return False
    signal = info.signo
    prepare_signal(process, signal)
    force = False
    if process.pid_ns.level and info.layout in _BY_SENDER:
        force = info.code == SiCode.SI_KERNEL
        if _is_from_above(process):
            force, info = True, info._replace(pid=0)
    if sig_ignored(process, task or process.leader, signal, force):
        return False
    queue = process.pending if task is None else task.signals
    if not (_add_without_room(queue, info) if _has_no_room(process, info) else queue.add(info)):
        return False
    process.signal_arrived.wake()
    taker = _find_taker(process.threads if task is None else [task], bit(signal))
    if signal == _SIGKILL:
        kill_threads(process, signal)
    elif taker is not None:
        signal_wake_up(taker)
    return True


def _find_taker(receivers: list[LinuxTask], mask: int) -> LinuxTask | None:
    """Who is to take a signal of those who may: best one that was not told of another (complete_signal).

    All those are made ready that wait for it by sigtimedwait(2).
    """
    taker = None
    for thread in receivers:
        if thread.waited_for & mask:
            thread.kernel.ready(thread)
        if not thread.blocked & mask and (taker is None or (is_noticed(taker) and not is_noticed(thread))):
            taker = thread
    return taker


def _is_from_above(process: Process) -> bool:
    """Whether the sender has no number where a process has its own."""
    sender = process.leader.kernel.current
    return sender is None or not process.pid_ns.shown(sender.tid)


def queued_for(kernel: LinuxSystem, uid: int) -> int:
    """How many signals wait for programs of a user, and timers that may send one."""
    return sum(
        process.pending.counted
        + len(process.posix_timers)
        + sum(thread.signals.counted for thread in process.threads)
        for process in kernel.processes
        if process.threads and process.threads[0].credentials.uid == uid
    )


def _has_no_room(process: Process, info: SigInfo) -> bool:
    """Whether RLIMIT_SIGPENDING keeps a signal from being queued: not one of kill(2) or the kernel below SIGRTMIN."""
    if info.source is not None or (info.signo < _SIGRTMIN and info.code >= 0):
        return False
    thread = process.threads[0]
    return queued_for(thread.kernel, thread.credentials.uid) >= thread.rlimits[Resource.SIGPENDING][0]


def _add_without_room(queue: Pending, info: SigInfo) -> bool:
    """What becomes of a signal that cannot be queued: it arrives without its information, or not at all."""
    if info.signo >= Sig.SIGRTMIN and info.code != SiCode.SI_USER:
        if info.code < 0:
            raise Errno(E.EAGAIN)
        return False
    queue.set |= bit(info.signo)
    return True


@function("bool sig_ignored(struct task_struct *t, int sig, bool force)")
def sig_ignored(process: Process, receiver: LinuxTask, signal: int, force: bool = False) -> bool:
    """Whether a signal is dropped when it is sent: not if it is blocked or waited for, or a tracer wants to see it.

    Args:
        process: Who is to get it.
        receiver: The thread that would take it.
        signal: The signal.
        force: It comes from the kernel or from a namespace above: then the first process of a namespace ends or stops
            by what nobody can block.
    """
    if process.unkillable and is_default(process, signal):
        ignored = not (force and bit(signal) & UNBLOCKABLE)
    else:
        ignored = process.actions.ignores(signal) and signal != _SIGKILL
    if not ignored or (receiver.blocked | receiver.waited_for) & bit(signal):
        return False
    return receiver.trace is None or signal == Sig.SIGKILL


@function(
    "bool prepare_signal(int sig, struct task_struct *p, bool force)",
    calls={"do_notify_parent_cldstop", "recalc_sigpending", "signal_wake_up"},
)
def prepare_signal(process: Process, signal: int) -> None:
    """What a signal does to others when it is sent (prepare_signal): stopping and continuing exclude each other."""
    if bit(signal) & STOPPING:
        _discard(process, bit(_SIGCONT))
    elif signal == _SIGCONT:
        _discard(process, STOPPING)
        _continue_process(process)


def _discard(process: Process, signals: int) -> None:
    process.pending.discard(signals)
    for thread in process.threads:
        thread.signals.discard(signals)


def resume_from_stop(task: LinuxTask) -> None:
    """Lets a thread go on after its process was stopped, by way of `do_signal`, which settles the call it was in."""
    if task.must_stop:
        task.must_stop = False
        task.stopped.wake()


def broken_pipe(task: LinuxTask) -> None:
    """A thread wrote where nobody reads."""
    do_send_specific(task, _from_itself(task, Sig.SIGPIPE))


def file_too_large(task: LinuxTask) -> None:
    """A thread wrote beyond RLIMIT_FSIZE."""
    do_send_specific(task, _from_itself(task, Sig.SIGXFSZ))


def _from_itself(task: LinuxTask, signal: Sig) -> SigInfo:
    """What a signal says that the kernel sends a thread for what it did, as if the thread had (SEND_SIG_NOINFO)."""
    return SigInfo(int(signal), pid=task.vtgid, uid=task.credentials.uid)


@function(
    "bool do_signal_stop(int signr)",
    calls={"do_notify_parent_cldstop", "signal_wake_up"},
)
def do_signal_stop(process: Process, signal: int) -> None:
    """Stops all threads of a process and tells its parent (do_signal_stop)."""
    before, process.stopped = process.stopped, process.stopped or signal
    for thread in process.threads:
        if not thread.must_stop:  # one that is on its way to a stop keeps to the signal of that
            thread.must_stop, thread.stop_signal = True, signal
        if thread.trace is not None and thread.trace.seized:
            thread.trace.notify = True
        signal_wake_up(thread)
    if process.parent is None and not before:
        process.leader.kernel.stopped_alone(process, signal)
    if not before:
        process.report = int(CldCode.CLD_STOPPED)
    if not before and not is_hidden(process):
        do_notify_parent_cldstop(process, int(CldCode.CLD_STOPPED), signal)


def is_hidden(process: Process) -> bool:
    """Whether its parent sees its stops as its tracer, and not twice (wait_consider_task)."""
    trace = process.leader.trace
    return trace is not None and trace.tracer is not None and trace.tracer is process.parent


def _continue_process(process: Process) -> None:
    """What SIGCONT does when it is sent: a stopped process goes on, and tracers that seized its threads hear."""
    for thread in process.threads:
        thread.may_stop = False
        if thread.trace is not None and thread.trace.seized:
            thread.must_stop = False
            thread.trace.notify = True
            signal_wake_up(thread)
        else:
            resume_from_stop(thread)
    if process.stopped:
        process.stopped = 0
        do_notify_parent_cldstop(process, int(CldCode.CLD_CONTINUED), int(Sig.SIGCONT))


def kill_threads(process: Process, code: int, but: LinuxTask | None = None) -> None:
    """Marks a process for its end, and makes its threads see to that whatever they wait for (zap_other_threads).

    Args:
        process: The process.
        code: Its exit code, unless it is ending already.
        but: The thread that ends by itself.
    """
    if process.ending is None:
        process.ending = code
    for thread in process.threads:
        if thread is not but:
            kill_thread(thread)


def kill_thread(thread: LinuxTask) -> None:
    """Makes a thread end before it runs on."""
    thread.signals.set |= bit(Sig.SIGKILL)
    thread.must_stop = False
    if thread.trace is not None:
        thread.trace.trap = thread.trace.notify = False
    signal_wake_up(thread)


def is_killed(task: LinuxTask) -> bool:
    """Whether a thread is to end and has not begun to (__fatal_signal_pending)."""
    return bool(task.signals.set & bit(Sig.SIGKILL))


@function(
    "void do_notify_parent_cldstop(struct task_struct *tsk, bool for_ptracer, int why)",
    calls={"group_send_sig_info"},
)
def do_notify_parent_cldstop(process: Process, code: int, status: int) -> None:
    """Tells the parent that a process has stopped or goes on."""
    process.report = code
    parent = process.parent
    if parent is None or parent.dead:
        return
    action = parent.actions[Sig.SIGCHLD]
    if action.handler != SIG_IGN and not action.flags & SaFlags.SA_NOCLDSTOP:
        group_send_sig_info(parent, child_info(process, code, status))
    parent.child_changed.wake()


@function("int force_sig_info(struct kernel_siginfo *info)")
def force_sig_info(task: LinuxTask, info: SigInfo) -> None:
    """Sends the running thread a signal that it cannot block or ignore (force_sig_info_to_task).

    If it is blocked or ignored, its action becomes the default, so that it ends the program.
    """
    signal = info.signo
    action = task.process.actions[signal]
    if action.handler == SIG_IGN or task.blocked & bit(signal):
        task.process.actions[signal] = DEFAULT
        task.blocked &= ~bit(signal)
    if is_default(task.process, signal) and task.trace is None:
        task.process.unkillable = False
    task.signals.discard(bit(signal))
    task.signals.add(info)
    task.set_flag(TIF_SIGPENDING)


@function(
    "int force_sig_fault(int sig, int code, void __user *addr)",
    calls={"force_sig_info"},
)
def force_sig_fault(task: LinuxTask, signal: Sig, code: int, address: int) -> None:
    """Forces the signal of a CPU exception (force_sig_fault)."""
    force_sig_info(task, SigInfo(int(signal), int(code), Layout.FAULT, address=address))


@function(
    "void force_sig(int sig)",
    calls={"force_sig_info"},
)
def force_sig(task: LinuxTask, signal: Sig) -> None:
    """Forces a signal with no more information than that it came from the kernel (force_sig)."""
    force_sig_info(task, SigInfo(int(signal), int(SiCode.SI_KERNEL)))


def is_default(process: Process, signal: int) -> bool:
    """Whether the signal's action is the default one."""
    return process.actions[signal].handler == SIG_DFL


def is_unwanted(process: Process, signal: int) -> bool:
    """Whether a signal is dropped when it is taken, by the first process of a namespace that has not asked for it."""
    return process.unkillable and is_default(process, signal) and not bit(signal) & UNBLOCKABLE


def is_fatal(task: LinuxTask, signal: int) -> bool:
    """Whether a signal's action ends the process."""
    if is_unwanted(task.process, signal):
        return False
    return task.process.actions[signal].handler == SIG_DFL and not bit(signal) & (
        IGNORED_BY_DEFAULT | STOPPING
    )


def is_dying(task: LinuxTask) -> bool:
    """Whether a thread must not wait any more, even where other signals cannot interrupt it (fatal_signal_pending).

    A signal that ends the process counts as SIGKILL from when it is sent, unless it dumps core (complete_signal).
    """
    waiting = (task.signals.set | task.process.pending.set) & ~task.blocked
    return task.process.ending is not None or any(
        waiting & bit(signal) & ~CORE_DUMPING and is_fatal(task, signal)
        for signal in range(1, waiting.bit_length() + 1)
    )
