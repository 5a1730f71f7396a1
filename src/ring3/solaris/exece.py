"""exece: another program in this process (usr/src/uts/common/os/exec.c)."""

from __future__ import annotations

import os
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Path
from ring3.abi.errno import E, Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.signals import SIG_DFL, SIG_IGN
from ring3.loader.executable import ExecFile, find_executable
from ring3.loader.program import ExecError
from ring3.loader.stack import Strings
from ring3.machine.msr import Msr
from ring3.solaris.definition import function, syscall
from ring3.solaris.exec import INTERPRETED, MAX_DEPTH, NCARGS, Start, interpreter, prepare, setregs
from ring3.solaris.exit import end_others
from ring3.solaris.lookup import path_at, walk
from ring3.solaris.segments import describe_lwp, load_data_segments
from ring3.solaris.task import SS_DISABLE
from ring3.solaris.timers import end_timers

if TYPE_CHECKING:
    from ring3.solaris.task import SolarisTask


def _vector(task: SolarisTask, address: int) -> list[bytes]:
    """The strings of argv or envp.

    Raises:
        Errno: EFAULT; E2BIG.
    """
    found: list[bytes] = []
    word = 4 if task.ilp32 else 8
    room = NCARGS[word]
    while address and (pointer := int.from_bytes(task.memory.read(address, word), "little")):
        text = task.memory.read_cstring(pointer, room)
        if text is None or room <= len(text):
            raise Errno(SolarisE.E2BIG)
        room -= len(text) + 1
        found.append(text)
        address += word
    return found


def _open(task: SolarisTask, path: bytes) -> ExecFile:
    return find_executable(walk(task), task.process.fs.cwd, path)


class Execsw(IntEnum):
    """The kernel's loaders, by where their rows of ``execsw[]`` are."""

    ELF = 0xFFFF_FFFF_FBD0_0000
    INTP = ELF + 0x28


_LOADERS: Final = {b"\x7fELF": Execsw.ELF, b"#!": Execsw.INTP}


@function("genunix", signature="struct execsw *findexec_by_hdr(char *header)")
def findexec_by_hdr(_task: SolarisTask, header: bytes) -> int:
    """Which loader takes a file that begins so; NULL if there is none."""
    return next((loader for magic, loader in _LOADERS.items() if header.startswith(magic)), 0)


@function(
    "genunix",
    signature="int gexec(struct vnode **vpp, char *path, struct uarg *args, int level)",
    calls={"findexec_by_hdr": None, "gexec": None},
)
def gexec(
    task: SolarisTask, file: ExecFile, path: bytes, argv: list[bytes], level: int
) -> tuple[ExecFile, bytes, list[bytes]]:
    """The program that runs a file: itself, or the interpreter that its first line names (intpexec).

    Raises:
        Errno: ENOEXEC.
    """
    head = file.pread(0, INTERPRETED)
    loader = findexec_by_hdr(task, head)
    if loader == Execsw.ELF:
        return file, path, argv
    words = interpreter(head, path, argv)
    if not words or level == MAX_DEPTH:
        raise Errno(SolarisE.ENOEXEC)
    return gexec(task, _open(task, words[0]), words[0], words, level + 1)


@syscall("full")
def exece(task: SolarisTask, file: Path, argp: Address, envp: Address) -> int:
    """Runs another program in this process."""
    path = path_at(task, file)
    argv, environment = _vector(task, argp), _vector(task, envp)
    try:
        program, path, argv = gexec(task, _open(task, path), path, argv, 1)
        exe = program.place.path(task.process.fs.root)
        start = prepare(task.kernel, program, Strings(exe, argv, environment), lambda name: _open(task, name))
    except ExecError as error:
        raise Errno(E(error.number)) from None
    become(task, start, os.fsdecode(exe), argv)
    task.justreturn = True
    task.set_post_sys()
    return 0


def become(task: SolarisTask, start: Start, exe: str, argv: list[bytes]) -> None:
    """Makes the process, which has this lwp alone from now on, run a prepared program; nothing can fail any more."""
    kernel, process = task.kernel, task.process
    end_others(task)
    if task.tid != process.pid:
        del kernel.tasks[task.tid]
        task.tid = process.pid
        kernel.tasks[task.tid] = task
    process.lwps = {1: task}
    task.lwpid, process.next_lwpid = 1, 2
    task.leave_memory()
    task.mm = start.mm
    cpu = kernel.machine.cpu
    cpu.use(start.mm.pmap)
    process.actions = {
        signal: act for signal, act in process.actions.items() if act.handler in (SIG_DFL, SIG_IGN)
    }
    process.stack_prot = start.stack_prot
    if start.ilp32 != process.ilp32:
        process.ilp32 = start.ilp32
        task.set_model(start.ilp32)
        kernel.reconsider()  # each model has a short path of its own
    process.exe, process.comm, process.start = exe, b"", start
    process.args = b" ".join(argv)
    end_timers(process)
    process.shared_pages.clear()
    process.files.close_on_exec()
    task.name = os.path.basename(exe)[:16]
    task.bound_door = None
    task.altstack, task.oldcontext = (0, 0, SS_DISABLE), 0
    task.private_bases.clear()
    task.private[:] = 0, 0
    load_data_segments(kernel, start.ilp32)
    describe_lwp(task)
    cpu.wrmsr(Msr.MSR_FS_BASE, 0)
    cpu.wrmsr(kernel.user_gs_msr(), 0)
    kernel.fpu.clear()
    setregs(task.regs, start)
