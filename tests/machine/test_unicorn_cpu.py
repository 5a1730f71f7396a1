"""The CPU on its own: what stops it, with which registers, and that nothing of the program's is lost or done twice."""

from __future__ import annotations

import math
import struct
import threading

import pytest

from ring3.machine.cpu import Event, Stop, Trap
from ring3.machine.descriptors import Segment
from ring3.machine.msr import Msr
from ring3.machine.paging import PF_FETCH, PF_PRESENT, PF_USER, PF_WRITE
from ring3.machine.pmap import Pmap, Prot
from ring3.machine.ram import PAGE_SIZE
from ring3.machine.registers import Flags, Gpr, Seg, Vector
from tests.machine.bare import (
    KERNEL_CS,
    USER32_CS,
    USER_CODE_PAGE,
    USER_CS,
    USER_DATA_PAGE,
    USER_DS,
    USER_RIP,
    USER_RSP,
    Bare,
)

SYSCALL = bytes.fromhex("0f05")
SYSENTER = bytes.fromhex("0f34")
HLT = b"\xf4"
NOP = b"\x90"
FOREVER = bytes.fromhex("ebfe")
UNMAPPED = 0x60_0000
KERNEL_PAGE = 0xFFFF_FFFF_8200_0000
RWX = Prot.READ | Prot.WRITE | Prot.EXEC
BITS = pytest.mark.parametrize("bits", [64, 32])
STATUS = Flags.CF | Flags.PF | Flags.AF | Flags.ZF | Flags.SF | Flags.OF


@pytest.fixture
def bare() -> Bare:
    return Bare()


def run(bare: Bare, code: str | bytes, bits: int = 64) -> Stop:
    bare.put_code(bytes.fromhex(code) if isinstance(code, str) else code, bits=bits)
    return bare.cpu.run()


def run_in_ring0(bare: Bare, code: str) -> Stop:
    frame = bare.ram.alloc()
    bare.machine.kernel_pmap.enter(KERNEL_PAGE, frame, Prot.READ | Prot.EXEC, user=False)
    bare.pmap = Pmap(bare.ram, bare.machine.kernel_pmap)
    bare.cpu.use(bare.pmap)
    raw = bytes.fromhex(code)
    bare.ram.bytes[frame : frame + len(raw)] = raw
    bare.ring0()
    bare.cpu.rip = KERNEL_PAGE
    return bare.cpu.run()


def data(bare: Bare, offset: int = 0, size: int = 4) -> int:
    return int.from_bytes(bare.machine.read(USER_DATA_PAGE + offset, size), "little")


def mov_eax(value: int) -> bytes:
    return b"\xb8" + value.to_bytes(4, "little")


def store(value: int) -> bytes:
    """Code of either width that stores a number at the start of the data page: mov $value, (%rdi)."""
    return b"\xc7\x07" + value.to_bytes(4, "little")


MOV_EDI_DATA = b"\xbf" + USER_DATA_PAGE.to_bytes(4, "little")


# -- the doors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "bits", "stop", "length"),
    [
        ("0f05", 64, Event.SYSCALL, 2),
        ("0f05", 32, Event.SYSCALL_COMPAT, 2),
        ("480f05", 64, Event.SYSCALL, 3),  # with a prefix that means nothing
        ("cd80", 64, Trap(0x80, software=True), 2),
        ("cd80", 32, Trap(0x80, software=True), 2),
        ("cd00", 64, Trap(0, software=True), 2),
        ("cd0d", 64, Trap(13, software=True), 2),
        ("cd0e", 32, Trap(14, software=True), 2),
        ("cdff", 64, Trap(0xFF, software=True), 2),
        ("cc", 64, Trap(Vector.BP, software=True), 1),
        ("cc", 32, Trap(Vector.BP, software=True), 1),
        ("cd03", 64, Trap(Vector.BP, software=True), 2),
        ("f1", 64, Trap(Vector.DB), 1),
        ("f1", 32, Trap(Vector.DB), 1),
    ],
)
def test_a_door_stops_after_the_instruction(
    bare: Bare, code: str, bits: int, stop: Stop, length: int
) -> None:
    assert run(bare, NOP + bytes.fromhex(code) + FOREVER, bits) == stop
    assert bare.cpu.rip == USER_RIP + 1 + length
    assert bare.cpu.cpl == 3


@BITS
def test_sysenter_is_told_apart_from_syscall(bare: Bare, bits: int) -> None:
    assert run(bare, SYSENTER, bits) is Event.SYSENTER


def test_into_is_an_interrupt_only_after_an_overflow(bare: Bare) -> None:
    overflow = "b8ffffff7f 40"  # mov $0x7fffffff, %eax; inc %eax
    assert run(bare, "31c0 ce 0f0b", 32) == Trap(Vector.UD)
    assert run(bare, f"{overflow} ce", 32) == Trap(Vector.OF, software=True)
    assert bare.cpu.rip == USER_RIP + 7


@BITS
@pytest.mark.parametrize("door", [SYSCALL, SYSENTER, b"\xcd\x80", b"\x0f\x0b", b"\xcc", b"\xf1"])
@pytest.mark.parametrize("flags", [0, STATUS, STATUS | Flags.DF, Flags.CF | Flags.SF | Flags.AC | Flags.ID])
def test_every_flag_outlives_a_stop(bare: Bare, bits: int, door: bytes, flags: int) -> None:
    push_popf = b"\x68" + flags.to_bytes(4, "little") + b"\x9d"
    pushf_pop_eax = b"\x9c\x58"
    run(bare, push_popf + door + pushf_pop_eax + SYSCALL, bits)
    assert bare.cpu.rflags == flags | Flags.FIXED | Flags.IF
    bare.cpu.rip = USER_RIP + len(push_popf + door)
    bare.cpu.run()
    assert bare.cpu.gpr(Gpr.RAX) == flags | Flags.FIXED | Flags.IF


@BITS
def test_flags_set_from_outside_are_the_programs(bare: Bare, bits: int) -> None:
    bare.put_code(bytes.fromhex("9c58") + SYSCALL, bits=bits)
    bare.cpu.rflags = STATUS | Flags.DF | Flags.IF
    bare.cpu.run()
    assert bare.cpu.gpr(Gpr.RAX) == STATUS | Flags.DF | Flags.IF | Flags.FIXED
    bare.cpu.rip, bare.cpu.rflags = USER_RIP, Flags.IF
    bare.cpu.run()
    assert bare.cpu.gpr(Gpr.RAX) == Flags.IF | Flags.FIXED


# -- exceptions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "bits", "vector", "error"),
    [
        ("0f0b", 64, Vector.UD, 0),  # ud2
        ("0f0b", 32, Vector.UD, 0),
        ("0fb9c0", 64, Vector.UD, 0),  # ud1
        ("f090", 64, Vector.UD, 0),  # lock nop
        ("ce", 64, Vector.UD, 0),  # into
        ("27", 64, Vector.UD, 0),  # daa
        ("31c9 f7f1", 64, Vector.DE, 0),  # xor %ecx, %ecx; div %ecx
        ("31c9 f7f1", 32, Vector.DE, 0),
        ("f4", 64, Vector.GP, 0),  # hlt
        ("f4", 32, Vector.GP, 0),
        ("fa", 64, Vector.GP, 0),  # cli
        ("fb", 64, Vector.GP, 0),  # sti
        ("0f32", 64, Vector.GP, 0),  # rdmsr
        ("0f30", 32, Vector.GP, 0),  # wrmsr
        ("0f33", 64, Vector.GP, 0),  # rdpmc
        ("0f33", 32, Vector.GP, 0),
        ("0f20d8", 64, Vector.GP, 0),  # mov %cr3, %rax
        ("0f22d8", 32, Vector.GP, 0),
        ("0f01f8", 64, Vector.GP, 0),  # swapgs
        ("0f35", 64, Vector.GP, 0),  # sysexit
        ("480f07", 64, Vector.GP, 0),  # sysretq
        ("b910000000 8ed9", 64, Vector.GP, 0x10),  # mov $0x10, %ecx; mov %ecx, %ds
        ("b900100000 8ed9", 64, Vector.GP, 0x1000),  # beyond the GDT
        ("31c9 8ed1", 32, Vector.GP, 0),  # xor %ecx, %ecx; mov %ecx, %ss
        ("66" * 15 + "90", 64, Vector.GP, 0),  # 16 bytes
        ("48b90000000000800000 ffe1", 64, Vector.GP, 0),  # jmp to an address that is not canonical
        ("48b90000000000800000 8b01", 64, Vector.GP, 0),  # load from there
    ],
)
def test_a_fault_stops_at_the_instruction(bare: Bare, code: str, bits: int, vector: int, error: int) -> None:
    before = [bytes.fromhex(part) for part in code.split()[:-1]]
    assert run(bare, code, bits) == Trap(vector, error)
    if bytes.fromhex(code)[-2:] != b"\xff\xe1":
        assert bare.cpu.rip == USER_RIP + sum(map(len, before))
    assert bare.cpu.cpl == 3


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("8a01", PF_USER),  # mov (%rcx), %al
        ("8801", PF_USER | PF_WRITE),  # mov %al, (%rcx)
        ("ffe1", PF_USER | PF_FETCH),  # jmp *%rcx
    ],
)
@BITS
def test_a_page_fault_says_what_was_tried(bare: Bare, bits: int, code: str, error: int) -> None:
    bare.put_code(bytes.fromhex(code), bits=bits)
    bare.cpu.set_gpr(Gpr.RCX, UNMAPPED + 0x123)
    fetch = error & PF_FETCH
    assert bare.cpu.run() == Trap(Vector.PF, error, address=UNMAPPED + 0x123)
    assert bare.cpu.rip == (UNMAPPED + 0x123 if fetch else USER_RIP)
    frame = bare.map_user(UNMAPPED, Prot.EXEC if error & PF_WRITE else Prot.READ | Prot.WRITE)
    assert frame
    if error != PF_USER:
        assert bare.cpu.run() == Trap(Vector.PF, error | PF_PRESENT, address=UNMAPPED + 0x123)


@pytest.mark.parametrize(
    ("code", "error"), [("8a01", PF_USER), ("8801", PF_USER | PF_WRITE), ("ffe1", PF_USER | PF_FETCH)]
)
def test_ring_3_cannot_touch_the_kernels_pages(bare: Bare, code: str, error: int) -> None:
    bare.put_code(bytes.fromhex(code))
    bare.cpu.set_gpr(Gpr.RCX, bare.gdt)
    assert bare.cpu.run() == Trap(Vector.PF, error | PF_PRESENT, address=bare.gdt)


def test_a_page_fault_in_the_second_page_of_an_access_names_that_page(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("8b01"))
    bare.cpu.set_gpr(Gpr.RCX, USER_DATA_PAGE + PAGE_SIZE - 2)
    stop = bare.cpu.run()
    assert stop == Trap(Vector.PF, PF_USER, address=USER_DATA_PAGE + PAGE_SIZE)


def test_an_instruction_that_reaches_into_an_unmapped_page_faults_there(bare: Bare) -> None:
    end = USER_CODE_PAGE + PAGE_SIZE
    bare.put_code(b"\xb8\x01\x00", end - 3)
    assert bare.cpu.run() == Trap(Vector.PF, PF_USER | PF_FETCH, address=end)
    assert bare.cpu.rip == end - 3


def test_what_came_before_a_fault_is_done_and_nothing_after_it(bare: Bare) -> None:
    code = MOV_EDI_DATA + store(1) + b"\x0f\x0b" + store(2)
    assert run(bare, code) == Trap(Vector.UD)
    assert data(bare) == 1
    bare.cpu.rip += 2
    bare.cpu.run()
    assert data(bare) == 2


def test_a_fault_can_be_repaired_and_the_instruction_run_again(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("4889048d00000000") + SYSCALL)  # mov %rax, 0(,%rcx,4)
    bare.cpu.set_gpr(Gpr.RAX, 0x1122334455667788)
    bare.cpu.set_gpr(Gpr.RCX, UNMAPPED // 4)
    assert isinstance(bare.cpu.run(), Trap)
    frame = bare.map_user(UNMAPPED, Prot.READ | Prot.WRITE)
    assert bare.cpu.run() is Event.SYSCALL
    assert bare.ram.q[frame >> 3] == 0x1122334455667788


def test_one_fault_after_another_is_no_double_fault(bare: Bare) -> None:
    for _ in range(3):
        assert run(bare, "31c9 f7f1") == Trap(Vector.DE)
        assert run(bare, "f4") == Trap(Vector.GP)
        bare.put_code(bytes.fromhex("8a01"))
        bare.cpu.set_gpr(Gpr.RCX, UNMAPPED)
        assert bare.cpu.run() == Trap(Vector.PF, PF_USER, address=UNMAPPED)


def test_x87_exceptions_are_reported_when_they_are_not_masked(bare: Bare) -> None:
    unmask_and_divide = "dbe3 6a00 66c704247b03 d92c24 d9e8 d9ee def9 9b"
    assert run(bare, unmask_and_divide) == Trap(Vector.MF)


# -- addresses -----------------------------------------------------------------------------------------------------


@BITS
def test_a_jump_to_address_0_is_a_page_fault_like_any_other(bare: Bare, bits: int) -> None:
    assert run(bare, "31c0 ffe0", bits) == Trap(Vector.PF, PF_USER | PF_FETCH, address=0)
    assert bare.cpu.rip == 0


def test_code_at_address_0_runs(bare: Bare) -> None:
    bare.map_user(0, Prot.READ | Prot.EXEC)
    bare.put_code(mov_eax(5) + SYSCALL, 0)
    assert bare.cpu.run() is Event.SYSCALL
    assert (bare.cpu.gpr(Gpr.RAX), bare.cpu.rip) == (5, 7)


@pytest.mark.parametrize("rip", [1 << 63, 0x8000_0000_0000, (1 << 64) - 1, 0x7FFF_FFFF_FFFF])
def test_a_start_anywhere_is_a_fault_of_the_program(bare: Bare, rip: int) -> None:
    bare.ring3()
    bare.cpu.rip = rip
    stop = bare.cpu.run()
    assert isinstance(stop, Trap)
    assert stop.vector in (Vector.GP, Vector.PF)


def test_data_cannot_be_executed(bare: Bare) -> None:
    bare.ring3()
    bare.cpu.rip = USER_DATA_PAGE
    error = PF_USER | PF_FETCH | PF_PRESENT
    assert bare.cpu.run() == Trap(Vector.PF, error, address=USER_DATA_PAGE)


# -- in and out ----------------------------------------------------------------------------------------------------

PORTS = {
    "in $0x80, %al": "e480",
    "in $0x80, %eax": "e580",
    "in %dx, %al": "ec",
    "in %dx, %ax": "66ed",
    "out %al, $0x80": "e680",
    "out %eax, $0x80": "e780",
    "out %al, %dx": "ee",
    "outl %eax, %dx": "ef",
}


@BITS
@pytest.mark.parametrize("name", PORTS)
def test_a_port_is_refused_in_the_middle_of_a_block(bare: Bare, name: str, bits: int) -> None:
    before = MOV_EDI_DATA + store(1) + mov_eax(0x77)
    assert run(bare, before + bytes.fromhex(PORTS[name]) + store(2) + SYSCALL, bits) == Trap(Vector.GP)
    assert bare.cpu.rip == USER_RIP + len(before)
    assert bare.cpu.gpr(Gpr.RAX) == 0x77
    assert data(bare) == 1


@BITS
@pytest.mark.parametrize("code", ["6c", "6d", "6e", "6f", "f36c", "f36e"])
def test_a_string_of_ports_is_refused_too(bare: Bare, code: str, bits: int) -> None:
    before = MOV_EDI_DATA + store(1) + b"\x89\xfe\xb9\x04\x00\x00\x00"  # mov %edi, %esi; mov $4, %ecx
    assert run(bare, before + bytes.fromhex(code) + store(2) + SYSCALL, bits) == Trap(Vector.GP)
    assert bare.cpu.rip == USER_RIP + len(before)
    assert data(bare) == 1
    assert (bare.cpu.gpr(Gpr.RCX), bare.cpu.gpr(Gpr.RDI)) == (4, USER_DATA_PAGE)


def test_a_port_is_refused_again_and_again(bare: Bare) -> None:
    for number in range(5):
        before = MOV_EDI_DATA + store(number)
        assert run(bare, before + b"\xe4\x80" + store(99)) == Trap(Vector.GP)
        assert data(bare) == number


def test_a_port_in_a_loop_is_found_where_it_is(bare: Bare) -> None:
    loop = "b90300000083f9017402e2f9e480ebfe"  # mov $3,%ecx; 1: cmp $1,%ecx; je 2f; loop 1b; 2: in
    assert run(bare, loop) == Trap(Vector.GP)
    assert bare.cpu.rip == USER_RIP + 12
    assert bare.cpu.gpr(Gpr.RCX) == 1


def test_a_port_after_a_conditional_jump_that_was_not_taken(bare: Bare) -> None:
    code = MOV_EDI_DATA + bytes.fromhex("31c0 7502") + b"\x90" + b"\xe4\x80" + store(2)
    assert run(bare, code) == Trap(Vector.GP)
    assert bare.cpu.rip == USER_RIP + 10


def test_the_program_goes_on_after_a_refused_port(bare: Bare) -> None:
    assert run(bare, b"\xe4\x80" + MOV_EDI_DATA + store(3) + SYSCALL) == Trap(Vector.GP)
    bare.cpu.rip += 2
    assert bare.cpu.run() is Event.SYSCALL
    assert data(bare) == 3


def test_ring_0_may_use_ports_and_finds_an_empty_bus(bare: Bare) -> None:
    assert run_in_ring0(bare, "31c0 e580 e780 f4") is Event.HALT
    assert bare.cpu.gpr(Gpr.RAX) == 0xFFFFFFFF


# -- one instruction -----------------------------------------------------------------------------------------------


def test_a_step_runs_one_instruction(bare: Bare) -> None:
    bare.put_code(mov_eax(1) + mov_eax(2) + NOP)
    for rip, rax in ((USER_RIP + 5, 1), (USER_RIP + 10, 2), (USER_RIP + 11, 2)):
        assert bare.cpu.step() is Event.STEPPED
        assert (bare.cpu.rip, bare.cpu.gpr(Gpr.RAX)) == (rip, rax)


def test_a_step_follows_a_jump(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("eb10"))
    assert bare.cpu.step() is Event.STEPPED
    assert bare.cpu.rip == USER_RIP + 0x12


@pytest.mark.parametrize(
    ("code", "stop"),
    [
        (SYSCALL, Event.SYSCALL),
        (SYSENTER, Event.SYSENTER),
        (b"\xcd\x80", Trap(0x80, software=True)),
        (b"\x0f\x0b", Trap(Vector.UD)),
        (b"\xf4", Trap(Vector.GP)),
        (b"\xe4\x80", Trap(Vector.GP)),
        (b"\xf1", Trap(Vector.DB)),
    ],
)
def test_a_step_tells_what_happened_instead(bare: Bare, code: bytes, stop: Stop) -> None:
    bare.put_code(NOP + code)
    assert bare.cpu.step() is Event.STEPPED
    assert bare.cpu.step() == stop


def test_a_step_in_ring_0_tells_a_halt(bare: Bare) -> None:
    run_in_ring0(bare, "90f4")
    bare.cpu.rip = KERNEL_PAGE
    assert bare.cpu.step() is Event.STEPPED
    assert bare.cpu.step() is Event.HALT


def test_a_step_between_runs_of_the_same_code(bare: Bare) -> None:
    code = MOV_EDI_DATA + store(1) + store(2) + SYSCALL
    assert run(bare, code) is Event.SYSCALL
    bare.put_code(code)
    for _ in range(2):
        assert bare.cpu.step() is Event.STEPPED
    assert data(bare) == 1
    assert bare.cpu.run() is Event.SYSCALL
    assert data(bare) == 2
    assert bare.cpu.rip == USER_RIP + len(code)


def test_a_run_after_steps_meets_its_own_fault(bare: Bare) -> None:
    """The emulator forgets how it counted instructions by looking at their pages, which may be gone by then."""
    bare.put_code(NOP + b"\xff\xe1")
    bare.cpu.set_gpr(Gpr.RCX, UNMAPPED)
    assert bare.cpu.step() is Event.STEPPED
    stop = bare.cpu.step()
    fault = Trap(Vector.PF, PF_USER | PF_FETCH, address=UNMAPPED)
    assert stop in (Event.STEPPED, fault)
    assert bare.cpu.rip == UNMAPPED
    for _ in range(3):
        assert bare.cpu.run() == fault


def test_the_trap_flag_traps_after_the_next_instruction(bare: Bare) -> None:
    set_tf = bytes.fromhex("9c 810c2400010000 9d")  # pushf; orl $0x100, (%rsp); popf
    assert run(bare, set_tf + mov_eax(1) + mov_eax(2)) == Trap(Vector.DB)
    assert bare.cpu.rip == USER_RIP + len(set_tf) + 5
    assert bare.cpu.gpr(Gpr.RAX) == 1
    assert bare.cpu.rflags & Flags.TF
    assert bare.cpu.run() == Trap(Vector.DB)
    assert bare.cpu.gpr(Gpr.RAX) == 2


def test_steps_and_runs_make_the_same_of_a_program(bare: Bare) -> None:
    code = bytes.fromhex("31c0 b90a000000 01c8 e2fc") + SYSCALL  # the sum of 10 to 1
    assert run(bare, code) is Event.SYSCALL
    after_run = [bare.cpu.gpr(number) for number in Gpr] + [bare.cpu.rip, bare.cpu.rflags]
    bare.put_code(code)
    stop: Stop = Event.STEPPED
    count = 0
    while stop is Event.STEPPED:
        stop = bare.cpu.step()
        count += 1
    assert count == 23
    assert [bare.cpu.gpr(number) for number in Gpr] + [bare.cpu.rip, bare.cpu.rflags] == after_run


# -- interruption --------------------------------------------------------------------------------------------------


def interrupting(bare: Bare, done: threading.Event) -> threading.Thread:
    """Interrupts from another thread until told to stop."""

    def interrupt() -> None:
        while not done.wait(0.002):
            bare.cpu.interrupt()

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    return thread


@BITS
def test_a_program_that_runs_forever_can_be_interrupted(bare: Bare, bits: int) -> None:
    bare.put_code(bytes.fromhex("ffc0") + b"\xeb\xfc", bits=bits)  # 1: inc %eax; jmp 1b
    done = threading.Event()
    thread = interrupting(bare, done)
    seen = [0]
    for _ in range(3):
        assert bare.cpu.run() is Event.INTERRUPTED
        seen.append(bare.cpu.gpr(Gpr.RAX))
    done.set()
    thread.join()
    assert seen == sorted(set(seen))
    assert bare.cpu.rip in (USER_RIP, USER_RIP + 2)


def test_an_interruption_while_nothing_runs_is_forgotten(bare: Bare) -> None:
    bare.cpu.interrupt()
    assert run(bare, mov_eax(7) + SYSCALL) is Event.SYSCALL
    assert run(bare, mov_eax(7) + b"\x0f\x0b") == Trap(Vector.UD)


def test_interruptions_change_nothing_of_a_program(bare: Bare) -> None:
    """It counts to twenty million until the other thread has had its turn, and is interrupted all the time."""
    code = bytes.fromhex("31c0 b9002d3101 83c003 ffc9 75f9") + SYSCALL
    done = threading.Event()
    thread = interrupting(bare, done)
    interruptions = 0
    while not interruptions:
        bare.put_code(code)
        while (stop := bare.cpu.run()) is Event.INTERRUPTED:
            interruptions += 1
        assert stop is Event.SYSCALL
        assert bare.cpu.gpr(Gpr.RAX) == 3 * 20_000_000 & 0xFFFFFFFF
    done.set()
    thread.join()


# -- memory that changes -------------------------------------------------------------------------------------------


def test_code_written_from_outside_is_run(bare: Bare) -> None:
    for value in (1, 2, 3):
        assert run(bare, mov_eax(value) + SYSCALL) is Event.SYSCALL
        assert bare.cpu.gpr(Gpr.RAX) == value


def test_code_that_a_program_writes_is_run(bare: Bare) -> None:
    bare.map_user(UNMAPPED, RWX)
    bare.machine.write(UNMAPPED, mov_eax(1) + SYSCALL)
    store_2_and_jump = b"\xc6\x07\xb8" + b"\xc6\x47\x01\x02" + b"\xff\xe7"
    bare.put_code(store_2_and_jump)
    bare.cpu.set_gpr(Gpr.RDI, UNMAPPED)
    assert bare.cpu.run() is Event.SYSCALL
    assert bare.cpu.gpr(Gpr.RAX) == 2


def test_code_that_changes_the_next_instruction_is_seen_at_once(bare: Bare) -> None:
    bare.map_user(UNMAPPED, RWX)
    modify = b"\xc6\x47\x08\x07"  # movb $7, 8(%rdi): the operand of the mov that follows
    bare.machine.write(UNMAPPED, modify + b"\x90\x90\x90" + mov_eax(1) + SYSCALL)
    bare.ring3()
    bare.cpu.rip = UNMAPPED
    bare.cpu.set_gpr(Gpr.RDI, UNMAPPED)
    assert bare.cpu.run() is Event.SYSCALL
    assert bare.cpu.gpr(Gpr.RAX) == 7


def test_a_frame_that_held_code_is_code_anew_for_its_next_owner(bare: Bare) -> None:
    frame = bare.map_user(UNMAPPED, RWX)
    bare.put_code(mov_eax(1) + SYSCALL, UNMAPPED)
    assert bare.cpu.run() is Event.SYSCALL
    bare.pmap.remove(UNMAPPED, UNMAPPED + PAGE_SIZE)
    bare.ram.release(frame)
    again = bare.ram.alloc()
    assert again == frame
    code = mov_eax(2) + SYSCALL
    bare.ram.bytes[again : again + len(code)] = code
    bare.pmap.enter(UNMAPPED, again, Prot.EXEC)
    bare.cpu.rip = UNMAPPED
    assert bare.cpu.run() is Event.SYSCALL
    assert bare.cpu.gpr(Gpr.RAX) == 2


def load_from(bare: Bare, address: int) -> Stop:
    """Runs a load from an address, twice, so that the TLB has it."""
    bare.put_code(bytes.fromhex("8b018b01") + SYSCALL)
    bare.cpu.set_gpr(Gpr.RCX, address)
    return bare.cpu.run()


def test_a_removed_page_is_gone_at_once(bare: Bare) -> None:
    bare.map_user(UNMAPPED, Prot.READ)
    assert load_from(bare, UNMAPPED) is Event.SYSCALL
    bare.pmap.remove(UNMAPPED, UNMAPPED + PAGE_SIZE)
    assert load_from(bare, UNMAPPED) == Trap(Vector.PF, PF_USER, address=UNMAPPED)


def test_a_page_replaced_by_another_shows_the_other(bare: Bare) -> None:
    frame = bare.map_user(UNMAPPED, Prot.READ)
    bare.ram.bytes[frame] = 1
    load_from(bare, UNMAPPED)
    assert bare.cpu.gpr(Gpr.RAX) == 1
    frame = bare.map_user(UNMAPPED, Prot.READ)
    bare.ram.bytes[frame] = 2
    load_from(bare, UNMAPPED)
    assert bare.cpu.gpr(Gpr.RAX) == 2


def test_a_page_that_lost_a_right_is_refused_at_once(bare: Bare) -> None:
    bare.map_user(UNMAPPED, RWX)
    store_code = MOV_EDI_DATA[:1] + UNMAPPED.to_bytes(4, "little") + store(1) + SYSCALL
    assert run(bare, store_code) is Event.SYSCALL
    bare.pmap.protect(UNMAPPED, UNMAPPED + PAGE_SIZE, Prot.READ)
    error = PF_USER | PF_WRITE | PF_PRESENT
    assert run(bare, store_code) == Trap(Vector.PF, error, address=UNMAPPED)
    bare.put_code(NOP)
    bare.cpu.rip = UNMAPPED
    assert bare.cpu.run() == Trap(Vector.PF, PF_USER | PF_FETCH | PF_PRESENT, address=UNMAPPED)


def test_a_page_entered_anew_with_fewer_rights_is_refused_at_once(bare: Bare) -> None:
    frame = bare.map_user(UNMAPPED, RWX)
    store_code = MOV_EDI_DATA[:1] + UNMAPPED.to_bytes(4, "little") + store(1) + SYSCALL
    assert run(bare, store_code) is Event.SYSCALL
    bare.pmap.enter(UNMAPPED, frame, Prot.READ)
    error = PF_USER | PF_WRITE | PF_PRESENT
    assert run(bare, store_code) == Trap(Vector.PF, error, address=UNMAPPED)


def test_a_page_that_got_a_right_is_granted_at_once(bare: Bare) -> None:
    frame = bare.map_user(UNMAPPED, Prot.READ)
    store_code = MOV_EDI_DATA[:1] + UNMAPPED.to_bytes(4, "little") + b"\x8b\x07" + store(1) + SYSCALL
    assert isinstance(run(bare, store_code), Trap)
    bare.pmap.enter(UNMAPPED, frame, Prot.READ | Prot.WRITE)
    assert run(bare, store_code) is Event.SYSCALL


def test_each_address_space_has_its_own_pages_and_code(bare: Bare) -> None:
    spaces = []
    for value in (1, 2):
        pmap = Pmap(bare.ram, bare.machine.kernel_pmap)
        frame = bare.ram.alloc()
        code = mov_eax(value) + SYSCALL
        bare.ram.bytes[frame : frame + len(code)] = code
        pmap.enter(USER_CODE_PAGE, frame, Prot.EXEC)
        spaces.append(pmap)
    for _ in range(3):
        for value, pmap in enumerate(spaces, 1):
            bare.ring3()
            bare.cpu.use(pmap)
            assert bare.cpu.cr3 == pmap.root
            bare.cpu.rip = USER_CODE_PAGE
            assert bare.cpu.run() is Event.SYSCALL
            assert bare.cpu.gpr(Gpr.RAX) == value


# -- registers -----------------------------------------------------------------------------------------------------


def test_registers_reach_the_program_and_come_back(bare: Bare) -> None:
    values = [0x0101010101010101 * (number + 1) for number in range(16)]
    bare.put_code(SYSCALL)
    for number, value in enumerate(values):
        bare.cpu.set_gpr(number, value)
    assert bare.cpu.run() is Event.SYSCALL
    assert [bare.cpu.gpr(number) for number in range(16)] == values


def test_values_are_reduced_to_64_bits(bare: Bare) -> None:
    bare.cpu.set_gpr(Gpr.RAX, -1)
    bare.cpu.rip = -2
    bare.cpu.cr2 = 1 << 64 | 5
    assert (bare.cpu.gpr(Gpr.RAX), bare.cpu.rip, bare.cpu.cr2) == ((1 << 64) - 1, (1 << 64) - 2, 5)


@pytest.mark.parametrize(
    ("selector", "bits", "cpl"), [(USER_CS, 64, 3), (USER32_CS, 32, 3), (KERNEL_CS, 64, 0)]
)
def test_the_code_segment_sets_mode_and_privilege(bare: Bare, selector: int, bits: int, cpl: int) -> None:
    access = 0xFB if cpl else 0x9B
    bare.cpu.load_segment(Seg.CS, selector, Segment(0, 0xFFFFFFFF, access, 0xA if bits == 64 else 0xC))
    assert (bare.cpu.selector(Seg.CS), bare.cpu.cpl, bare.cpu.long_mode) == (selector, cpl, bits == 64)


def test_a_64_bit_program_may_switch_to_32_bits_by_a_far_return(bare: Bare) -> None:
    code = bytes([0x6A, USER32_CS]) + b"\x68" + (USER_RIP + 0x20).to_bytes(4, "little") + b"\x48\xcb"
    bare.put_code(code.ljust(0x20, NOP) + b"\x40" + SYSCALL)  # inc %eax, which is a prefix in 64-bit code
    bare.cpu.set_gpr(Gpr.RAX, 41)
    assert bare.cpu.run() is Event.SYSCALL_COMPAT
    assert bare.cpu.gpr(Gpr.RAX) == 42
    assert (bare.cpu.selector(Seg.CS), bare.cpu.long_mode) == (USER32_CS, False)


def test_a_program_may_use_iret_for_itself(bare: Bare) -> None:
    values = (USER_DS, USER_RSP, 0x2D7, USER_CS, USER_RIP + 0x30)
    frame = b"".join(b"\x68" + value.to_bytes(4, "little") for value in values)
    bare.put_code((frame + b"\x48\xcf").ljust(0x30, NOP) + SYSCALL)
    assert bare.cpu.run() is Event.SYSCALL
    assert bare.cpu.rip == USER_RIP + 0x32
    assert bare.cpu.rflags == 0x2D7


@pytest.mark.parametrize("code", ["48cf", "48cb"])
def test_a_far_return_from_an_unmapped_stack_is_a_fault_of_ring_3(bare: Bare, code: str) -> None:
    bare.put_code(bytes.fromhex(code))
    bare.cpu.set_gpr(Gpr.RSP, UNMAPPED)
    assert bare.cpu.run() == Trap(Vector.PF, PF_USER, address=UNMAPPED)


def test_smap_still_holds_in_ring_0_after_a_far_return_of_ring_3(bare: Bare) -> None:
    test_a_program_may_use_iret_for_itself(bare)
    frame = bare.ram.alloc()
    bare.machine.kernel_pmap.enter(KERNEL_PAGE, frame, Prot.EXEC, user=False)
    pmap = Pmap(bare.ram, bare.machine.kernel_pmap)
    user = bare.ram.alloc()
    pmap.enter(UNMAPPED, user, Prot.READ)
    bare.ram.bytes[frame : frame + 3] = b"\x8b\x01\xf4"
    bare.cpu.use(pmap)
    bare.ring0()
    bare.cpu.rip = KERNEL_PAGE
    bare.cpu.set_gpr(Gpr.RCX, UNMAPPED)
    assert bare.cpu.run() == Trap(Vector.PF, PF_PRESENT, address=UNMAPPED)


def test_segment_bases_are_msrs(bare: Bare) -> None:
    bare.cpu.fs_base, bare.cpu.gs_base = USER_DATA_PAGE, USER_DATA_PAGE + 8
    assert bare.cpu.rdmsr(Msr.MSR_FS_BASE) == USER_DATA_PAGE
    assert bare.cpu.rdmsr(Msr.MSR_GS_BASE) == USER_DATA_PAGE + 8
    bare.machine.write(USER_DATA_PAGE, bytes(range(16)))
    code = "64488b04250000000065488b0c2500000000"  # mov %fs:0, %rax; mov %gs:0, %rcx
    assert run(bare, bytes.fromhex(code) + SYSCALL) is Event.SYSCALL
    assert bare.cpu.gpr(Gpr.RAX) == 0x0706050403020100
    assert bare.cpu.gpr(Gpr.RCX) == 0x0F0E0D0C0B0A0908


def test_a_program_may_set_its_segment_bases(bare: Bare) -> None:
    assert (
        run(bare, bytes.fromhex("b878563412 f3480faed0 f3480faed8") + SYSCALL) is Event.SYSCALL
    )  # wrfsbase, wrgsbase
    assert (bare.cpu.fs_base, bare.cpu.gs_base) == (0x12345678, 0x12345678)


@pytest.mark.parametrize("msr", [msr for msr in Msr if msr is not Msr.MSR_EFER])
def test_ring_0_and_the_outside_see_the_same_msr(bare: Bare, msr: Msr) -> None:
    value = 0x5678 if msr in (Msr.MSR_IA32_SYSENTER_CS, Msr.MSR_TSC_AUX) else 0x0000_1234_0000_5678
    bare.cpu.wrmsr(msr, value)
    read = f"b9{int(msr).to_bytes(4, 'little').hex()}0f32f4"
    assert run_in_ring0(bare, read) is Event.HALT
    assert bare.cpu.gpr(Gpr.RAX) | bare.cpu.gpr(Gpr.RDX) << 32 == value
    write = f"b9{int(msr).to_bytes(4, 'little').hex()}b8efcd000031d20f30f4"
    run_in_ring0(bare, write)
    assert bare.cpu.rdmsr(msr) == 0xCDEF


def test_a_value_loaded_into_a_segment_register_shows(bare: Bare) -> None:
    assert (
        run(bare, bytes([0xB8, USER_DS, 0, 0, 0]) + bytes.fromhex("8ed8 31c9 8ec1") + SYSCALL)
        is Event.SYSCALL
    )
    assert bare.cpu.selector(Seg.DS) == USER_DS
    assert bare.cpu.selector(Seg.ES) == 0


def test_saved_registers_of_every_kind_come_back(bare: Bare) -> None:
    load = "48b8f0debc9a78563412 66480f6ec0 d9eb"  # mov $..., %rax; movq %rax, %xmm0; fldpi
    assert run(bare, bytes.fromhex(f"dbe3{load}") + SYSCALL) is Event.SYSCALL
    saved, flags = bare.cpu.save(), bare.cpu.rflags
    change = "660fefc0 d9ee 31c0 fd"  # pxor %xmm0, %xmm0; fldz; xor %eax, %eax; std
    assert run(bare, bytes.fromhex(change) + SYSCALL) is Event.SYSCALL
    bare.cpu.load(saved)
    assert bare.cpu.rflags == flags
    assert bare.cpu.gpr(Gpr.RAX) == 0x123456789ABCDEF0
    # movq %xmm0, %rcx; lea -16(%rsp), %rdi; fstpl (%rdi); mov (%rdi), %rdx; pushf; pop %rax
    look = "66480f7ec1 488d7c24f0 dd1f 488b17 9c58"
    bare.machine.write(USER_RIP, bytes.fromhex(look) + SYSCALL)
    bare.cpu.rip = USER_RIP
    assert bare.cpu.run() is Event.SYSCALL
    assert bare.cpu.gpr(Gpr.RCX) == 0x123456789ABCDEF0
    assert bare.cpu.gpr(Gpr.RDX) == 0x400921FB54442D18  # pi
    assert not bare.cpu.gpr(Gpr.RAX) & Flags.DF


def test_what_belongs_to_the_processor_is_not_loaded_with_a_program(bare: Bare) -> None:
    saved = bare.cpu.save()
    pmap = Pmap(bare.ram, bare.machine.kernel_pmap)
    bare.cpu.use(pmap)
    bare.cpu.wrmsr(Msr.MSR_LSTAR, 0x1234)
    bare.cpu.wrmsr(Msr.MSR_FS_BASE, 0x5678)
    bare.cpu.set_table_register("idtr", 0, 0x9000, 0xFF)
    bare.cpu.load(saved)
    assert bare.cpu.cr3 == pmap.root
    assert bare.cpu.rdmsr(Msr.MSR_LSTAR) == 0x1234
    assert bare.cpu.table_register("idtr") == (0x9000, 0xFF)
    assert bare.cpu.rdmsr(Msr.MSR_FS_BASE) == 0


def test_control_registers_are_linuxs(bare: Bare) -> None:
    assert bare.cpu.control(0) == 0x80050033
    assert bare.cpu.control(4) == 0x310620
    assert bare.cpu.control(3) == bare.pmap.root
    assert run_in_ring0(bare, "0f20e0f4") is Event.HALT
    assert bare.cpu.gpr(Gpr.RAX) == 0x310620


def test_table_registers_are_what_the_instructions_read(bare: Bare) -> None:
    assert bare.cpu.table_register("gdtr") == (bare.gdt, 63)
    assert bare.cpu.table_register("idtr") == (bare.idt, 0xFFF)
    assert bare.cpu.table_register("tr") == (bare.tss, 103)
    assert bare.cpu.task_register == 0x40
    store_all = (
        "0f0104 24 488b442402 0f010c24 488b5c2402 0f00c9 f4"  # sgdt (%rsp); mov 2(%rsp), %rax; sidt; ...; str
    )
    assert run_in_ring0(bare, store_all) is Event.HALT
    assert (bare.cpu.gpr(Gpr.RAX), bare.cpu.gpr(Gpr.RBX)) == (bare.gdt, bare.idt)
    assert bare.cpu.gpr(Gpr.RCX) & 0xFFFF == 0x40


def test_approximations_are_exact_in_repeatable_runs(bare: Bare) -> None:
    code = "c70703004040 f30f5307 f30f1107 f30f5207 f30f114704"  # movl; rcpss (%rdi), %xmm0; movss; rsqrtss; movss
    bare.cpu.set_gpr(Gpr.RDI, USER_DATA_PAGE)
    kept = bare.cpu.save()
    bare.cpu.make_repeatable(lambda: 0)
    bare.cpu.load(kept)
    assert run(bare, bytes.fromhex(code) + SYSCALL) is Event.SYSCALL
    value = struct.unpack("<f", bytes.fromhex("03004040"))[0]
    quotient, root = struct.unpack("<2f", bare.machine.read(USER_DATA_PAGE, 8))
    assert quotient == struct.unpack("<f", struct.pack("<f", 1 / value))[0]
    assert root == struct.unpack("<f", struct.pack("<f", 1 / math.sqrt(quotient)))[0]


@pytest.mark.parametrize(
    "code",
    [
        "8fd0",  # pop, with another digit than 0
        "f08907",  # lock mov %eax, (%rdi)
        "f03907",  # lock cmp %eax, (%rdi)
        "f00fa307",  # lock bt %eax, (%rdi)
        "f0ffc0",  # lock inc %eax
        "f090",  # lock nop
        "c5f857c0",  # vxorps %xmm0, %xmm0, %xmm0
        "c4e27d1807",  # vbroadcastss (%rdi), %ymm0
    ],
)
def test_encodings_that_are_none(bare: Bare, code: str) -> None:
    bare.cpu.set_gpr(Gpr.RDI, USER_DATA_PAGE)
    assert run(bare, code) == Trap(Vector.UD)
    assert (bare.cpu.rip, data(bare)) == (USER_RIP, 0)


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("f0ff07", 1),  # lock incl (%rdi)
        ("f08107 10000000", 0x10),  # lock addl $0x10, (%rdi)
        ("f00fba2f04", 0x10),  # lock btsl $4, (%rdi)
        ("b805000000 f00fc107", 5),  # mov $5, %eax; lock xadd %eax, (%rdi)
    ],
)
def test_lock_where_it_has_a_meaning(bare: Bare, code: str, after: int) -> None:
    bare.cpu.set_gpr(Gpr.RDI, USER_DATA_PAGE)
    assert run(bare, bytes.fromhex(code) + SYSCALL) is Event.SYSCALL
    assert data(bare) == after


def test_the_second_encoding_of_test(bare: Bare) -> None:
    assert (
        run(bare, "b0f0 f6c80f 0f94c1 f6c8ff 0f95c5 0f05") is Event.SYSCALL
    )  # test $15, %al; sete; test $-1, %al; setne
    assert bare.cpu.gpr(Gpr.RCX) & 0xFFFF == 0x101


def test_a_fetch_that_faults_in_the_middle_of_a_line_of_code_is_at_its_instruction(bare: Bare) -> None:
    end = USER_CODE_PAGE + PAGE_SIZE
    bare.put_code(b"\x90" * 32 + b"\x48\xff\xc3" + b"\x90" * (PAGE_SIZE - 0x10 - 35))
    bare.cpu.set_gpr(Gpr.RBX, 0)
    assert bare.cpu.run() == Trap(Vector.PF, PF_USER | PF_FETCH, address=end)
    assert (bare.cpu.rip, bare.cpu.gpr(Gpr.RBX)) == (end, 1)
