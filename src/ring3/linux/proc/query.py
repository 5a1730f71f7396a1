"""PROCMAP_QUERY: one mapping of a program, by address (do_procmap_query in fs/proc/task_mmu.c of Linux 6.x)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, cast

from ring3.abi import elf
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntFlag
from ring3.abi.linux.structs.memory import NOTE_HEADER, PROCMAP_QUERY
from ring3.kernel.mm.report import row
from ring3.kernel.mm.vma import SHARED, Vma
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.fs.pseudo import GeneratedFile
    from ring3.kernel.mm.mm import Mm
    from ring3.linux.model.task import LinuxTask

REQUEST: Final = 0xC068_6611
_LEAST: Final = 24
"""Bytes up to the address that is asked for."""
_PATH_MAX: Final = 4096
_NT_GNU_BUILD_ID: Final = 3
_BUILD_ID_MAX: Final = 20


class Query(IntFlag):
    """What a mapping must be, and what is said of it (include/uapi/linux/fs.h)."""

    READABLE = 1
    WRITABLE = 2
    EXECUTABLE = 4
    SHARED = 8
    COVERING_OR_NEXT = 0x10
    FILE_BACKED = 0x20


_RIGHTS: Final = int(Query.READABLE | Query.WRITABLE | Query.EXECUTABLE | Query.SHARED)
_ALL: Final = _RIGHTS | int(Query.COVERING_OR_NEXT | Query.FILE_BACKED)


def procmap_query(task: LinuxTask, file: GeneratedFile, cmd: int, arg: int) -> int:
    """Answers it, on an open /proc/PID/maps.

    Raises:
        Errno: ENOTTY, another request; EINVAL; E2BIG, a longer struct with something in it; ESRCH, the program is gone;
            ENOENT, there is no such mapping; ENAMETOOLONG, no room for its name; EFAULT.
    """
    if cmd != REQUEST:
        raise Errno(E.ENOTTY)
    memory, form = task.memory, PROCMAP_QUERY.form(64)
    size, words = _read(memory, arg)
    _size, flags, address = words[:3]
    name_size, id_size, name_at, id_at = words[-4:]
    if flags & ~_ALL or bool(name_size) != bool(name_at) or bool(id_size) != bool(id_at):
        raise Errno(E.EINVAL)
    mm = cast("LinuxTask", file.inode.about).mm
    if mm is None:
        raise Errno(E.ESRCH)
    found = _find(mm, address, flags)
    shown = row(mm, found)
    name = os.fsencode(shown.name) + b"\0" if shown.name else b""
    if name_size and len(name) > min(name_size, _PATH_MAX):
        raise Errno(E.ENAMETOOLONG)
    build_id = _build_id(mm, found) if id_size else b""
    if len(build_id) > id_size:
        raise Errno(E.ENAMETOOLONG)
    answer = form.pack(
        size, flags, address, found.start, found.end, _rights(found), PAGE_SIZE, shown.offset, shown.inode,
        *shown.device, len(name) if name_size else 0, len(build_id), name_at, id_at,
    )  # fmt: skip
    if name_size:
        memory.write(name_at, name)
    if id_size:
        memory.write(id_at, build_id)
    memory.write(arg, answer[:size])
    return 0


def _read(memory: Mm, arg: int) -> tuple[int, tuple[int, ...]]:
    """The size that a struct is said to have, and its scalars, 0 where it is too short (copy_struct_from_user)."""
    form = PROCMAP_QUERY.form(64)
    size = memory.read_u64(arg)
    if size > PAGE_SIZE:
        raise Errno(E.E2BIG)
    if size < _LEAST:
        raise Errno(E.EINVAL)
    return size, form.unpack(memory.read_extensible(arg, size, form.size))


def _rights(vma: Vma) -> int:
    return vma.prot & 7 | (int(Query.SHARED) if vma.flags & SHARED else 0)


def _find(mm: Mm, address: int, flags: int) -> Vma:
    """The mapping at an address if it is as it is wanted, or the first such from there on."""
    wanted = flags & _RIGHTS
    for vma in mm.vmas:
        if vma.end <= address:
            continue
        if not flags & Query.COVERING_OR_NEXT and vma.start > address:
            break
        is_of_file = vma.obj is not None and bool(vma.obj.inode)
        if _rights(vma) & wanted == wanted and (is_of_file or not flags & Query.FILE_BACKED):
            return vma
        if not flags & Query.COVERING_OR_NEXT:
            break
    raise Errno(E.ENOENT)


def _build_id(mm: Mm, vma: Vma) -> bytes:
    """The build id in the first page of the ELF file that a mapping shows, if there is one (build_id_parse)."""
    if vma.obj is None or not vma.obj.inode:
        return b""
    frame = vma.obj.frames.get(0) or vma.obj.load(0)
    page = bytes(mm.ram.bytes[frame : frame + PAGE_SIZE]) if frame else b""
    try:
        header = elf.parse_header(page)
        table = page[header.phoff : header.phoff + header.phentsize * header.phnum]
        segments = elf.parse_program_headers(header, table)
    except elf.ElfError:
        return b""
    notes = (segment for segment in segments if segment.type == elf.PType.NOTE)
    return next(
        filter(None, (_build_id_of(page[note.offset : note.offset + note.filesz]) for note in notes)), b""
    )


def _build_id_of(notes: bytes) -> bytes:
    at = 0
    while at + 12 <= len(notes):
        owner_size, size, kind = NOTE_HEADER.form(64).unpack_from(notes, at)
        owner = notes[at + 12 : at + 12 + owner_size]
        start = at + 12 + (owner_size + 3 & ~3)
        if kind == _NT_GNU_BUILD_ID and owner == b"GNU\0" and 0 < size <= _BUILD_ID_MAX:
            return notes[start : start + size]
        at = start + (size + 3 & ~3)
    return b""
