"""The file ``core`` that a program leaves when certain signals end it (core(5)).

An ELF file of type ET_CORE: notes with the registers of all threads and facts about the process, then its memory.
Layouts and order: fs/binfmt_elf.c, include/linux/elfcore.h and include/uapi/linux/elfcore.h of Linux 6.x; which
mappings are in it: ``vma_dump_size`` of fs/coredump.c.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Protocol

from ring3.abi import elf
from ring3.abi.errno import Errno
from ring3.abi.kinds import NamedTuple
from ring3.abi.linux.structs.tracing import USER_REGS, USER_REGS32
from ring3.abi.signals import Sig
from ring3.fs.opening import do_filp_open
from ring3.fs.regular import RegularFile
from ring3.kernel.functions import function
from ring3.kernel.mm.report import row
from ring3.kernel.mm.vma import READ, SHARED, Vma, VmaFlag
from ring3.linux.files.lookup import walk
from ring3.linux.model.limits import Resource
from ring3.linux.model.settings import ANON_PRIVATE, ANON_SHARED, ELF_HEADERS, MAPPED_PRIVATE, MAPPED_SHARED
from ring3.linux.tasks.core_name import core_name
from ring3.linux.tracing.registers import NAMES32, NAMES64
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE
from ring3.machine.registers import Seg

if TYPE_CHECKING:
    from ring3.kernel.regs import UserRegs
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.task import LinuxTask

DUMPING: Final = frozenset(
    (
        Sig.SIGQUIT, Sig.SIGILL, Sig.SIGTRAP, Sig.SIGABRT, Sig.SIGBUS, Sig.SIGFPE, Sig.SIGSEGV, Sig.SIGXCPU,
        Sig.SIGXFSZ, Sig.SIGSYS,
    )
)  # fmt: skip
"""The signals whose default action leaves one (signal(7))."""
DUMPED: Final = 0x80
"""The bit of a status that says that there is one (WCOREDUMP)."""
NT_PRSTATUS, NT_FPREGSET, NT_PRPSINFO, NT_AUXV = 1, 2, 3, 6
NT_FILE, NT_SIGINFO, NT_PRXFPREG = 0x46494C45, 0x53494749, 0x46E62B7F
_ET_CORE: Final = 4
_FXSAVE: Final = 512
_O_CREAT_RDWR_NOFOLLOW_LARGEFILE: Final = 0o100 | 0o2 | 0o400000 | 0o100000
_SEGMENTS: Final = {"ds": Seg.DS, "es": Seg.ES, "fs": Seg.FS, "gs": Seg.GS}


class Sink(Protocol):
    """What takes a core file: a `File`, or whatever a debugger has."""

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """Writes bytes at a place."""

    def truncate(self, size: int) -> None:
        """Makes it so long."""


class _Segment(NamedTuple):
    """A mapping and how much of it is in the file."""

    vma: Vma
    size: int


@function("int do_coredump(const kernel_siginfo_t *siginfo)", calls={"elf_core_dump"})
def do_coredump(task: LinuxTask, regs: UserRegs, info: SigInfo) -> bool:
    """Writes the file of the running task's process, if there is to be one; returns whether it was written."""
    limit = task.rlimits[Resource.CORE][0]
    if not limit or task.mm is None or task.mm_context.dumpable != 1:
        return False
    name = core_name(task, info.signo)
    if not name:
        return False
    try:
        file = do_filp_open(walk(task), task.fs.cwd, name, _O_CREAT_RDWR_NOFOLLOW_LARGEFILE, 0o600)
        file.hold()
        try:
            if not isinstance(file, RegularFile) or file.stat().nlink != 1:
                return False
            file.truncate(0)
            elf_core_dump(task, regs, info, file, limit)
        finally:
            file.drop()
    except Errno:
        return False
    return True


@function("int elf_core_dump(struct coredump_params *cprm)")
def elf_core_dump(task: LinuxTask, regs: UserRegs, info: SigInfo, file: Sink, limit: int) -> None:
    """Writes it, up to a limit of bytes.

    Raises:
        Errno: The file cannot be written.
    """
    bits = 64 if task.memory.task_size > 1 << 32 else 32
    segments = [_Segment(vma, _dumped(task, vma)) for vma in task.memory.vmas]
    notes = b"".join(_notes(task, regs, info, bits))
    headers = (64 + 56 * (len(segments) + 1)) if bits == 64 else (52 + 32 * (len(segments) + 1))
    offset = (headers + len(notes) + PAGE_SIZE - 1) & -PAGE_SIZE
    table = [_program_header(bits, elf.PType.NOTE, 0, headers, 0, len(notes), 0, 0)]
    places = []
    for vma, size in segments:
        flags = (vma.prot >> 2 & 1) | (vma.prot & 2) | (vma.prot & 1) << 2
        length = vma.end - vma.start
        table.append(_program_header(bits, elf.PType.LOAD, flags, offset, vma.start, size, length, PAGE_SIZE))
        places.append(offset)
        offset += size
    _put(file, 0, _header(bits, len(table)) + b"".join(table) + notes, limit)
    for (vma, size), place in zip(segments, places, strict=True):
        for at in range(0, size, PAGE_SIZE):
            with suppress(Errno):
                page = task.memory.peek(vma.start + at, PAGE_SIZE)
                if any(page) or vma.obj is not None:
                    _put(file, place + at, page, limit)
    file.truncate(min(offset, limit))


def _put(file: Sink, offset: int, data: bytes, limit: int) -> None:
    if offset < limit:
        file.pwrite(data[: limit - offset], offset)


def _dumped(task: LinuxTask, vma: Vma) -> int:
    """How many bytes of a mapping are in the file, by what /proc/PID/coredump_filter says (vma_dump_size)."""
    obj, kinds = vma.obj, task.mm_context.coredump_filter
    length = vma.end - vma.start
    if vma.flags & VmaFlag.DONTDUMP:
        return 0
    if vma.flags & SHARED:
        has_links = obj is not None and not obj.name.endswith(" (deleted)")
        return length if kinds & (MAPPED_SHARED if has_links else ANON_SHARED) else 0
    if obj is not None and not obj.inode:  # the vDSO and its like
        return length if vma.prot & READ else 0
    if kinds & ANON_PRIVATE and (obj is None or task.memory.anon_pages(vma.start, vma.end)):
        return length
    if obj is None:
        return 0
    if kinds & MAPPED_PRIVATE:
        return length
    is_head = kinds & ELF_HEADERS and vma.prot & READ and not vma.offset
    return PAGE_SIZE if is_head and task.memory.peek(vma.start, 4) == elf.MAGIC else 0


def _header(bits: int, count: int) -> bytes:
    kind = elf.CLASS64 if bits == 64 else elf.CLASS32
    identity = elf.MAGIC + bytes((kind, elf.DATA_LSB, 1)) + bytes(9)
    machine = elf.EM_X86_64 if bits == 64 else elf.EM_386
    size, entry = (64, 56) if bits == 64 else (52, 32)
    form = "<HHIQQQIHHHHHH" if bits == 64 else "<HHIIIIIHHHHHH"
    return identity + struct.pack(form, _ET_CORE, machine, 1, 0, size, 0, 0, size, entry, count, 0, 0, 0)


def _program_header(
    bits: int, kind: int, flags: int, offset: int, address: int, filesz: int, memsz: int, align: int
) -> bytes:
    if bits == 64:
        return struct.pack("<IIQQQQQQ", kind, flags, offset, address, 0, filesz, memsz, align)
    return struct.pack("<8I", kind, offset, address, 0, filesz, memsz, flags, align)


# -- notes -------------------------------------------------------------------------------------------------------------


def _note(name: bytes, kind: int, body: bytes) -> bytes:
    owner = name + b"\0"
    head = struct.pack("<III", len(owner), len(body), kind)
    return head + owner + bytes(-len(owner) % 4) + body + bytes(-len(body) % 4)


def _notes(task: LinuxTask, regs: UserRegs, info: SigInfo, bits: int) -> Iterator[bytes]:
    """The notes, those of the thread that took the signal first."""
    yield _note(b"CORE", NT_PRSTATUS, _prstatus(task, _registers(task, regs, bits), info.signo, bits))
    yield _note(b"CORE", NT_PRPSINFO, _prpsinfo(task, bits))
    yield _note(b"CORE", NT_SIGINFO, info.pack(bits))
    yield _note(b"CORE", NT_AUXV, task.program.auxv)
    yield _note(b"CORE", NT_FILE, _files(task, bits))
    yield _floating_point(task.kernel.fpu.save()[:_FXSAVE], bits)
    for thread in task.process.threads:
        if thread is not task:
            with _in_cpu(thread) as frame:
                words, image = _registers(thread, frame, bits), thread.kernel.fpu.save()[:_FXSAVE]
            yield _note(b"CORE", NT_PRSTATUS, _prstatus(thread, words, info.signo, bits))
            yield _floating_point(image, bits)


@contextmanager
def _in_cpu(thread: LinuxTask) -> Iterator[UserRegs]:
    """Puts a thread that does not run into the CPU for a moment; gives its program's registers."""
    cpu = thread.kernel.machine.cpu
    kept = cpu.save()
    cpu.load(thread.saved)
    try:
        yield thread.kernel.window if cpu.cpl == 3 else thread.frame
    finally:
        cpu.load(kept)


def _registers(task: LinuxTask, regs: UserRegs, bits: int) -> bytes:
    """``struct user_regs_struct`` of the thread whose registers are in the CPU."""
    cpu = task.kernel.machine.cpu
    special = {name: cpu.selector(segment) for name, segment in _SEGMENTS.items()}
    special["fs_base"], special["gs_base"] = cpu.fs_base, cpu.rdmsr(task.kernel.user_gs_msr())
    names, layout = (NAMES64, USER_REGS) if bits == 64 else (NAMES32, USER_REGS32)
    mask = (1 << bits) - 1
    values = (special[name] if name in special else getattr(regs, name) for name in names)
    return layout.pack(bits, *(value & mask for value in values))


def _floating_point(image: bytes, bits: int) -> bytes:
    if bits == 64:
        return _note(b"CORE", NT_FPREGSET, image)
    return _note(b"LINUX", NT_PRXFPREG, image)


def _prstatus(task: LinuxTask, registers: bytes, signal: int, bits: int) -> bytes:
    """``struct elf_prstatus``; the times of the thread itself are user time."""
    process = task.process
    numbers = map(task.pid_ns.shown, (task.tid, process.ppid, process.pgid, process.sid))
    seconds, rest = divmod(task.kernel.cpu_time(task) // 1000, 1_000_000)
    form = "<iiihxxQQ4i8Q" if bits == 64 else "<iiihxxII4i8I"
    mask = (1 << bits) - 1
    head = struct.pack(
        form,
        signal,
        0,
        0,
        signal,
        task.signals.set & mask,
        task.blocked & mask,
        *numbers,
        seconds,
        rest,
        *[0] * 6,
    )
    return head + registers + struct.pack("<ixxxx" if bits == 64 else "<i", 1)


def _prpsinfo(task: LinuxTask, bits: int) -> bytes:
    """``struct elf_prpsinfo``."""
    process, who = task.process, task.credentials
    start, end = task.program.places.argv
    arguments = b""
    with suppress(Errno):
        arguments = task.memory.peek(start, min(end - start, 79)).replace(b"\0", b" ")
    numbers = map(process.pid_ns.shown, (process.pid, process.ppid, process.pgid, process.sid))
    if bits == 64:
        head = struct.pack("<bcbbxxxxQII", 0, b"R", 0, 0, 0, who.uid, who.gid)
    else:
        head = struct.pack("<bcbbIHH", 0, b"R", 0, 0, 0, who.uid & 0xFFFF, who.gid & 0xFFFF)
    return head + struct.pack("<4i16s80s", *numbers, task.name.encode()[:15], arguments)


def _files(task: LinuxTask, bits: int) -> bytes:
    """NT_FILE: which parts of which files are mapped where (fill_files_note)."""
    word = "<Q" if bits == 64 else "<I"
    rows = [(vma, row(task.memory, vma)) for vma in task.memory.vmas if vma.obj is not None and vma.obj.inode]
    numbers = [len(rows), PAGE_SIZE]
    for vma, shown in rows:
        numbers += [vma.start, vma.end, shown.offset >> PAGE_SHIFT]
    names = b"".join(shown.name.encode("utf-8", "surrogateescape") + b"\0" for _, shown in rows)
    return b"".join(struct.pack(word, number) for number in numbers) + names
