"""A CPU that moves ring 3 between the emulated one and the host's processor, without a kernel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ring3.errors import UserError
from ring3.machine import moving_cpu
from ring3.machine.board import CpuKind
from ring3.machine.cpu import Event, Stop, Trap
from ring3.machine.home import Home
from ring3.machine.host_cpu.turn import ENOUGH, LOST
from ring3.machine.moving_cpu import MovingCpu
from ring3.machine.pmap import Prot
from ring3.machine.ram import PAGE_SIZE
from ring3.machine.registers import Flags, Gpr, Seg, Vector
from tests.machine.bare import USER_CODE, USER_CODE_PAGE, USER_DATA, USER_RIP, Bare
from tests.support.host_cpu import NEEDS_HOST_CPU


class MovingBare(Bare):
    """Ring 3 with the selectors that Linux gives it, which are the host's own."""

    def __init__(self) -> None:
        super().__init__(CpuKind.AUTO)

    @property
    def moving(self) -> MovingCpu:
        assert isinstance(self.cpu, MovingCpu)
        return self.cpu

    @property
    def home(self) -> Home:
        assert isinstance(self.pmap.home, Home)
        return self.pmap.home

    def ring3(self, bits: int = 64) -> None:
        super().ring3(bits)
        self.cpu.load_segment(Seg.CS, 0x33, USER_CODE)
        for segment in (Seg.SS, Seg.DS, Seg.ES):
            self.cpu.load_segment(segment, 0x2B, USER_DATA)


@pytest.fixture
def bare() -> Iterator[MovingBare]:
    made = MovingBare()
    yield made
    made.machine.close()


def run(bare: MovingBare, code: str, *, away: bool | None = None) -> Stop:
    bare.put_code(bytes.fromhex(code))
    if away is not None:
        bare.moving.move(away=away)
        if bare.moving._host is not None:
            bare.moving._host.turn.words[ENOUGH] = 0  # it does not come back by itself
    return bare.cpu.run()


def counting(rounds: int) -> str:
    """Code: mov $N,%rcx; 1: dec %rcx; jnz 1b; syscall."""
    return f"48b9{rounds.to_bytes(8, 'little').hex()} 48ffc9 75fb 0f05"


@NEEDS_HOST_CPU
def test_a_program_that_computes_is_moved(bare: MovingBare) -> None:
    assert run(bare, "0f05") is Event.SYSCALL
    assert not bare.home.is_away
    bare.moving._run_record.enough = 1
    assert run(bare, counting(1_000_000)) is Event.SYSCALL
    assert bare.home.is_away


def test_entries_count_against_what_is_computed(bare: MovingBare) -> None:
    record = bare.moving._run_record
    record.price = 1 << 40
    assert run(bare, counting(1_000_000)) is Event.SYSCALL
    assert record.computed == 0
    record.price = 0
    assert run(bare, "0f05") is Event.SYSCALL
    assert record.computed > 0


@NEEDS_HOST_CPU
def test_one_that_only_calls_comes_back_and_is_dearer_to_move_then(bare: MovingBare) -> None:
    run(bare, "0f05", away=True)
    host = bare.moving._host
    assert host is not None
    worth = host.move_price
    host.turn.words[ENOUGH] = 1
    for _ in range(1000):
        if not bare.home.is_away:
            break
        bare.cpu.rip = USER_RIP
        assert bare.cpu.run() is Event.SYSCALL
    assert (bare.home.is_away, bare.home.returns) == (False, 1)
    assert bare.moving._run_record.enough == 2 * worth
    assert run(bare, "0f05") is Event.SYSCALL


@NEEDS_HOST_CPU
def test_what_a_stub_has_used_is_the_cpus(bare: MovingBare) -> None:
    run(bare, "0f05", away=True)
    host = bare.moving._host
    assert host is not None
    before, stubs = bare.cpu.spent(), host.spent()
    assert run(bare, counting(20_000_000), away=True) is Event.SYSCALL
    used = host.spent() - stubs
    assert used > 1_000_000
    assert bare.cpu.spent() - before >= used


@NEEDS_HOST_CPU
def test_a_program_that_has_just_begun_may_lose_at_first(bare: MovingBare) -> None:
    host = bare.moving._begin()
    assert host is not None
    bare.home.is_new = True
    run(bare, "0f05", away=True)
    assert host.turn.words[LOST] >= 1 << 63  # a negative number
    host.turn.words[ENOUGH] = 1
    bare.cpu.rip = USER_RIP
    assert bare.cpu.run() is Event.SYSCALL
    assert bare.home.is_away


@NEEDS_HOST_CPU
def test_registers_and_memory_move_too(bare: MovingBare) -> None:
    # movq %rax,%xmm3; fninit; fld1; syscall; then what came of both to memory
    bare.cpu.set_gpr(Gpr.RAX, 0x1234)
    assert run(bare, "66480f6ed8 dbe3 d9e8 0f05 66480f7ed8 dd1c2500005000 0f05", away=True) is Event.SYSCALL
    for away in (False, True, False):
        bare.moving.move(away=away)
        bare.cpu.rip = USER_RIP + 11
        bare.cpu.set_gpr(Gpr.RAX, 0)
        saved = bare.cpu.save()
        bare.cpu.load(saved)
        assert bare.cpu.run() is Event.SYSCALL
        assert bare.cpu.gpr(Gpr.RAX) == 0x1234
        assert bare.machine.read_q(0x50_0000) == 0x3FF0_0000_0000_0000
        bare.cpu.rip = USER_RIP + 7  # fld1 again
        bare.cpu.run()


@NEEDS_HOST_CPU
def test_cpuid_is_the_emulated_cpus_wherever_it_is_asked(bare: MovingBare) -> None:
    code = "b801000000 0fa2 0f05"
    assert run(bare, code) is Event.SYSCALL
    emulated = [bare.cpu.gpr(number) for number in (Gpr.RBX, Gpr.RDX)]
    for _ in range(3):
        bare.cpu.set_gpr(Gpr.RCX, 0)
        assert run(bare, code, away=True) is Event.SYSCALL
        assert [bare.cpu.gpr(number) for number in (Gpr.RBX, Gpr.RDX)] == emulated
        assert bare.home.is_away


@NEEDS_HOST_CPU
@pytest.mark.parametrize("filler", [1, 4, 9], ids=["one", "four", "more than breakpoints"])
def test_cpuid_in_a_page_with_others(bare: MovingBare, filler: int) -> None:
    code = "0f05" + "31c0 0fa2" * filler + "0f05"
    assert run(bare, code, away=True) is Event.SYSCALL  # the page may be executed now
    bare.cpu.rip = USER_RIP + 2
    bare.cpu.set_gpr(Gpr.RAX, 0)
    assert bare.cpu.run() is Event.SYSCALL
    assert bare.cpu.gpr(Gpr.RBX) == int.from_bytes(b"Genu", "little")


@NEEDS_HOST_CPU
def test_one_that_is_no_more_where_it_was(bare: MovingBare) -> None:
    run(bare, "31c0 0fa2 0f05", away=True)
    assert run(bare, "31c0 b003 0f05", away=True) is Event.SYSCALL  # mov $3,%al
    assert (bare.cpu.gpr(Gpr.RAX), bare.cpu.rip) == (3, USER_RIP + 6)


@NEEDS_HOST_CPU
def test_a_step_and_the_trap_flag_at_one(bare: MovingBare) -> None:
    run(bare, "0f05 0fa2 0f05", away=True)
    for step in (True, False):
        bare.cpu.rip = USER_RIP + 2
        bare.cpu.set_gpr(Gpr.RAX, 0)
        if not step:
            bare.cpu.rflags |= Flags.TF
        assert (bare.cpu.step() if step else bare.cpu.run()) == (Event.STEPPED if step else Trap(Vector.DB))
        assert (bare.cpu.rip, bare.cpu.gpr(Gpr.RBX)) == (USER_RIP + 4, int.from_bytes(b"Genu", "little"))


@NEEDS_HOST_CPU
def test_an_instruction_that_lies_in_two_pages_with_cpuid(bare: MovingBare) -> None:
    bare.map_user(USER_CODE_PAGE + PAGE_SIZE, Prot.READ | Prot.EXEC)
    code = bytes.fromhex("b801000000 0f05")  # mov $1,%eax, with one byte in the first page
    start = USER_CODE_PAGE + PAGE_SIZE - 1
    run(bare, "0f05" + "0fa2" * 9)
    bare.machine.write(start, code + bytes.fromhex("0fa2" * 9))
    for _ in range(3):
        bare.cpu.rip = start
        bare.moving.move(away=True)
        assert bare.cpu.run() is Event.SYSCALL
        assert (bare.cpu.rip, bare.cpu.gpr(Gpr.RAX)) == (start + len(code), 1)
        assert bare.home.is_away


@NEEDS_HOST_CPU
def test_an_instruction_that_only_the_host_has_keeps_the_program_there(bare: MovingBare) -> None:
    stop = run(bare, "31c9 0f01d0 0f05")  # xor %ecx,%ecx; xgetbv
    while stop is Event.INTERRUPTED:
        stop = bare.cpu.run()
    assert stop is Event.SYSCALL
    assert bare.home.is_away
    bare.moving.move(away=False)
    assert bare.home.is_away


@NEEDS_HOST_CPU
@pytest.mark.parametrize("away", [False, True])
def test_one_that_neither_has_is_undefined(bare: MovingBare, away: bool) -> None:
    assert run(bare, "0f0b", away=away) == Trap(Vector.UD)
    assert bare.cpu.rip == USER_RIP


@NEEDS_HOST_CPU
def test_code_that_the_host_has_written_is_what_the_emulated_cpu_runs(bare: MovingBare) -> None:
    bare.map_user(USER_CODE_PAGE, Prot.READ | Prot.WRITE | Prot.EXEC)
    assert run(bare, "b801000000 0f05") is Event.SYSCALL  # mov $1,%eax
    bare.machine.write(USER_RIP + 0x20, bytes.fromhex("c6042511004000 02 0f05"))  # movb $2 over its immediate
    bare.cpu.rip = USER_RIP
    assert bare.cpu.run() is Event.SYSCALL
    bare.moving.move(away=True)
    bare.cpu.rip = USER_RIP + 0x20
    assert bare.cpu.run() is Event.SYSCALL
    bare.moving.move(away=False)
    bare.cpu.rip = USER_RIP
    assert bare.cpu.run() is Event.SYSCALL
    assert bare.cpu.gpr(Gpr.RAX) == 2


@NEEDS_HOST_CPU
def test_what_only_the_emulated_cpu_can_keeps_it_there(bare: MovingBare) -> None:
    seen: list[int] = []
    leave = bare.cpu.hook_blocks(lambda address, size: seen.append(address), USER_RIP, USER_RIP + PAGE_SIZE)
    assert not bare.cpu.wants_ticks()
    assert run(bare, "0f05", away=True) is Event.SYSCALL
    assert (seen, bare.home.is_away) == ([USER_RIP], False)
    leave()
    assert bare.cpu.wants_ticks()
    assert run(bare, "0f05", away=True) is Event.SYSCALL
    assert bare.home.is_away
    assert len(seen) == 1


def test_a_host_that_does_not_allow_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise UserError("no")

    monkeypatch.setattr("ring3.machine.host_cpu.first.First.__init__", refuse)
    bare = MovingBare()
    assert bare.cpu.prepare_confinement() == ()
    assert run(bare, counting(1000), away=True) is Event.SYSCALL
    assert not bare.home.is_away
    assert not bare.cpu.wants_ticks()
    bare.machine.close()


def test_nothing_is_moved_before_it_is_worth_it() -> None:
    bare = MovingBare()
    assert bare.moving._run_record.enough == moving_cpu.FIRST_MOVE
    bare.machine.close()
