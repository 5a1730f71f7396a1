"""The delivery of exceptions and of the system-call instructions, check by check (SDM 3A 6.12 to 6.15, 2B SYSCALL)."""

from __future__ import annotations

import pytest

from ring3.errors import TripleFault
from ring3.machine.cpu import Event, Trap
from ring3.machine.descriptors import GateType, Segment, Tss
from ring3.machine.msr import Efer, Msr
from ring3.machine.pmap import Prot
from ring3.machine.recorder import RecordingMicrocode
from ring3.machine.registers import ERROR_CODE_VECTORS, Flags, Gpr, Seg, Vector
from ring3.machine.steps import (
    Check,
    GateRead,
    MsrRead,
    Push,
    RegisterSet,
    Requirement,
    SegmentRead,
    SegmentSet,
    StackRead,
    Step,
)
from tests.machine.bare import (
    CONFORMING_CS,
    ENTRIES,
    HANDLERS,
    KERNEL_CS,
    KERNEL_DS,
    SPARE,
    USER32_CS,
    USER_CS,
    USER_DATA_PAGE,
    USER_DS,
    USER_RIP,
    USER_RSP,
    Bare,
    Delivered,
)

EXT = 1
IDT = 2
GP, NP, SS, TS, PF, DF, UD, BP, DE, DB = (
    Vector.GP, Vector.NP, Vector.SS, Vector.TS, Vector.PF, Vector.DF, Vector.UD, Vector.BP, Vector.DE, Vector.DB
)  # fmt: skip
FAULTS = (0, 5, 6, 7, 10, 11, 12, 13, 14, 16, 17, 19)
NOT_CANONICAL = 0x8000_0000_0000
UNMAPPED = 0xFFFF_C000_0000_0000
KERNEL_GS = 0xFFFF_8881_2345_0000


@pytest.fixture
def bare() -> Bare:
    return Bare()


def pushed(vector: int, error: int | None, flags: int = Flags.IF | Flags.FIXED) -> Delivered:
    return Delivered(vector, error, USER_RIP, USER_CS, flags, USER_RSP, USER_DS)


# -- what a delivery does ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", [vector for vector in range(20) if vector not in (9, 15)])
def test_an_exception_reaches_its_handler_with_its_frame(bare: Bare, vector: int) -> None:
    error = 0x18 if vector in ERROR_CODE_VECTORS else None
    flags = Flags.IF | Flags.FIXED | (Flags.RF if vector in FAULTS else 0)
    assert bare.deliver(Trap(vector, 0x18)) == pushed(vector, error, flags)
    assert bare.cpu.cpl == 0
    assert bare.cpu.long_mode
    assert bare.cpu.selector(Seg.CS) == KERNEL_CS
    assert bare.cpu.selector(Seg.SS) == 0
    assert bare.cpu.gpr(Gpr.RSP) == bare.stack - (40 if error is None else 48)


@pytest.mark.parametrize("vector", [0x03, 0x0D, 0x0E, 0x21, 0x80, 0xFF])
def test_an_int_instruction_pushes_no_error_code(bare: Bare, vector: int) -> None:
    assert bare.deliver(Trap(vector, 0, software=True)) == pushed(vector, None)
    assert bare.cpu.gpr(Gpr.RSP) == bare.stack - 40


def test_the_frame_of_compatibility_mode_is_that_of_64_bits(bare: Bare) -> None:
    bare.ring3(bits=32)
    assert bare.deliver(Trap(0x80, 0, software=True)) == Delivered(
        0x80, None, USER_RIP, USER32_CS, Flags.IF | Flags.FIXED, USER_RSP, USER_DS
    )
    assert bare.cpu.long_mode


@pytest.mark.parametrize("kind", GateType)
def test_an_interrupt_gate_clears_if_and_a_trap_gate_does_not(bare: Bare, kind: GateType) -> None:
    bare.set_gate(0x80, kind=kind)
    before = Flags.IF | Flags.TF | Flags.NT | Flags.RF | Flags.AC | Flags.DF | Flags.CF | Flags.ID
    bare.cpu.rflags = before
    delivered = bare.deliver(Trap(0x80, 0, software=True))
    assert delivered.flags == before | Flags.FIXED
    kept = Flags.AC | Flags.DF | Flags.CF | Flags.ID | Flags.FIXED
    assert bare.cpu.rflags == kept | (Flags.IF if kind is GateType.TRAP else 0)


def test_only_a_page_fault_sets_cr2(bare: Bare) -> None:
    bare.cpu.cr2 = 1
    bare.deliver(Trap(GP))
    assert bare.cpu.cr2 == 1
    bare.ring3()
    bare.deliver(Trap(PF, 0, software=True))
    assert bare.cpu.cr2 == 1
    bare.ring3()
    bare.deliver(Trap(PF, 6, address=0xDEAD000))
    assert bare.cpu.cr2 == 0xDEAD000


def test_the_general_registers_are_kept(bare: Bare) -> None:
    for number in set(Gpr) - {Gpr.RSP}:
        bare.cpu.set_gpr(number, 0x1111 * number)
    bare.deliver(Trap(UD))
    assert [bare.cpu.gpr(number) for number in Gpr if number is not Gpr.RSP] == [
        0x1111 * number for number in Gpr if number is not Gpr.RSP
    ]


def test_an_exception_in_ring_0_stays_on_its_stack(bare: Bare) -> None:
    bare.ring0()
    before = bare.cpu.gpr(Gpr.RSP)
    bare.machine.microcode.deliver(Trap(DE))
    assert bare.cpu.gpr(Gpr.RSP) == (before & ~15) - 40
    assert bare.machine.read_q(bare.cpu.gpr(Gpr.RSP) + 24) == before
    assert bare.cpu.selector(Seg.SS) == KERNEL_DS


def test_a_gate_with_an_ist_slot_takes_that_stack_from_any_ring(bare: Bare) -> None:
    bare.set_gate(DB, ist=1)
    assert bare.deliver(Trap(DB)) == pushed(DB, None)
    assert bare.cpu.gpr(Gpr.RSP) == bare.ist - 40
    bare.ring0()
    bare.deliver(Trap(DB))
    assert bare.cpu.gpr(Gpr.RSP) == bare.ist - 40


def test_a_stack_pointer_in_the_tss_is_aligned_to_16_bytes(bare: Bare) -> None:
    bare.machine.write_q(bare.tss + Tss.rsp(0), bare.stack - 7)
    bare.machine.microcode.deliver(Trap(UD))
    assert bare.cpu.gpr(Gpr.RSP) == bare.stack - 16 - 40


def test_a_frame_may_lie_across_two_pages(bare: Bare) -> None:
    below, above = bare.page(), bare.page()
    assert above == below + 0x1000
    bare.machine.write_q(bare.tss + Tss.rsp(0), above + 16)
    bare.machine.microcode.deliver(Trap(UD))
    assert bare.machine.read_q(above) == USER_RSP
    assert bare.machine.read_q(above + 8) == USER_DS
    assert bare.machine.read_q(above - 24) == USER_RIP


def test_a_conforming_handler_runs_with_the_interrupted_privilege(bare: Bare) -> None:
    bare.set_gate(0x80, selector=CONFORMING_CS)
    bare.machine.microcode.deliver(Trap(0x80, 0, software=True))
    assert bare.cpu.cpl == 3
    assert bare.cpu.selector(Seg.CS) == CONFORMING_CS | 3
    assert bare.cpu.selector(Seg.SS) == USER_DS
    assert bare.cpu.gpr(Gpr.RSP) == (USER_RSP & ~15) - 40


def test_the_selectors_rpl_in_a_gate_does_not_count(bare: Bare) -> None:
    bare.set_gate(UD, selector=KERNEL_CS | 3)
    bare.machine.microcode.deliver(Trap(UD))
    assert bare.cpu.selector(Seg.CS) == KERNEL_CS
    assert bare.cpu.cpl == 0


# -- the checks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("software", [False, True])
@pytest.mark.parametrize("kind", sorted(set(range(16)) - set(GateType)))
def test_a_gate_of_another_type_is_gp_of_the_idt(bare: Bare, kind: int, software: bool) -> None:
    bare.set_gate(0x20, kind=kind)
    delivered = bare.deliver(Trap(0x20, 0, software))
    assert (delivered.vector, delivered.error) == (GP, 0x20 * 8 + IDT + (0 if software else EXT))


@pytest.mark.parametrize("dpl", range(4))
def test_an_int_instruction_needs_a_gate_of_its_privilege(bare: Bare, dpl: int) -> None:
    bare.set_gate(0x21, dpl=dpl)
    delivered = bare.deliver(Trap(0x21, 0, software=True))
    if dpl == 3:
        assert delivered == pushed(0x21, None)
    else:
        assert (delivered.vector, delivered.error) == (GP, 0x21 * 8 + IDT)
        assert delivered.rip == USER_RIP - 2
        assert delivered.flags & Flags.RF


@pytest.mark.parametrize("vector", [UD, GP, 0x21])
def test_an_exception_or_interrupt_does_not_look_at_the_gates_privilege(bare: Bare, vector: int) -> None:
    bare.set_gate(vector, dpl=0)
    assert bare.deliver(Trap(vector)).vector == vector


def test_ring_0_may_use_any_gate(bare: Bare) -> None:
    bare.ring0()
    bare.set_gate(0x21, dpl=0)
    bare.machine.microcode.deliver(Trap(0x21, 0, software=True))
    assert bare.cpu.rip == HANDLERS + 0x210


@pytest.mark.parametrize("software", [False, True])
def test_a_gate_that_is_not_present_is_np_of_the_idt(bare: Bare, software: bool) -> None:
    bare.set_gate(0x80, present=False)
    delivered = bare.deliver(Trap(0x80, 0, software))
    assert (delivered.vector, delivered.error) == (NP, 0x80 * 8 + IDT + (0 if software else EXT))
    assert delivered.rip == USER_RIP - (2 if software else 0)


def test_the_privilege_is_checked_before_the_presence(bare: Bare) -> None:
    bare.set_gate(0x80, dpl=0, present=False)
    assert bare.deliver(Trap(0x80, 0, software=True)).vector == GP


@pytest.mark.parametrize("software", [False, True])
def test_a_vector_beyond_the_idts_limit_is_gp_of_the_idt(bare: Bare, software: bool) -> None:
    bare.cpu.set_table_register("idtr", 0, bare.idt, 16 * 0x80 + 14)
    delivered = bare.deliver(Trap(0x80, 0, software))
    assert (delivered.vector, delivered.error) == (GP, 0x80 * 8 + IDT + (0 if software else EXT))


def test_a_vector_just_inside_the_idts_limit_is_fine(bare: Bare) -> None:
    bare.cpu.set_table_register("idtr", 0, bare.idt, 16 * 0x80 + 15)
    assert bare.deliver(Trap(0x80, 0, software=True)).vector == 0x80


@pytest.mark.parametrize("rpl", range(4))
@pytest.mark.parametrize("software", [False, True])
def test_a_null_code_selector_is_gp_without_a_selector(bare: Bare, rpl: int, software: bool) -> None:
    bare.set_gate(0x80, selector=rpl)
    delivered = bare.deliver(Trap(0x80, 0, software))
    assert (delivered.vector, delivered.error) == (GP, 0 if software else EXT)


@pytest.mark.parametrize("selector", [8 * ENTRIES, 8 * ENTRIES + 3, 0xFFF8])
def test_a_code_selector_beyond_the_gdt_is_gp_of_the_selector(bare: Bare, selector: int) -> None:
    bare.set_gate(0x80, selector=selector)
    delivered = bare.deliver(Trap(0x80, 0, software=True))
    assert (delivered.vector, delivered.error) == (GP, selector & ~3)


def test_a_code_selector_of_an_absent_ldt_is_gp_of_the_selector(bare: Bare) -> None:
    bare.cpu.set_table_register("ldtr", 0, 0, 0)
    bare.set_gate(0x80, selector=0x0C)
    delivered = bare.deliver(Trap(0x80, 0, software=True))
    assert (delivered.vector, delivered.error) == (GP, 0x0C)


def test_a_code_selector_of_the_ldt_is_read_there(bare: Bare) -> None:
    ldt = bare.page()
    bare.machine.write(ldt + 8, Segment(0, 0xFFFFFFFF, 0x9B, 0xA).to_bytes())
    bare.cpu.set_table_register("ldtr", 0x38, ldt, 15, 0x8200)
    bare.set_gate(0x80, selector=0x0C)
    assert bare.deliver(Trap(0x80, 0, software=True)).vector == 0x80
    assert bare.cpu.selector(Seg.CS) == 0x0C


@pytest.mark.parametrize(
    ("access", "flags", "vector"),
    [
        (0x93, 0xC, GP),  # data
        (0x8B, 0x0, GP),  # a TSS
        (0x9B, 0xC, GP),  # 32-bit code
        (0x9B, 0x8, GP),  # 16-bit code
        (0x9B, 0xE, GP),  # both L and D
        (0xFF, 0xA, 0x80),  # conforming code of the interrupted privilege
        (0x1B, 0xA, NP),  # not present
        (0x13, 0xC, GP),  # the type comes before the presence
        (0x9B, 0xA, 0x80),
    ],
)
@pytest.mark.parametrize("software", [False, True])
def test_the_handlers_segment_is_present_64_bit_code(
    bare: Bare, access: int, flags: int, vector: int, software: bool
) -> None:
    bare.machine.write(bare.gdt + SPARE, Segment(0, 0xFFFFFFFF, access, flags).to_bytes())
    bare.set_gate(0x80, selector=SPARE)
    delivered = bare.deliver(Trap(0x80, 0, software))
    assert delivered.vector == vector
    if vector != 0x80:
        assert delivered.error == SPARE + (0 if software else EXT)


def test_a_handler_less_privileged_than_the_interrupted_code_is_gp(bare: Bare) -> None:
    bare.ring0()
    bare.cpu.set_gpr(Gpr.RSP, bare.stack)
    bare.set_gate(0x80, selector=USER_CS)
    delivered = bare.deliver(Trap(0x80, 0, software=True))
    assert (delivered.vector, delivered.error) == (GP, USER_CS & ~3)


def test_a_handler_in_ring_3_stays_on_the_users_stack(bare: Bare) -> None:
    bare.set_gate(0x80, selector=USER_CS)
    bare.machine.microcode.deliver(Trap(0x80, 0, software=True))
    assert bare.cpu.cpl == 3
    assert bare.cpu.gpr(Gpr.RSP) == USER_RSP - 40


@pytest.mark.parametrize("ist", [0, 1])
def test_a_stack_that_is_not_canonical_is_a_stack_fault(bare: Bare, ist: int) -> None:
    bare.set_gate(UD, ist=ist)
    bare.set_gate(SS, ist=2)
    bare.machine.write_q(bare.tss + Tss.ist(2), bare.ist)
    bare.machine.write_q(bare.tss + (Tss.ist(1) if ist else Tss.rsp(0)), NOT_CANONICAL)
    delivered = bare.deliver(Trap(UD))
    assert (delivered.vector, delivered.error) == (SS, EXT)


@pytest.mark.parametrize(("slot", "limit"), [(0, Tss.RSP0 + 6), (1, Tss.ist(1) + 6)])
def test_a_stack_beyond_the_tss_is_an_invalid_tss(bare: Bare, slot: int, limit: int) -> None:
    bare.set_gate(UD, ist=slot)
    bare.set_gate(TS, selector=CONFORMING_CS)  # its handler needs no stack from the TSS
    bare.cpu.set_table_register("tr", 0x40, bare.tss, limit, 0x8B00)
    bare.machine.microcode.deliver(Trap(UD))
    assert bare.cpu.rip == HANDLERS + 16 * TS
    assert bare.machine.read_q(bare.cpu.gpr(Gpr.RSP)) == 0x40 + EXT


def test_a_handlers_address_that_is_not_canonical_is_gp(bare: Bare) -> None:
    bare.set_gate(0x80, offset=NOT_CANONICAL)
    delivered = bare.deliver(Trap(0x80, 0, software=True))
    assert (delivered.vector, delivered.error) == (GP, 0)


# -- faults in a delivery ------------------------------------------------------------------------------------------


def second_stack(bare: Bare, *vectors: int) -> None:
    """Gives the handlers of some vectors a stack that works, whatever the first one does."""
    bare.machine.write_q(bare.tss + Tss.ist(2), bare.ist)
    for vector in vectors:
        bare.set_gate(vector, ist=2)


def test_a_stack_that_is_not_mapped_is_a_page_fault_of_ring_0(bare: Bare) -> None:
    second_stack(bare, PF)
    bare.machine.write_q(bare.tss + Tss.rsp(0), UNMAPPED)
    delivered = bare.deliver(Trap(UD))
    assert (delivered.vector, delivered.error) == (PF, 2)
    assert bare.cpu.cr2 == UNMAPPED - 40
    assert delivered.rip == USER_RIP


def test_a_stack_that_is_read_only_is_a_page_fault_of_protection(bare: Bare) -> None:
    second_stack(bare, PF)
    bare.map_user(USER_DATA_PAGE + 0x1000, Prot.READ)
    bare.machine.write_q(bare.tss + Tss.rsp(0), USER_DATA_PAGE + 0x2000)
    delivered = bare.deliver(Trap(UD))
    assert (delivered.vector, delivered.error) == (PF, 3)


@pytest.mark.parametrize("first", [DE, TS, NP, SS, GP])
def test_two_contributory_exceptions_make_a_double_fault(bare: Bare, first: int) -> None:
    bare.set_gate(first, present=False)
    delivered = bare.deliver(Trap(first, 0x10))
    assert (delivered.vector, delivered.error) == (DF, 0)
    assert delivered.rip == USER_RIP


@pytest.mark.parametrize("first", [UD, DB, BP, Vector.NM, Vector.MF, Vector.AC, Vector.OF, 0x20])
def test_a_benign_exception_and_another_one_make_no_double_fault(bare: Bare, first: int) -> None:
    bare.set_gate(first, present=False)
    delivered = bare.deliver(Trap(first))
    assert (delivered.vector, delivered.error) == (NP, first * 8 + IDT + EXT)


@pytest.mark.parametrize("first", [DE, GP, NP])
def test_a_contributory_exception_and_a_page_fault_are_handled_one_after_the_other(
    bare: Bare, first: int
) -> None:
    second_stack(bare, PF)
    bare.machine.write_q(bare.tss + Tss.rsp(0), UNMAPPED)
    assert bare.deliver(Trap(first)).vector == PF


def test_a_page_fault_and_a_contributory_exception_make_a_double_fault(bare: Bare) -> None:
    bare.set_gate(PF, present=False)
    assert bare.deliver(Trap(PF, 4, address=0x1234)).vector == DF
    assert bare.cpu.cr2 == 0x1234


def test_two_page_faults_make_a_double_fault(bare: Bare) -> None:
    second_stack(bare, DF)
    bare.machine.write_q(bare.tss + Tss.rsp(0), UNMAPPED)
    assert bare.deliver(Trap(PF, 4, address=0x1234)).vector == DF
    assert bare.cpu.cr2 == UNMAPPED - 48


def test_an_int_of_a_contributory_vector_is_no_exception(bare: Bare) -> None:
    bare.set_gate(GP, dpl=3, present=False)
    delivered = bare.deliver(Trap(GP, 0, software=True))
    assert (delivered.vector, delivered.error) == (NP, GP * 8 + IDT)


def test_a_refused_int_whose_fault_has_no_stack_still_points_at_the_int(bare: Bare) -> None:
    second_stack(bare, PF)
    bare.set_gate(0x21, dpl=0)
    bare.machine.write_q(bare.tss + Tss.rsp(0), UNMAPPED)
    delivered = bare.deliver(Trap(0x21, 0, software=True))
    assert (delivered.vector, delivered.rip) == (PF, USER_RIP - 2)


@pytest.mark.parametrize(("opcode", "vector"), [(0xCC, Vector.BP), (0xCE, Vector.OF)])
def test_a_refused_one_byte_int_points_at_itself(bare: Bare, opcode: int, vector: int) -> None:
    bare.machine.write(USER_RIP - 1, bytes([opcode]))
    bare.set_gate(vector, dpl=0)
    delivered = bare.deliver(Trap(vector, 0, software=True))
    assert (delivered.vector, delivered.rip) == (GP, USER_RIP - 1)


def test_int_3_in_two_bytes_points_at_itself_too(bare: Bare) -> None:
    bare.machine.write(USER_RIP - 2, b"\xcd\x03")
    bare.set_gate(Vector.BP, dpl=0)
    assert bare.deliver(Trap(Vector.BP, 0, software=True)).rip == USER_RIP - 2


@pytest.mark.parametrize("trap", [Trap(GP), Trap(PF, 4, address=1), Trap(DF), Trap(0x80, 0, software=True)])
def test_a_double_fault_that_cannot_be_delivered_shuts_down(bare: Bare, trap: Trap) -> None:
    bare.cpu.set_table_register("idtr", 0, 0, 0)
    before = bare.cpu.save()
    with pytest.raises(TripleFault, match=f"double fault of vector {trap.vector}"):
        bare.machine.microcode.deliver(trap)
    bare.cpu.load(before)


def test_nothing_is_changed_before_every_check_is_done(bare: Bare) -> None:
    bare.machine.write(bare.gdt + SPARE, Segment(0, 0xFFFFFFFF, 0x1B, 0xA).to_bytes())
    bare.set_gate(0x80, selector=SPARE)
    bare.cpu.set_gpr(Gpr.RAX, 0x1234)
    delivered = bare.deliver(Trap(0x80, 0, software=True))
    assert delivered == Delivered(
        NP, SPARE, USER_RIP - 2, USER_CS, Flags.IF | Flags.FIXED | Flags.RF, USER_RSP, USER_DS
    )
    assert bare.cpu.gpr(Gpr.RAX) == 0x1234


# -- syscall and sysenter ------------------------------------------------------------------------------------------


def set_msrs(bare: Bare) -> None:
    for msr, value in {
        Msr.MSR_STAR: (0x1B << 48) | (KERNEL_CS << 32) | 0xDEADBEEF,
        Msr.MSR_LSTAR: HANDLERS + 0x5000,
        Msr.MSR_CSTAR: HANDLERS + 0x6000,
        Msr.MSR_SYSCALL_MASK: Flags.IF | Flags.DF | Flags.TF,
        Msr.MSR_IA32_SYSENTER_CS: KERNEL_CS,
        Msr.MSR_IA32_SYSENTER_ESP: bare.stack,
        Msr.MSR_IA32_SYSENTER_EIP: HANDLERS + 0x7000,
        Msr.MSR_KERNEL_GS_BASE: KERNEL_GS,
    }.items():
        bare.cpu.wrmsr(msr, value)


def test_syscall_from_64_bit_code(bare: Bare) -> None:
    set_msrs(bare)
    bare.cpu.rflags = Flags.IF | Flags.DF | Flags.CF | Flags.ZF | Flags.AC
    bare.machine.microcode.syscall()
    assert bare.cpu.rip == HANDLERS + 0x5000
    assert bare.cpu.gpr(Gpr.RCX) == USER_RIP
    assert bare.cpu.gpr(Gpr.R11) == Flags.IF | Flags.DF | Flags.CF | Flags.ZF | Flags.AC | Flags.FIXED
    assert bare.cpu.rflags == Flags.CF | Flags.ZF | Flags.AC | Flags.FIXED
    assert (bare.cpu.selector(Seg.CS), bare.cpu.selector(Seg.SS)) == (KERNEL_CS, KERNEL_DS)
    assert (bare.cpu.cpl, bare.cpu.long_mode) == (0, True)
    assert bare.cpu.gpr(Gpr.RSP) == USER_RSP
    assert bare.cpu.rdmsr(Msr.MSR_KERNEL_GS_BASE) == KERNEL_GS


def test_syscall_from_compatibility_mode_goes_to_cstar(bare: Bare) -> None:
    set_msrs(bare)
    bare.ring3(bits=32)
    bare.machine.microcode.syscall()
    assert bare.cpu.rip == HANDLERS + 0x6000
    assert bare.cpu.gpr(Gpr.RCX) == USER_RIP
    assert (bare.cpu.cpl, bare.cpu.long_mode) == (0, True)


def test_syscall_ignores_the_rpl_in_star_and_the_gdt(bare: Bare) -> None:
    set_msrs(bare)
    bare.cpu.wrmsr(Msr.MSR_STAR, (0xFFFB << 32))
    bare.machine.microcode.syscall()
    assert (bare.cpu.selector(Seg.CS), bare.cpu.selector(Seg.SS)) == (0xFFF8, 0x10000 & 0xFFFF)
    assert bare.cpu.cpl == 0


def test_syscall_that_is_switched_off_is_an_invalid_opcode(bare: Bare) -> None:
    set_msrs(bare)
    bare.cpu.wrmsr(Msr.MSR_EFER, Efer.LME | Efer.LMA | Efer.NXE)
    bare.machine.microcode.syscall()
    delivered = bare.delivered()
    assert (delivered.vector, delivered.rip) == (UD, USER_RIP - 2)
    assert bare.cpu.gpr(Gpr.RCX) == 0


@pytest.mark.parametrize("bits", [32, 64])
def test_sysenter_takes_all_from_msrs(bare: Bare, bits: int) -> None:
    set_msrs(bare)
    bare.ring3(bits=bits)
    bare.cpu.rflags = Flags.IF | Flags.TF | Flags.NT | Flags.DF | Flags.RF
    bare.machine.microcode.sysenter()
    assert (bare.cpu.rip, bare.cpu.gpr(Gpr.RSP)) == (HANDLERS + 0x7000, bare.stack)
    assert (bare.cpu.selector(Seg.CS), bare.cpu.selector(Seg.SS)) == (KERNEL_CS, KERNEL_DS)
    assert (bare.cpu.cpl, bare.cpu.long_mode) == (0, True)
    assert bare.cpu.rflags == Flags.TF | Flags.NT | Flags.DF | Flags.FIXED
    assert (bare.cpu.gpr(Gpr.RCX), bare.cpu.gpr(Gpr.R11)) == (0, 0)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("selector", range(4))
def test_sysenter_with_a_null_selector_is_gp_at_the_instruction(bare: Bare, selector: int, bits: int) -> None:
    set_msrs(bare)
    bare.cpu.wrmsr(Msr.MSR_IA32_SYSENTER_CS, selector)
    before = bytes.fromhex("90 b80f340f34 90")  # its two bytes are in an operand too
    bare.put_code(before + bytes.fromhex("0f34"), bits=bits)
    assert bare.cpu.run() is Event.SYSENTER
    bare.machine.microcode.sysenter()
    delivered = bare.delivered()
    assert (delivered.vector, delivered.error, delivered.rip) == (GP, 0, USER_RIP + len(before))


# -- the recorder --------------------------------------------------------------------------------------------------


def recorded(bare: Bare, trap: Trap | None) -> list[Step]:
    steps: list[Step] = []
    microcode = RecordingMicrocode(bare.cpu, bare.ram, steps.append)
    if trap is None:
        microcode.syscall()
    else:
        microcode.deliver(trap)
    return steps


def test_every_read_check_and_write_of_a_delivery_is_told(bare: Bare) -> None:
    steps = recorded(bare, Trap(0x80, 0, software=True))
    touched = [step for step in steps if isinstance(step, GateRead | SegmentRead | StackRead | Push)]
    assert [(type(step), step.address) for step in touched] == [
        (GateRead, bare.idt + 16 * 0x80),
        (SegmentRead, bare.gdt + KERNEL_CS),
        (StackRead, bare.tss + Tss.rsp(0)),
        *[(Push, bare.stack - offset) for offset in (8, 16, 24, 32, 40)],
    ]
    assert {step.register for step in steps if isinstance(step, RegisterSet)} == {"RSP", "RFLAGS", "RIP"}
    assert [(step.segment, step.cpl_before, step.cpl) for step in steps if isinstance(step, SegmentSet)] == [
        (Seg.CS, 3, 0), (Seg.SS, 0, 0),
    ]  # fmt: skip
    checks = [step for step in steps if isinstance(step, Check)]
    assert [(step.requirement, step.holds) for step in checks] == [
        (Requirement.GATE_DPL, True), (Requirement.GATE_PRESENT, True), (Requirement.CODE_SEGMENT, True),
    ]  # fmt: skip
    assert (checks[0].left, checks[0].right) == (3, 3)


def test_why_an_int_was_refused_is_told(bare: Bare) -> None:
    bare.set_gate(0x21, dpl=0)
    steps = recorded(bare, Trap(0x21, 0, software=True))
    refused = [step for step in steps if isinstance(step, Check) and not step.holds]
    assert refused == [Check(Requirement.GATE_DPL, False, 0, 3, Trap(GP, 0x21 * 8 + 2))]


def test_what_syscall_reads_is_told(bare: Bare) -> None:
    set_msrs(bare)
    reads = [step.msr for step in recorded(bare, None) if isinstance(step, MsrRead)]
    assert reads == [Msr.MSR_EFER, Msr.MSR_STAR, Msr.MSR_SYSCALL_MASK, Msr.MSR_LSTAR]


@pytest.mark.parametrize(
    "trap", [None, Trap(0x80, 0, software=True), Trap(PF, 4, False, 0x123), Trap(0x21, 0, True)]
)
def test_who_records_changes_nothing(trap: Trap | None) -> None:
    ends = []
    for record in (False, True):
        bare = Bare()
        set_msrs(bare)
        bare.set_gate(0x21, dpl=0)
        steps: list[Step] = []
        recording = RecordingMicrocode(bare.cpu, bare.ram, steps.append)
        microcode = recording if record else bare.machine.microcode
        microcode.syscall() if trap is None else microcode.deliver(trap)
        registers = [bare.cpu.gpr(number) for number in range(16)]
        registers += [
            bare.cpu.rip,
            bare.cpu.rflags,
            bare.cpu.cr2,
            *(bare.cpu.selector(segment) for segment in Seg),
        ]
        ends.append((registers, bare.machine.read(bare.stack - 64, 64)))
    assert ends[0] == ends[1]
