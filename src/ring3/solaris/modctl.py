"""modctl: what commands such as modinfo ask of the module subsystem.

The functions are the kernel's own and call each other as they do there (seed, 3.2; usr/src/uts/common/os/modctl.c and
modconf.c): modctl, modctl_modinfo, copyin, modinfo, mod_getinfo, the module's _info, mod_info, mod_infonull, copyout.
Where each returns to behind a call is what the seed's stacks show.
The modules are a list in guest memory (`structures`), and what they say of themselves is rows of data; where the kernel
passes the address of a ``struct modctl``, here goes the module's id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Address, Int, UnsignedLong
from ring3.abi.errno import Errno
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.layout import offset_of
from ring3.abi.solaris.modctl import (
    MODINFO_LAYOUT,
    MODINFO_SIZE,
    MODMAXLINK,
    MODMAXLINKINFOLEN,
    MODSPECIFIC_INFO_SIZE,
    UNPRIVILEGED,
    ModctlCmd,
    ModInfoFlag,
    ModState,
)
from ring3.solaris.copyops import copyin, copyout
from ring3.solaris.definition import function, syscall
from ring3.solaris.structures import Struct, modules

if TYPE_CHECKING:
    from ring3.abi.solaris.modules import ModuleRow
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.task import SolarisTask

_OFFSET: Final = {field.name: offset_of(MODINFO_LAYOUT, field.name) for field in MODINFO_LAYOUT}
_P0: Final = MODMAXLINKINFOLEN
_COMMANDS: Final = frozenset(map(int, ModctlCmd))
NONE: Final = -1


class _ModInfo:
    """A ``struct modinfo`` of the kernel, by address: its integer fields."""

    __slots__ = ("_kernel", "address")

    def __init__(self, kernel: SolarisKernel, address: int) -> None:
        self._kernel = kernel
        self.address = address

    def get(self, field: str) -> int:
        raw = self._kernel.load(self.address + _OFFSET[field], 4)
        return int.from_bytes(raw, "little", signed=True)

    def put(self, field: str, value: int, size: int = 4) -> None:
        raw = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
        self._kernel.store(self.address + _OFFSET[field], raw)

    def put_text(self, field: str, text: bytes) -> None:
        self._kernel.store(self.address + _OFFSET[field], text)

    def put_linkage(self, number: int, text: bytes, p0: int) -> None:
        at = self.address + _OFFSET["mi_msinfo"] + number * MODSPECIFIC_INFO_SIZE
        self._kernel.store(at, text)
        self._kernel.store(at + _P0, (p0 & 0xFFFF_FFFF).to_bytes(4, "little"))


@syscall("partial", "MODINFO; every other command is EINVAL", calls={"modctl_modinfo": 0x4E7})
def modctl(
    task: SolarisTask,
    cmd: Int,
    a1: UnsignedLong,
    a2: UnsignedLong,
    a3: UnsignedLong,
    a4: UnsignedLong,
    a5: UnsignedLong,
) -> int:
    """Does a command of the module subsystem."""
    secpolicy_modctl(task, cmd)
    if cmd == ModctlCmd.MODINFO:
        return modctl_modinfo(task, a1, a2)
    if cmd in _COMMANDS:
        task.kernel.report_once(f"modctl's {ModctlCmd(cmd).name} is not implemented: EINVAL")
    raise Errno(SolarisE.EINVAL)


@function("genunix")
def secpolicy_modctl(task: SolarisTask, cmd: Int) -> int:
    """Whether the caller may give a command; 0.

    Raises:
        Errno: EPERM, it may not, which goes for numbers that are no command too.
    """
    if cmd not in UNPRIVILEGED and not task.cred.all_privileges:
        raise Errno(SolarisE.EPERM)
    return 0


@function("genunix", calls={"copyin": 0xA0, "modinfo": 0xD5, "copyout": 0x1E6})
def modctl_modinfo(task: SolarisTask, mod_id: Int, umodi: Address) -> int:
    """Fills the program's ``struct modinfo``; 0.

    Raises:
        Errno: EFAULT; EINVAL, as `modinfo`.
    """
    with task.buffer(MODINFO_SIZE) as modi:
        copyin(task, umodi, modi, MODINFO_SIZE)
        info = _ModInfo(task.kernel, modi)
        info.put("mi_info", info.get("mi_info") & ~ModInfoFlag.MI_INFO_LINKAGE)
        modinfo(task, mod_id & 0xFFFF_FFFF, modi)
        copyout(task, modi, umodi, MODINFO_SIZE)
    return 0


@function("genunix", calls={"mod_getinfo": 0x125})
def modinfo(task: SolarisTask, mod_id: Int, modinfop: Address) -> int:
    """Fills a ``struct modinfo`` of the kernel; 0.

    Raises:
        Errno: EINVAL, there is no such module, or none left.
    """
    info = _ModInfo(task.kernel, modinfop)
    module = _find(task.kernel, info, mod_id)
    info.put("mi_rev", 0)
    info.put("mi_state", ModState.MI_LOADED | ModState.MI_INSTALLED)
    info.put("mi_base", module["mod_text"], 8)
    info.put("mi_size", module["mod_text_size"], 8)
    for number in range(MODMAXLINK):
        info.put_linkage(number, b"\0", NONE)
    if not module["mod_prim"]:
        mod_getinfo(task, module["mod_id"], modinfop)
    info.put("mi_id", module["mod_id"])
    info.put("mi_loadcnt", module["mod_loadcnt"])
    info.put_text("mi_name", task.kernel.load_string(module["mod_modname"]) + b"\0")
    return 0


def _find(kernel: SolarisKernel, info: _ModInfo, mod_id: int) -> Struct:
    """The module that is asked for in the kernel's list: one by its id, or the one with the next id behind mi_id."""
    wanted = info.get("mi_info")
    if wanted & ModInfoFlag.MI_INFO_ALL:
        after = info.get("mi_id")
        behind = [row for row in modules(kernel) if row["mod_id"] > after >= NONE]
        found = min(behind, key=lambda row: row["mod_id"], default=None)
    else:
        found = next((row for row in modules(kernel) if row["mod_id"] == mod_id), None)
    if found is None:
        raise Errno(SolarisE.EINVAL)
    return found


@function("genunix", calls={"_info": 0x5A})
def mod_getinfo(task: SolarisTask, mod_id: Int, modinfop: Address) -> int:
    """Asks a module about itself: calls its ``_info``."""
    module = module_by_id(task.kernel, mod_id)
    result = task.kernel.function_table[f"{module.name}`_info"].function(task, modinfop)
    assert isinstance(result, int)
    return result


@function("genunix", calls={"mod_infonull": 0x66})
def mod_info(task: SolarisTask, mod_id: Int, modinfop: Address) -> int:
    """What a module's ``_info`` calls: fills in its revision and its linkages; 1."""
    module = module_by_id(task.kernel, mod_id)
    info = _ModInfo(task.kernel, modinfop)
    info.put("mi_rev", module.rev)
    p0 = mod_infonull(task, mod_id, modinfop) if module.p0 == NONE else module.p0
    info.put_linkage(0, module.linkinfo.encode().ljust(MODMAXLINKINFOLEN, b"\0"), p0)
    return 1


@function("genunix")
def mod_infonull(task: SolarisTask, mod_id: Int, modinfop: Address) -> int:
    """The number that a kind of module without one shows: -1."""
    return NONE


def module_by_id(kernel: SolarisKernel, mod_id: int) -> ModuleRow:
    """The module of an id that exists."""
    return next(row for row in kernel.modules if row.id == mod_id)
