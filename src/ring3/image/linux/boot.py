"""Boots Linux's image: descriptor tables and MSRs. The system-call tables and their stubs are linked into it.

Values are those of a running Linux on x86-64: GDT of arch/x86/include/asm/segment.h, IDT of
arch/x86/kernel/idt.c, MSRs of arch/x86/kernel/cpu/common.c (syscall_init).
"""

from __future__ import annotations

from typing import Final

from ring3.abi import tbl
from ring3.abi.kinds import NamedTuple
from ring3.image import layout
from ring3.image.entry_state import EntryState
from ring3.image.kernel_image import KernelImage
from ring3.machine.board import Machine
from ring3.machine.descriptors import Gate, GateType, Segment, Tss, system_descriptor
from ring3.machine.msr import Msr
from ring3.machine.registers import Flags, Seg, Vector

L: Final = layout.load("linux")

GDT_KERNEL32_CS: Final = Segment(0, 0xFFFF_FFFF, 0x9B, 0xC)
GDT_KERNEL_CS: Final = Segment(0, 0xFFFF_FFFF, 0x9B, 0xA)
GDT_KERNEL_DS: Final = Segment(0, 0xFFFF_FFFF, 0x93, 0xC)
GDT_USER32_CS: Final = Segment(0, 0xFFFF_FFFF, 0xFB, 0xC)
GDT_USER_DS: Final = Segment(0, 0xFFFF_FFFF, 0xF3, 0xC)
GDT_USER_CS: Final = Segment(0, 0xFFFF_FFFF, 0xFB, 0xA)
GDT_TSS: Final = 8
GDT_LDT: Final = 10
GDT_TLS_MIN: Final = 12
"""First of three entries for thread-local storage (x86-64's GDT_ENTRY_TLS_MIN; an i386 kernel's is 6)."""
GDT_CPUNODE: Final = 15
GDT_ENTRIES: Final = 16

GATES: Final = (
    "divide_error", "debug", "nmi", "int3", "overflow", "bounds", "invalid_op", "device_not_available",
    "double_fault", "coproc_segment_overrun", "invalid_tss", "segment_not_present", "stack_segment",
    "general_protection", "page_fault", "spurious_interrupt_bug", "coprocessor_error", "alignment_check",
    "machine_check", "simd_coprocessor_error",
)  # fmt: skip
"""Exception handlers by vector, without their prefix ``asm_exc_`` (arch/x86/include/asm/idtentry.h)."""

SYSCALL_VECTOR: Final = 0x80
_IST_VECTORS: Final[dict[int, int]] = {Vector.DF: 1, Vector.NMI: 1}
_USER_GATES: Final = (Vector.BP, Vector.OF, SYSCALL_VECTOR)

FMASK: Final = (
    Flags.CF | Flags.PF | Flags.AF | Flags.ZF | Flags.SF | Flags.TF | Flags.IF | Flags.DF | Flags.OF
    | Flags.IOPL | Flags.NT | Flags.RF | Flags.AC | Flags.ID
)  # fmt: skip
"""The flags that syscall clears (syscall_init, arch/x86/kernel/cpu/common.c)."""


class LinuxImage(NamedTuple):
    """A booted image.

    Attributes:
        kernel: Memory and symbols.
        entry: The entry state as boot left it.
        tables: Physical address of each ABI's system-call table.
        gdt: Physical address of the GDT.
        per_cpu: Physical address of the per-CPU page.
        stubs: The addresses of the system calls' stubs.
    """

    kernel: KernelImage
    entry: EntryState
    tables: dict[tbl.Abi, int]
    gdt: int
    per_cpu: int
    stubs: range


def boot(machine: Machine) -> LinuxImage:
    """Puts Linux's image into memory and the CPU into the state in which it runs."""
    kernel = KernelImage(machine, "linux/vmlinux")
    symbols = kernel.symbols
    _make_gdt(machine, kernel)
    _make_idt(machine, kernel)
    cpu = machine.cpu
    cpu.load_segment(Seg.CS, L["KERNEL_CS"], GDT_KERNEL_CS)
    cpu.load_segment(Seg.SS, L["KERNEL_DS"], GDT_KERNEL_DS)
    msrs = {
        Msr.MSR_STAR: (L["USER32_CS"] << 48) | (L["KERNEL_CS"] << 32),
        Msr.MSR_LSTAR: symbols["entry_SYSCALL_64"],
        Msr.MSR_CSTAR: symbols["entry_SYSCALL_compat"],
        Msr.MSR_SYSCALL_MASK: int(FMASK),
        Msr.MSR_IA32_SYSENTER_CS: L["KERNEL_CS"],
        Msr.MSR_IA32_SYSENTER_ESP: symbols["entry_stack_top"],
        Msr.MSR_IA32_SYSENTER_EIP: symbols["entry_SYSENTER_compat"],
        Msr.MSR_GS_BASE: symbols["__per_cpu_start"],
        Msr.MSR_KERNEL_GS_BASE: 0,
    }
    for number, value in msrs.items():
        machine.wrmsr(number, value)
    fixed = (
        (symbols["gdt_page"], 8 * GDT_LDT),
        (symbols["idt_table"], 16 * 256),
        (symbols["cpu_tss_rw"] + Tss.IST1, 8),
        (symbols["__start___ex_table"], symbols["__stop___ex_table"] - symbols["__start___ex_table"]),
    )
    return LinuxImage(
        kernel,
        EntryState.capture(machine, fixed),
        {
            tbl.Abi.X86_64: kernel.physical("sys_call_table"),
            tbl.Abi.I386: kernel.physical("ia32_sys_call_table"),
        },
        kernel.physical("gdt_page"),
        kernel.physical("__per_cpu_start"),
        range(symbols["__syscall_stubs_start"], symbols["__syscall_stubs_end"], len(kernel.stub.code)),
    )


def _make_gdt(machine: Machine, kernel: KernelImage) -> None:
    symbols = kernel.symbols
    base = symbols["gdt_page"]
    tss = symbols["cpu_tss_rw"]
    entries = (GDT_KERNEL32_CS, GDT_KERNEL_CS, GDT_KERNEL_DS, GDT_USER32_CS, GDT_USER_DS, GDT_USER_CS)
    for number, segment in enumerate(entries, 1):
        machine.write(base + 8 * number, segment.to_bytes())
    machine.write(base + 8 * GDT_TSS, system_descriptor(tss, Tss.SIZE - 1, 0x8B))
    machine.write(base + 8 * GDT_CPUNODE, Segment(0, 0, 0xF5, 0x4).to_bytes())
    stack = symbols["exception_stack_top"] - symbols["__per_cpu_start"]
    machine.write_q(tss + Tss.ist(1), kernel.direct("__per_cpu_start") + stack)
    machine.write(tss + Tss.IO_MAP_BASE, Tss.SIZE.to_bytes(2, "little"))
    cpu = machine.cpu
    cpu.set_table_register("gdtr", 0, base, 8 * GDT_ENTRIES - 1)
    cpu.set_table_register("tr", 8 * GDT_TSS, tss, Tss.SIZE - 1, 0x8B00)


def _make_idt(machine: Machine, kernel: KernelImage) -> None:
    symbols = kernel.symbols

    def gate(target: str, dpl: int = 0, ist: int = 0) -> bytes:
        return Gate(symbols[target], L["KERNEL_CS"], ist, GateType.INTERRUPT, dpl, True).to_bytes()

    gates = [gate("asm_common_interrupt")] * 256
    for vector, name in enumerate(GATES):
        gates[vector] = gate(
            f"asm_exc_{name}", 3 if vector in _USER_GATES else 0, _IST_VECTORS.get(vector, 0)
        )
    gates[SYSCALL_VECTOR] = gate("entry_INT80_compat", 3)
    machine.write(symbols["idt_table"], b"".join(gates))
    machine.cpu.set_table_register("idtr", 0, symbols["idt_table"], 16 * 256 - 1)
