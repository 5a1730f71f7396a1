"""Stop addresses: a run stops before them, memory does not show them, and what is not met costs nothing."""

from __future__ import annotations

import time

import pytest

from ring3.errors import UserError
from ring3.machine import unicorn_stops
from ring3.machine.cpu import Event, Trap
from ring3.machine.pmap import Pmap, Prot
from ring3.machine.registers import Flags, Gpr
from tests.machine.bare import USER_CODE_PAGE, USER_DATA_PAGE, USER_RIP, USER_RSP, Bare

SYSCALL = Event.SYSCALL
BREAKPOINT = Event.BREAKPOINT
STEPPED = Event.STEPPED
INC = bytes.fromhex("48ffc3")  # inc %rbx
CALL = bytes.fromhex("0f05")


@pytest.fixture
def bare() -> Bare:
    return Bare()


def test_a_run_stops_before_the_instruction_and_goes_on_behind_it(bare: Bare) -> None:
    bare.put_code(INC * 3 + CALL)
    bare.cpu.set_gpr(Gpr.RBX, 0)
    bare.cpu.stop_at([USER_RIP + 3])
    assert bare.cpu.run() is BREAKPOINT
    assert (bare.cpu.rip, bare.cpu.gpr(Gpr.RBX)) == (USER_RIP + 3, 1)
    assert bare.cpu.run() is BREAKPOINT, "until somebody passes it"
    assert bare.cpu.pass_stop() is STEPPED
    assert (bare.cpu.rip, bare.cpu.gpr(Gpr.RBX)) == (USER_RIP + 6, 2)
    assert bare.cpu.run() is SYSCALL
    assert bare.cpu.gpr(Gpr.RBX) == 3
    assert bare.machine.read(USER_RIP, 9) == INC * 3


def test_one_that_is_added_to_code_that_has_run_counts(bare: Bare) -> None:
    bare.put_code(INC * 3 + CALL)
    assert bare.cpu.run() is SYSCALL
    bare.cpu.stop_at([USER_RIP + 6])
    bare.cpu.rip = USER_RIP
    assert bare.cpu.run() is BREAKPOINT
    bare.cpu.stop_no_more_at([USER_RIP + 6])
    assert bare.cpu.run() is SYSCALL


def test_it_stops_as_often_as_it_is_met(bare: Bare) -> None:
    bare.put_code(INC + bytes.fromhex("48ffc9 75f8") + CALL)  # 1: inc; dec %rcx; jnz 1b
    bare.cpu.set_gpr(Gpr.RCX, 50)
    bare.cpu.stop_at([USER_RIP])
    met = 0
    while bare.cpu.run() is BREAKPOINT:
        met += 1
        assert bare.cpu.pass_stop() is STEPPED
    assert met == 50


def test_an_instruction_that_jumps_to_itself_is_met_again(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("e2fe") + CALL)  # loop .
    bare.cpu.set_gpr(Gpr.RCX, 3)
    bare.cpu.stop_at([USER_RIP])
    for left in (2, 1, 0):
        assert bare.cpu.run() is BREAKPOINT
        assert bare.cpu.pass_stop() is STEPPED
        assert bare.cpu.gpr(Gpr.RCX) == left
    assert bare.cpu.run() is SYSCALL


def test_a_repeated_instruction_is_one(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("f3aa") + CALL)  # rep stosb
    bare.cpu.set_gpr(Gpr.RDI, USER_DATA_PAGE)
    bare.cpu.set_gpr(Gpr.RCX, 100)
    bare.cpu.set_gpr(Gpr.RAX, 7)
    bare.cpu.stop_at([USER_RIP])
    assert bare.cpu.run() is BREAKPOINT
    assert bare.cpu.pass_stop() is STEPPED
    assert (bare.cpu.rip, bare.cpu.gpr(Gpr.RCX)) == (USER_RIP + 2, 0)
    assert bare.machine.read(USER_DATA_PAGE, 101) == bytes([7] * 100 + [0])
    bare.cpu.rip = USER_RIP
    assert bare.cpu.run() is BREAKPOINT


@pytest.mark.parametrize("bits", [64, 32])
def test_the_doors_are_left_as_ever(bare: Bare, bits: int) -> None:
    stops = {"0f05": SYSCALL if bits == 64 else Event.SYSCALL_COMPAT, "cd80": Trap(0x80, 0, True)}
    for code, expected in stops.items():
        bare.put_code(bytes.fromhex(code), bits=bits)
        flags = bare.cpu.rflags
        bare.cpu.stop_at([USER_RIP])
        assert bare.cpu.run() is BREAKPOINT
        assert bare.cpu.pass_stop() == expected
        assert (bare.cpu.rip, bare.cpu.rflags) == (USER_RIP + 2, flags)


def test_a_fault_at_a_stop_is_a_fault_there(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("a10000000000000000"), bits=32)  # mov 0, %eax
    flags = bare.cpu.rflags
    bare.cpu.stop_at([USER_RIP])
    assert bare.cpu.run() is BREAKPOINT
    stop = bare.cpu.pass_stop()
    assert isinstance(stop, Trap)
    assert (stop.vector, stop.address, bare.cpu.rip, bare.cpu.rflags) == (14, 0, USER_RIP, flags)


def test_flags_that_the_instruction_pushes_or_pops_are_its_own(bare: Bare) -> None:
    bare.put_code(bytes.fromhex("9c 9d") + CALL)  # pushf; popf
    before = bare.cpu.rflags
    bare.cpu.stop_at([USER_RIP, USER_RIP + 1])
    assert bare.cpu.run() is BREAKPOINT
    assert bare.cpu.pass_stop() is STEPPED
    assert not bare.machine.read_q(USER_RSP - 8) & Flags.TF
    bare.machine.write_q(USER_RSP - 8, before | Flags.TF | Flags.CF)
    assert bare.cpu.run() is BREAKPOINT
    assert bare.cpu.pass_stop() is STEPPED
    assert bare.cpu.rflags == before | Flags.TF | Flags.CF


def test_a_program_that_traces_itself_is_trapped_behind_the_stop(bare: Bare) -> None:
    bare.put_code(INC * 2 + CALL)
    bare.cpu.stop_at([USER_RIP])
    bare.cpu.rflags |= Flags.TF
    assert bare.cpu.run() is BREAKPOINT
    assert bare.cpu.pass_stop() == Trap(1)
    assert bare.cpu.rip == USER_RIP + 3
    bare.cpu.rip = USER_RIP
    assert bare.cpu.run() is BREAKPOINT


def test_the_stop_of_one_address_space_is_passed_in_another(bare: Bare) -> None:
    bare.put_code(INC * 2 + bytes.fromhex("48ffc9 75f5") + CALL)
    other = Pmap(bare.ram, bare.machine.kernel_pmap)
    physical = bare.machine.translate(USER_CODE_PAGE)
    assert physical is not None
    other.enter(USER_CODE_PAGE, physical, Prot.READ | Prot.EXEC)
    bare.cpu.stop_at([USER_RIP + 3], bare.pmap)
    bare.cpu.use(other)
    bare.cpu.set_gpr(Gpr.RCX, 5000)
    assert bare.cpu.run() is SYSCALL
    assert bare.cpu.gpr(Gpr.RCX) == 0
    bare.cpu.use(bare.pmap)
    bare.cpu.rip = USER_RIP
    assert bare.cpu.run() is BREAKPOINT


def test_a_step_after_a_stop_was_passed_meets_its_faults(bare: Bare) -> None:
    bare.put_code(INC * 2 + bytes.fromhex("a10000000000000000"))
    bare.cpu.stop_at([USER_RIP + 3, USER_CODE_PAGE + 0x1000])
    for _ in range(2):
        bare.cpu.rip = USER_RIP
        assert [bare.cpu.step() for _ in range(2)] == [STEPPED, STEPPED]
        stop = bare.cpu.step()
        assert isinstance(stop, Trap)
        assert stop.vector == 14


def test_a_page_may_begin_with_a_stop(bare: Bare) -> None:
    bare.put_code(INC * 2 + CALL, USER_CODE_PAGE)
    bare.cpu.stop_at([USER_CODE_PAGE])
    for _ in range(2):
        bare.cpu.rip = USER_CODE_PAGE
        assert (bare.cpu.run(), bare.cpu.rip) == (BREAKPOINT, USER_CODE_PAGE)
        assert (bare.cpu.pass_stop(), bare.cpu.rip) == (STEPPED, USER_CODE_PAGE + 3)
        assert bare.cpu.run() is SYSCALL


def test_a_step_passes_stops(bare: Bare) -> None:
    bare.put_code(INC * 2 + CALL)
    bare.cpu.stop_at([USER_RIP, USER_RIP + 3])
    assert bare.cpu.run() is BREAKPOINT
    assert bare.cpu.step() is STEPPED
    assert bare.cpu.rip == USER_RIP + 3
    assert bare.cpu.step() is STEPPED
    assert bare.cpu.step() is SYSCALL


def test_ring_0_stops_behind_its_hlt_only_when_it_goes_on(bare: Bare) -> None:
    frame, page = bare.ram.alloc(), 0xFFFF_FFFF_8200_0000
    bare.machine.kernel_pmap.enter(page, frame, Prot.READ | Prot.EXEC, user=False)
    bare.cpu.use(Pmap(bare.ram, bare.machine.kernel_pmap))
    bare.ram.bytes[frame : frame + 4] = bytes.fromhex("90f490f4")
    bare.ring0()
    bare.cpu.rip = page
    bare.cpu.stop_at([page + 1, page + 2])
    assert (bare.cpu.run(), bare.cpu.rip) == (BREAKPOINT, page + 1)
    assert (bare.cpu.pass_stop(), bare.cpu.rip) == (Event.HALT, page + 2)
    assert (bare.cpu.run(), bare.cpu.rip) == (BREAKPOINT, page + 2)
    assert (bare.cpu.pass_stop(), bare.cpu.rip) == (STEPPED, page + 3)
    assert (bare.cpu.run(), bare.cpu.rip) == (Event.HALT, page + 4)
    bare.cpu.stop_no_more_at([page + 1])
    bare.cpu.rip = page
    assert (bare.cpu.run(), bare.cpu.rip) == (Event.HALT, page + 2), "the stop behind it comes next"
    assert bare.cpu.run() is BREAKPOINT


def test_who_asks_for_an_interruption_gets_it_behind_the_stop(bare: Bare) -> None:
    bare.cpu.make_countable()
    bare.put_code(INC + bytes.fromhex("ebfe"))
    bare.cpu.stop_at([USER_RIP])
    assert bare.cpu.run() is BREAKPOINT
    bare.cpu.interrupt()
    assert bare.cpu.pass_stop() in (STEPPED, Event.INTERRUPTED)
    assert bare.cpu.rip == USER_RIP + 3
    bare.cpu.interrupt()
    assert bare.cpu.run() is Event.INTERRUPTED


def test_thousands_cost_runs_that_do_not_meet_them_nothing(bare: Bare) -> None:
    """Each stop of the emulator would take a microsecond for each address, if it dropped translations around it."""
    bare.put_code(CALL)

    def calls() -> float:
        began = time.process_time()
        for _ in range(2000):
            bare.cpu.rip = USER_RIP
            assert bare.cpu.run() is SYSCALL
        return time.process_time() - began

    calls()
    without = min(calls() for _ in range(3))
    bare.cpu.stop_at(range(USER_CODE_PAGE + 0x800, USER_CODE_PAGE + 0x800 + 10_000))
    calls()
    assert min(calls() for _ in range(3)) < 3 * without


@pytest.mark.parametrize("name", ["_BEFORE_INIT_ARCH", "_STRUCTURE"])
def test_a_build_with_another_structure_is_refused(
    bare: Bare, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(unicorn_stops, name, {"_BEFORE_INIT_ARCH": 8, "_STRUCTURE": 64}[name])
    with pytest.raises(UserError, match="keeps its functions in an unknown place"):
        bare.cpu.stop_at([USER_RIP])
    bare.put_code(CALL)
    assert bare.cpu.run() is SYSCALL, "and the CPU is as it was"
