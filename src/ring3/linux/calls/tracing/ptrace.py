"""ptrace(2): the calls of a tracer.

Requests, structures and the order of errors: kernel/ptrace.c and arch/x86/kernel/ptrace.c of Linux 6.x.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import CompatLong, CompatULong, Long, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum
from ring3.abi.linux.capabilities import Cap
from ring3.abi.linux.structs.tracing import (
    SYSCALL_INFO,
    SYSCALL_INFO_ENTRY,
    SYSCALL_INFO_EXIT,
    SYSCALL_INFO_SECCOMP,
)
from ring3.abi.signals import NSIG, SiCode, Sig
from ring3.fs.waiting import Waiting
from ring3.kernel.functions import function
from ring3.kernel.task import TaskState
from ring3.kernel.wait import wait_event
from ring3.linux.calls.tracing import filters as ptrace_filters
from ring3.linux.calls.tracing import queues as ptrace_queues
from ring3.linux.definition import IA32_REGISTERS, X64_REGISTERS, syscall
from ring3.linux.entry.deliver import result_of
from ring3.linux.filters.seccomp import ARCH_I386, ARCH_X86_64
from ring3.linux.model.process import INIT
from ring3.linux.model.siginfo import SIZE, SigInfo, unpack
from ring3.linux.model.signal_state import UNBLOCKABLE
from ring3.linux.model.trace import At, Option, Trace
from ring3.linux.signals.send import (
    do_send_specific,
    group_send_sig_info,
    is_killed,
    set_current_blocked,
    signal_wake_up,
)
from ring3.linux.tasks.access import may_look_into
from ring3.linux.tracing import registers as ptrace_regs
from ring3.linux.tracing import stepping
from ring3.linux.tracing import stops as tracing
from ring3.linux.tracing.stops import is_suspended

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


class Request(IntEnum):
    """include/uapi/linux/ptrace.h and arch/x86/include/uapi/asm/ptrace-abi.h."""

    TRACEME = 0
    PEEKTEXT = 1
    PEEKDATA = 2
    PEEKUSER = 3
    POKETEXT = 4
    POKEDATA = 5
    POKEUSER = 6
    CONT = 7
    KILL = 8
    SINGLESTEP = 9
    GETREGS = 12
    SETREGS = 13
    GETFPREGS = 14
    SETFPREGS = 15
    ATTACH = 16
    DETACH = 17
    GETFPXREGS = 18
    SETFPXREGS = 19
    SYSCALL = 24
    ARCH_PRCTL = 30
    SYSEMU = 31
    SYSEMU_SINGLESTEP = 32
    SETOPTIONS = 0x4200
    GETEVENTMSG = 0x4201
    GETSIGINFO = 0x4202
    SETSIGINFO = 0x4203
    GETREGSET = 0x4204
    SETREGSET = 0x4205
    SEIZE = 0x4206
    INTERRUPT = 0x4207
    LISTEN = 0x4208
    PEEKSIGINFO = 0x4209
    GETSIGMASK = 0x420A
    SETSIGMASK = 0x420B
    SECCOMP_GET_FILTER = 0x420C
    SECCOMP_GET_METADATA = 0x420D
    GET_SYSCALL_INFO = 0x420E
    GET_RSEQ_CONFIGURATION = 0x420F
    SET_SYSCALL_USER_DISPATCH_CONFIG = 0x4210
    GET_SYSCALL_USER_DISPATCH_CONFIG = 0x4211


R = Request
_RESUME: Final = {
    R.CONT: 0,
    R.SINGLESTEP: 0,
    R.SYSCALL: tracing.SYSCALL_WORK_TRACE,
    R.SYSEMU: tracing.SYSCALL_WORK_EMU,
    R.SYSEMU_SINGLESTEP: tracing.SYSCALL_WORK_EMU,
}
_STEPPING: Final = (R.SINGLESTEP, R.SYSEMU_SINGLESTEP)
_OTHERS: Final = {
    R.PEEKSIGINFO: ptrace_queues.ptrace_peek_siginfo,
    R.SECCOMP_GET_FILTER: ptrace_filters.seccomp_get_filter,
    R.SECCOMP_GET_METADATA: ptrace_filters.seccomp_get_metadata,
    R.GET_RSEQ_CONFIGURATION: ptrace_queues.get_rseq,
    R.GET_SYSCALL_USER_DISPATCH_CONFIG: ptrace_queues.get_dispatch,
    R.SET_SYSCALL_USER_DISPATCH_CONFIG: ptrace_queues.set_dispatch,
}
_OPTIONS: Final = sum(Option)
_SYSCALL_ENTRY, _SYSCALL_EXIT, _SECCOMP = 1, 2, 3
_OPERATIONS: Final = {
    (int(Sig.SIGTRAP) | 0x80, At.ENTRY): _SYSCALL_ENTRY,
    (int(Sig.SIGTRAP) | 0x80, At.EXIT): _SYSCALL_EXIT,
    (int(Sig.SIGTRAP) | tracing.EVENT_SECCOMP << 8, At.OUTSIDE): _SECCOMP,
}
"""What PTRACE_GET_SYSCALL_INFO tells of a stop, by its si_code: without PTRACE_O_TRACESYSGOOD nothing."""


@function(
    "int ptrace_traceme(void)",
    calls={"ptrace_attach"},
)
def ptrace_traceme(task: LinuxTask) -> int:
    """Makes the parent the caller's tracer."""
    if task.trace is not None:
        raise Errno(E.EPERM)
    parent = task.process.parent_thread
    if parent is not None:
        domain = parent.credentials.domain
        if domain is not None and not domain.reaches(task.credentials.domain):
            raise Errno(E.EPERM)
        tracing.ptrace_attach(task, parent)
    return 0


def _target(task: LinuxTask, pid: int) -> LinuxTask:
    found = task.kernel.unreaped(task.pid_ns.found(pid))
    if found is None:
        raise Errno(E.ESRCH)
    return found


def _attach(task: LinuxTask, target: LinuxTask, *, seize: bool, options: int) -> int | Waiting:
    """Begins to trace another thread (ptrace_attach)."""
    if seize:
        if options & ~_OPTIONS:
            raise Errno(E.EIO)
        _check_options(task, options)
    refused = target.tid == INIT or target.process is task.process or target.trace is not None
    if refused or not may_look_into(task, target) or target.state is TaskState.DEAD:
        raise Errno(E.EPERM)
    trace = tracing.ptrace_attach(target, task, seized=seize, options=options)
    if not seize:
        do_send_specific(target, SigInfo(int(Sig.SIGSTOP), int(SiCode.SI_KERNEL)))
    if target.must_stop and target.process.stopped:
        trace.trap = True
        signal_wake_up(target)
        return _until_trapped(task, target, trace)
    return 0


async def _until_trapped(task: LinuxTask, target: LinuxTask, trace: Trace) -> int:
    """One that had stopped goes over to a stop for its tracer before the request is done (JOBCTL_TRAPPING)."""
    with suppress(Errno):  # a signal ends the waiting, not the tracing
        await wait_event(
            task, task.process.child_changed, lambda: trace.is_stopped or target.trace is not trace
        )
    return 0


def _tracee(task: LinuxTask, pid: int) -> tuple[LinuxTask, Trace]:
    """A tracee of the caller, whatever it does.

    Raises:
        Errno: ESRCH, it is not.
    """
    target = _target(task, pid)
    if target.trace is None or target.trace.by is not task:
        raise Errno(E.ESRCH)
    return target, target.trace


def _stopped(task: LinuxTask, pid: int) -> tuple[LinuxTask, Trace]:
    """A tracee of the caller that is stopped, and to be asked (ptrace_check_attach).

    Raises:
        Errno: ESRCH, it is not.
    """
    target, trace = _tracee(task, pid)
    if trace.status is None or trace.listening or is_killed(target):
        raise Errno(E.ESRCH)
    return target, trace


def _resume(target: LinuxTask, request: int, signal: int) -> int:
    if not 0 <= signal <= NSIG:
        raise Errno(E.EIO)
    if request in _STEPPING:
        stepping.enable(target)
    else:
        stepping.disable(target)
    tracing.ptrace_resume(target, signal, _RESUME[Request(request)])
    return 0


def _interrupt(target: LinuxTask, trace: Trace) -> int:
    if not trace.seized:
        raise Errno(E.EIO)
    trace.trap, trace.renewed = True, trace.listening
    signal_wake_up(target)
    return 0


def _siginfo(task: LinuxTask, target: LinuxTask, trace: Trace, request: int, data: int, narrow: bool) -> int:
    if request == R.GETSIGINFO:
        if trace.info is None:
            raise Errno(E.EINVAL)
        task.memory.write(data, trace.info.pack(32 if narrow else 64))
        return 0
    info = unpack(task.memory.read(data, SIZE), 32 if narrow else 64)
    if trace.info is None:
        raise Errno(E.EINVAL)
    trace.info = trace.changed = info
    return 0


def _sigmask(task: LinuxTask, target: LinuxTask, request: int, size: int, data: int) -> int:
    if size != 8:
        raise Errno(E.EINVAL)
    if request == R.GETSIGMASK:
        mask = target.blocked if target.saved_mask is None else target.saved_mask
        task.memory.write_u64(data, mask)
    else:
        set_current_blocked(target, task.memory.read_u64(data) & ~UNBLOCKABLE)
    return 0


def _syscall_info(task: LinuxTask, target: LinuxTask, trace: Trace, size: int, data: int) -> int:
    """``struct ptrace_syscall_info``; returns how long it is, whatever fits (ptrace_get_syscall_info)."""
    regs, narrow = target.regs, target.in_ia32_syscall
    code = 0 if trace.info is None else trace.info.code
    op = _OPERATIONS.get((code, trace.at), 0)
    arch = ARCH_I386 if narrow else ARCH_X86_64
    head = (op, 0, 0, arch, regs.ip, regs.sp)
    if op == _SYSCALL_EXIT:
        value = result_of(target, regs)
        signed = value - (1 << 64) if value >> 63 else value
        raw = SYSCALL_INFO_EXIT.pack(64, *head, signed, -4095 <= signed < 0)
        raw = raw[: SYSCALL_INFO_EXIT.offset("is_error", 64) + 1]
    elif op:
        names, mask = (IA32_REGISTERS, 0xFFFF_FFFF) if narrow else (X64_REGISTERS, (1 << 64) - 1)
        number = regs.orig_ax & 0xFFFF_FFFF
        call = (
            number | (number >> 31) * 0xFFFF_FFFF_0000_0000,
            *(getattr(regs, name) & mask for name in names),
        )
        if op == _SECCOMP:
            raw = SYSCALL_INFO_SECCOMP.pack(64, *head, *call, trace.message & 0xFFFF_FFFF, 0)
            raw = raw[: SYSCALL_INFO_SECCOMP.offset("reserved2", 64)]
        else:
            raw = SYSCALL_INFO_ENTRY.pack(64, *head, *call)
    else:
        raw = SYSCALL_INFO.pack(64, *head)
    task.memory.write(data, raw[:size])
    return len(raw)


def _listen(trace: Trace) -> int:
    """PTRACE_LISTEN: news of the group's stop, also what has come since the thread stopped, make it stop anew."""
    if not trace.seized or trace.status is None or trace.status >> 8 != tracing.EVENT_STOP:
        raise Errno(E.EIO)
    trace.listening = True
    trace.unreported = False
    trace.resumed.wake()
    return 0


def _check_options(task: LinuxTask, options: int) -> None:
    """Which options a tracer may set (check_ptrace_options).

    Raises:
        Errno: EINVAL, an unknown one; EPERM, PTRACE_O_SUSPEND_SECCOMP is for administrators without filters.
    """
    if options & ~_OPTIONS:
        raise Errno(E.EINVAL)
    if options & Option.SUSPEND_SECCOMP and (
        not task.credentials.capable(Cap.SYS_ADMIN) or task.seccomp is not None or is_suspended(task)
    ):
        raise Errno(E.EPERM)


def _set_options(task: LinuxTask, trace: Trace, options: int) -> int:
    _check_options(task, options)
    trace.options = options
    return 0


def _peek_poke(task: LinuxTask, target: LinuxTask, request: int, address: int, data: int, word: int) -> int:
    memory = target.memory
    try:
        if request in (R.PEEKTEXT, R.PEEKDATA):
            task.memory.write(data, memory.peek(address, word))
        else:
            memory.poke(address, (data & (1 << 8 * word) - 1).to_bytes(word, "little"))
    except Errno:
        raise Errno(E.EIO) from None
    return 0


@function(
    "int ptrace_request(struct task_struct *child, long request, unsigned long addr, unsigned long data)",
    calls={
        "do_send_specific",
        "group_send_sig_info",
        "ptrace_attach",
        "ptrace_detach",
        "ptrace_peek_siginfo",
        "ptrace_resume",
        "ptrace_traceme",
        "set_current_blocked",
        "set_syscall_user_dispatch",
        "signal_wake_up",
    },
)
def ptrace_request(
    task: LinuxTask, request: int, pid: int, address: int, data: int, word: int
) -> int | Waiting:
    """Does a request of ptrace(2)."""
    if request == R.TRACEME:
        return ptrace_traceme(task)
    if request in (R.ATTACH, R.SEIZE):
        target = _target(task, pid)
        if request == R.SEIZE and address:
            raise Errno(E.EIO)
        return _attach(task, target, seize=request == R.SEIZE, options=data if request == R.SEIZE else 0)
    if request == R.INTERRUPT:
        return _interrupt(*_tracee(task, pid))
    if request == R.KILL:
        group_send_sig_info(_tracee(task, pid)[0].process, SigInfo(int(Sig.SIGKILL)))
        return 0
    target, trace = _stopped(task, pid)
    if request in _RESUME:
        return _resume(target, request, data)
    if request == R.DETACH:
        if not 0 <= data <= NSIG:
            raise Errno(E.EIO)
        tracing.ptrace_detach(target, data)
        return 0
    return _inspect(task, target, trace, request, address, data, word)


def _inspect(
    task: LinuxTask, target: LinuxTask, trace: Trace, request: int, address: int, data: int, word: int
) -> int:
    """The requests that look at a stopped tracee or change it."""
    narrow = word == 4
    if request in (R.PEEKTEXT, R.PEEKDATA, R.POKETEXT, R.POKEDATA):
        return _peek_poke(task, target, request, address, data, word)
    if request == R.SETOPTIONS:
        return _set_options(task, trace, data)
    if request == R.GETEVENTMSG:
        task.memory.write(data, trace.message.to_bytes(word, "little"))
        return 0
    if request in (R.GETSIGINFO, R.SETSIGINFO):
        return _siginfo(task, target, trace, request, data, narrow)
    if request in (R.GETSIGMASK, R.SETSIGMASK):
        return _sigmask(task, target, request, address, data)
    if request == R.GET_SYSCALL_INFO:
        return _syscall_info(task, target, trace, address, data)
    if request == R.LISTEN:
        return _listen(trace)
    if request in _OTHERS:
        return _OTHERS[Request(request)](task, target, address, data)
    return ptrace_regs.request(task, target, request, address, data, narrow)


@syscall("full")
def sys_ptrace(
    task: LinuxTask, request: Long, pid: Long, addr: UnsignedLong, data: UnsignedLong
) -> int | Waiting:
    """Traces another thread."""
    return ptrace_request(task, request, pid, addr, data, 8)


@syscall("partial", "as ptrace")
def compat_sys_ptrace(
    task: LinuxTask, request: CompatLong, pid: CompatLong, addr: CompatULong, data: CompatULong
) -> int | Waiting:
    """The same by a 32-bit tracer."""
    return ptrace_request(task, request, pid, addr, data, 4)
