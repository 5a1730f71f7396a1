"""wait4(2), waitid(2) and waitpid(2)."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.c_types import Int, Pid, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag, NamedTuple
from ring3.abi.linux.structs.signals import SIGINFO_CHILD
from ring3.abi.signals import CldCode, Sig
from ring3.fs.file import O_NONBLOCK
from ring3.kernel.functions import function
from ring3.kernel.wait import wait_event
from ring3.linux.calls.processes.rusage import pack_rusage
from ring3.linux.definition import syscall
from ring3.linux.model.process import Process, Rusage, child_info, exit_info
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.signals.send import is_hidden
from ring3.linux.tasks.exit import seen_by_tracer

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

Waiting = Coroutine[Any, Any, int]


class Wait(IntFlag):
    """Options of wait4 and waitid (include/uapi/linux/wait.h)."""

    WNOHANG = 1
    WUNTRACED = 2
    WEXITED = 4
    WCONTINUED = 8
    WNOWAIT = 0x0100_0000
    WNOTHREAD = 0x2000_0000
    WALL = 0x4000_0000
    WCLONE = 0x8000_0000


P_ALL: Final = 0
P_PID: Final = 1
P_PGID: Final = 2
P_PIDFD: Final = 3


class Found(NamedTuple):
    """A child or tracee with something to report.

    Attributes:
        pid: Its number.
        info: What SIGCHLD would say.
        status: As wait(2) encodes it.
        usage: Its resources.
    """

    pid: int
    info: SigInfo
    status: int
    usage: Rusage


def _total(child: Process) -> Rusage:
    usage = Rusage()
    usage.add(child.usage)
    usage.add(child.children_usage)
    return usage


@function("int eligible_child(struct wait_opts *wo, bool ptrace, struct task_struct *p)")
def eligible_child(parent: Process, kind: int, number: int, options: int) -> list[Process]:
    """The children that a wait asks for."""

    def matches(child: Process) -> bool:
        if (kind == P_PID and child.pid != number) or (kind == P_PGID and child.pgid != number):
            return False
        clone_child = child.exit_signal != Sig.SIGCHLD
        return bool(options & Wait.WALL) or clone_child == bool(options & Wait.WCLONE)

    return [child for child in parent.children if matches(child)]


def _look(parent: Process, children: list[Process], options: int) -> Found | None:
    """The first child with something to report; takes the report unless WNOWAIT."""
    keep = bool(options & Wait.WNOWAIT)
    for child in children:
        if child.dead and child.seen_first_by is None:
            found = Found(child.pid, exit_info(child), child.exit_code, _total(child))
            if not keep:
                parent.children_usage.add(found.usage)
                parent.threads[0].kernel.processes.forget(child)
            return found
        if child.report == CldCode.CLD_STOPPED and options & Wait.WUNTRACED and not is_hidden(child):
            info = child_info(child, child.report, child.stopped)
            found = Found(child.pid, info, child.stopped << 8 | 0x7F, _total(child))
        elif child.report == CldCode.CLD_CONTINUED and options & Wait.WCONTINUED:
            info = child_info(child, child.report, int(Sig.SIGCONT))
            found = Found(child.pid, info, 0xFFFF, _total(child))
        else:
            continue
        if not keep:
            child.report = 0
        return found
    return None


def _tracees(parent: Process, kind: int, number: int) -> list[LinuxTask]:
    """The threads that a process traces, among those that are asked for."""
    return [
        task
        for task in parent.tracees
        if kind == P_ALL
        or (kind == P_PID and number == task.tid)
        or (kind == P_PGID and task.process.pgid == number)
    ]


def _look_at_tracees(
    parent: Process, tracees: list[LinuxTask], exits: list[tuple[int, int]], options: int
) -> Found | None:
    """The first tracee that has stopped or ended; takes the report unless WNOWAIT."""
    for task in tracees:
        trace = task.trace
        if trace is None or not trace.unreported or trace.status is None:
            continue
        if not options & Wait.WNOWAIT:
            trace.unreported = False
        status = trace.status << 8 | 0x7F
        shown = parent.pid_ns.shown(task.tid)
        info = SigInfo(int(Sig.SIGCHLD), int(CldCode.CLD_TRAPPED), Layout.CHILD, shown, status=trace.status)
        return Found(task.tid, info, status, Rusage())
    if exits:
        tid, code = exits[0]
        if not options & Wait.WNOWAIT:
            parent.tracee_exits.remove(exits[0])
            seen_by_tracer(parent.threads[0].kernel.processes, parent, tid)
        shown = parent.pid_ns.shown(tid)
        info = SigInfo(int(Sig.SIGCHLD), int(CldCode.CLD_EXITED), Layout.CHILD, shown, status=code >> 8)
        return Found(tid, info, code, Rusage())
    return None


@function(
    "long do_wait(struct wait_opts *wo)",
    calls={"eligible_child", "group_send_sig_info"},
)
async def do_wait(task: LinuxTask, kind: int, number: int, options: int) -> Found | None:
    """Waits for a child; None if none has anything to report and WNOHANG is set.

    Raises:
        Errno: ECHILD, there is no such child; ERESTARTSYS, a signal came.
    """
    parent = task.process
    found: Found | None = None

    def changed() -> bool:
        nonlocal found
        children = eligible_child(parent, kind, number, options)
        tracees = _tracees(parent, kind, number)
        exits = [
            entry for entry in parent.tracee_exits if kind == P_ALL or (kind == P_PID and entry[0] == number)
        ]
        if not options & Wait.WEXITED:  # the dead have nothing else to report (wait_consider_task)
            children = [child for child in children if not child.dead]
            exits.clear()
        if not (children or tracees or exits):
            raise Errno(E.ECHILD)
        found = _look_at_tracees(parent, tracees, exits, options) or _look(parent, children, options)
        return found is not None

    if options & Wait.WNOHANG:
        changed()
    else:
        await wait_event(task, parent.child_changed, changed)
    return found


def _kind_of_pid(task: LinuxTask, pid: int) -> tuple[int, int]:
    if pid == -(1 << 31):
        raise Errno(E.ESRCH)
    if pid < -1:
        return P_PGID, task.pid_ns.found(-pid)
    if pid == -1:
        return P_ALL, 0
    return (P_PGID, task.process.pgid) if pid == 0 else (P_PID, task.pid_ns.found(pid))


@function(
    "long kernel_wait4(pid_t upid, int __user *stat_addr, int options, struct rusage *ru)",
    calls={"do_wait"},
)
async def kernel_wait4(task: LinuxTask, pid: int, status: int, options: int, usage: int, bits: int) -> int:
    """Waits for a child, as wait4(2) does."""
    known = Wait.WNOHANG | Wait.WUNTRACED | Wait.WCONTINUED | Wait.WNOTHREAD | Wait.WALL | Wait.WCLONE
    if options & 0xFFFF_FFFF & ~known:
        raise Errno(E.EINVAL)
    found = await do_wait(task, *_kind_of_pid(task, pid), options | Wait.WEXITED)
    if found is None:
        return 0
    if status:
        task.memory.write_u32(status, found.status)
    if usage:
        task.memory.write(usage, pack_rusage(found.usage, bits))
    return task.pid_ns.shown(found.pid)


@syscall("full", compat_sys_wait4=32)
def sys_wait4(
    task: LinuxTask, upid: Pid, stat_addr: Pointer, options: Int, ru: Pointer, *, bits: int = 64
) -> Waiting:
    """Waits for a child to change state."""
    return kernel_wait4(task, upid, stat_addr, options, ru, bits)


@syscall("full")
def sys_waitpid(task: LinuxTask, pid: Pid, stat_addr: Pointer, options: Int) -> Waiting:
    """wait4 without resources (i386)."""
    return kernel_wait4(task, pid, stat_addr, options, 0, 32)


@function(
    "int kernel_waitid(int which, pid_t upid, struct waitid_info *infop, int options, struct rusage *ru)",
    calls={"do_wait"},
)
async def kernel_waitid(
    task: LinuxTask, which: int, number: int, infop: int, options: int, ru: int, bits: int
) -> int:
    """As wait4, with a siginfo; the call writes it also when it fails, as zeros."""
    info = SigInfo(0)
    try:
        wanted, blocking = _waitid_options(options), True
        if which == P_PIDFD:
            number, blocking = _of_pidfd(task, number)
            which = P_PID
        else:
            number = _checked_id(task, which, number)
        found = await do_wait(task, which, number, wanted if blocking else wanted | Wait.WNOHANG)
        if found is not None:
            info = found.info
            if ru:
                task.memory.write(ru, pack_rusage(found.usage, bits))
        elif not (wanted & Wait.WNOHANG or blocking):
            raise Errno(E.EAGAIN)
    finally:
        if infop:
            _store_info(task, infop, info, bits)
    return 0


def _waitid_options(options: int) -> int:
    known = Wait.WNOHANG | Wait.WNOWAIT | Wait.WEXITED | Wait.WUNTRACED | Wait.WCONTINUED
    known |= Wait.WNOTHREAD | Wait.WALL | Wait.WCLONE
    bits = options & 0xFFFF_FFFF
    if bits & ~known or not bits & (Wait.WEXITED | Wait.WUNTRACED | Wait.WCONTINUED):
        raise Errno(E.EINVAL)
    return bits


def _checked_id(task: LinuxTask, which: int, number: int) -> int:
    """The number of a process or group; the caller's own group for group 0."""
    if (
        which not in (P_ALL, P_PID, P_PGID)
        or (which == P_PID and number <= 0)
        or (which == P_PGID and number < 0)
    ):
        raise Errno(E.EINVAL)
    return task.pid_ns.found(number) if number else task.process.pgid


def _of_pidfd(task: LinuxTask, fd: int) -> tuple[int, bool]:
    """The number of the process that a descriptor stands for, 0 if it is gone; whether to wait for it.

    Raises:
        Errno: EINVAL, a negative number; EBADF, no such descriptor.
    """
    from ring3.linux.tasks import pid_file  # noqa: PLC0415 -- few programs wait this way

    if fd < 0:
        raise Errno(E.EINVAL)
    file = pid_file.pid_file(task, fd)
    return file.tid if file.exists else 0, not file.flags & O_NONBLOCK


def _store_info(task: LinuxTask, address: int, info: SigInfo, bits: int) -> None:
    """Stores what waitid(2) tells, of a ``siginfo_t`` six fields and no more; zeros where nothing is found or fails."""
    raw = info.pack(bits)
    task.memory.write(address, raw[:12])
    start = SIGINFO_CHILD.offset("si_pid", bits)
    task.memory.write(address + start, raw[start : start + 12])


@syscall("full", compat_sys_waitid=32)
def sys_waitid(
    task: LinuxTask,
    which: Int,
    upid: Pid,
    infop: Pointer,
    options: Int,
    ru: Pointer,
    *,
    bits: int = 64,
) -> Waiting:
    """Waits for a child to change state, with a siginfo."""
    return kernel_waitid(task, which, upid, infop, options, ru, bits)
