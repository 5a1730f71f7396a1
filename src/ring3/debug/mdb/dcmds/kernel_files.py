"""What processes have open and mapped, in the structures of Solaris's kernel: ::pfiles, ::fd, ::vnode2path, ::pmap.

They follow the structures in the machine's memory: proc_t, uf_entry_t, file_t, vnode_t, struct as and struct seg.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ring3.abi.solaris import kernel_structs as rows
from ring3.abi.solaris.layout import Field
from ring3.debug.mdb.call import Call
from ring3.debug.mdb.dcmds.system import machine_of
from ring3.debug.mdb.errors import MdbError, UsageError
from ring3.debug.mdb.registry import dcmd, walker
from ring3.debug.mdb.session import Session
from ring3.debug.mdb.targets.live import LiveTarget

_TYPES = ("NON", "REG", "DIR", "BLK", "CHR", "LNK", "FIFO", "DOOR", "PROC", "SOCK", "PORT", "BAD")


def _solaris(session: Session) -> LiveTarget:
    target = machine_of(session)
    if target.system != "solaris":
        raise MdbError("this kernel has no such structures")
    return target


def _member(target: LiveTarget, layout: tuple[Field, ...], address: int, name: str) -> int:
    field = next(field for field in layout if field.name == name)
    return int.from_bytes(target.read(address + field.offset, field.size), "little")


def _string(target: LiveTarget, address: int) -> str:
    return target.read_some(address, 1024).split(b"\0", 1)[0].decode("utf-8", "replace") if address else ""


def _entries(target: LiveTarget, proc: int) -> Iterator[tuple[int, int]]:
    """The descriptors of a process with the addresses of their files."""
    count = _member(target, rows.PROC_LAYOUT, proc, "fi_nfiles")
    entries = _member(target, rows.PROC_LAYOUT, proc, "fi_list")
    for fd in range(count):
        file = _member(target, rows.UF_ENTRY_LAYOUT, entries + fd * rows.UF_ENTRY_SIZE, "uf_file")
        if file:
            yield fd, file


@dcmd("pfiles", ":[-fp]", "print process file information")
def pfiles(call: Call) -> None:
    """Lists what a process has open."""
    options = call.options("fp")
    target = _solaris(call.session)
    title = "FILE" if "f" in options else "VNODE"
    call.write(f"{'FD':<4} {'TYPE':>4} {title:>16} INFO\n")
    for fd, file in _entries(target, call.address):
        vnode = _member(target, rows.FILE_LAYOUT, file, "f_vnode")
        kind = _TYPES[_member(target, rows.VNODE_LAYOUT, vnode, "v_type") % len(_TYPES)]
        path = _string(target, _member(target, rows.VNODE_LAYOUT, vnode, "v_path"))
        call.write(f"{fd:<4} {kind:>4} {file if 'f' in options else vnode:016x} {path}\n")


@dcmd("fd", ":[fd num]", "get a file pointer from an fd")
def fd(call: Call) -> None:
    """Gives the address of the file behind a descriptor of a process."""
    rest = call.options("").rest
    if len(rest) != 1:
        raise UsageError
    number = call.number(rest[0])
    for found, file in _entries(_solaris(call.session), call.address):
        if found == number:
            call.emit(file)
            return
    raise MdbError(f"process {call.address:x} does not have fd {number:x} open")


@dcmd("vnode2path", ":[-F]", "vnode address to pathname")
def vnode2path(call: Call) -> None:
    """Prints the path of a vnode."""
    call.options("F")
    target = _solaris(call.session)
    path = _string(target, _member(target, rows.VNODE_LAYOUT, call.address, "v_path"))
    if not path:
        raise MdbError(f"no path for vnode {call.address:x}")
    call.write(f"{path}\n")


@dcmd("pmap", ":[-q]", "print process memory map")
def pmap(call: Call) -> None:
    """Prints the segments of a process."""
    call.options("q")
    target = _solaris(call.session)
    space = _member(target, rows.PROC_LAYOUT, call.address, "p_as")
    call.write(f"{'SEG':>16} {'BASE':>16} {'SIZE':>8}\n")
    for seg in _segments(target, space):
        base, size = (_member(target, rows.SEG_LAYOUT, seg, name) for name in ("s_base", "s_size"))
        call.write(f"{seg:016x} {base:016x} {size >> 10:>7}k\n")


def _segments(target: LiveTarget, space: int) -> Iterator[int]:
    """The segments of an address space, in order."""

    def below(node: int) -> Iterator[int]:
        if node:
            seg = node - rows.SEG_TREE
            yield from below(_member(target, rows.SEG_LAYOUT, seg, "avl_left"))
            yield seg
            yield from below(_member(target, rows.SEG_LAYOUT, seg, "avl_right"))

    return below(_member(target, rows.AS_LAYOUT, space, "avl_root")) if space else iter(())


@walker("seg", "given an as, list of segments")
def walk_seg(session: Session, start: int | None) -> Iterable[int]:
    """The segments of a ``struct as``."""
    if start is None:
        raise MdbError("seg walk must begin at struct as *")
    return _segments(_solaris(session), start)


@walker("file", "given a proc pointer, list all open file pointers")
def walk_file(session: Session, start: int | None) -> Iterable[int]:
    """The files that a process has open."""
    if start is None:
        raise MdbError("file walk doesn't support global walks")
    return [file for _, file in _entries(_solaris(session), start)]
