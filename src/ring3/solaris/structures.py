"""The kernel's own lists, in guest memory: processes from ``practive``, modules from ``modules``.

Each process has a page with its ``proc_t``, ``struct pid`` and ``cred_t``. Whoever asks which processes or modules
there are walks these lists, so a store into p_next or mod_next changes what ps and modinfo show. What else is known of
a process or a module is found by its number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ring3.abi.solaris.kernel_structs import (
    CRED_LAYOUT,
    MODCTL_LAYOUT,
    MODCTL_SIZE,
    PID_LAYOUT,
    PROC_LAYOUT,
    SRUN,
    SSTOP,
    SZOMB,
)
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.abi.solaris.layout import Field
    from ring3.abi.solaris.modules import ModuleRow
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.process import Process

PID_AT: Final = 0xDD0
CRED_AT: Final = 0xE00
AS_AT: Final = 0xE40
"""Where the other structures lie behind a ``proc_t``."""
_LONGEST_WALK: Final = 1 << 16
"""Elements after which a list is taken for a ring that somebody has made."""


class Struct:
    """A structure of the kernel, by address: its integer fields."""

    __slots__ = ("_fields", "_kernel", "address")

    def __init__(self, kernel: SolarisKernel, layout: tuple[Field, ...], address: int) -> None:
        self._kernel = kernel
        self._fields = {field.name: field for field in layout}
        self.address = address

    def field(self, name: str) -> Field:
        """Where a field is."""
        return self._fields[name]

    def __getitem__(self, name: str) -> int:
        field = self._fields[name]
        return int.from_bytes(self._kernel.load(self.address + field.offset, field.size), "little")

    def __setitem__(self, name: str, value: int) -> None:
        field = self._fields[name]
        raw = (value & (1 << 8 * field.size) - 1).to_bytes(field.size, "little")
        self._kernel.store(self.address + field.offset, raw)


def proc(kernel: SolarisKernel, address: int) -> Struct:
    """A ``proc_t``."""
    return Struct(kernel, PROC_LAYOUT, address)


def _practive(kernel: SolarisKernel) -> int:
    return int.from_bytes(kernel.load(kernel.image.symbols["practive"], 8), "little")


def enter_process(kernel: SolarisKernel, process: Process) -> None:
    """Makes a process's structures, and puts it to the head of the list.

    Raises:
        OutOfFrames: There is no frame for them.
    """
    process.page = kernel.machine.ram.alloc()
    base = kernel.machine.direct_map + process.page
    kernel.store(base, bytes(PAGE_SIZE))
    made = proc(kernel, base)
    pid = Struct(kernel, PID_LAYOUT, base + PID_AT)
    cred = Struct(kernel, CRED_LAYOUT, base + CRED_AT)
    made["p_cred"], made["p_pidp"], made["p_pgidp"] = cred.address, pid.address, pid.address
    made["p_stat"], made["p_ppid"] = SRUN, process.ppid
    pid["pid_id"], pid["pid_ref"], pid["pid_prslot"] = process.pid, 1, process.pid << 8
    who = process.cred
    cred["cr_ref"] = 1
    for name, value in (("uid", who.uid), ("gid", who.gid), ("ruid", who.ruid), ("rgid", who.rgid)):
        cred[f"cr_{name}"] = value
    parent = kernel.processes.get(process.ppid)
    if parent is not None:
        made["p_parent"] = kernel.machine.direct_map + parent.page
    head = _practive(kernel)
    made["p_next"] = head
    if head:
        proc(kernel, head)["p_prev"] = base
    kernel.store(kernel.image.symbols["practive"], base.to_bytes(8, "little"))


def become_zombie(kernel: SolarisKernel, process: Process) -> None:
    """Notes that a process has ended and waits for its parent."""
    made = proc(kernel, kernel.machine.direct_map + process.page)
    made["p_stat"], made["p_wdata"] = SZOMB, process.exit_code


def set_stopped(kernel: SolarisKernel, process: Process) -> None:
    """Notes whether a process is stopped."""
    proc(kernel, kernel.machine.direct_map + process.page)["p_stat"] = SSTOP if process.stopped else SRUN


def leave_process(kernel: SolarisKernel, process: Process) -> None:
    """Takes a process out of the list, and gives its structures' page back."""
    made = proc(kernel, kernel.machine.direct_map + process.page)
    before, behind = made["p_prev"], made["p_next"]
    if before:
        proc(kernel, before)["p_next"] = behind
    elif _practive(kernel) == made.address:
        kernel.store(kernel.image.symbols["practive"], behind.to_bytes(8, "little"))
    if behind:
        proc(kernel, behind)["p_prev"] = before
    for frame in (process.page, *process.told_pages):
        kernel.machine.ram.release(frame)


def pids(kernel: SolarisKernel) -> Iterator[int]:
    """The numbers of the processes in the list, the newest first."""
    at = _practive(kernel)
    for _ in range(_LONGEST_WALK):
        if not at:
            return
        found = proc(kernel, at)
        yield Struct(kernel, PID_LAYOUT, found["p_pidp"])["pid_id"]
        at = found["p_next"]


# -- modules -----------------------------------------------------------------------------------------------------


def enter_modules(kernel: SolarisKernel, rows: tuple[ModuleRow, ...]) -> None:
    """Makes the list of modules at boot: the first one is at the symbol, the others and all names in a page."""
    ram, direct_map = kernel.machine.ram, kernel.machine.direct_map
    head = kernel.image.symbols["modules"]
    room = (MODCTL_SIZE + 64) * len(rows)
    at = direct_map + ram.alloc()
    end = at + PAGE_SIZE
    assert room <= PAGE_SIZE, "more modules than a page has room for"
    places: list[int] = []
    for number, row in enumerate(rows):
        place = head if not number else at
        at += MODCTL_SIZE if number else 0
        places.append(place)
        name = row.name.encode() + b"\0"
        kernel.store(at, name)
        made = Struct(kernel, MODCTL_LAYOUT, place)
        made["mod_id"], made["mod_modname"], made["mod_filename"] = row.id, at, at
        made["mod_text"], made["mod_text_size"], made["mod_loadcnt"] = row.base, row.size, row.loadcnt
        made["mod_loaded"] = made["mod_installed"] = 1
        made["mod_prim"] = int(not row.linkinfo)
        at = (at + len(name) + 7) & ~7
    assert at <= end
    for number, place in enumerate(places):
        made = Struct(kernel, MODCTL_LAYOUT, place)
        made["mod_next"], made["mod_prev"] = places[(number + 1) % len(places)], places[number - 1]


def modules(kernel: SolarisKernel) -> Iterator[Struct]:
    """The ``struct modctl`` in the list, in its order."""
    head = at = kernel.image.symbols["modules"]
    for _ in range(_LONGEST_WALK):
        found = Struct(kernel, MODCTL_LAYOUT, at)
        yield found
        at = found["mod_next"]
        if at in (head, 0):
            return
