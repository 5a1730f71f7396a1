"""execve(2) and execveat(2)."""

from __future__ import annotations

import os
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from ring3.abi.c_types import DirFd, Int, Path, Pointer
from ring3.abi.errno import E, Errno
from ring3.abi.signals import Sig
from ring3.kernel.functions import function
from ring3.kernel.task import TaskExited
from ring3.kernel.wait import Bound
from ring3.linux.cpu_context import apply_settings, load_data_segments, load_tls, reset_user_state
from ring3.linux.definition import syscall
from ring3.linux.exec.program import bprm_execve
from ring3.linux.files.lookup import AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, getname, start_of, walk
from ring3.linux.model.program import Start
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.trace import Option
from ring3.linux.signals.send import do_send_specific, kill_thread, recalc_sigpending
from ring3.linux.tasks.birth import start_thread
from ring3.linux.tasks.exit import end, release_task
from ring3.linux.tasks.identity import after_exec
from ring3.linux.tasks.identity import start_program as start_credentials
from ring3.linux.tasks.memory import exit_mm, share_memory
from ring3.linux.tracing import stops as tracing
from ring3.loader.stack import Strings

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

Waiting = Coroutine[Any, Any, int]
MAX_ARG_STRLEN: Final = 32 * 4096
MAX_ARGUMENTS: Final = 6 << 20
"""What all strings may take, whatever the stack's limit (bprm_stack_limits)."""
NR_EXECVE: Final = {64: 59, 32: 11}
"""The number that a new program's registers show (set_personality_64bit, __set_personality_ia32)."""
BAD_POINTER: Final = (1 << 64) - 4095
"""From here on a pointer is an error number (IS_ERR of include/linux/err.h)."""


def _pointers(task: LinuxTask, address: int, narrow: bool) -> list[int]:
    """A vector of pointers in user memory, ended by a null pointer; none at address 0.

    Raises:
        Errno: EFAULT; E2BIG, more than the stack may ever hold.
    """
    found: list[int] = []
    memory, size = task.memory, 4 if narrow else 8
    most = max(memory.limits.stack // 4, MAX_ARG_STRLEN)
    while address:
        pointer = memory.read_u32(address) if narrow else memory.read_u64(address)
        if not pointer:
            break
        if pointer >= BAD_POINTER:
            raise Errno(E.EFAULT)
        found.append(pointer)
        if len(found) * size > most:
            raise Errno(E.E2BIG)
        address += size
    return found


def _strings(task: LinuxTask, vectors: tuple[list[int], list[int]], path: bytes) -> Strings:
    """The strings of argv and envp, read as Linux does: the environment first, and the last string of each first.

    Raises:
        Errno: EFAULT; E2BIG, a string or all of them are too long.
    """
    memory = task.memory
    arguments, environment = vectors
    room = max(min(memory.limits.stack // 4, MAX_ARGUMENTS), MAX_ARG_STRLEN)
    room -= 8 * (len(arguments) + len(environment)) + len(path) + 1
    read: list[list[bytes]] = []
    for pointers in (environment, arguments):
        texts: list[bytes] = []
        for pointer in reversed(pointers):
            text = memory.read_cstring(pointer, MAX_ARG_STRLEN)
            if text is None:
                raise Errno(E.E2BIG)
            texts.append(text)
            room -= len(text) + 1
            if room < 0:
                raise Errno(E.E2BIG)
        read.append(texts[::-1])
    return Strings(path, read[1] or [b""], read[0])


def _end_others(task: LinuxTask) -> Waiting | None:
    """Ends the other threads of a process (de_thread); those that stop once more for a tracer are waited for."""
    process = task.process
    process.executing = task
    for thread in list(process.threads):
        if thread is task:
            continue
        if tracing.wants(thread, Option.TRACEEXIT):
            kill_thread(thread)
        else:
            release_task(thread, 0)
    return _until_alone(task) if len(process.threads) > 1 else None


async def _until_alone(task: LinuxTask) -> int:
    process = task.process
    while len(process.threads) > 1:
        if process.ending is not None:
            end(task)
        with Bound(task):  # the others are ending
            await process.ended.wait(task)
    return 0


@function(
    "int begin_new_exec(struct linux_binprm *bprm)",
    calls={"exit_mm", "recalc_sigpending", "start_thread"},
)
def begin_new_exec(task: LinuxTask, start: Start, path: bytes) -> None:
    """Makes a task, alone in its process, run a prepared program instead of its own: execve cannot fail any more.

    Args:
        task: The task.
        start: The program in memory.
        path: The path that it was named by, which gives the task its name.
    """
    kernel, process = task.kernel, task.process
    process.executing = None
    if task.tid != process.pid:
        del kernel.tasks[task.tid]
        task.tid, task.vtid = process.pid, task.vtgid
        kernel.tasks[task.tid] = task
    share_memory(kernel, start.mm, task.mm_context.for_program(start.file.inode))
    exit_mm(task)
    task.mm = start.mm
    kernel.machine.cpu.use(start.mm.pmap)
    start_credentials(task)
    task.after_exec(start)
    process.after_exec()
    apply_settings(task)
    task.files.close_on_exec()
    place = task.exe_place
    task.exe = os.fsdecode(path if place is None else place.path())
    task.name = os.fsdecode(os.path.basename(path))[:15]
    load_tls(task)
    reset_user_state(kernel)
    load_data_segments(kernel, start.bits)
    start_thread(task.regs, start)
    task.regs.orig_ax = NR_EXECVE[start.bits]
    recalc_sigpending(task)


@function(
    "int do_execve(struct filename *filename, const char __user *const __user *argv, "
    "const char __user *const __user *envp)",
    calls={
        "begin_new_exec",
        "bprm_execve",
        "do_send_specific",
        "open_exec",
        "ptrace_event",
        "release_task",
        "signal_wake_up",
    },
)
def do_execve(task: LinuxTask, path: bytes, argv: int, envp: int, narrow: bool) -> int | Waiting:
    """Runs another program, given by its path."""
    if not path:
        raise Errno(E.ENOENT)
    kernel = task.kernel
    file = kernel.open_program(task, path)  # before the arguments are looked at (alloc_bprm)
    vectors = _pointers(task, argv, narrow), _pointers(task, envp, narrow)
    start = bprm_execve(
        kernel,
        path,
        file,
        _strings(task, vectors, path),
        after_exec(task.credentials),
        task.memory.limits,
        lambda name: kernel.open_program(task, name),
        task.settings.personality,
    )
    others = _end_others(task)
    if others is not None:
        return _go_on_alone(task, others, start, path)
    return _start(task, start, path)


async def _go_on_alone(task: LinuxTask, others: Waiting, start: Start, path: bytes) -> int:
    try:
        await others
    except TaskExited:
        start.mm.destroy()
        raise
    result = _start(task, start, path)
    return result if isinstance(result, int) else await result


def _start(task: LinuxTask, start: Start, path: bytes) -> int | Waiting:
    """Runs a prepared program, and tells a tracer."""
    old = task.tid
    begin_new_exec(task, start, path)
    if tracing.wants(task, Option.TRACEEXEC):
        return tracing.ptrace_event(task, tracing.EVENT_EXEC, tracing.number_for_tracer(task, old))
    if task.trace is not None and not task.trace.seized:
        do_send_specific(task, SigInfo(int(Sig.SIGTRAP)))
    return 0


@syscall("full")
def sys_execve(task: LinuxTask, filename: Path, argv: Pointer, envp: Pointer) -> int | Waiting:
    """Runs another program in this process."""
    return do_execve(task, getname(task, filename), argv, envp, False)


@syscall("full")
def compat_sys_execve(task: LinuxTask, filename: Path, argv: Pointer, envp: Pointer) -> int | Waiting:
    """The same for a 32-bit program."""
    return do_execve(task, getname(task, filename), argv, envp, True)


@function(
    "int do_execveat(int fd, struct filename *filename, const char __user *const __user *argv, "
    "const char __user *const __user *envp, int flags)",
    calls={"do_execve", "getname"},
)
def do_execveat(
    task: LinuxTask, fd: int, filename: int, argv: int, envp: int, flags: int, narrow: bool
) -> int | Waiting:
    """Runs another program, given by a descriptor and a path."""
    path = getname(task, filename)
    if not path and not flags & AT_EMPTY_PATH:
        raise Errno(E.ENOENT)
    if flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH):
        raise Errno(E.EINVAL)
    start = start_of(task, fd, path)
    if flags & AT_SYMLINK_NOFOLLOW:
        place = walk(task).find(start, path, follow=False) if path else start
        if place.inode.is_link:
            raise Errno(E.ELOOP)
    if not path and fd == AT_FDCWD:
        path = b"."  # which is a directory
    elif not path.startswith(b"/") and fd != AT_FDCWD:
        task.files[fd]  # EBADF if it is closed
        path = f"/dev/fd/{fd}".encode() + (b"/" + path if path else b"")
    return do_execve(task, path, argv, envp, narrow)


@syscall("full")
def sys_execveat(
    task: LinuxTask, fd: DirFd, filename: Path, argv: Pointer, envp: Pointer, flags: Int
) -> int | Waiting:
    """Runs another program, named relative to a directory or of an open file."""
    return do_execveat(task, fd, filename, argv, envp, flags, False)


@syscall("full")
def compat_sys_execveat(
    task: LinuxTask, fd: DirFd, filename: Path, argv: Pointer, envp: Pointer, flags: Int
) -> int | Waiting:
    """The same for a 32-bit program."""
    return do_execveat(task, fd, filename, argv, envp, flags, True)
