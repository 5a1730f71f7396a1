"""Asking a thread's filters before each of its calls (kernel/seccomp.c of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum, IntFlag
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.security import SECCOMP_DATA
from ring3.abi.linux.structs.sockets import SOCK_FPROG
from ring3.abi.signals import Sig
from ring3.kernel import classic_bpf
from ring3.kernel.functions import function
from ring3.kernel.task import GivenUp, TaskExited
from ring3.kernel.wait import Rest
from ring3.linux.cpu_context import set_no_tsc
from ring3.linux.definition import IA32_REGISTERS, X64_REGISTERS
from ring3.linux.filters.listener import ListenerFile
from ring3.linux.model.filters import Filter, Mode, Seccomp, chain
from ring3.linux.model.listener import Listener, Question, Stage
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.linux.model.signal_state import DEFAULT
from ring3.linux.model.syscall_work import SECCOMP, set_work
from ring3.linux.model.trace import Option
from ring3.linux.signals.send import force_sig_info, is_dying
from ring3.linux.tasks.exit import do_group_exit, release_task
from ring3.linux.tracing import stops as tracing

if TYPE_CHECKING:
    from ring3.kernel.regs import UserRegs
    from ring3.linux.model.task import LinuxTask


class Action(IntEnum):
    """What a filter wants, the upper half of what it returns; the lowest as a signed number wins."""

    KILL_PROCESS = 0x8000_0000
    KILL_THREAD = 0
    TRAP = 0x0003_0000
    ERRNO = 0x0005_0000
    USER_NOTIF = 0x7FC0_0000
    TRACE = 0x7FF0_0000
    LOG = 0x7FFC_0000
    ALLOW = 0x7FFF_0000


_DATA: Final = SECCOMP_DATA.form(64)
DIALECT: Final = classic_bpf.Dialect(
    frozenset((classic_bpf.LD | classic_bpf.ABS,)), lambda at: at < _DATA.size and not at & 3
)
"""A filter of calls may load aligned words (seccomp_check_filter)."""
ACTION_FULL: Final = 0xFFFF_0000
DATA: Final = 0xFFFF
MAX_ERRNO: Final = 4095
ARCH_I386: Final = 0x4000_0003
ARCH_X86_64: Final = 0xC000_003E
SYS_SECCOMP: Final = 1
STRICT_64: Final = frozenset((0, 1, 15, 60))
STRICT_32: Final = frozenset((1, 3, 4, 119))
"""read, write, rt_sigreturn or sigreturn, exit."""
_EVENT_SECCOMP: Final = 7


def mode_of(task: LinuxTask) -> Mode:
    """A thread's mode."""
    return Mode.DISABLED if task.seccomp is None else task.seccomp.mode


def newest_of(task: LinuxTask) -> Filter | None:
    """A thread's newest filter."""
    return None if task.seccomp is None else task.seccomp.filter


@function(
    "int secure_computing(void)",
    calls={"__seccomp_filter", "release_task"},
)
def secure_computing(task: LinuxTask, regs: UserRegs, seccomp: Seccomp) -> int | Coroutine[Any, Any, int]:
    """Asks whether a call may be made: its number, or -1 if it is not to be made (secure_computing)."""
    if tracing.is_suspended(task):
        return regs.orig_ax & 0xFFFF_FFFF
    if seccomp.mode is Mode.FILTER:
        return __seccomp_filter(task, regs, seccomp.filter)
    number = regs.orig_ax & 0xFFFF_FFFF
    if number in (STRICT_32 if task.in_ia32_syscall else STRICT_64):
        return number
    return _end_thread(task, int(Sig.SIGKILL))


class CallData(bytes):
    """``struct seccomp_data`` as filters load it."""

    __slots__ = ()

    def load(self, size: int, at: int, a: int, x: int) -> int:
        """The word at a place."""
        return int.from_bytes(self[at : at + 4], "little")


def _data(task: LinuxTask, regs: UserRegs) -> CallData:
    """``struct seccomp_data`` of the call in progress."""
    narrow = task.in_ia32_syscall
    if narrow:
        arguments = [getattr(regs, name) & 0xFFFF_FFFF for name in IA32_REGISTERS]
    else:
        arguments = [getattr(regs, name) for name in X64_REGISTERS]
    arch = ARCH_I386 if narrow else ARCH_X86_64
    number = regs.orig_ax & 0xFFFF_FFFF
    return CallData(_DATA.pack(number - ((number & 1 << 31) << 1), arch, regs.ip, *arguments))


@function("u32 seccomp_run_filters(const struct seccomp_data *sd, struct seccomp_filter **match)")
def seccomp_run_filters(newest: Filter | None, data: CallData) -> tuple[int, Filter | None]:
    """What all filters together want: the lowest action, as a signed number, and its data; the newest goes first.

    Returns:
        That, and the filter that wants it.
    """
    result, match = int(Action.ALLOW), None
    found = newest
    while found is not None:
        one = classic_bpf.run(found.program, data)
        if _order(one) < _order(result):
            result, match = one, found
        found = found.before
    return result, match


def _order(result: int) -> int:
    action = result & ACTION_FULL
    return action - (1 << 32) if action >> 31 else action


@function(
    "int __seccomp_filter(int this_syscall, const bool recheck_after_trace)",
    calls={"do_group_exit", "force_sig_info", "ptrace_event", "release_task", "seccomp_run_filters"},
)
def __seccomp_filter(
    task: LinuxTask, regs: UserRegs, newest: Filter | None
) -> int | Coroutine[Any, Any, int]:
    asked = _data(task, regs)
    result, match = seccomp_run_filters(newest, asked)
    action, data = result & ACTION_FULL, result & DATA
    number = regs.orig_ax & 0xFFFF_FFFF
    if action in (Action.ALLOW, Action.LOG):
        return number
    if action == Action.ERRNO:
        regs.ax = -min(data, MAX_ERRNO)
    elif action == Action.TRAP:
        _send_sigsys(task, regs, data)
    elif action == Action.TRACE and tracing.wants(task, Option.TRACESECCOMP):
        return _ask_tracer(task, regs, data, newest)
    elif action == Action.USER_NOTIF and match is not None and match.listener and not match.listener.closed:
        return seccomp_do_user_notification(task, regs, match.listener, asked)
    elif action in (Action.TRACE, Action.USER_NOTIF):
        regs.ax = -E.ENOSYS
    else:
        return _kill(task, regs, action)
    return -1


def _send_sigsys(task: LinuxTask, regs: UserRegs, data: int) -> None:
    """Forces SIGSYS, with the registers as they were before the call (force_sig_seccomp)."""
    arch = ARCH_I386 if task.in_ia32_syscall else ARCH_X86_64
    number = regs.orig_ax & 0xFFFF_FFFF
    regs.ax = regs.orig_ax
    force_sig_info(
        task,
        SigInfo(
            int(Sig.SIGSYS), SYS_SECCOMP, Layout.SYS, address=regs.ip, value=number | arch << 32, errno=data
        ),
    )


def _kill(task: LinuxTask, regs: UserRegs, action: int) -> int:
    """KILL_PROCESS, KILL_THREAD, and all that is not known: the whole process dies of SIGSYS, or just a thread."""
    task.seccomp = Seccomp(Mode.DEAD, newest_of(task))
    if action == Action.KILL_THREAD and len(task.process.threads) > 1:
        return _end_thread(task, int(Sig.SIGSYS))
    task.process.actions[Sig.SIGSYS] = DEFAULT
    _send_sigsys(task, regs, 0)
    return do_group_exit(task, int(Sig.SIGSYS))


def _end_thread(task: LinuxTask, code: int) -> int:
    release_task(task, code)
    raise TaskExited


async def _ask_tracer(task: LinuxTask, regs: UserRegs, data: int, newest: Filter | None) -> int:
    """Stops for the tracer, which may change the number; then the filters are asked again, but not to stop."""
    with Rest(task, partial(_ask_tracer, task, regs, data, newest)):
        await tracing.ptrace_event(task, _EVENT_SECCOMP, data)
    number = regs.orig_ax & 0xFFFF_FFFF
    if number == 0xFFFF_FFFF:
        return -1
    again, _ = seccomp_run_filters(newest, _data(task, regs))
    if again & ACTION_FULL == Action.TRACE:
        return number
    answer = __seccomp_filter(task, regs, newest)
    return answer if isinstance(answer, int) else await answer


async def seccomp_do_user_notification(
    task: LinuxTask, regs: UserRegs, listener: Listener, data: bytes, asked: Question | None = None
) -> int:
    """Waits for what a listener says of a call: its number if it is made after all, or -1.

    Args:
        task: Who makes the call.
        regs: Its registers.
        listener: Who is asked.
        data: ``struct seccomp_data`` of the call.
        asked: The question, if it was asked before.
    """
    question = asked or listener.ask(task, bytes(data))
    try:
        with Rest(task, partial(seccomp_do_user_notification, task, regs, listener, data, question)):
            while question.reply is None:
                spared = listener.spares_readers and question.stage is Stage.READ
                if task.interrupted() and (not spared or is_dying(task)):
                    raise Errno(E.ERESTARTSYS)
                await question.answered.wait(task)
    except GivenUp:
        raise
    except Errno as error:
        listener.drop(question)
        regs.ax = -error.number
        return -1
    except BaseException:
        listener.drop(question)
        raise
    listener.drop(question)
    reply = question.reply
    if reply.goes_on:
        return regs.orig_ax & 0xFFFF_FFFF
    regs.ax = reply.error or reply.value
    return -1


class Flag(IntFlag):
    """Flags of SECCOMP_SET_MODE_FILTER."""

    TSYNC = 1
    LOG = 2
    SPEC_ALLOW = 4
    NEW_LISTENER = 8
    TSYNC_ESRCH = 16
    WAIT_KILLABLE_RECV = 32


_FLAGS: Final = sum(Flag)
MAX_INSTRUCTIONS: Final = (1 << 18) // 8
"""How many instructions all filters of a thread may have, as Linux converts them (MAX_INSNS_PER_PATH)."""
PENALTY: Final = 4
"""How many each filter counts for besides its own."""


def set_seccomp(task: LinuxTask, seccomp: Seccomp) -> None:
    """Gives system calls of a thread up; each is asked for from now on."""
    before = [] if task.seccomp is None else task.seccomp.listeners()
    for listener in seccomp.listeners():
        listener.users += listener not in before
    task.seccomp = seccomp
    set_work(task, SECCOMP)


@function("long seccomp_set_mode_strict(void)")
def seccomp_set_mode_strict(task: LinuxTask) -> int:
    """Leaves a thread four calls.

    Raises:
        Errno: EINVAL, it has filters.
    """
    if mode_of(task) not in (Mode.DISABLED, Mode.STRICT):
        raise Errno(E.EINVAL)
    set_no_tsc(task, True)
    set_seccomp(task, Seccomp(Mode.STRICT))
    return 0


@function("long seccomp_set_mode_filter(unsigned int flags, const char __user *filter)")
def seccomp_set_mode_filter(task: LinuxTask, flags: int, uargs: int) -> int:
    """Adds a filter; returns 0, its listener's descriptor, or with TSYNC the number of a thread that cannot have it.

    Raises:
        Errno: EINVAL, unknown flags, a program that the checks refuse, or the strict mode; EFAULT; EACCES, neither
            no_new_privs nor CAP_SYS_ADMIN; ENOMEM, too many instructions; ESRCH, as TSYNC_ESRCH wants it; EBUSY, a
            filter has a listener already; EMFILE.
    """
    _check_flags(flags)
    program = _read_program(task, uargs)
    newest = newest_of(task)
    if mode_of(task) not in (Mode.DISABLED, Mode.FILTER):
        raise Errno(E.EINVAL)
    older = newest.instructions + PENALTY if newest is not None else 0
    total = classic_bpf.converted_length(program) + older
    if total > MAX_INSTRUCTIONS:
        raise Errno(E.ENOMEM)
    listener = _new_listener(task, flags) if flags & Flag.NEW_LISTENER else None
    new = Seccomp(Mode.FILTER, Filter(program, newest, total, listener, bool(flags & Flag.LOG)))
    if flags & Flag.TSYNC:
        other = _thread_apart(task)
        if other is not None:
            if flags & Flag.TSYNC_ESRCH:
                raise Errno(E.ESRCH)
            return task.pid_ns.shown(other.tid)
        for thread in task.process.threads:
            thread.settings.no_new_privs |= task.settings.no_new_privs
            set_seccomp(thread, new)
    set_seccomp(task, new)
    return (
        0 if listener is None else task.files.install(ListenerFile(task.kernel.vfs, listener), cloexec=True)
    )


def _check_flags(flags: int) -> None:
    """Which flags go together.

    Raises:
        Errno: EINVAL.
    """
    both = flags & (Flag.TSYNC | Flag.NEW_LISTENER) == Flag.TSYNC | Flag.NEW_LISTENER
    if flags & ~_FLAGS or (both and not flags & Flag.TSYNC_ESRCH):
        raise Errno(E.EINVAL)
    if flags & Flag.WAIT_KILLABLE_RECV and not flags & Flag.NEW_LISTENER:
        raise Errno(E.EINVAL)


def _new_listener(task: LinuxTask, flags: int) -> Listener:
    """A listener for a new filter.

    Raises:
        Errno: EMFILE; EBUSY, there is one already.
    """
    task.files.free_from()
    if task.seccomp is not None and any(not one.closed for one in task.seccomp.listeners()):
        raise Errno(E.EBUSY)
    first = int.from_bytes(task.kernel.random_bytes(8), "little")
    return Listener(first, spares_readers=bool(flags & Flag.WAIT_KILLABLE_RECV))


def _thread_apart(task: LinuxTask) -> LinuxTask | None:
    """A thread of the process whose filters are not among the caller's (seccomp_can_sync_threads)."""
    for thread in task.process.threads:
        mode, newest = mode_of(thread), newest_of(thread)
        if thread is task or mode is Mode.DISABLED:
            continue
        is_among = newest is None or any(one is newest for one in chain(newest_of(task)))
        if mode is not Mode.FILTER or not is_among:
            return thread
    return None


def _read_program(task: LinuxTask, uargs: int) -> classic_bpf.Program:
    """The program in user memory (seccomp_prepare_user_filter)."""
    length, address = SOCK_FPROG.integers(task.memory, uargs, 32 if task.in_ia32_syscall else 64)
    if not 1 <= length <= classic_bpf.MAX_INSTRUCTIONS:
        raise Errno(E.EINVAL)
    if not task.settings.no_new_privs and not task.credentials.capable(Cap.SYS_ADMIN):
        raise Errno(E.EACCES)
    if not address:
        raise Errno(E.EINVAL)
    raw = task.memory.read(address, 8 * length)
    try:
        return classic_bpf.parse(raw, DIALECT)
    except classic_bpf.BadProgram:
        raise Errno(E.EINVAL) from None
