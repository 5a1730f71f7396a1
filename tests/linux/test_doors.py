"""Where a call goes is what guest RAM and the MSRs say at that moment: tables, gates, descriptors, addresses of doors.

The short path may only be taken while it comes to the same. So each test runs on both paths, and those that change
something look at whether the short path was left, and taken again when all was as before.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ring3.abi.tbl import Abi
from ring3.computer import Linux
from ring3.errors import KernelPanic, TripleFault
from ring3.kernel.task import Task
from ring3.machine.board import DIRECT_MAP
from ring3.machine.cpu import Event
from ring3.machine.msr import Msr
from ring3.machine.registers import Vector
from tests.linux import injected
from tests.linux.injected import (
    ANSWER,
    GETPID_INT80,
    GETPID_SYSCALL,
    INT_21,
    IRETQ,
    RETURN,
    SYSCALL_32,
    SYSENTER_32,
    SYSEXIT,
    SYSRETL,
    SYSRETQ,
    exits_with_result_of,
    inject,
)
from tests.support import guest
from tests.support.elf_file import DATA, program, put
from tests.support.guest import PathThrough
from tests.support.host_cpu import only_emulated
from tests.support.toolchain import Bits, Toolchain

GETPID = 39
GETPID_32 = 20
UID = 91
INT80 = 0x80
SPOILT = 1


@pytest.fixture(autouse=True)
def uid(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Makes getuid's answer one that no pid is; pytest asks for it too, when it makes its folder."""
    monkeypatch.setattr("os.getuid", lambda: UID)


def slot(linux: Linux, number: int, abi: Abi = Abi.X86_64) -> int:
    """Address of a slot of a system-call table."""
    return linux.symbols["sys_call_table" if abi is Abi.X86_64 else "ia32_sys_call_table"] + 8 * number


# -- the tables ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "bits", "abi", "number", "symbol"),
    [
        (GETPID_SYSCALL, 64, Abi.X86_64, GETPID, "__x64_sys_getuid"),
        (GETPID_INT80, 64, Abi.I386, GETPID_32, "__ia32_sys_getuid"),
        (GETPID_INT80, 32, Abi.I386, GETPID_32, "__ia32_sys_getuid"),
        (SYSENTER_32, 32, Abi.I386, GETPID_32, "__ia32_sys_getuid"),
        (SYSCALL_32, 32, Abi.I386, GETPID_32, "__ia32_sys_getuid"),
    ],
    ids=["syscall", "int80 from 64", "int80", "sysenter", "syscall from 32"],
)
def test_a_slot_leads_to_another_call(
    linux: Linux, tmp_path: Path, call: bytes, bits: Bits, abi: Abi, number: int, symbol: str
) -> None:
    caller = exits_with_result_of(tmp_path, call, bits)
    pid = guest.run(linux, caller).status
    assert 0 < pid < UID
    old = linux.machine.read_q(slot(linux, number, abi))
    linux.machine.write_q(slot(linux, number, abi), linux.symbols[symbol])
    short_path = linux.kernel.short_path
    assert guest.run(linux, caller).status == UID
    assert linux.kernel.short_path == short_path  # both paths read the table
    linux.machine.write_q(slot(linux, number, abi), old)
    assert pid < guest.run(linux, caller).status < UID


def test_a_slot_written_in_ram_behind_the_machines_back_counts_too(linux: Linux, tmp_path: Path) -> None:
    table = linux.kernel.linux.tables[Abi.X86_64] >> 3
    linux.machine.ram.q[table + GETPID] = linux.symbols["__x64_sys_getuid"]
    assert guest.run(linux, exits_with_result_of(tmp_path, GETPID_SYSCALL)).status == UID


@pytest.mark.parametrize(
    ("call", "bits", "abi", "number"),
    [
        (GETPID_SYSCALL, 64, Abi.X86_64, GETPID),
        (GETPID_INT80, 64, Abi.I386, GETPID_32),
        (GETPID_INT80, 32, Abi.I386, GETPID_32),
        (SYSENTER_32, 32, Abi.I386, GETPID_32),
    ],
    ids=["syscall", "int80 from 64", "int80", "sysenter"],
)
def test_a_slot_leads_to_machine_code(
    linux: Linux, tmp_path: Path, call: bytes, bits: Bits, abi: Abi, number: int
) -> None:
    caller = exits_with_result_of(tmp_path, call, bits)
    linux.machine.write_q(slot(linux, number, abi), inject(linux, RETURN))
    assert guest.run(linux, caller).status == ANSWER


def test_only_a_strange_call_and_the_one_after_it_go_through_ring_0(tmp_path: Path) -> None:
    """The one after it, because only then can be seen what the strange code has changed."""
    entered: list[int] = []
    getuid = bytes.fromhex("b866000000 0f05")
    with guest.boot() as linux:
        cpu, entry = linux.machine.cpu, linux.symbols["entry_SYSCALL_64"]
        linux.machine.write_q(slot(linux, GETPID), inject(linux, RETURN))
        syscall = linux.machine.microcode.syscall

        def enter() -> None:
            syscall()
            entered.append(cpu.rip)

        vars(linux.machine.microcode)["syscall"] = enter  # a probe of it would put the full path in force
        calls = getuid * 3 + GETPID_SYSCALL + getuid * 3
        outcome = guest.run(linux, exits_with_result_of(tmp_path, calls))
        assert outcome.status == UID
        assert outcome.count(Event.SYSCALL) == 7
        assert entered.count(entry) == 2


@pytest.mark.parametrize("address", [0, 0xFFFF_FFFF_8270_0000, 0x8000_0000_0000, 0x40_0000])
def test_a_slot_that_leads_nowhere_is_a_panic_that_says_where(
    linux: Linux, tmp_path: Path, address: int
) -> None:
    linux.machine.write_q(slot(linux, GETPID), address)
    with pytest.raises(KernelPanic, match="in ring 0 at") as panic:
        guest.run(linux, exits_with_result_of(tmp_path, GETPID_SYSCALL))
    assert f"ip={address:016x}" in panic.value.registers or "do_syscall_64" in str(panic.value)


# -- the gate ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [64, 32])
def test_gate_0x80_leads_elsewhere_and_back(
    linux: Linux, path: PathThrough, tmp_path: Path, bits: Bits
) -> None:
    caller = exits_with_result_of(tmp_path, GETPID_INT80, bits)
    old = linux.machine.gate(INT80)
    linux.machine.set_gate(INT80, old._replace(offset=inject(linux, IRETQ)))
    assert not linux.kernel.short_path
    assert guest.run(linux, caller).status == ANSWER
    linux.machine.set_gate(INT80, old)
    assert linux.kernel.short_path == (path == "short")
    assert guest.run(linux, caller).status not in (ANSWER, 139)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"present": False}, 135),  # #NP is SIGBUS
        ({"dpl": 0}, 139),
        ({"dpl": 2}, 139),
        ({"type": 5}, 139),
        ({"selector": 0}, 139),
        ({"selector": 0x2B}, 139),
        ({"selector": 0xFFF8}, 139),
    ],
    ids=str,
)
def test_a_gate_0x80_that_is_not_usable_is_a_signal(
    linux: Linux, tmp_path: Path, change: dict[str, int], status: int
) -> None:
    linux.machine.set_gate(INT80, linux.machine.gate(INT80)._replace(**change))  # type: ignore[arg-type]
    assert guest.run(linux, exits_with_result_of(tmp_path, GETPID_INT80)).status == status


def test_gate_0x21_is_ring_0s_until_it_is_opened(linux: Linux, tmp_path: Path) -> None:
    caller = exits_with_result_of(tmp_path, INT_21)
    assert linux.machine.gate(0x21).dpl == 0
    outcome = guest.run(linux, caller)
    assert outcome.status == 139
    assert outcome.left_by(0x21)
    opened = linux.machine.gate(0x21)._replace(dpl=3, offset=inject(linux, IRETQ))
    linux.machine.set_gate(0x21, opened)
    assert guest.run(linux, caller).status == ANSWER


def test_an_opened_gate_to_the_kernels_handler_is_a_panic(linux: Linux, tmp_path: Path) -> None:
    linux.machine.set_gate(0x21, linux.machine.gate(0x21)._replace(dpl=3))
    with pytest.raises(KernelPanic, match="no device raises"):
        guest.run(linux, exits_with_result_of(tmp_path, INT_21))


def test_the_page_fault_gate_counts_too(linux: Linux, toolchain: Toolchain) -> None:
    """Not even the first instruction of a program can be fetched without it."""
    linux.machine.set_gate(Vector.PF, linux.machine.gate(Vector.PF)._replace(present=False))
    with pytest.raises(KernelPanic, match="exception 8"):
        guest.run(linux, toolchain.program("basic/hello.c"))


def test_without_gates_the_cpu_shuts_down(linux: Linux, toolchain: Toolchain) -> None:
    for vector in range(32):
        linux.machine.set_gate(vector, linux.machine.gate(vector)._replace(present=False))
    with pytest.raises(TripleFault, match="double fault of vector 14"):
        guest.run(linux, toolchain.program("basic/hello.c"))


def test_a_kernel_code_segment_that_is_not_present_is_fatal(linux: Linux, tmp_path: Path) -> None:
    caller = exits_with_result_of(tmp_path, GETPID_INT80)
    segment = linux.machine.segment(2)
    linux.machine.set_segment(2, segment._replace(access=segment.access & 0x7F))
    with pytest.raises(TripleFault):
        guest.run(linux, caller)


# -- the addresses in MSRs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("msr", "code", "call", "bits"),
    [
        (Msr.MSR_LSTAR, SYSRETQ, GETPID_SYSCALL, 64),
        (Msr.MSR_CSTAR, SYSRETL, SYSCALL_32, 32),
        (Msr.MSR_IA32_SYSENTER_EIP, SYSEXIT, SYSENTER_32, 32),
    ],
    ids=lambda value: value.name if isinstance(value, Msr) else "",
)
def test_a_doors_address_leads_elsewhere_and_back(
    linux: Linux, path: PathThrough, tmp_path: Path, msr: Msr, code: bytes, call: bytes, bits: Bits
) -> None:
    if msr is Msr.MSR_CSTAR:
        only_emulated("the EIP behind a 32-bit syscall is lost there")
    caller = exits_with_result_of(tmp_path, call, bits)
    old = linux.machine.rdmsr(msr)
    linux.machine.wrmsr(msr, inject(linux, code))
    assert not linux.kernel.short_path
    assert guest.run(linux, caller).status == ANSWER
    linux.machine.wrmsr(msr, old)
    assert linux.kernel.short_path == (path == "short")
    assert guest.run(linux, caller).status not in (ANSWER, 139)


def test_lstar_may_lead_to_the_32_bit_door(linux: Linux, tmp_path: Path) -> None:
    """Then a 64-bit call has i386's number."""
    linux.machine.wrmsr(Msr.MSR_LSTAR, linux.symbols["entry_SYSCALL_compat"])
    low_stack = b"\xbc" + (DATA + 0x800).to_bytes(4, "little")
    exit_with_5 = low_stack + bytes.fromhex("b801000000 bb05000000 0f05")
    assert guest.run(linux, put(tmp_path / "program", program(exit_with_5))).status == 5


def test_syscall_that_is_switched_off_is_an_invalid_opcode(linux: Linux, tmp_path: Path) -> None:
    linux.machine.wrmsr(Msr.MSR_EFER, linux.machine.rdmsr(Msr.MSR_EFER) & ~1)
    assert guest.run(linux, exits_with_result_of(tmp_path, GETPID_SYSCALL)).status == 132


def test_sysenter_without_a_code_segment_is_a_protection_fault(linux: Linux, tmp_path: Path) -> None:
    linux.machine.wrmsr(Msr.MSR_IA32_SYSENTER_CS, 0)
    assert guest.run(linux, exits_with_result_of(tmp_path, SYSENTER_32, 32)).status == 139


def test_fmask_decides_which_flags_ring_0_starts_with(linux: Linux, tmp_path: Path) -> None:
    flags = 0x8D5 | 0x400
    look = bytes.fromhex("9c 58 25d50c0000 480f07")  # pushf; pop %rax; and $0xcd5, %eax; sysretq
    push_to = bytes.fromhex("4889e0")  # the stack is still the user's, so SMAP forbids the push without stac
    linux.machine.wrmsr(Msr.MSR_LSTAR, inject(linux, bytes.fromhex("0f01cb") + look))
    set_flags = b"\x68" + flags.to_bytes(4, "little") + b"\x9d"
    shift_and_exit = bytes.fromhex("fc 31db 85c0 0f95c3 b801000000 cd80")  # cld; status 1 unless rax is 0
    caller = put(tmp_path / "program", program(set_flags + bytes.fromhex("0f05") + shift_and_exit))
    assert guest.run(linux, caller).status == 0
    linux.machine.wrmsr(Msr.MSR_SYSCALL_MASK, 0x200)
    assert guest.run(linux, caller).status == 1
    assert push_to


# -- ring 0's code -------------------------------------------------------------------------------------------------


def test_the_entry_code_itself_may_be_patched(linux: Linux, path: PathThrough, tmp_path: Path) -> None:
    caller = exits_with_result_of(tmp_path, GETPID_SYSCALL)
    entry = linux.symbols["entry_SYSCALL_64"]
    old = linux.machine.read(entry, len(SYSRETQ))
    linux.machine.write(entry, SYSRETQ)
    assert not linux.kernel.short_path
    assert guest.run(linux, caller).status == ANSWER
    linux.machine.write(entry, old)
    assert linux.kernel.short_path == (path == "short")
    assert guest.run(linux, caller).status != ANSWER


def test_a_stub_may_be_patched(linux: Linux, tmp_path: Path) -> None:
    linux.machine.write(linux.symbols["__x64_sys_getpid"], RETURN)
    assert guest.run(linux, exits_with_result_of(tmp_path, GETPID_SYSCALL)).status == ANSWER


def test_code_patched_through_the_direct_map_counts_too(linux: Linux, tmp_path: Path) -> None:
    direct = linux.kernel.image.direct("__x64_sys_getpid")
    assert direct >= DIRECT_MAP
    linux.machine.write(direct, RETURN)
    assert guest.run(linux, exits_with_result_of(tmp_path, GETPID_SYSCALL)).status == ANSWER


def test_a_halt_in_ring_0_that_is_no_stub_is_a_panic(linux: Linux, tmp_path: Path) -> None:
    linux.machine.write(linux.symbols["entry_SYSCALL_64"], b"\xf4")
    with pytest.raises(KernelPanic, match="ring 0 halted at entry_SYSCALL_64") as panic:
        guest.run(linux, exits_with_result_of(tmp_path, GETPID_SYSCALL))
    assert "RAX=0000000000000027" in panic.value.registers


@pytest.mark.parametrize(
    ("code", "vector"), [("0f0b", 6), ("f4f4", None), ("31c9f7f1", 0), ("488b0425f0ffff7f", 14)]
)
def test_an_exception_in_ring_0_is_a_panic_with_registers(
    linux: Linux, tmp_path: Path, code: str, vector: int | None
) -> None:
    linux.machine.write_q(slot(linux, GETPID), inject(linux, bytes.fromhex(code)))
    what = "ring 0 halted" if vector is None else f"exception {vector} "
    with pytest.raises(KernelPanic, match=what) as panic:
        guest.run(linux, exits_with_result_of(tmp_path, GETPID_SYSCALL))
    assert "ip=" in panic.value.registers.lower()


# -- changes while a program runs ----------------------------------------------------------------------------------

TWO_CALLS = GETPID_SYSCALL * 2


def changing(linux: Linux, change: Callable[[], None]) -> None:
    """Makes getpid's handler do something to the machine, once."""
    done = False

    def getpid(task: Task) -> int:
        nonlocal done
        if not done:
            done = True
            change()
        return SPOILT

    linux.replace("sys_getpid", getpid)


def test_a_handler_that_patches_the_table_is_obeyed_by_the_next_call(linux: Linux, tmp_path: Path) -> None:
    changing(linux, lambda: linux.machine.write_q(slot(linux, GETPID), linux.symbols["__x64_sys_getuid"]))
    assert guest.run(linux, exits_with_result_of(tmp_path, TWO_CALLS)).status == UID


def test_a_handler_that_moves_the_door_is_obeyed_by_the_next_call(linux: Linux, tmp_path: Path) -> None:
    code = inject(linux, SYSRETQ)
    changing(linux, lambda: linux.machine.wrmsr(Msr.MSR_LSTAR, code))
    assert guest.run(linux, exits_with_result_of(tmp_path, TWO_CALLS)).status == ANSWER


def test_a_handler_that_closes_the_gate_is_obeyed_by_the_next_call(linux: Linux, tmp_path: Path) -> None:
    gate = linux.machine.gate(INT80)
    changing(linux, lambda: linux.machine.set_gate(INT80, gate._replace(dpl=0)))
    assert guest.run(linux, exits_with_result_of(tmp_path, GETPID_SYSCALL)).status == 139


def test_ring_0_itself_may_move_the_door(linux: Linux, tmp_path: Path) -> None:
    """As a kernel module would: the handler in machine code writes MSR_LSTAR, and the next call goes there."""
    door = inject(linux, SYSRETQ, injected.AT + 0x1000)
    low, high = (part.to_bytes(4, "little").hex() for part in (door & 0xFFFFFFFF, door >> 32))
    wrmsr = bytes.fromhex(f"b9820000c0 b8{low} ba{high} 0f30 b801000000 c3")
    linux.machine.write_q(slot(linux, GETPID), inject(linux, wrmsr))
    assert guest.run(linux, exits_with_result_of(tmp_path, TWO_CALLS)).status == ANSWER
    assert linux.machine.rdmsr(Msr.MSR_LSTAR) == door


def test_ring_0_itself_may_move_the_gate(linux: Linux, tmp_path: Path) -> None:
    """By a store into the IDT, which it may write."""
    gate = linux.symbols["idt_table"] + 16 * INT80
    closed = linux.machine.gate(INT80).to_bytes()[5] & ~0x60
    store = bytes.fromhex(f"48b8{(gate + 5).to_bytes(8, 'little').hex()} c600{closed:02x} b801000000 c3")
    linux.machine.write_q(slot(linux, GETPID), inject(linux, store))
    assert guest.run(linux, exits_with_result_of(tmp_path, GETPID_SYSCALL)).status == 139
    assert not linux.kernel.short_path


def test_the_short_path_is_taken_again_after_strange_code_that_changed_nothing(tmp_path: Path) -> None:
    with guest.boot() as linux:
        linux.machine.write_q(slot(linux, GETPID), inject(linux, RETURN))
        getpid_getuid = GETPID_SYSCALL + bytes.fromhex("b866000000 0f05")
        assert guest.run(linux, exits_with_result_of(tmp_path, getpid_getuid)).status == UID
        assert linux.kernel.short_path
