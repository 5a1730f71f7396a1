"""Boots Solaris's image: descriptor tables, MSRs, sysent and stubs.

Values are those of a 64-bit kernel of Sun's time: GDT and IDT of usr/src/uts/intel/ia32/os/desctbls.c, MSRs of
i86pc/os/mp_startup.c (init_cpu_syscall), sysent of common/os/sysent.c after mod_setup (common/os/modctl.c).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ring3.abi.solaris import modules, sysent, sysnum
from ring3.abi.solaris.sysent import NSYSCALL, SYSENT_SIZE, Flavour, SysentFlag, SysentKind, SysentRow
from ring3.image import layout
from ring3.image.entry_state import EntryState
from ring3.image.kernel_image import KernelImage, StubForm
from ring3.machine.board import Machine
from ring3.machine.descriptors import Gate, GateType, Segment, Tss, system_descriptor
from ring3.machine.msr import Msr
from ring3.machine.ram import PAGE_SIZE
from ring3.machine.registers import Flags, Seg, Vector

L: Final = layout.load("solaris")

SAVE_ARGS_STUB: Final = StubForm(
    bytes.fromhex(
        "55 4889e5 4883ec30"  # pushq %rbp; movq %rsp,%rbp; subq $0x30,%rsp
        "48897df8 488975f0 488955e8 48894de0 4c8945d8 4c894dd0"  # movq %rdi,-0x8(%rbp) .. movq %r9,-0x30(%rbp)
        "f4 c9 c3"  # hlt; leave; ret
    ).ljust(64, b"\xcc"),
    33,
)
"""What the macro PYTHON in macros.h gives: a function that keeps its arguments in its frame, as the seed's modctl."""

KCODE: Final = Segment(0, 0xFFFF_FFFF, 0x9B, 0xA)
KDATA: Final = Segment(0, 0xFFFF_FFFF, 0x93, 0xC)
U32CODE: Final = Segment(0, 0xFFFF_FFFF, 0xFB, 0xC)
U32CODE_OFF: Final = Segment(0, 0xFFFF_FFFF, 0x7B, 0xC)
"""Not present while a 64-bit lwp runs (gdt_ucode_model): there is no way into 32-bit code."""
UDATA: Final = Segment(0, 0xFFFF_FFFF, 0xF3, 0xC)
UCODE: Final = Segment(0, 0xFFFF_FFFF, 0xFB, 0xA)
UCODE_OFF: Final = Segment(0, 0xFFFF_FFFF, 0x7B, 0xA)
"""Nor is there one from a 32-bit lwp into 64-bit code."""

TRAPS: Final = (
    "div0trap", "dbgtrap", "nmiint", "brktrap", "ovflotrap", "boundstrap", "invoptrap", "ndptrap", "syserrtrap",
    "resvtrap", "invtsstrap", "segnptrap", "stktrap", "gptrap", "pftrap", "resvtrap", "ndperr", "achktrap", "mcetrap",
    "xmtrap",
)  # fmt: skip
"""Handlers by vector (init_idt_common); every other vector has resvtrap."""

GATES: Final = {
    L["T_DTRACE_RET"]: "dtrace_ret",
    L["T_SYSCALLINT"]: "sys_syscall_int",
    L["T_FASTTRAP"]: "fasttrap",
}
"""The gates beyond the exceptions, which ring 3 may use."""

OF_LWP: Final = ("U32CS_SEL", "UCS_SEL", "LWPFS_SEL", "LWPGS_SEL")
"""The segments whose descriptors are those of the lwp that runs."""

_IST_VECTORS: Final = (Vector.DF, Vector.NMI, Vector.MC)
_USER_VECTORS: Final = (Vector.BP, Vector.OF, *GATES)

SFMASK: Final = Flags.IF | Flags.TF | Flags.AC
"""The flags that syscall clears: PS_IE, PS_T, and PS_ACHK because the CPU has SMAP."""

NOSYS: Final = "nosys"
_UNIX_FUNCTIONS: Final = frozenset((NOSYS, "loadable_syscall", "syscall_ap"))
"""What sysent points to and is not in genunix (intel/os/syscall.c)."""


def make_machine(ram_bytes: int) -> Machine:
    """A computer whose address space is divided as Solaris divides it (i86pc/sys/machparam.h).

    Raises:
        UserError: The host cannot provide it.
    """
    return Machine(ram_bytes, kernel_base=L["KERNELBASE"], direct_map=L["SEGKPM_BASE"])


@dataclass(frozen=True, slots=True)
class SolarisImage:
    """A booted image.

    Attributes:
        kernel: Memory and symbols.
        entry: The entry state as boot left it.
        flavour: Whose sysent it has.
        sysent: Physical address of sysent.
        sysent32: Physical address of sysent32.
        gdt: Physical address of the GDT.
        cpu: Physical address of the CPU's cpu_t.
        ktss: Physical address of the TSS.
        handlers: Every function that sysent names, by the address of its stub.
    """

    kernel: KernelImage
    entry: EntryState
    flavour: Flavour
    sysent: int
    sysent32: int
    gdt: int
    cpu: int
    ktss: int
    handlers: dict[int, str]


def boot(machine: Machine, flavour: Flavour) -> SolarisImage:
    """Puts Solaris's image into memory and the CPU into the state in which it runs.

    Args:
        machine: A computer of `make_machine`.
        flavour: Whose system calls: those of illumos or of Solaris 11.
    """
    kernel = KernelImage(
        machine, "solaris/unix", stub=SAVE_ARGS_STUB, module_of=module_of, stub_areas=_stub_areas()
    )
    symbols = kernel.symbols
    handlers = _make_sysent(machine, kernel, flavour)
    _make_gdt(machine, kernel)
    _make_idt(machine, kernel)
    machine.write_q(symbols["cpus"] + L["CPU_SELF"], symbols["cpus"])
    cpu = machine.cpu
    cpu.load_segment(Seg.CS, L["KCS_SEL"], KCODE)
    cpu.load_segment(Seg.SS, L["KDS_SEL"], KDATA)
    msrs = {
        Msr.MSR_STAR: (L["U32CS_SEL"] << 16 | L["KCS_SEL"]) << 32,
        Msr.MSR_LSTAR: symbols["sys_syscall"],
        Msr.MSR_CSTAR: symbols["sys_syscall32"],
        Msr.MSR_SYSCALL_MASK: int(SFMASK),
        Msr.MSR_IA32_SYSENTER_CS: L["KCS_SEL"],
        Msr.MSR_IA32_SYSENTER_ESP: 0,
        Msr.MSR_IA32_SYSENTER_EIP: symbols["sys_sysenter"],
        Msr.MSR_GS_BASE: symbols["cpus"],
        Msr.MSR_KERNEL_GS_BASE: 0,
    }
    for number, value in msrs.items():
        machine.wrmsr(number, value)
    fixed = (
        *_fixed_descriptors(symbols["gdt0"]),
        (symbols["idt0"], 16 * 256),
        (symbols["ktss0"] + Tss.IST1, 8),
        (symbols["gethrtimef"], 8),
        (symbols["gethrestimef"], 8),
        (symbols["fasttable"], 8 * (L["T_LASTFAST"] + 1)),
    )
    return SolarisImage(
        kernel,
        EntryState.capture(machine, fixed),
        flavour,
        kernel.physical("sysent"),
        kernel.physical("sysent32"),
        kernel.physical("gdt0"),
        kernel.physical("cpus"),
        kernel.physical("ktss0"),
        handlers,
    )


def _fixed_descriptors(gdt: int) -> tuple[tuple[int, int], ...]:
    """The parts of the GDT that are the same for all lwps, as (address, size)."""
    changing = sorted(L[name] & ~7 for name in OF_LWP)
    starts = (0, *(at + 8 for at in changing))
    ends = (*changing, 8 * L["NGDT"])
    return tuple((gdt + start, end - start) for start, end in zip(starts, ends, strict=True) if end > start)


def module_of(address: int) -> str:
    """The module that an address of the linked image belongs to."""
    in_text = L["GENUNIX_TEXT"] <= address < L["UNIX_DATA"]
    return "genunix" if in_text or address >= L["GENUNIX_DATA"] else "unix"


def _stub_areas() -> dict[str, int]:
    """Where each module's stubs begin: at the first page inside its text."""
    areas = {row.name: (row.base + PAGE_SIZE - 1) & -PAGE_SIZE for row in modules.load()}
    return areas | {"unix": L["UNIX_STUBS"], "genunix": L["GENUNIX_TEXT"]}


def _make_sysent(machine: Machine, kernel: KernelImage, flavour: Flavour) -> dict[int, str]:
    """Fills both tables as they are when mod_setup has read name_to_sysnum; makes a stub for each function it names."""
    named = {number for _, number in sysnum.load(flavour)}
    locks = kernel.symbols["sysent_lock"]
    handlers: dict[int, str] = {}

    def address_of(function: str) -> int:
        found = kernel.symbols.get(function)
        if found is None:
            found = kernel.add_stub(function, "unix" if function in _UNIX_FUNCTIONS else "genunix")
        handlers[found] = function
        return found

    for name, rows in (("sysent", sysent.load(flavour)), ("sysent32", sysent.load32(flavour))):
        table = b"".join(sysent_bytes(row, row.number in named, address_of, locks) for row in rows)
        assert len(table) == NSYSCALL * SYSENT_SIZE
        machine.write(kernel.symbols[name], table)
    return handlers


def sysent_bytes(row: SysentRow, named: bool, address_of: Callable[[str], int], locks: int) -> bytes:
    """One ``struct sysent``.

    Args:
        row: What the source says.
        named: name_to_sysnum has a name for the number, so a loadable call stays one.
        address_of: Address of a function.
        locks: Address of the array of loadable calls' locks.
    """
    flags, call, lock, callc = row.flags, row.sy_call, 0, row.sy_callc
    if row.kind is SysentKind.LOADABLE:
        if named:
            lock = locks + 8 * row.number
        else:
            flags, callc = SysentFlag(0), NOSYS
    return struct.pack(
        "<BxH4xQQQ", row.nargs, flags, 0 if call is None else address_of(call), lock, address_of(callc)
    )


def _make_gdt(machine: Machine, kernel: KernelImage) -> None:
    symbols = kernel.symbols
    base, tss = symbols["gdt0"], symbols["ktss0"]
    segments = {
        "KCS_SEL": KCODE,
        "KDS_SEL": KDATA,
        "U32CS_SEL": U32CODE_OFF,
        "UDS_SEL": UDATA,
        "UCS_SEL": UCODE,
        "LWPFS_SEL": UDATA,
        "LWPGS_SEL": UDATA,
    }
    for name, segment in segments.items():
        machine.write(base + (L[name] & ~7), segment.to_bytes())
    machine.write(base + L["KTSS_SEL"], system_descriptor(tss, Tss.SIZE - 1, 0x8B))
    machine.write_q(tss + Tss.ist(1), symbols["dblfault_stack0"] + PAGE_SIZE)
    machine.write(tss + Tss.IO_MAP_BASE, Tss.SIZE.to_bytes(2, "little"))
    cpu = machine.cpu
    cpu.set_table_register("gdtr", 0, base, 8 * L["NGDT"] - 1)
    cpu.set_table_register("tr", L["KTSS_SEL"], tss, Tss.SIZE - 1, 0x8B00)


def _make_idt(machine: Machine, kernel: KernelImage) -> None:
    symbols = kernel.symbols
    gates = []
    for vector in range(256):
        target = TRAPS[vector] if vector < len(TRAPS) else GATES.get(vector, "resvtrap")
        dpl = 3 if vector in _USER_VECTORS else 0
        ist = int(vector in _IST_VECTORS)
        gates.append(Gate(symbols[target], L["KCS_SEL"], ist, GateType.INTERRUPT, dpl, True).to_bytes())
    machine.write(symbols["idt0"], b"".join(gates))
    machine.cpu.set_table_register("idtr", 0, symbols["idt0"], 16 * 256 - 1)
