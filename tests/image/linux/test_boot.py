"""Linux's image after boot: descriptor tables, MSRs, system-call tables and symbols as a running Linux has them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ring3 import resources
from ring3.abi import elf, tbl
from ring3.abi.tbl import Abi
from ring3.computer import Linux
from ring3.image.linux.boot import GATES, L
from ring3.machine.descriptors import GateType
from ring3.machine.msr import Msr
from ring3.machine.registers import Vector


@pytest.fixture(scope="module")
def linux() -> Iterator[Linux]:
    with Linux(ram_bytes=64 << 20) as booted:
        yield booted


def test_the_gdt_is_linuxs(linux: Linux) -> None:
    base = linux.symbols["gdt_page"]
    assert [linux.machine.read_q(base + 8 * number) for number in range(7)] == [
        0,
        0x00CF9B000000FFFF,
        0x00AF9B000000FFFF,
        0x00CF93000000FFFF,
        0x00CFFB000000FFFF,
        0x00CFF3000000FFFF,
        0x00AFFB000000FFFF,
    ]
    assert linux.machine.cpu.table_register("gdtr") == (base, 127)
    tss = linux.symbols["cpu_tss_rw"]
    low, high = linux.machine.read_q(base + 64), linux.machine.read_q(base + 72)
    assert (low >> 16 & 0xFFFFFF) | (low >> 32 & 0xFF000000) | (high << 32) == tss
    assert linux.machine.cpu.task_register == 0x40


def test_the_selectors_are_linuxs(linux: Linux) -> None:
    selectors = {"KERNEL_CS": 0x10, "KERNEL_DS": 0x18, "USER32_CS": 0x23, "USER_DS": 0x2B, "USER_CS": 0x33}
    assert {name: L[name] for name in selectors} == selectors


@pytest.mark.parametrize("vector", range(256))
def test_every_gate_leads_to_its_handler(linux: Linux, vector: int) -> None:
    gate = linux.machine.gate(vector)
    assert gate.present
    assert gate.type == GateType.INTERRUPT
    assert gate.selector == L["KERNEL_CS"]
    assert gate.dpl == (3 if vector in (Vector.BP, Vector.OF, 0x80) else 0)
    assert gate.ist == (1 if vector in (Vector.NMI, Vector.DF) else 0)
    if vector == 0x80:
        name = "entry_INT80_compat"
    else:
        name = f"asm_exc_{GATES[vector]}" if vector < len(GATES) else "asm_common_interrupt"
    assert gate.offset == linux.symbols[name]


def test_the_msrs_are_linuxs(linux: Linux) -> None:
    machine, symbols = linux.machine, linux.symbols
    assert machine.rdmsr(Msr.MSR_STAR) == 0x0023001000000000
    assert machine.rdmsr(Msr.MSR_LSTAR) == symbols["entry_SYSCALL_64"]
    assert machine.rdmsr(Msr.MSR_CSTAR) == symbols["entry_SYSCALL_compat"]
    assert machine.rdmsr(Msr.MSR_SYSCALL_MASK) == 0x257FD5
    assert machine.rdmsr(Msr.MSR_IA32_SYSENTER_CS) == 0x10
    assert machine.rdmsr(Msr.MSR_IA32_SYSENTER_EIP) == symbols["entry_SYSENTER_compat"]
    assert machine.rdmsr(Msr.MSR_EFER) == 0xD01


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("system_call", "entry_SYSCALL_64"),
        ("ia32_syscall", "entry_INT80_compat"),
        ("ia32_sysenter_target", "entry_SYSENTER_compat"),
        ("ia32_cstar_target", "entry_SYSCALL_compat"),
    ],
)
def test_the_names_of_3_13_are_the_same_addresses(linux: Linux, old: str, new: str) -> None:
    assert linux.symbols[old] == linux.symbols[new]
    assert linux.symbols.describe(linux.symbols[old]) in (old, new)


@pytest.mark.parametrize(
    ("abi", "table"), [(Abi.X86_64, "sys_call_table"), (Abi.I386, "ia32_sys_call_table")]
)
def test_every_slot_of_the_tables_holds_its_stubs_address(linux: Linux, abi: Abi, table: str) -> None:
    slots = tbl.sys_call_table(abi)
    base = linux.symbols[table]
    assert [slot.number for slot in slots] == list(range(len(slots)))
    for slot in slots:
        address = linux.machine.read_q(base + 8 * slot.number)
        assert linux.symbols.name(address) == slot.symbol
        assert linux.machine.read(address, 6) == b"\xf3\x0f\x1e\xfa\xf4\xc3"
        assert address in linux.kernel.stubs


@pytest.mark.parametrize(("abi", "prefix"), [(Abi.X86_64, "__x64_"), (Abi.I386, "__ia32_")])
def test_a_known_slot(linux: Linux, abi: Abi, prefix: str) -> None:
    number = 1 if abi is Abi.X86_64 else 4
    table = linux.symbols["sys_call_table" if abi is Abi.X86_64 else "ia32_sys_call_table"]
    assert linux.machine.read_q(table + 8 * number) == linux.symbols[f"{prefix}sys_write"]


def test_pt_regs_are_in_linuxs_order() -> None:
    first = ("R15", "R14", "R13", "R12", "BP", "BX", "R11", "R10", "R9", "R8", "AX", "CX", "DX", "SI", "DI")
    order = (*first, "ORIG_AX", "IP", "CS", "FLAGS", "SP", "SS")
    assert [L[f"PT_{name}"] for name in order] == list(range(0, 21 * 8, 8))
    assert L["PT_SIZE"] == 21 * 8


def test_the_kernels_code_cannot_be_written_nor_its_data_run(linux: Linux) -> None:
    walk = linux.machine.kernel_pmap.lookup
    nx, writable, user = 1 << 63, 2, 4
    for name, may_write, may_run in (
        ("entry_SYSCALL_64", False, True),
        ("__x64_sys_write", False, True),
        ("sys_call_table", False, False),
        ("idt_table", True, False),
        ("gdt_page", True, False),
    ):
        entry = walk(linux.symbols[name])
        assert bool(entry & writable) == may_write, name
        assert (not entry & nx) == may_run, name
        assert not entry & user, name


def test_int3_lies_between_the_functions_of_the_entry_code(linux: Linux) -> None:
    start = linux.symbols["_stext"]
    assert linux.symbols["entry_SYSCALL_64"] % 16 == 0
    assert start <= linux.symbols["entry_SYSCALL_64"] < linux.symbols["_etext"]


# -- the vDSOs -----------------------------------------------------------------------------------------------------


def function(path: str, name: str) -> bytes:
    """The machine code of a function in a shipped image."""
    raw = resources.read_bytes(path)
    found = {symbol.name: symbol for symbol in elf.symbols(raw)}
    return raw[found[name].value : found[name].value + found[name].size]


def test_kernel_vsyscall_is_the_seeds() -> None:
    """push %ecx, %edx, %ebp; mov %esp, %ebp; sysenter; int $0x80; pop %ebp, %edx, %ecx; ret."""
    code = function("image/vdso/vdso32.so", "__kernel_vsyscall")
    assert code.hex() == "51525589e50f34cd805d5a59c3"


def test_the_landing_pad_is_after_the_int() -> None:
    symbols = {s.name: s.value for s in elf.symbols(resources.read_bytes("image/vdso/vdso32.so"))}
    assert symbols["int80_landing_pad"] == symbols["__kernel_vsyscall"] + 9


def test_the_signal_trampolines_are_linuxs() -> None:
    assert function("image/vdso/vdso32.so", "__kernel_sigreturn").hex().startswith("58b877000000cd80")
    assert function("image/vdso/vdso32.so", "__kernel_rt_sigreturn").hex().startswith("b8ad000000cd80")


@pytest.mark.parametrize(
    ("name", "number"), [("clock_gettime", 228), ("gettimeofday", 96), ("time", 201), ("getcpu", 309)]
)
def test_the_64_bit_vdso_has_the_time_functions(name: str, number: int) -> None:
    code = function("image/vdso/vdso64.so", f"__vdso_{name}")
    assert re.match(rb"\xb8" + re.escape(number.to_bytes(4, "little")) + rb"\x0f\x05\xc3", code)
