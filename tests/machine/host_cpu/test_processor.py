"""Stops, registers and memory of ring 3 on the host's processor, without a kernel."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.machine.board import CpuKind
from ring3.machine.cpu import Event, Stop, Trap
from ring3.machine.paging import PF_FETCH, PF_PRESENT, PF_USER, PF_WRITE
from ring3.machine.pmap import Prot
from ring3.machine.ram import PAGE_SIZE
from ring3.machine.registers import Flags, Gpr, Seg, Vector
from tests.machine.bare import (
    USER32_CODE,
    USER_CODE,
    USER_CODE_PAGE,
    USER_DATA,
    USER_DATA_PAGE,
    USER_RIP,
    USER_RSP,
    Bare,
)
from tests.support.host_cpu import NEEDS_HOST_CPU

pytestmark = NEEDS_HOST_CPU

ABSENT = 0x60_0000


class HostBare(Bare):
    """Ring 3 with the selectors that Linux gives it, which are the host's own."""

    def __init__(self) -> None:
        super().__init__(CpuKind.HOST)

    def ring3(self, bits: int = 64) -> None:
        super().ring3(bits)
        code = (0x33, USER_CODE) if bits == 64 else (0x23, USER32_CODE)
        self.cpu.load_segment(Seg.CS, *code)
        for segment in (Seg.SS, Seg.DS, Seg.ES):
            self.cpu.load_segment(segment, 0x2B, USER_DATA)


@pytest.fixture
def bare() -> Iterator[Bare]:
    made = HostBare()
    yield made
    made.machine.close()


def run(bare: Bare, code: str, bits: int = 64) -> Stop:
    bare.put_code(bytes.fromhex(code), bits=bits)
    return bare.cpu.run()


def pf(error: int, address: int) -> Trap:
    return Trap(Vector.PF, PF_USER | error, False, address)


def test_a_system_call_stops_with_its_registers(bare: Bare) -> None:
    bare.cpu.set_gpr(Gpr.R9, 9)
    assert run(bare, "b827000000 4c89c9 4989ca 0f05") is Event.SYSCALL  # mov $39,%eax; r9 to rcx and r10
    assert bare.cpu.rip == USER_RIP + 13
    assert (bare.cpu.gpr(Gpr.RAX), bare.cpu.gpr(Gpr.R10), bare.cpu.gpr(Gpr.RSP)) == (39, 9, USER_RSP)


def test_a_call_that_only_changes_rax_goes_on_with_it(bare: Bare) -> None:
    run(bare, "0f05 4889c3 0f05")  # syscall; mov %rax,%rbx; syscall
    for value in (
        7,
        (1 << 64) - 512,
        (1 << 64) - 4,
    ):  # the second is what the host takes for a call to be made again
        bare.cpu.rip = USER_RIP + 2
        bare.cpu.set_gpr(Gpr.RAX, value)
        assert bare.cpu.run() is Event.SYSCALL
        assert bare.cpu.gpr(Gpr.RBX) == value


CASES: dict[str, tuple[str, int, Stop]] = {
    "int $0x80": ("cd80", 64, Trap(0x80, 0, True)),
    "int $0x80 in 32-bit code": ("cd80", 32, Trap(0x80, 0, True)),
    "int $0x21": ("cd21", 64, Trap(0x21, 0, True)),
    "int3": ("cc", 64, Trap(Vector.BP, 0, True)),
    "int1": ("f1", 64, Trap(Vector.DB)),
    "ud2": ("0f0b", 64, Trap(Vector.UD)),
    "hlt": ("f4", 64, Trap(Vector.GP)),
    "cli": ("fa", 64, Trap(Vector.GP)),
    "in": ("ec", 64, Trap(Vector.GP)),
    "a selector that is none": ("66b8ff00 8ed8", 64, Trap(Vector.GP, 0xFC)),
    "an address that is not canonical": ("48b80000000000008000 8b00", 64, Trap(Vector.GP)),
    "a division by zero": ("31c9 f7f1", 64, Trap(Vector.DE)),
    "into": ("b8ffffff7f 83c001 ce", 32, Trap(Vector.OF, 0, True)),
    "bound": ("b801000000 6205 00005000", 32, Trap(Vector.BR)),
    "a load of what is not there": ("8b0425 00006000", 64, pf(0, ABSENT)),
    "a store to what is not there": ("890425 00006000", 64, pf(PF_WRITE, ABSENT)),
    "a store to code": ("890425 10004000", 64, pf(PF_PRESENT | PF_WRITE, USER_RIP)),
    "a jump to data": ("b800005000 ffe0", 64, pf(PF_PRESENT | PF_FETCH, USER_DATA_PAGE)),
    "a jump to what is not there": ("b800006000 ffe0", 64, pf(PF_FETCH, ABSENT)),
    "a load from the kernel": ("488b0425 00000080", 64, pf(0, 0xFFFF_FFFF_8000_0000)),
    "the vsyscall page": ("48c7c0000060ff ffd0", 64, pf(PF_PRESENT | PF_FETCH, 0xFFFF_FFFF_FF60_0000)),
    "the middle of the vsyscall page": ("48c7c0040060ff ffe0", 64, pf(PF_PRESENT | PF_FETCH, 0xFFFF_FFFF_FF60_0004)),
    "x87 with an unmasked flag": (
        "9bdbe3 68 7e030000 d92c24 d9ee d9ee def9 9b", 64, Trap(Vector.MF)
    ),  # fninit; fldcw: invalid operations unmasked; 0/0; fwait
    "SSE with an unmasked flag": (
        "6800000000 6a00 c7042400 1e0000 0fae1424 0f57c0 f30f5ec0", 64, Trap(Vector.XM)
    ),  # ldmxcsr 0x1e00; 0/0
    "an unaligned access with AC": ("9c 810c2400000400 9d 8b0425 01005000", 64, Trap(Vector.AC)),
}  # fmt: skip


@pytest.mark.parametrize(("code", "bits", "stop"), CASES.values(), ids=CASES.keys())
def test_each_stop_is_what_a_processor_tells(bare: Bare, code: str, bits: int, stop: Stop) -> None:
    if bits == 32:
        bare.cpu.set_gpr(Gpr.RSP, USER_RSP)
    assert run(bare, code, bits) == stop


def test_pages_that_come_and_go_are_seen(bare: Bare) -> None:
    load = "8b0425 00006000 0f05"
    frame = bare.ram.alloc()
    bare.ram.bytes[frame : frame + 4] = b"ring"
    assert run(bare, load) == pf(0, ABSENT)
    bare.pmap.enter(ABSENT, frame, Prot.READ)
    assert run(bare, load) is Event.SYSCALL
    bare.pmap.protect(ABSENT, ABSENT + PAGE_SIZE, Prot.READ)
    assert run(bare, "890425 00006000") == pf(PF_PRESENT | PF_WRITE, ABSENT)
    bare.pmap.remove(ABSENT, ABSENT + PAGE_SIZE)
    assert run(bare, load) == pf(0, ABSENT)


def test_what_the_kernel_writes_the_program_reads_and_the_other_way(bare: Bare) -> None:
    bare.machine.write_q(USER_DATA_PAGE, 0x1234)
    assert run(bare, "488b0425 00005000 48050100 0000 48890425 08005000 0f05") is Event.SYSCALL
    assert bare.machine.read_q(USER_DATA_PAGE + 8) == 0x1235


def test_code_that_changes_itself_runs_as_changed(bare: Bare) -> None:
    bare.map_user(USER_CODE_PAGE, Prot.READ | Prot.WRITE | Prot.EXEC)
    # movb $0x0b over the 05 of a syscall, which becomes ud2
    assert run(bare, "c60425 19004000 0b 0f05") == Trap(Vector.UD)


def test_more_mappings_than_the_host_has_for_a_process(bare: Bare) -> None:
    limit = int(Path("/proc/sys/vm/max_map_count").read_text())
    if limit > 100_000:
        pytest.skip(f"vm.max_map_count is {limit} here")
    frame, first = bare.ram.alloc(), 1 << 32
    bare.ram.bytes[frame] = 7
    last = first + 2 * limit * PAGE_SIZE
    for address in range(first, last + 1, 2 * PAGE_SIZE):
        bare.pmap.enter(address, frame, Prot.READ)
    for address in (last, first, first + PAGE_SIZE * limit // 2 * 2):
        bare.cpu.set_gpr(Gpr.RBX, address)
        assert run(bare, "0fb603 0f05") is Event.SYSCALL  # movzbl (%rbx),%eax
        assert bare.cpu.gpr(Gpr.RAX) == 7


def test_one_step_at_a_time(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("90 90 cc"))
    assert [bare.cpu.step() for _ in range(3)] == [Event.STEPPED, Event.STEPPED, Trap(Vector.BP, 0, True)]


def test_the_trap_flag_of_a_program(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("90 90"))
    bare.cpu.rflags = Flags.IF | Flags.TF
    assert bare.cpu.run() == Trap(Vector.DB)
    assert bare.cpu.rip == USER_RIP + 1


def test_a_program_that_never_stops_is_interrupted_and_goes_on(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("48ffc0 ebfb"))  # 1: inc %rax; jmp 1b
    bare.cpu.set_gpr(Gpr.RAX, 0)
    before = 0
    for _ in range(3):
        done = threading.Event()

        def ask(done: threading.Event = done) -> None:
            while not done.is_set():
                bare.cpu.interrupt()

        asker = threading.Thread(target=ask)
        asker.start()
        while bare.cpu.gpr(Gpr.RAX) == before:
            assert bare.cpu.run() is Event.INTERRUPTED
        done.set()
        asker.join()
        before = bare.cpu.gpr(Gpr.RAX)


def test_a_stop_asked_for_in_advance_comes_before_the_first_instruction(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("ebfe"))
    bare.cpu.interrupt()
    assert bare.cpu.run() is Event.INTERRUPTED
    assert bare.cpu.rip == USER_RIP


def test_stop_addresses_are_the_emulated_cpus(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("90 90 0f05"))
    bare.cpu.stop_at([USER_RIP + 1])
    assert bare.cpu.run() is Event.BREAKPOINT
    assert bare.cpu.rip == USER_RIP + 1
    assert bare.cpu.pass_stop() is Event.STEPPED
    bare.cpu.stop_no_more_at([USER_RIP + 1])
    assert bare.cpu.run() is Event.SYSCALL


def test_an_instruction_that_the_emulated_cpu_lacks_is_the_hosts(bare: Bare) -> None:
    code = "31c9 0f01d0 0f05"  # xor %ecx,%ecx; xgetbv
    natively = run(bare, code), bare.cpu.gpr(Gpr.RAX)
    leave = bare.cpu.hook_blocks(lambda address, size: None, 0, PAGE_SIZE)
    assert (run(bare, code), bare.cpu.gpr(Gpr.RAX)) == natively
    assert run(bare, "0f0b") == Trap(Vector.UD)
    leave()


def test_in_repeatable_runs_it_is_none(bare: Bare) -> None:
    bare.cpu.make_repeatable(lambda: 0)
    assert run(bare, "31c9 0f01d0 0f05") == Trap(Vector.UD)


def test_floating_point_goes_from_one_cpu_to_the_other_and_back(bare: Bare) -> None:
    # finit; fldpi; fld1; mov $7,%eax; movd %eax,%xmm3
    assert run(bare, "9bdbe3 d9eb d9e8 b807000000 660f6ed8 0f05") is Event.SYSCALL
    first = bare.cpu.save()
    leave = bare.cpu.hook_blocks(lambda address, size: None, 0, PAGE_SIZE)
    # fadd %st(1),%st; paddd %xmm3,%xmm3
    assert run(bare, "d8c1 660ffedb 0f05") is Event.SYSCALL
    leave()
    # sub $16,%rsp; fstpl (%rsp); movq %xmm3,8(%rsp)
    read = "4883ec10 dd1c24 660fd65c2408 0f05"
    assert run(bare, read) is Event.SYSCALL
    assert bare.machine.read_q(USER_RSP - 8) == 14
    assert bare.machine.read_q(USER_RSP - 16) == 0x4010_90_FD_AA22_168C  # 1 + pi
    bare.cpu.load(first)
    assert run(bare, read) is Event.SYSCALL
    assert bare.machine.read_q(USER_RSP - 8) == 7
    assert bare.machine.read_q(USER_RSP - 16) == 0x3FF0_0000_0000_0000
