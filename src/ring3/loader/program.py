"""Reads an ELF program, checks it, and maps it into an address space.

Everything that can be wrong with a file is found before anything is mapped: `Program.read` raises, and `map_program`
then only fails for want of memory or room. The rules are those of Linux's fs/binfmt_elf.c (load_elf_binary,
elf_map, elf_load, total_mapping_size); where Linux would kill a half-made process, the file is refused.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Protocol

from ring3.abi import elf
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import NamedTuple
from ring3.kernel.mm.mm import Mm
from ring3.kernel.mm.objects import MemoryObject
from ring3.machine.pmap import Prot
from ring3.machine.ram import PAGE_MASK, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.regular import RegularInode
    from ring3.kernel.mm.vma import Name


MAX_HEADERS: Final = 65536
"""Bytes of program headers that Linux accepts (ELF_MIN_ALIGN independent, load_elf_phdrs)."""
PATH_MAX: Final = 4096
_MAX_BYTES: Final = 1 << 47


class ExecError(Errno):
    """A file that cannot be run: the errno of execve(2), and why in words.

    Attributes:
        reason: The rest of the sentence "PROGRAM: ...".
    """

    __slots__ = ("reason",)

    number: E

    def __init__(self, number: E, reason: str) -> None:
        super().__init__(number)
        self.reason = reason


class Executable(Protocol):
    """A regular file as the loader needs it."""

    @property
    def size(self) -> int:
        """Bytes in the file."""

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset, fewer at the end of the file."""

    @property
    def pages(self) -> MemoryObject:
        """The file's page cache, to be mapped."""

    @property
    def inode(self) -> RegularInode | None:
        """What the machine's file system has of it, None for a file outside of the machine."""

    @property
    def place(self) -> Dentry | None:
        """Where it was found in the machine's tree of files, None outside of it."""


class Program(NamedTuple):
    """A checked ELF program.

    Attributes:
        file: The file it was read from.
        header: Its ELF header.
        segments: All program headers, in the file's order.
        interpreter: The path in PT_INTERP, or None.
    """

    file: Executable
    header: elf.Header
    segments: tuple[elf.ProgramHeader, ...]
    interpreter: bytes | None

    @classmethod
    def read(cls, file: Executable, what: str = "program") -> Program:
        """Reads the headers of a file and checks them.

        Args:
            file: The file.
            what: What to call it in errors: ``program`` or ``interpreter``.

        Raises:
            ExecError: ENOEXEC, it is not an ELF program for this machine or is damaged.
        """
        head = file.pread(0, 64)
        try:
            if not head:
                raise elf.ElfError("empty file")
            header = elf.parse_header(head)
            if header.type not in (elf.ET_EXEC, elf.ET_DYN):
                raise elf.ElfError(f"not an executable (ELF type {header.type})")
            expected = elf.EM_X86_64 if header.bits == 64 else elf.EM_386
            if header.machine != expected:
                raise elf.ElfError(
                    f"made for another machine (ELF machine {header.machine}, {header.bits}-bit)"
                )
            size = header.phnum * header.phentsize
            if not header.phnum or size > MAX_HEADERS:
                raise elf.ElfError(f"{header.phnum} program headers")
            segments = elf.parse_program_headers(header, _bytes_at(file, header.phoff, size))
            _check_segments(header, segments, file.size)
            return cls(file, header, segments, _interpreter(segments, file))
        except elf.ElfError as error:
            raise ExecError(E.ENOEXEC, f"{error}" if what == "program" else f"{what}: {error}") from None

    @property
    def loads(self) -> list[elf.ProgramHeader]:
        """The segments to map, by rising address."""
        return [segment for segment in self.segments if segment.type == elf.PType.LOAD]

    @property
    def relocatable(self) -> bool:
        """Position-independent (ET_DYN): it can be mapped anywhere."""
        return self.header.type == elf.ET_DYN

    @property
    def alignment(self) -> int:
        """The largest alignment a segment asks for, at least a page."""
        wanted = [s.align for s in self.loads if s.align and not s.align & (s.align - 1)]
        return max([PAGE_SIZE, *wanted])

    @property
    def stack_prot(self) -> int | None:
        """What PT_GNU_STACK asks of the stack, or None where there is no such header."""
        for segment in self.segments:
            if segment.type == elf.PType.GNU_STACK:
                return Prot.READ | Prot.WRITE | (Prot.EXEC if segment.flags & elf.PFlags.X else 0)
        return None


class Mapped(NamedTuple):
    """Where a program lies in an address space.

    Attributes:
        bias: What was added to the file's addresses.
        entry: Address of the first instruction.
        headers: Address of the program headers, 0 if no segment holds them.
        start: First address of the first segment.
        end: First address after the last segment, the start of the heap before it is rounded.
        code: Start and end of the executable segments.
        data: Start and end of the last writable segment's file part.
    """

    bias: int
    entry: int
    headers: int
    start: int
    end: int
    code: tuple[int, int]
    data: tuple[int, int]


def map_program(mm: Mm, program: Program, base: int | None) -> Mapped:
    """Maps a program's segments.

    Args:
        mm: The address space.
        program: A checked program.
        base: For a relocatable one, where its first page shall lie, or None for wherever there is room. A fixed one
            goes where it says.

    Raises:
        ExecError: ENOMEM, there is no room; EEXIST, something else lies there.
        Errno: As `Mm.mmap`.
    """
    loads = program.loads
    first, last = loads[0].vaddr & PAGE_MASK, max(s.vaddr + s.memsz for s in loads)
    if last > mm.task_size or (
        base is not None and program.relocatable and base + last - first > mm.task_size
    ):
        raise ExecError(E.ENOEXEC, f"a segment ends at {last:#x}, above the addresses of programs")
    bias = 0
    if program.relocatable:
        bias = _reserve(mm, base, last - first, program.alignment) - first
    elif mm.overlapping(first, (last + PAGE_SIZE - 1) & PAGE_MASK):
        raise ExecError(E.ENOMEM, "its addresses are taken")
    for segment in loads:
        _map_segment(mm, program, segment, bias)
    headers = 0
    for segment in loads:
        if segment.offset <= program.header.phoff < segment.offset + segment.filesz:
            headers = program.header.phoff - segment.offset + segment.vaddr + bias
    code = [s for s in loads if s.flags & elf.PFlags.X] or loads[:1]
    return Mapped(
        bias,
        program.header.entry + bias,
        headers,
        first + bias,
        last + bias,
        (min(s.vaddr for s in code) + bias, max(s.vaddr + s.filesz for s in code) + bias),
        (max(s.vaddr for s in loads) + bias, max(s.vaddr + s.filesz for s in loads) + bias),
    )


def _reserve(mm: Mm, base: int | None, length: int, alignment: int) -> int:
    """Finds room for a relocatable program and leaves it free."""
    if base is not None:
        return base & -alignment
    slack = alignment - PAGE_SIZE
    found = mm.mmap(0, length + slack, Prot.NONE)
    mm.munmap(found, (length + slack + PAGE_SIZE - 1) & PAGE_MASK)
    return (found + slack) & -alignment


def _map_segment(mm: Mm, program: Program, segment: elf.ProgramHeader, bias: int) -> None:
    prot = 0
    if segment.flags & elf.PFlags.R:
        prot |= Prot.READ
    if segment.flags & elf.PFlags.W:
        prot |= Prot.WRITE
    if segment.flags & elf.PFlags.X:
        prot |= Prot.EXEC
    start = segment.vaddr + bias
    inside = start % PAGE_SIZE
    file_end = start + segment.filesz
    anonymous = start & PAGE_MASK
    if segment.filesz:
        mm.mmap(
            start - inside,
            segment.filesz + inside,
            prot,
            obj=program.file.pages,
            offset=segment.offset - inside,
            fixed=True,
            name=_name_of(program.file),
        )
        anonymous = (file_end + PAGE_SIZE - 1) & PAGE_MASK
    end = (start + segment.memsz + PAGE_SIZE - 1) & PAGE_MASK
    if end > anonymous:
        mm.mmap(anonymous, end - anonymous, prot, fixed=True)
    if segment.memsz > segment.filesz and segment.filesz and prot & Prot.WRITE:
        mm.write(file_end, bytes(anonymous - file_end))  # to the end of the page: padzero


def _name_of(file: Executable) -> Name:
    """What a mapping is called whose pages have no name of their own: the path at which the file is now."""
    place = file.place
    return "" if file.pages.name or place is None else lambda: os.fsdecode(place.path())


def _check_segments(header: elf.Header, segments: tuple[elf.ProgramHeader, ...], file_size: int) -> None:
    loads = [segment for segment in segments if segment.type == elf.PType.LOAD]
    if not loads:
        raise elf.ElfError("no segment to load")
    end_before = 0
    for segment in loads:
        end = segment.vaddr + segment.memsz
        if segment.filesz > segment.memsz:
            raise elf.ElfError(
                f"a segment has {segment.filesz:#x} bytes in the file and {segment.memsz:#x} in memory"
            )
        if end > (_MAX_BYTES if header.bits == 64 else 1 << 32):
            raise elf.ElfError(f"a segment ends at {end:#x}, above the addresses of programs")
        if segment.vaddr < end_before:
            raise elf.ElfError(f"segments overlap or are out of order at {segment.vaddr:#x}")
        if segment.filesz and (segment.vaddr - segment.offset) % PAGE_SIZE:
            raise elf.ElfError("a segment's address and file offset differ within the page")
        if segment.filesz and segment.offset + segment.filesz > file_size:
            raise elf.ElfError(
                f"truncated: a segment ends at byte {segment.offset + segment.filesz:#x} of {file_size:#x}"
            )
        end_before = end


def _bytes_at(file: Executable, offset: int, size: int) -> bytes:
    """Bytes at an offset that a file says; none where it has no end, which may be further away than a host can seek."""
    return file.pread(offset, size) if offset < file.size else b""


def _interpreter(segments: tuple[elf.ProgramHeader, ...], file: Executable) -> bytes | None:
    for segment in segments:
        if segment.type == elf.PType.INTERP:
            if not 2 <= segment.filesz <= PATH_MAX:
                raise elf.ElfError(f"an interpreter's name of {segment.filesz} bytes")
            name = _bytes_at(file, segment.offset, segment.filesz)
            if len(name) < segment.filesz or name[-1:] != b"\0":
                raise elf.ElfError("the interpreter's name is cut short")
            return name.split(b"\0", 1)[0]
    return None
