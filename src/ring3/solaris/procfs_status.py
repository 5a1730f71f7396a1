"""What /proc tells of a process and its lwps: psinfo, status, cred, usage (usr/src/uts/common/fs/proc/prsubr.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.solaris.devices import expanded
from ring3.abi.solaris.procfs import (
    LWPSINFO,
    LWPSTATUS,
    LWPSTATUS_TAIL,
    PR_ASLEEP,
    PR_DETACH,
    PR_MODEL_ILP32,
    PR_MODEL_LP64,
    PR_PCINVAL,
    PRHEADER,
    PRNODEV,
    PRUSAGE,
    PSINFO,
    PSTATUS,
)
from ring3.abi.solaris.signals import NSIG
from ring3.abi.solaris.tracing import PR_DSTOP, PR_ISTOP, PR_STOPPED, Why
from ring3.kernel.task import TaskState
from ring3.solaris.clocks import process_time
from ring3.solaris.process import Process
from ring3.solaris.procfs_registers import call_state, registers
from ring3.solaris.sigcalls import SIGACTION_FORMS
from ring3.solaris.signals import bit
from ring3.solaris.ucred import pack_cred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ring3.kernel.mm.mm import Mm
    from ring3.solaris.siginfo import Info
    from ring3.solaris.task import SolarisTask

_NANOSECONDS: Final = 10**9
_TS: Final = b"TS"
_TS_PRIORITY: Final = 59
_NO_BINDING: Final = -1
_SSLEEP, _SRUN, _SSTOP, _SONPROC, _SZOMB = 1, 2, 4, 6, 3
_NAMES: Final = {_SSLEEP: "S", _SRUN: "R", _SSTOP: "T", _SONPROC: "O", _SZOMB: "Z"}
_LARGEST: Final = {64: (1 << 64) - 1, 32: (1 << 32) - 1}


def _time(nanoseconds: int) -> tuple[int, int]:
    return divmod(nanoseconds, _NANOSECONDS)


def _set(signals: Iterable[Info]) -> tuple[int, ...]:
    return _words(sum({bit(info.signo) for info in signals}))


def _words(mask: int, count: int = 4) -> tuple[int, ...]:
    return tuple(mask >> 32 * n & 0xFFFF_FFFF for n in range(count))


def _state(task: SolarisTask) -> int:
    if task.suspended or task.process.stopped or task.stop is not None:
        return _SSTOP
    if task.on_cpu:
        return _SONPROC
    return _SSLEEP if task.state is TaskState.WAITING else _SRUN


def representative(process: Process) -> SolarisTask | None:
    """The lwp that stands for a process, None for a dead one (prchoose).

    It is one on the CPU, else one that has met an event, else the first.
    """
    lwps = list(process.lwps.values())

    def rank(lwp: SolarisTask) -> int:
        if lwp.on_cpu:
            return 0
        return 1 if lwp.stop is not None and lwp.stop.why is not Why.PR_REQUESTED else 2

    return min(lwps, key=rank, default=None)


def lwpsinfo(lwp: SolarisTask, bits: int) -> bytes:
    """``lwpsinfo_t``."""
    state = _state(lwp)
    return LWPSINFO.make(
        bits,
        pr_lwpid=lwp.lwpid,
        pr_addr=lwp.thread_pointer & _LARGEST[bits],
        pr_state=state,
        pr_sname=ord(_NAMES[state]),
        pr_nice=lwp.process.nice,
        pr_syscall=lwp.call_number if state == _SSLEEP else 0,
        pr_pri=_TS_PRIORITY,
        pr_start=_time(lwp.process.started),
        pr_time=_time(lwp.kernel.cpu_time(lwp)),
        pr_clname=_TS,
        pr_bindpro=_NO_BINDING,
        pr_bindpset=_NO_BINDING,
    )


def psinfo(process: Process, bits: int) -> bytes:
    """``psinfo_t``: sizes in kilobytes."""
    cred, lwp, start = process.cred, representative(process), process.start
    mm = None if lwp is None else lwp.mm
    pty = None if lwp is None else lwp.kernel.terminals.get(process.sid)
    about = PSINFO.make(
        bits,
        pr_nlwp=len(process.lwps),
        pr_pid=process.pid,
        pr_ppid=process.ppid,
        pr_pgid=process.pgid,
        pr_sid=process.sid,
        pr_uid=cred.ruid,
        pr_euid=cred.uid,
        pr_gid=cred.rgid,
        pr_egid=cred.gid,
        pr_addr=0 if lwp is None else lwp.thread_pointer & _LARGEST[bits],
        pr_size=0 if mm is None else sum(vma.end - vma.start for vma in mm.vmas) >> 10,
        pr_rssize=0 if mm is None else mm.rss().total << 2,
        pr_ttydev=_LARGEST[bits] & PRNODEV if pty is None else expanded(pty.node.rdev, bits),
        pr_start=_time(process.started),
        pr_time=_time(process_time(process)),
        pr_ctime=_time(process.children_time),
        pr_fname=process.name[:15],
        pr_psargs=process.args[:79],
        pr_wstat=process.exit_code if process.exited else 0,
        pr_argc=0 if start is None else start.argc,
        pr_argv=0 if start is None else start.argv & _LARGEST[bits],
        pr_envp=0 if start is None else start.envp & _LARGEST[bits],
        pr_dmodel=PR_MODEL_ILP32 if process.ilp32 else PR_MODEL_LP64,
        pr_nzomb=len(process.zombies),
        pr_taskid=process.task,
        pr_projid=process.project,
    )
    of_lwp = _zombie(bits) if lwp is None else lwpsinfo(lwp, bits)
    return about[: -len(of_lwp)] + of_lwp


def _zombie(bits: int) -> bytes:
    return LWPSINFO.make(bits, pr_state=_SZOMB, pr_sname=ord(_NAMES[_SZOMB]))


def lwpstatus(lwp: SolarisTask, bits: int) -> bytes:
    """``lwpstatus_t``."""
    sp, size, flags = lwp.altstack
    stop, info = lwp.stop, lwp.cursig
    asleep = _state(lwp) == _SSLEEP or (stop is not None and stop.asleep)
    action = lwp.process.action(info.signo) if info is not None else None
    head = LWPSTATUS.make(
        bits,
        pr_flags=_flags(lwp, asleep),
        pr_why=0 if stop is None else stop.why,
        pr_what=0 if stop is None else stop.what,
        pr_cursig=0 if info is None else info.signo,
        pr_info=_longs(b"" if info is None else info.pack(bits), 32, bits),
        pr_action_flags=0 if action is None else action.flags,
        pr_action_handler=0 if action is None else action.handler & _LARGEST[bits],
        pr_action_mask=_words(0 if action is None else action.mask),
        pr_lwpid=lwp.lwpid,
        pr_lwppend=_set(lwp.sigqueue),
        pr_lwphold=_words(lwp.sigmask),
        pr_altstack_sp=sp & _LARGEST[bits],
        pr_altstack_size=size & _LARGEST[bits],
        pr_altstack_flags=flags,
        pr_oldcontext=lwp.oldcontext & _LARGEST[bits],
        pr_clname=_TS,
        pr_utime=_time(lwp.kernel.cpu_time(lwp)),
        **_at_call(lwp, asleep, bits),
    )
    return head + LWPSTATUS_TAIL[bits].pack(0, 0, 0) + registers(lwp, bits)


def _longs(raw: bytes, count: int, bits: int) -> tuple[int, ...]:
    return tuple(memoryview(raw.ljust(count * bits // 8, b"\0")).cast("q" if bits == 64 else "i"))


def _flags(lwp: SolarisTask, asleep: bool) -> int:
    """``pr_flags``: of the lwp, and what its process is controlled by."""
    traced = lwp.process.tracing
    flags = PR_PCINVAL | (PR_ASLEEP if asleep else 0) | (PR_DETACH if lwp.detached else 0)
    if lwp.stop is not None:
        flags |= PR_STOPPED | PR_ISTOP
    elif lwp.process.stopped or lwp.suspended:
        flags |= PR_STOPPED
    return flags | (PR_DSTOP if lwp.stop_requested else 0) | (0 if traced is None else traced.modes)


def _at_call(lwp: SolarisTask, asleep: bool, bits: int) -> dict[str, int | tuple[int, ...]]:
    """The call that an lwp is in: its number, and arguments and results if it is stopped there."""
    stop, mask = lwp.stop, _LARGEST[bits]
    if stop is None or stop.why not in (Why.PR_SYSENTRY, Why.PR_SYSEXIT):
        return {"pr_syscall": lwp.call_number if asleep else 0}
    arguments, result, error = call_state(lwp)
    long = bits - 1
    signed = [(value & mask) - ((value & mask) >> long << bits) for value in (*arguments, 0, 0)]
    found: dict[str, int | tuple[int, ...]] = {
        "pr_syscall": stop.what,
        "pr_nsysarg": len(arguments),
        "pr_sysarg": tuple(signed),
    }
    if stop.why is Why.PR_SYSEXIT:
        found["pr_errno"] = error
        found["pr_rval1"] = 0 if error else (result & mask) - ((result & mask) >> long << bits)
    return found


def pstatus(process: Process, bits: int) -> bytes:
    """``pstatus_t``; of a dead process without the lwp's part."""
    lwp = representative(process)
    mm = None if lwp is None else lwp.mm
    about = PSTATUS.make(
        bits,
        pr_nlwp=len(process.lwps),
        pr_pid=process.pid,
        pr_ppid=process.ppid,
        pr_pgid=process.pgid,
        pr_sid=process.sid,
        pr_sigpend=_set(process.sigqueue),
        pr_utime=_time(process_time(process)),
        pr_cutime=_time(process.children_time),
        pr_dmodel=PR_MODEL_ILP32 if process.ilp32 else PR_MODEL_LP64,
        pr_nzomb=len(process.zombies),
        **_traced(process),
        **({} if mm is None else _places(mm, bits)),
    )
    return about + (b"" if lwp is None else lwpstatus(lwp, bits))


def _traced(process: Process) -> dict[str, int | tuple[int, ...]]:
    """What of a process is traced."""
    traced = process.tracing
    if traced is None:
        return {}
    return {
        "pr_flags": traced.modes,
        "pr_sigtrace": _words(traced.signals),
        "pr_flttrace": _words(traced.faults),
        "pr_sysentry": _words(traced.entries, 16),
        "pr_sysexit": _words(traced.exits, 16),
    }


def _places(mm: Mm, bits: int) -> dict[str, int]:
    """Where heap and stack lie, and how large they are."""
    top, mask = mm.layout.stack_top, _LARGEST[bits]
    stack = next((vma.start for vma in mm.vmas if vma.start < top <= vma.end), top)
    return {
        "pr_brkbase": mm.start_brk & mask,
        "pr_brksize": mm.brk - mm.start_brk,
        "pr_stkbase": stack & mask,
        "pr_stksize": top - stack,
    }


def prusage(process: Process, lwp: SolarisTask | None, bits: int) -> bytes:
    """``prusage_t`` of a process, or of one lwp."""
    clocks = (lwp or next(iter(process.lwps.values()))).kernel.clocks
    now = clocks.realtime()
    used = process_time(process) if lwp is None else lwp.kernel.cpu_time(lwp)
    return PRUSAGE.make(
        bits,
        pr_lwpid=0 if lwp is None else lwp.lwpid,
        pr_count=len(process.lwps) if lwp is None else 1,
        pr_tstamp=_time(clocks.monotonic()),
        pr_create=_time(max(0, clocks.monotonic() - (now - process.started))),
        pr_rtime=_time(now - process.started),
        pr_utime=_time(used),
        pr_slptime=_time(max(0, now - process.started - used)),
    )


def prcred(process: Process, bits: int) -> bytes:
    """``prcred_t``, with the groups."""
    return pack_cred(process.cred, bits)


def sigact(process: Process, bits: int) -> bytes:
    """The ``struct sigaction`` of each signal, from 1 on."""
    form = SIGACTION_FORMS[bits == 32]
    actions = [process.action(signal) for signal in range(1, NSIG)]
    return b"".join(form.pack(act.flags, act.handler, act.mask.to_bytes(16, "little")) for act in actions)


def listed(process: Process, each: Callable[[SolarisTask], bytes], bits: int) -> bytes:
    """What a file has that tells of all lwps: how many there are and how long each entry is, then these."""
    entries = [each(lwp) for _, lwp in sorted(process.lwps.items())]
    size = len(entries[0]) + 7 & ~7 if entries else 0
    head = PRHEADER.make(bits, pr_nent=len(entries), pr_entsize=size)
    return head + b"".join(entry.ljust(size, b"\0") for entry in entries)
