"""Making threads and processes (kernel/fork.c of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag, NamedTuple
from ring3.abi.linux.capabilities import Cap
from ring3.abi.signals import Sig
from ring3.kernel.functions import function
from ring3.kernel.wait import Rest, WaitQueue
from ring3.linux.cpu_context import check_clone
from ring3.linux.model.limits import Resource
from ring3.linux.model.process import INIT, Process
from ring3.linux.model.trace import Option
from ring3.linux.model.undo import share_undo_list
from ring3.linux.signals.send import is_dying
from ring3.linux.tasks.birth import dup_task_struct, wake_up_new_task
from ring3.linux.tasks.limits import watch_cpu_time
from ring3.linux.tasks.namespaces import for_child, renewed
from ring3.linux.tasks.pids import alloc_pid
from ring3.linux.tracing import stops as tracing

if TYPE_CHECKING:
    from ring3.linux.model.namespaces import PidNamespace
    from ring3.linux.model.task import LinuxTask


Waiting = Coroutine[Any, Any, int]


class CloneFlag(IntFlag):
    """include/uapi/linux/sched.h."""

    CLONE_NEWTIME = 0x80
    CLONE_VM = 0x100
    CLONE_FS = 0x200
    CLONE_FILES = 0x400
    CLONE_SIGHAND = 0x800
    CLONE_PIDFD = 0x1000
    CLONE_PTRACE = 0x2000
    CLONE_VFORK = 0x4000
    CLONE_PARENT = 0x8000
    CLONE_THREAD = 0x10000
    CLONE_NEWNS = 0x20000
    CLONE_SYSVSEM = 0x40000
    CLONE_SETTLS = 0x80000
    CLONE_PARENT_SETTID = 0x100000
    CLONE_CHILD_CLEARTID = 0x200000
    CLONE_DETACHED = 0x400000
    CLONE_UNTRACED = 0x800000
    CLONE_CHILD_SETTID = 0x1000000
    CLONE_NEWCGROUP = 0x2000000
    CLONE_NEWUTS = 0x4000000
    CLONE_NEWIPC = 0x8000000
    CLONE_NEWUSER = 0x10000000
    CLONE_NEWPID = 0x20000000
    CLONE_NEWNET = 0x40000000
    CLONE_IO = 0x80000000
    CLONE_CLEAR_SIGHAND = 0x100000000
    CLONE_INTO_CGROUP = 0x200000000


C = CloneFlag
NAMESPACES: Final = (
    C.CLONE_NEWNS | C.CLONE_NEWCGROUP | C.CLONE_NEWUTS | C.CLONE_NEWIPC | C.CLONE_NEWUSER | C.CLONE_NEWPID
    | C.CLONE_NEWNET | C.CLONE_NEWTIME
)  # fmt: skip
_EXCLUSIVE: Final = (
    C.CLONE_SIGHAND | C.CLONE_CLEAR_SIGHAND,
    C.CLONE_NEWNS | C.CLONE_FS,
    C.CLONE_NEWUSER | C.CLONE_FS,
    C.CLONE_NEWIPC | C.CLONE_SYSVSEM,
)


class CloneArgs(NamedTuple):
    """What is to be made (struct kernel_clone_args).

    Attributes:
        flags: `CloneFlag` bits.
        exit_signal: What the parent gets when the child ends.
        stack: The child's stack pointer, 0 for the parent's.
        parent_tid: Where CLONE_PARENT_SETTID stores the child's number.
        child_tid: Where CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID do.
        tls: CLONE_SETTLS: FS base, or a ``struct user_desc`` for 32-bit code.
        pidfd: Where CLONE_PIDFD stores a descriptor for the child.
        set_tid: The number that the child is to have, in each namespace; empty for any.
    """

    flags: int
    exit_signal: int = 0
    stack: int = 0
    parent_tid: int = 0
    child_tid: int = 0
    tls: int = 0
    pidfd: int = 0
    set_tid: tuple[int, ...] = ()


def _check(task: LinuxTask, args: CloneArgs) -> None:
    """The combinations that copy_process refuses, in its order."""
    flags = args.flags
    if flags & C.CLONE_THREAD and not flags & C.CLONE_SIGHAND:
        raise Errno(E.EINVAL)
    if flags & C.CLONE_SIGHAND and not flags & C.CLONE_VM:
        raise Errno(E.EINVAL)
    if any(flags & both == both for both in _EXCLUSIVE):
        raise Errno(E.EINVAL)
    if flags & C.CLONE_PARENT and task.process.unkillable:
        raise Errno(E.EINVAL)
    if flags & C.CLONE_THREAD and (
        flags & (C.CLONE_NEWUSER | C.CLONE_NEWPID) or task.namespaces.pid_for_children is not task.pid_ns
    ):
        raise Errno(E.EINVAL)
    if flags & C.CLONE_INTO_CGROUP:
        raise Errno(E.EINVAL)
    if flags & C.CLONE_PIDFD and (
        flags & C.CLONE_DETACHED or (flags & C.CLONE_PARENT_SETTID and args.pidfd == args.parent_tid)
    ):
        raise Errno(E.EINVAL)
    tasks, limit = task.kernel.tasks, task.rlimits[Resource.NPROC][0]
    if len(tasks) >= task.kernel.max_tasks or (len(tasks) >= limit and _has_too_many(task, limit)):
        raise Errno(E.EAGAIN)


def _has_too_many(task: LinuxTask, limit: int) -> bool:
    """Whether RLIMIT_NPROC keeps the caller's user from having one more task; user 0 and administrators it does not."""
    mine = task.credentials
    if not mine.uid or mine.capable(Cap.SYS_RESOURCE) or mine.capable(Cap.SYS_ADMIN):
        return False
    return sum(other.credentials.uid == mine.uid for other in task.kernel.threads()) >= limit


@function(
    "pid_t kernel_clone(struct kernel_clone_args *args)",
    calls={"copy_process", "ptrace_attach", "ptrace_event", "wait_for_vfork_done"},
)
def kernel_clone(task: LinuxTask, args: CloneArgs) -> int | Waiting:
    """Makes a child; returns its number, at once or, for vfork, when it has execed or ended.

    Raises:
        Errno: EINVAL, flags that exclude each other; EPERM, namespaces; EAGAIN, too many tasks; ENOMEM; EMFILE and
            EFAULT, there can be no descriptor for the child.
    """
    _check(task, args)
    flags = args.flags
    others = renewed(task, flags & NAMESPACES) if flags & NAMESPACES else None
    if flags & C.CLONE_PIDFD:
        task.files.free_from(0)
        task.memory.write(args.pidfd, task.memory.read(args.pidfd, 4))
    child = copy_process(task, args, (task if others is None else others).namespaces.pid_for_children)
    if others is not None:
        others.give(child)
    if not flags & C.CLONE_THREAD:
        child.namespaces = for_child(child.namespaces)
    if flags & C.CLONE_PIDFD:
        task.memory.write_u32(args.pidfd, _open_pidfd(task, child, bool(flags & C.CLONE_THREAD)))
    if flags & C.CLONE_PARENT_SETTID:
        _store(task, args.parent_tid, task.pid_ns.shown(child.tid))
    if flags & C.CLONE_CHILD_SETTID:
        _store(child, args.child_tid, child.vtid)
    if flags & C.CLONE_CHILD_CLEARTID:
        child.clear_child_tid = args.child_tid
    if flags & C.CLONE_VFORK:
        child.vfork_done = WaitQueue()
    if task.trace is not None and not flags & C.CLONE_UNTRACED:
        return _traced(task, child, args)
    return wait_for_vfork_done(task, child) if flags & C.CLONE_VFORK else task.pid_ns.shown(child.tid)


async def _traced(task: LinuxTask, child: LinuxTask, args: CloneArgs) -> int:
    """Tells the tracer of a new child, if it asked for that; then goes on as for anybody."""
    vfork = args.flags & C.CLONE_VFORK
    if vfork:
        option, number = Option.TRACEVFORK, tracing.EVENT_VFORK
    elif args.exit_signal == Sig.SIGCHLD:
        option, number = Option.TRACEFORK, tracing.EVENT_FORK
    else:
        option, number = Option.TRACECLONE, tracing.EVENT_CLONE
    if tracing.wants(task, option) or args.flags & C.CLONE_PTRACE:
        tracing.follow_child(task, child)
    return await _tell_and_wait(task, child, number if tracing.wants(task, option) else 0, bool(vfork))


async def _tell_and_wait(task: LinuxTask, child: LinuxTask, event: int, vfork: bool) -> int:
    """The stop of an event, 0 for none; for vfork, the wait for the child, and the stop behind it if that is wanted."""
    if event:
        with Rest(task, partial(_tell_and_wait, task, child, event, vfork)):
            await tracing.ptrace_event(task, event, tracing.number_for_tracer(task, child.tid))
    if vfork:
        with Rest(task, partial(_tell_and_wait, task, child, 0, vfork)):
            await wait_for_vfork_done(task, child)
        if tracing.wants(task, Option.TRACEVFORKDONE):
            return await _tell_and_wait(task, child, tracing.EVENT_VFORK_DONE, vfork=False)
    return task.pid_ns.shown(child.tid)


def _open_pidfd(task: LinuxTask, child: LinuxTask, thread: bool) -> int:
    from ring3.linux.tasks import pid_file  # noqa: PLC0415 -- few programs ask for one

    return pid_file.install(task, child.process, child, pid_file.PIDFD_THREAD if thread else 0)


def _store(task: LinuxTask, address: int, number: int) -> None:
    with suppress(Errno):  # as put_user in schedule_tail and kernel_clone: the clone succeeds all the same
        task.memory.write_u32(address, number)


@function("int wait_for_vfork_done(struct task_struct *child, struct completion *vfork)")
async def wait_for_vfork_done(task: LinuxTask, child: LinuxTask) -> int:
    """Waits until the child has given its memory back; only a deadly signal ends the wait."""
    with Rest(task, partial(wait_for_vfork_done, task, child)):
        while child.vfork_done is not None and not is_dying(task):
            await child.vfork_done.wait(task)
    return task.pid_ns.shown(child.tid)


@function(
    "struct task_struct *copy_process(struct pid *pid, int trace, int node, struct kernel_clone_args *args)",
    calls={"dup_mmap", "dup_task_struct", "wake_up_new_task"},
)
def copy_process(task: LinuxTask, args: CloneArgs, pid_ns: PidNamespace) -> LinuxTask:
    """Makes a task of its own of what the caller shares or copies; it does not run yet.

    Args:
        task: The caller.
        args: What is to be made.
        pid_ns: The namespace that it is born in.
    """
    flags, parent = args.flags, task.process
    if flags & C.CLONE_SETTLS:
        check_clone(task, args.tls)
    if not flags & C.CLONE_FILES:
        task.files.require_at_most(task.kernel.nr_open)
    mm = task.memory if flags & C.CLONE_VM else task.memory.fork()
    try:
        child = dup_task_struct(task, mm, alloc_pid(task, pid_ns, args.set_tid))
    except BaseException:
        if not flags & C.CLONE_VM:
            mm.destroy()
        raise
    if flags & C.CLONE_THREAD:
        child.process = parent
        child.tgid, child.vtgid = parent.pid, task.vtgid
    else:
        if flags & C.CLONE_SIGHAND:
            actions = parent.actions
        else:
            actions = parent.actions.after_exec() if flags & C.CLONE_CLEAR_SIGHAND else parent.actions.copy()
        family = parent.parent if flags & C.CLONE_PARENT else parent
        child.process = Process(child.tid, family, parent.pgid, parent.sid, actions, pid_ns)
        child.vtgid = pid_ns.shown(child.tid)
        if child.vtgid == INIT:
            pid_ns.init, child.process.unkillable = child.process, True
        child.process.parent_thread = task if family is parent else parent.parent_thread
        child.process.exit_signal = parent.exit_signal if flags & C.CLONE_PARENT else args.exit_signal
        child.process.oom_score_adj = parent.oom_score_adj
        child.process.oom_score_adj_min = parent.oom_score_adj_min
        child.process.started = task.kernel.clocks.monotonic()
        task.kernel.processes.add(child.process)
    child.vtid = pid_ns.shown(child.tid)
    child.process.threads.append(child)
    task.for_child(child, share_files=bool(flags & C.CLONE_FILES), share_fs=bool(flags & C.CLONE_FS))
    child.altstack = task.altstack.for_child(runs_beside=flags & (C.CLONE_VM | C.CLONE_VFORK) == C.CLONE_VM)
    if flags & C.CLONE_SYSVSEM:
        share_undo_list(task, child)
    if child.process is not parent and parent.cpu_limit is not None:
        watch_cpu_time(child)
    wake_up_new_task(task, child, args.stack, args.tls if flags & C.CLONE_SETTLS else None)
    return child
