"""Solaris's image in memory: what the third seed prints of it, and what the tables say."""

from __future__ import annotations

from collections.abc import Iterator

import capstone
import pytest

from ring3.abi.solaris import modctl, regs, sysent, sysnum
from ring3.abi.solaris.sysent import NSYSCALL, SYSENT_SIZE, Flavour, SysentKind
from ring3.abi.solaris.traps import FASTTABLE, T_FASTTRAP, T_LASTFAST, T_SYSCALLINT
from ring3.computer import Solaris
from ring3.image.solaris.boot import GATES, SAVE_ARGS_STUB, TRAPS, L
from ring3.machine.descriptors import Gate, GateType
from ring3.machine.msr import Msr
from ring3.machine.registers import Flags
from tests.support import guest

FLAVOURS: tuple[Flavour, ...] = ("illumos", "solaris11")


@pytest.fixture(scope="module")
def solaris() -> Iterator[Solaris]:
    with guest.boot_solaris() as booted:
        yield booted


def disassemble(solaris: Solaris, start: int, size: int) -> list[str]:
    """Instructions as mdb prints them: offset to the symbol, mnemonic, operands."""
    decoder = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    decoder.syntax = capstone.CS_OPT_SYNTAX_ATT
    code = solaris.machine.read(start, size)
    return [
        f"{solaris.symbols.describe(at).rpartition('`')[2]}: {mnemonic} {operands}".rstrip()
        for at, _, mnemonic, operands in decoder.disasm_lite(code, start)
    ]


def test_sys_syscall_is_what_the_seed_prints(solaris: Solaris) -> None:
    start = solaris.symbols["sys_syscall"]
    assert start == 0xFFFF_FFFF_FB80_1161
    assert disassemble(solaris, start, 3) == ["sys_syscall: swapgs"]
    assert disassemble(solaris, start + 0x21D, 0x36) == [
        "sys_syscall+0x21d: movq 0x10(%rbp), %rdi",
        "sys_syscall+0x221: movq 0x18(%rbp), %rsi",
        "sys_syscall+0x225: movq 0x20(%rbp), %rdx",
        "sys_syscall+0x229: movq 0x28(%rbp), %rcx",
        "sys_syscall+0x22d: movq 0x30(%rbp), %r8",
        "sys_syscall+0x231: movq 0x38(%rbp), %r9",
        "sys_syscall+0x235: cmpl $0x100, %eax",
        "sys_syscall+0x23a: jae 0xfffffffffb8014bb",
        "sys_syscall+0x240: shll $5, %eax",
        "sys_syscall+0x243: leaq -0x3dbde80(%rax), %rbx",
        "sys_syscall+0x24a: callq *0x18(%rbx)",
        "sys_syscall+0x24d: movq %rax, %r12",
        "sys_syscall+0x250: movq %rdx, %r13",
    ]
    assert (-0x3DBDE80) % (1 << 64) == solaris.symbols["sysent"] == 0xFFFF_FFFF_FC24_2180


def test_way_out_is_what_the_seed_prints(solaris: Solaris) -> None:
    start = solaris.symbols["nopop_sys_syscall_swapgs_sysretq"]
    assert disassemble(solaris, start, 6) == [
        "nopop_sys_syscall_swapgs_sysretq: swapgs",
        "nopop_sys_syscall_swapgs_sysretq+0x3: sysretq",
    ]


def test_modctl_is_what_the_seed_prints(solaris: Solaris) -> None:
    start = solaris.symbols["genunix`modctl"]
    assert start == 0xFFFF_FFFF_FBCA_D4E0
    assert solaris.symbols.describe(start) == "genunix`modctl"
    assert disassemble(solaris, start, 0x20) == [
        "modctl: pushq %rbp",
        "modctl+0x1: movq %rsp, %rbp",
        "modctl+0x4: subq $0x30, %rsp",
        "modctl+0x8: movq %rdi, -8(%rbp)",
        "modctl+0xc: movq %rsi, -0x10(%rbp)",
        "modctl+0x10: movq %rdx, -0x18(%rbp)",
        "modctl+0x14: movq %rcx, -0x20(%rbp)",
        "modctl+0x18: movq %r8, -0x28(%rbp)",
        "modctl+0x1c: movq %r9, -0x30(%rbp)",
    ]


def test_stubs_of_the_file_and_of_boot_look_the_same(solaris: Solaris) -> None:
    code = SAVE_ARGS_STUB.code
    size = len(code.rstrip(b"\xcc"))
    assert code[SAVE_ARGS_STUB.hlt_end - 1] == 0xF4
    for symbol in ("unix`trap", "genunix`modctl", "genunix`write", "unix`copyin", "pcie`_info"):
        assert solaris.machine.read(solaris.symbols[symbol], size) == code[:size]


def test_slot_152_is_found_as_the_seed_finds_it(solaris: Solaris) -> None:
    slot = solaris.symbols["sysent"] + 0x20 * 152
    assert slot == 0xFFFF_FFFF_FC24_3480
    assert solaris.machine.read_q(slot + 0x18) == solaris.symbols["modctl"]
    assert solaris.symbols.describe(slot + 0x18) == "genunix`sysent+0x1318"
    assert solaris.machine.read(slot, 0x18) == bytes([6]).ljust(0x18, b"\0")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_slot_is_what_the_source_says(flavour: Flavour) -> None:
    with Solaris(ram_bytes=guest.RAM, flavour=flavour) as solaris:
        named = {number for _, number in sysnum.load(flavour)}
        symbols, table = solaris.symbols, solaris.symbols["sysent"]
        for row in sysent.load(flavour):
            raw = solaris.machine.read(table + row.number * SYSENT_SIZE, SYSENT_SIZE)
            fields = [int.from_bytes(raw[f.offset : f.end], "little") for f in sysent.SYSENT_LAYOUT]
            call = 0 if row.sy_call is None else symbols[row.sy_call]
            expected = [row.nargs, int(row.flags), call, 0, symbols[row.sy_callc]]
            if row.kind is SysentKind.LOADABLE and row.number in named:
                expected[3] = symbols["sysent_lock"] + 8 * row.number
            elif row.kind is SysentKind.LOADABLE:
                expected[1], expected[4] = 0, symbols["nosys"]
            assert fields == expected, row


def test_modules_lie_where_modinfo_says(solaris: Solaris) -> None:
    rows = {row.name: row for row in solaris.kernel.modules}
    for symbol in (
        "unix`sys_syscall",
        "unix`copyin",
        "genunix`modctl",
        "genunix`write",
        "pcie`_info",
        "zfs`_info",
    ):
        row = rows[symbol.partition("`")[0]]
        assert row.base <= solaris.symbols[symbol] < row.base + row.size
        assert solaris.symbols.module(solaris.symbols[symbol]) == row.name


def test_msrs(solaris: Solaris) -> None:
    read, symbols = solaris.machine.rdmsr, solaris.symbols
    assert read(Msr.MSR_STAR) == 0x003B_0028_0000_0000
    assert read(Msr.MSR_LSTAR) == symbols["sys_syscall"]
    assert read(Msr.MSR_CSTAR) == symbols["sys_syscall32"]
    assert read(Msr.MSR_SYSCALL_MASK) == Flags.IF | Flags.TF | Flags.AC
    assert read(Msr.MSR_IA32_SYSENTER_EIP) == symbols["sys_sysenter"]


def test_gates(solaris: Solaris) -> None:
    base, limit = solaris.machine.cpu.table_register("idtr")
    assert (base, limit) == (L["KERNEL_TEXT"] - 0x3000, 4095)
    for vector in range(256):
        gate = Gate.from_bytes(solaris.machine.read(base + 16 * vector, 16))
        assert (gate.type, gate.selector, gate.present) == (GateType.INTERRUPT, 0x28, True)
        assert gate.dpl == (3 if vector in (3, 4, 0x7F, T_SYSCALLINT, T_FASTTRAP) else 0)
        assert gate.ist == (1 if vector in (2, 8, 18) else 0)
        handler = TRAPS[vector] if vector < len(TRAPS) else GATES.get(vector, "resvtrap")
        assert gate.offset == solaris.symbols[handler]


def test_fasttable(solaris: Solaris) -> None:
    table = solaris.symbols["fasttable"]
    for row in FASTTABLE:
        assert solaris.machine.read_q(table + 8 * row.trap) == solaris.symbols[row.symbol]
    assert L["T_LASTFAST"] == T_LASTFAST


def test_layout_agrees_with_the_data() -> None:
    for field in regs.REGS_LAYOUT:
        name = f"REGOFF_{field.name.lstrip('_').removeprefix('r_').upper()}"
        if name not in ("REGOFF_FSBASE", "REGOFF_GSBASE"):
            assert L[name] == field.offset
    assert L["REGS_SIZE"] == regs.REGS_SIZE
    assert 1 << L["SYSENT_SIZE_SHIFT"] == SYSENT_SIZE
    fields = {field.name: field.offset for field in sysent.SYSENT_LAYOUT}
    assert (L["SY_FLAGS"], L["SY_CALL"], L["SY_CALLC"]) == (
        fields["sy_flags"],
        fields["sy_call"],
        fields["sy_callc"],
    )
    assert L["SE_32RVAL2"] == sysent.SysentFlag.SE_32RVAL2
    assert NSYSCALL << L["SYSENT_SIZE_SHIFT"] == 0x2000
    assert modctl.MODINFO_SIZE == 0x1B0


def test_addresses_of_the_linker_script_are_those_of_the_header(solaris: Solaris) -> None:
    symbols = solaris.symbols
    assert symbols["gdt0"] == L["KERNEL_TEXT"] - 0x2000
    assert symbols["ktss0"] == L["KERNEL_TEXT"] - 0x4000
    assert symbols["modctl"] == L["GENUNIX_MODCTL"]
    assert symbols["cpus"] == L["UNIX_DATA"]
    assert symbols["sysent"] == L["GENUNIX_DATA"] + 0x2180
