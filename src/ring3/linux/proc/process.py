"""The texts of /proc/PID and /proc/PID/task/TID."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.signals import NSIG, SIG_DFL, SIG_IGN
from ring3.kernel.mm.mm import Mm
from ring3.kernel.mm.report import Residence, flag_letters
from ring3.kernel.task import TaskState
from ring3.linux.entry.traps import VSYSCALL
from ring3.linux.model.filters import chain
from ring3.linux.model.limits import RLIM_INFINITY, Resource
from ring3.linux.model.namespaces import numbers_down_to
from ring3.linux.model.signal_state import bit
from ring3.linux.signals.send import queued_for
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.linux.model.namespaces import PidNamespace
    from ring3.linux.model.task import LinuxTask

TICK: Final = 10**7
KB: Final = PAGE_SIZE // 1024
STATES: Final = {
    "R": "running",
    "S": "sleeping",
    "T": "stopped",
    "t": "tracing stop",
    "Z": "zombie",
}
LIMITS: Final = (
    ("Max cpu time", "seconds"),
    ("Max file size", "bytes"),
    ("Max data size", "bytes"),
    ("Max stack size", "bytes"),
    ("Max core file size", "bytes"),
    ("Max resident set", "bytes"),
    ("Max processes", "processes"),
    ("Max open files", "files"),
    ("Max locked memory", "bytes"),
    ("Max address space", "bytes"),
    ("Max file locks", "locks"),
    ("Max pending signals", "signals"),
    ("Max msgqueue size", "bytes"),
    ("Max nice priority", ""),
    ("Max realtime priority", ""),
    ("Max realtime timeout", "us"),
)


def state_of(task: LinuxTask) -> str:
    """The letter for what a thread does."""
    if task.process.dead:
        return "Z"
    if task.state is TaskState.HELD or (task.trace is not None and task.trace.status is not None):
        return "t"
    if task.state is not TaskState.WAITING:
        return "R"
    return "T" if task.must_stop and task.trace is None else "S"


def cmdline(task: LinuxTask) -> bytes:
    """The arguments, each ended by a null byte, as they lie in its memory now."""
    return b"" if task.mm is None else _strings(task, *task.program.places.argv)


def environ(task: LinuxTask) -> bytes:
    """The environment it was started with, as it lies in its memory now."""
    return b"" if task.mm is None else _strings(task, *task.program.places.envp)


def _strings(task: LinuxTask, start: int, end: int) -> bytes:
    if task.mm is None:
        return b""
    try:
        return task.mm.peek(start, end - start)
    except Errno:
        return b""


def auxv(task: LinuxTask) -> bytes:
    """The auxiliary vector it was started with."""
    return b"" if task.mm is None else task.program.auxv


def limits(task: LinuxTask) -> bytes:
    """Its resource limits as a table."""
    rows = [f"{'Limit':<25} {'Soft Limit':<20} {'Hard Limit':<20} {'Units':<10}\n"]
    for (name, unit), (soft, hard) in zip(LIMITS, task.rlimits, strict=True):
        rows.append(f"{name:<25} {_limit(soft):<20} {_limit(hard):<20} {unit:<10}\n")
    return "".join(rows).encode()


def _limit(value: int) -> str:
    return "unlimited" if value == RLIM_INFINITY else str(value)


def maps(task: LinuxTask) -> bytes:
    """Its mappings."""
    if task.mm is None:
        return b""
    rows = [str(row) for row in task.mm.maps()]
    if _has_vsyscall(task):
        rows.append(_GATE)
    return os.fsencode("".join(f"{row}\n" for row in rows))


_GATE: Final = f"{VSYSCALL:x}-{VSYSCALL + PAGE_SIZE:x} --xp 00000000 00:00 0 ".ljust(73) + "[vsyscall]"
"""The mapping that is no part of an address space (get_gate_vma)."""


def _has_vsyscall(task: LinuxTask) -> bool:
    """Whether the vsyscall page is there for a program: it is for those of 64 bits."""
    return task.mm is not None and task.mm.task_size > 1 << 32


_RESIDENCE: Final = (
    ("Rss", "rss"), ("Pss", "pss"), ("Pss_Dirty", "pss_dirty"), ("Pss_Anon", "pss_anon"), ("Pss_File", "pss_file"),
    ("Pss_Shmem", "pss_shmem"), ("Shared_Clean", "shared_clean"), ("Shared_Dirty", "shared_dirty"),
    ("Private_Clean", "private_clean"), ("Private_Dirty", "private_dirty"), ("Referenced", "rss"),
    ("Anonymous", "anonymous"), ("KSM", ""), ("LazyFree", ""), ("AnonHugePages", ""), ("ShmemPmdMapped", ""),
    ("FilePmdMapped", ""), ("Shared_Hugetlb", ""), ("Private_Hugetlb", ""), ("Swap", ""), ("SwapPss", ""),
    ("Locked", "locked"),
)  # fmt: skip
"""What is said of memory (__show_smap of fs/proc/task_mmu.c): no page ages, is huge or merged, or leaves memory."""
_OF_ALL: Final = ("Pss_Anon", "Pss_File", "Pss_Shmem")
"""What is said of all mappings together only."""


def _line(name: str, size: int) -> str:
    return f"{name + ':':<16}{size // 1024:>8} kB\n"


def smaps(task: LinuxTask) -> bytes:
    """Its mappings, each with what is in memory of it."""
    if task.mm is None:
        return b""
    found = []
    for row, vma, residence in task.mm.smaps():
        found += _show_smap(str(row), vma.end - vma.start, residence, flag_letters(vma))
    if _has_vsyscall(task):
        found += _show_smap(_GATE, PAGE_SIZE, Residence(), ["ex"])
    return os.fsencode("".join(found))


def _show_smap(row: str, size: int, residence: Residence, flags: list[str]) -> list[str]:
    """What is said of a mapping."""
    found = [f"{row}\n", _line("Size", size)]
    found += [_line("KernelPageSize", PAGE_SIZE), _line("MMUPageSize", PAGE_SIZE)]
    found += [
        _line(name, getattr(residence, field) if field else 0)
        for name, field in _RESIDENCE
        if name not in _OF_ALL
    ]
    return [*found, f"{'THPeligible:':<16}{0:>8}\n", "VmFlags: ", *(f"{word} " for word in flags), "\n"]


def smaps_rollup(task: LinuxTask) -> bytes:
    """The sums of that over all its mappings."""
    if task.mm is None:
        return b""
    rows = list(task.mm.smaps())
    start = rows[0][1].start if rows else 0
    end = rows[-1][1].end if rows else 0
    residences = [residence for _, _, residence in rows]
    text = f"{start:08x}-{end:08x} ---p 00000000 00:00 0 ".ljust(73) + "[rollup]\n"
    for name, field in _RESIDENCE:
        text += _line(name, sum(getattr(found, field) for found in residences) if field else 0)
    return text.encode()


def file_mappings(task: LinuxTask) -> list[tuple[bytes, bytes]]:
    """Its mappings of files: where each begins and ends, and what it shows."""
    if task.mm is None:
        return []
    return [
        (f"{row.start:x}-{row.end:x}".encode(), os.fsencode(row.name)) for row in task.mm.maps() if row.inode
    ]


def statm(task: LinuxTask) -> bytes:
    """Its memory in pages: all, resident, shared, text, 0, data, 0."""
    mm = task.mm
    if mm is None:
        return b"0 0 0 0 0 0 0\n"
    rss = mm.rss()
    usage = mm.usage
    code = _code_pages(task, mm)
    return (
        f"{usage.total} {rss.total} {rss.file + rss.shmem} {code} 0 {usage.data + usage.stack} 0\n".encode()
    )


def _terminal(task: LinuxTask) -> tuple[int, int]:
    """Device number of its terminal and the process group that this serves; 0 and -1 for that of the host, or none."""
    pty = task.kernel.terminals.get(task.process.sid)
    if pty is None or pty.session != task.process.sid:
        return 0, -1
    return pty.node.rdev, -1 if pty.group is None else pty.group


def stat(task: LinuxTask, pids: PidNamespace) -> bytes:
    """One line with 52 fields (proc_pid_stat(5)); times that nobody keeps are 0."""
    process, mm, shown = task.process, task.mm, pids.shown
    device, group = _terminal(task)
    usage = task.usage()
    children = process.children_usage
    rss = 0 if mm is None else mm.rss().total
    fields: list[object] = [
        shown(task.tid), f"({task.name})", state_of(task), shown(process.ppid), shown(process.pgid),
        shown(process.sid), device, group if group < 0 else shown(group), 0x40_0000,
        usage.minflt, children.minflt, usage.majflt, children.majflt, usage.utime // TICK, usage.stime // TICK,
        children.utime // TICK, children.stime // TICK, 20, 0, len(process.threads) or 1, 0, process.started // TICK,
        0 if mm is None else mm.usage.total * PAGE_SIZE, rss, RLIM_INFINITY,
        *_addresses(mm),
        task.signals.set & 0x7FFF_FFFF, task.blocked & 0x7FFF_FFFF, *(_handled(task)), 0, 0, 0,
        process.exit_signal, 0, 0, 0, 0, 0, 0,
        0 if mm is None else mm.start_data, 0 if mm is None else mm.end_data, 0 if mm is None else mm.start_brk,
        *_places(task), process.exit_code,
    ]  # fmt: skip
    return (" ".join(map(str, fields)) + "\n").encode()


def _addresses(mm: Mm | None) -> tuple[int, ...]:
    """Start and end of code, which are not kept, the start of the stack, and two registers."""
    return (0, 0, 0 if mm is None else mm.start_stack, 0, 0)


def _places(task: LinuxTask) -> tuple[int, ...]:
    """Start and end of the arguments, and of the environment."""
    return (0, 0, 0, 0) if task.mm is None else (*task.program.places.argv, *task.program.places.envp)


def _handled(task: LinuxTask) -> tuple[int, int]:
    """The low 31 signals that are ignored, and those that have a handler."""
    ignored, caught = _dispositions(task)
    return ignored & 0x7FFF_FFFF, caught & 0x7FFF_FFFF


def _dispositions(task: LinuxTask) -> tuple[int, int]:
    ignored = caught = 0
    for signal in range(1, NSIG + 1):
        handler = task.process.actions[signal].handler
        if handler == SIG_IGN:
            ignored |= bit(signal)
        elif handler != SIG_DFL:
            caught |= bit(signal)
    return ignored, caught


def timers(task: LinuxTask, pids: PidNamespace) -> bytes:
    """What timer_create(2) made, the last one first."""
    process = task.process
    found = (timer.described(pids.shown(process.pid)) for timer in reversed(process.posix_timers.values()))
    return "".join(found).encode()


def status(task: LinuxTask, pids: PidNamespace) -> bytes:
    """The same for people, a row each."""
    process, who, shown = task.process, task.credentials, pids.shown
    tracer = None if task.trace is None else task.trace.tracer
    viewer = task.kernel.viewer
    letter = state_of(task)
    ignored, caught = _dispositions(task)
    rows: list[tuple[str, str]] = [
        ("Name", task.name),
        *([] if process.dead else [("Umask", f"{task.fs.umask:04o}")]),
        ("State", f"{letter} ({STATES[letter]})"),
        ("Tgid", str(shown(process.pid))),
        ("Ngid", "0"),
        ("Pid", str(shown(task.tid))),
        ("PPid", str(shown(process.ppid))),
        ("TracerPid", str(0 if tracer is None else shown(tracer.pid))),
        ("Uid", "\t".join(str(viewer.shown_user(uid)) for uid in (who.uid, who.euid, who.suid, who.fsuid))),
        ("Gid", "\t".join(str(viewer.shown_group(gid)) for gid in (who.gid, who.egid, who.sgid, who.fsgid))),
        ("FDSize", str(0 if process.dead else task.files.size)),
        ("Groups", " ".join(str(viewer.shown_group(gid)) for gid in who.groups) + " "),
        ("NStgid", numbers_down_to(process.pid_ns, pids, process.pid)),
        ("NSpid", numbers_down_to(process.pid_ns, pids, task.tid)),
        ("NSpgid", numbers_down_to(process.pid_ns, pids, process.pgid)),
        ("NSsid", numbers_down_to(process.pid_ns, pids, process.sid)),
        ("Kthread", "0"),
        *_memory(task),
        ("Threads", str(len(process.threads) or 1)),
        ("SigQ", f"{queued_for(task.kernel, who.uid)}/{task.rlimits[Resource.SIGPENDING][0]}"),
        ("SigPnd", f"{task.signals.set:016x}"),
        ("ShdPnd", f"{process.pending.set:016x}"),
        ("SigBlk", f"{task.blocked:016x}"),
        ("SigIgn", f"{ignored:016x}"),
        ("SigCgt", f"{caught:016x}"),
        ("CapInh", f"{who.inheritable:016x}"),
        ("CapPrm", f"{who.permitted:016x}"),
        ("CapEff", f"{who.effective:016x}"),
        ("CapBnd", f"{who.bounding:016x}"),
        ("CapAmb", f"{who.ambient:016x}"),
        ("NoNewPrivs", str(int(task.settings.no_new_privs))),
        ("Seccomp", str(0 if task.seccomp is None else int(task.seccomp.mode))),
        ("Seccomp_filters", str(0 if task.seccomp is None else sum(1 for _ in chain(task.seccomp.filter)))),
        ("Speculation_Store_Bypass", "not vulnerable"),
        ("SpeculationIndirectBranch", "not affected"),
        ("Cpus_allowed", "1"),
        ("Cpus_allowed_list", "0"),
        ("voluntary_ctxt_switches", str(task.waits)),
        ("nonvoluntary_ctxt_switches", str(task.preemptions)),
    ]
    return "".join(f"{name}:\t{value}\n" for name, value in rows).encode()


def _code_pages(task: LinuxTask, mm: Mm) -> int:
    """Pages of the program's own code; what else can be executed is libraries' (task_mem, fs/proc/task_mmu.c)."""
    own = sum(row.end - row.start for row in mm.maps() if row.perms[2] == "x" and row.name == task.exe)
    return min(own // PAGE_SIZE, mm.usage.text)


def _memory(task: LinuxTask) -> list[tuple[str, str]]:
    mm = task.mm
    if mm is None:
        return []
    rss, usage, code = mm.rss(), mm.usage, _code_pages(task, mm)
    rows = (
        ("VmPeak", usage.peak * KB),
        ("VmSize", usage.total * KB),
        ("VmLck", usage.locked * KB),
        ("VmPin", 0),
        ("VmHWM", mm.peak_rss() * KB),
        ("VmRSS", rss.total * KB),
        ("RssAnon", rss.anon * KB),
        ("RssFile", rss.file * KB),
        ("RssShmem", rss.shmem * KB),
        ("VmData", usage.data * KB),
        ("VmStk", usage.stack * KB),
        ("VmExe", code * KB),
        ("VmLib", (usage.text - code) * KB),
        ("VmPTE", (mm.pmap.tables - 1) * KB),
        ("VmSwap", 0),
    )
    return [
        *((name, f"{kilobytes:>8} kB") for name, kilobytes in rows),
        ("CoreDumping", "0"),
        ("THP_enabled", "0"),
        ("untag_mask", f"{(1 << 64) - 1:#x}"),
    ]


def cgroup(task: LinuxTask) -> bytes:
    """Its control group: there is the root of the one hierarchy, and nobody leaves it."""
    return b"0::/\n"


def personality(task: LinuxTask) -> bytes:
    """What personality(2) was told."""
    return b"%08x\n" % task.settings.personality


def schedstat(task: LinuxTask) -> bytes:
    """Nanoseconds on the CPU, nanoseconds in the run queue, which nobody counts, and how often it had the CPU."""
    return b"%d 0 %d\n" % (task.kernel.cpu_time(task), task.waits + task.preemptions + 1)


def wchan(task: LinuxTask) -> bytes:
    """The kernel function it waits in; 0 while it runs."""
    if task.state is not TaskState.WAITING:
        return b"0"
    return (task.kernel.image.symbols.name(task.stub) or "0").encode()


def syscall(task: LinuxTask) -> bytes:
    """The call it is in with its arguments, the stack pointer and the instruction pointer."""
    if task.state is TaskState.READY and task is not task.kernel.current:
        return b"running\n"
    regs = task.regs
    where = f"0x{regs.sp:x} 0x{regs.ip:x}\n"
    number = regs.orig_ax & 0xFFFF_FFFF
    if number == 0xFFFF_FFFF:
        return f"-1 {where}".encode()
    if task.is_narrow:
        values = [value & 0xFFFF_FFFF for value in (regs.bx, regs.cx, regs.dx, regs.si, regs.di, regs.bp)]
    else:
        values = [regs.di, regs.si, regs.dx, regs.r10, regs.r8, regs.r9]
    return f"{number} {' '.join(f'0x{value:x}' for value in values)} {where}".encode()
