"""The kernel's processes and threads: ::ps, ::ptree, ::thread, ::findstack and their like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.errors import NO_PROCESS, NOT_SUPPORTED, MdbError, UsageError
from ring3.debug.mdb.numbers import with_base
from ring3.debug.mdb.registry import dcmd, walker
from ring3.debug.mdb.session import Session
from ring3.debug.mdb.targets.live import LiveTarget
from ring3.debug.mdb.targets.stack import frames
from ring3.debug.registers import CpuRegisters
from ring3.debug.thread import process_number
from ring3.kernel.task import Task, TaskState

_LETTERS = {TaskState.READY: "R", TaskState.DEAD: "Z"}
_PS = "{:<1} {:<6} {:<6} {:<6} {:<6} {:<6} {:<10} {:<16} {}\n"


def machine_of(session: Session) -> LiveTarget:
    """The target, if it is on a machine.

    Raises:
        MdbError: It is something else.
    """
    target = session.target
    if not isinstance(target, LiveTarget) or target.is_idle:
        raise MdbError(f"command is not supported by current target: {NOT_SUPPORTED}")
    return target


def address_of(task: Task) -> int:
    """Where a thread's structure is: at the low end of its kernel stack."""
    return task.kernel.machine.direct_map + task.stack


def process_address(task: Task) -> int:
    """Where the structure of a thread's process is: Solaris has a ``proc_t``, Linux the first thread's own."""
    page = getattr(getattr(task, "process", None), "page", 0)
    return task.kernel.machine.direct_map + page if page else address_of(task)


def _number(task: Task, *names: str) -> int:
    """A number of a task's process by the names that systems give it, 0 if it has none."""
    for name in names:
        for holder in (task, getattr(task, "process", None)):
            value = getattr(holder, name, None)
            if isinstance(value, int):
                return value
    return 0


def _parent(task: Task) -> int:
    process = getattr(task, "process", task)
    parent = getattr(process, "parent", None)
    if parent is not None and not callable(parent):
        return int(getattr(parent, "pid", getattr(parent, "tgid", 0)) or 0)
    return _number(task, "ppid")


def leaders(target: LiveTarget) -> list[Task]:
    """One task of each process."""
    found: dict[int, Task] = {}
    for task in sorted(target.kernel.tasks.values(), key=lambda each: int(each.tid)):
        found.setdefault(process_number(task), task)
    return list(found.values())


def _row(call: Call, task: Task) -> None:
    pid = process_number(task)
    cred = getattr(task, "cred", None) or getattr(task, "credentials", None)
    uid = int(getattr(cred, "uid", 0) or getattr(cred, "euid", 0))
    group, session = _number(task, "pgid", "pgrp") or pid, _number(task, "sid", "session") or pid
    call.write(
        _PS.format(
            _LETTERS.get(task.state, "S"), pid, _parent(task), group, session, uid, f"0x{0:08x}",
            f"{process_address(task):016x}", task.name,
        )
    )  # fmt: skip


def _header(call: Call) -> None:
    call.write(_PS.format("S", "PID", "PPID", "PGID", "SID", "UID", "FLAGS", "ADDR", "NAME"))


@dcmd("ps", "[-fltzTP]", "list processes (and associated thr,lwp)")
def ps(call: Call) -> None:
    """Lists processes."""
    options = call.options("fltzTP")
    target = machine_of(call.session)
    if call.piped:
        for task in leaders(target):
            call.emit(process_address(task))
        return
    _header(call)
    for task in leaders(target):
        _row(call, task)
        if options.flags & {"l", "t"}:
            for thread in _threads(target, process_number(task)):
                call.write(
                    f"\t{'T' if 't' in options else 'L'}  0x{address_of(thread):x} <{thread.state.name}>\n"
                )


@dcmd("pgrep", "[-x] [-n | -o] pattern", "pattern match against all processes")
def pgrep(call: Call) -> None:
    """Lists processes whose names match."""
    options = call.options("xno")
    if len(options.rest) != 1:
        raise UsageError
    try:
        pattern = re.compile(str(options.rest[0]))
    except re.error as error:
        raise MdbError(f"{options.rest[0]}: {error}") from None
    match = pattern.fullmatch if "x" in options else pattern.search
    found = [task for task in leaders(machine_of(call.session)) if match(task.name)]
    if options.flags & {"n", "o"}:
        found = found[-1:] if "n" in options else found[:1]
    if call.piped:
        for task in found:
            call.emit(process_address(task))
        return
    _header(call)
    for task in found:
        _row(call, task)


@dcmd("ptree", "?", "print process tree")
def ptree(call: Call) -> None:
    """Prints processes below their parents."""
    tasks = leaders(machine_of(call.session))
    known = {process_number(task) for task in tasks}

    def below(parent: int | None, depth: int) -> None:
        for task in tasks:
            above = _parent(task)
            if above == parent or (parent is None and above not in known):
                call.write(f"{' ' * 5 * depth}{process_address(task):016x}  {task.name}\n")
                below(process_number(task), depth + 1)

    below(None, 0)


@dcmd("pid2proc", ":", "convert PID to proc_t address")
def pid2proc(call: Call) -> None:
    """Gives the address of a process."""
    for task in leaders(machine_of(call.session)):
        if process_number(task) == call.address:
            call.emit(process_address(task))
            return
    raise MdbError(f"no process with pid {call.address}")


def _threads(target: LiveTarget, pid: int | None = None) -> list[Task]:
    tasks = sorted(target.kernel.tasks.values(), key=lambda each: int(each.tid))
    return [task for task in tasks if pid in (None, process_number(task))]


def thread_at(session: Session, address: int) -> Task:
    """The thread whose structure is at an address.

    Raises:
        MdbError: There is none.
    """
    for task in _threads(machine_of(session)):
        if address_of(task) == address:
            return task
    raise MdbError(f"{with_base(address)} is not the address of a thread")


@dcmd("thread", "?[-bdfimps]", "display a summarized kthread_t")
def thread(call: Call) -> None:
    """Prints one thread, or all."""
    target = machine_of(call.session)
    found = [thread_at(call.session, call.address)] if call.given else _threads(target)
    if call.first:
        call.write(f"{'ADDR':>16} {'STATE':>8} {'LWP':>6} {'PROC':>6} NAME\n")
    for task in found:
        call.write(
            f"{address_of(task):016x} {task.state.name.lower():>8} {task.tid:>6} {process_number(task):>6} "
            f"{task.name}\n"
        )


@dcmd("threadlist", "?[-t] [-v [count]]", "display threads and associated C stack traces")
def threadlist(call: Call) -> None:
    """Lists threads, with their stacks if asked."""
    options = call.options("tv")
    threads = _threads(machine_of(call.session))
    call.write(f"{'ADDR':>16} {'PROC':>16} {'LWP':>6} CMD/LWPID\n")
    for task in threads:
        where = address_of(task)
        call.write(f"{where:016x} {process_address(task):016x} {task.tid:>6} {task.name}/{task.tid}\n")
        if "v" in options:
            _stack(call, task)


@dcmd("findstack", ":[-v]", "find kernel thread stack, or that of a program's thread")
def findstack(call: Call) -> None:
    """Prints the kernel stack of a thread; of a program's one, which its number names, that of the program."""
    call.options("v")
    if call.session.target.is_kernel:
        _stack(call, thread_at(call.session, call.address))
    else:
        _user_stack(call)


def _user_stack(call: Call) -> None:
    target, width = call.session.target, 2 * call.session.word_size
    registers = target.registers(call.address)
    call.write(f"stack pointer for thread {call.address:x}: {registers['rbp']:x}\n")
    for depth, (frame, pc) in enumerate(frames(target, registers)):
        place = f"{frame:0{width}x} {call.session.symbolic(pc)}()"
        call.write(f"  {place}\n" if depth else f"[ {place} ]\n")


def _stack(call: Call, task: Task) -> None:
    target = machine_of(call.session)
    registers = CpuRegisters(target.kernel, task)
    values = dict(zip(("rip", "rbp", "rsp"), registers.values(("rip", "rbp", "rsp")), strict=True))
    if values["rip"] >> 63 == 0:
        call.write(f"thread {address_of(task):x} is in user mode\n")
        return
    call.write(f"stack pointer for thread {address_of(task):x}: {values['rsp']:x}\n")
    for frame, pc in frames(target, values):
        call.write(f"[ {frame:016x} {call.session.symbolic(pc)}() ]\n")


@dcmd("stacks", "?[-afiv]", "print unique kernel thread stacks")
def stacks(call: Call) -> None:
    """Prints stacks, each once with its threads."""
    target = machine_of(call.session)
    found: dict[tuple[str, ...], list[Task]] = {}
    for task in _threads(target):
        values = dict(
            zip(
                ("rip", "rbp", "rsp"),
                CpuRegisters(target.kernel, task).values(("rip", "rbp", "rsp")),
                strict=True,
            )
        )
        names = (
            tuple(call.session.symbolic(pc) for _frame, pc in frames(target, values))
            if values["rip"] >> 63
            else ()
        )
        found.setdefault(names, []).append(task)
    call.write(f"{'THREAD':<16} {'STATE':<8} COUNT\n")
    for names, tasks in found.items():
        call.write(f"{address_of(tasks[0]):016x} {tasks[0].state.name:<8} {len(tasks):>5}\n")
        for name in names:
            call.write(f"{'':17}{name}\n")


# -- processors -------------------------------------------------------------------------------------------------------


@dcmd("cpuinfo", "?[-v]", "print CPUs and runnable threads")
def cpuinfo(call: Call) -> None:
    """Prints the processor and whom it runs."""
    call.options("v")
    target = machine_of(call.session)
    kernel = target.kernel
    current = kernel.current
    address = kernel.image.symbols.get("cpus") or kernel.image.symbols.get("cpu0") or 0
    ready = sum(task.state is TaskState.READY for task in kernel.tasks.values())
    call.write(
        f"{'ID':>3} {'ADDR':<16} {'FLG':>3} {'NRUN':>4} {'BSPL':>4} {'PRI':>3} {'RNRN':>4} {'KRNRN':>5} "
        f"{'SWITCH':<6} {'THREAD':<16} PROC\n"
    )
    thread_address = address_of(current) if current is not None else 0
    call.write(
        f"{0:>3} {address:016x} {0x1F:>3x} {ready:>4} {0:>4} {59:>3} {'no':>4} {'no':>5} {'t-0':<6} "
        f"{thread_address:016x} {current.name if current is not None else '(idle)'}\n"
    )


@dcmd("vtop", ":[-a as]", "print physical mapping of virtual address")
def vtop(call: Call) -> None:
    """Says where in RAM an address is."""
    physical = machine_of(call.session).physical(call.address)
    if physical is None:
        raise MdbError(f"failed to get physical mapping of {call.address:#x}: no mapping for address")
    if call.piped:
        call.emit(physical)
    else:
        call.write(f"virtual {call.address:x} mapped to physical {physical:x}\n")


@dcmd("showrev", "[-pv]", "print version information")
def showrev(call: Call) -> None:
    """Says which system it is."""
    from ring3.debug.mdb.targets.kernel import names_of  # noqa: PLC0415 - it imports both systems

    name, host, release, version, machine = names_of(machine_of(call.session))
    call.write(
        f"Hostname: {host}\nRelease: {release}\nKernel architecture: {machine}\nApplication architecture: amd64\n"
        f"Kernel version: {name} {release} {machine} {version}\nPlatform: {machine}\n"
    )


# -- walkers -----------------------------------------------------------------------------------------------------------


@walker("proc", "list of active proc_t structures")
def walk_proc(session: Session, _start: int | None) -> Iterable[int]:
    """Processes."""
    return [process_address(task) for task in leaders(machine_of(session))]


def _at(session: Session, address: int) -> Task:
    """The thread, or one of the process, whose structure is at an address."""
    for task in leaders(machine_of(session)):
        if process_address(task) == address:
            return task
    return thread_at(session, address)


@walker("thread", "global or per-process kthread_t structures, or thread identifiers of a program")
def walk_thread(session: Session, start: int | None) -> Iterable[int]:
    """Threads, of all processes or of one."""
    if not session.target.is_kernel:
        found = session.target.thread_ids()
        if not found:
            raise MdbError(NO_PROCESS)
        return found
    pid = None if start is None else process_number(_at(session, start))
    return [address_of(task) for task in _threads(machine_of(session), pid)]


def _symbol_walk(*names: str) -> Callable[[Session, int | None], Iterable[int]]:
    def walk(session: Session, _start: int | None) -> Iterable[int]:
        found = [session.target.symbol(name) for name in names]
        return [symbol.value for symbol in found if symbol is not None]

    return walk


walker("cpu", "walk cpu_t structures")(_symbol_walk("cpus", "cpu0"))


@walker("sysent", "the elements of the system-call table")
def walk_sysent(session: Session, _start: int | None) -> Iterable[int]:
    """Addresses of the elements."""
    target = session.target
    for name, size in (("sysent", 32), ("sys_call_table", 8)):
        symbol = target.symbol(name)
        if symbol is not None:
            count = symbol.size // size or 256
            return [symbol.value + size * number for number in range(count)]
    raise MdbError("there is no system-call table")
