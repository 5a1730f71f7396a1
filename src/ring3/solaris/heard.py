"""Stores of debuggers into what the kernel's memory tells of a process: those that mean something have their effect.

What is heard of: whom a process runs as (cr_uid and its relatives), its parent (p_ppid), its name and arguments
(u_comm, u_psargs), its umask (u_cmask), the protection of its stack (p_stkprot), the position in an open file
(f_offset). A store into any other field is told over by the next look (`told`), but for the lists, which are the
kernel's own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ring3.abi.solaris.kernel_structs import CRED_LAYOUT, FILE_LAYOUT, PROC_LAYOUT
from ring3.machine.ram import PAGE_SHIFT
from ring3.solaris.structures import CRED_AT
from ring3.solaris.told import told_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.abi.solaris.layout import Field
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.process import Process


def _cred(name: str) -> Callable[[SolarisKernel, Process, bytes], None]:
    def store(_kernel: SolarisKernel, process: Process, raw: bytes) -> None:
        changed = {name: int.from_bytes(raw, "little")}
        process.cred = replace(process.cred, **changed)  # type: ignore[arg-type]

    return store


def _parent(kernel: SolarisKernel, process: Process, raw: bytes) -> None:
    old, new = kernel.processes.get(process.ppid), kernel.processes.get(int.from_bytes(raw, "little"))
    if old is not None:
        old.children.pop(process.pid, None)
    process.ppid = int.from_bytes(raw, "little")
    if new is not None:
        new.children[process.pid] = process


def _comm(_kernel: SolarisKernel, process: Process, raw: bytes) -> None:
    process.comm = raw.split(b"\0", 1)[0]


def _psargs(_kernel: SolarisKernel, process: Process, raw: bytes) -> None:
    process.args = raw.split(b"\0", 1)[0]


def _cmask(_kernel: SolarisKernel, process: Process, raw: bytes) -> None:
    process.fs.umask = int.from_bytes(raw, "little") & 0o777


def _stkprot(_kernel: SolarisKernel, process: Process, raw: bytes) -> None:
    process.stack_prot = raw[0] & 7


_OF_PROC: Final = {
    "p_ppid": _parent,
    "u_comm": _comm,
    "u_psargs": _psargs,
    "u_cmask": _cmask,
    "p_stkprot": _stkprot,
}
_OF_CRED: Final = {f"cr_{name}": _cred(name) for name in ("uid", "gid", "ruid", "rgid")}


def hear(kernel: SolarisKernel, address: int, size: int) -> None:
    """Gives a store its effect that has just been made.

    Args:
        kernel: The kernel.
        address: Where, in the direct map.
        size: Bytes.
    """
    direct_map = kernel.machine.direct_map
    process = told_of(kernel, address - direct_map >> PAGE_SHIFT << PAGE_SHIFT)
    if process is None:
        return
    written = range(address, address + size)
    base = direct_map + process.page
    for layout, place, fields in ((PROC_LAYOUT, base, _OF_PROC), (CRED_LAYOUT, base + CRED_AT, _OF_CRED)):
        for field in layout:
            if field.name in fields and _overlap(field, place, written):
                fields[field.name](kernel, process, kernel.load(place + field.offset, field.size))
    offset = next(field for field in FILE_LAYOUT if field.name == "f_offset")
    for place, file in process.told_files.items():
        if _overlap(offset, place, written):
            raw = kernel.load(place + offset.offset, offset.size)
            file.position = int.from_bytes(raw, "little", signed=file.any_offset)


def _overlap(field: Field, place: int, written: range) -> bool:
    start = place + field.offset
    return start < written.stop and written.start < start + field.size
