"""sysent in guest RAM decides where a call goes, on both paths, and definitions agree with it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.abi.c_types import Address, Int
from ring3.abi.errno import E, Errno
from ring3.abi.solaris import sysent, sysnum
from ring3.abi.solaris.errno import SolarisE
from ring3.abi.solaris.sysent import SysentFlag, SysentKind
from ring3.computer import Solaris
from ring3.errors import KernelPanic
from ring3.kernel.signature import Support
from ring3.solaris.credentials import Cred
from ring3.solaris.definition import FUNCTIONS, SolarisFunction, function, rvals, syscall
from ring3.solaris.task import SolarisTask
from tests.support import guest, solaris
from tests.support.toolchain import Toolchain

MODCTL = 152


@pytest.fixture(params=["short", "full"])
def machine(request: pytest.FixtureRequest) -> Iterator[Solaris]:
    with guest.boot_solaris(request.param) as booted:
        yield booted


@pytest.fixture
def modinfo(toolchain: Toolchain) -> Path:
    return solaris.program(toolchain, "modinfo.c")


@pytest.fixture
def call(toolchain: Toolchain) -> Path:
    return solaris.program(toolchain, "call.c")


def callc(machine: Solaris, number: int) -> int:
    """Address of an element's sy_callc."""
    return machine.symbols["sysent"] + 0x20 * number + 0x18


def made(machine: Solaris, call: Path, number: int, *arguments: int) -> tuple[int, int, int]:
    """What a call made of its registers: rax, rdx and carry."""
    outcome = guest.run(machine, call, [str(number), *map(str, arguments)])
    rax, rdx, carry = outcome.stdout.split()
    return int(rax), int(rdx), int(carry)


def test_overwritten_slot_redirects_modctl(machine: Solaris, modinfo: Path, call: Path) -> None:
    machine.machine.write_q(callc(machine, MODCTL), machine.symbols["genunix`getuid"])
    machine.cred = Cred(5, 6, 7, 8)
    assert made(machine, call, MODCTL, 2, 16, 0) == (7 | 5 << 32, 0, 0)
    outcome = guest.run(machine, modinfo, ["-i", "16"])
    assert outcome.status == 0  # it got the user's number for success, and prints its own zeros
    assert outcome.stdout.splitlines()[1].split() == [b"16", b"0", b"0", b"0", b"0"]
    machine.machine.write_q(callc(machine, MODCTL), machine.symbols["modctl"])
    assert b"pcie" in guest.run(machine, modinfo, ["-i", "16"]).stdout


def test_overwritten_flags_split_the_result(machine: Solaris, call: Path) -> None:
    machine.cred = Cred(5, 6, 7, 8)
    assert made(machine, call, 24) == (7, 5, 0)
    machine.machine.write(callc(machine, 24) - 0x16, bytes(2))
    assert made(machine, call, 24) == (7 | 5 << 32, 0, 0)


def test_slot_may_lead_to_code_of_ones_own(machine: Solaris, call: Path) -> None:
    code = bytes.fromhex("488d0437 ba09000000 c3")  # leaq (%rdi,%rsi), %rax; movl $9, %edx; ret
    room = machine.symbols["sys_syscall"] - 0x100
    machine.machine.write(room, code)
    machine.machine.write_q(callc(machine, MODCTL), room)
    assert made(machine, call, MODCTL, 30, 12) == (42, 9, 0)


def test_slot_that_leads_nowhere_is_a_panic(machine: Solaris, call: Path) -> None:
    machine.machine.write_q(callc(machine, MODCTL), 0xFFFF_FFFF_FFFF_F000)
    with pytest.raises(KernelPanic, match="trap 14"):
        guest.run(machine, call, [str(MODCTL)])


def test_defined_call_is_in_the_table_and_is_made(machine: Solaris, call: Path) -> None:
    def triple(task: SolarisTask, number: Int, where: Address) -> int:
        if number < 0:
            raise Errno(SolarisE.ENOTSUP)
        if where:
            raise Errno(E.EFAULT)
        return rvals(3 * number, task.pid)

    address = machine.define(triple, 180, "2CI")
    row = machine.table()[180]
    assert (row.name, row.nargs, row.flags, row.handler, row.address, row.support) == (
        "triple", 2, SysentFlag.SE_32RVAL2, "genunix`triple", address, Support.FULL,
    )  # fmt: skip
    assert made(machine, call, 180, 14) == (42, 2, 0)
    assert made(machine, call, 180, -1) == (SolarisE.ENOTSUP, 0, 1)
    assert made(machine, call, 180, 1, 2) == (SolarisE.EFAULT, 0, 1)
    assert made(machine, call, 180, 1 << 32 | 14) == (42, 3 + 2, 0)


def test_replaced_function_is_what_everybody_calls(machine: Solaris, modinfo: Path) -> None:
    def copyin(task: SolarisTask, uaddr: int, kaddr: int, count: int) -> int:
        raise Errno(SolarisE.EIO)

    replaced = machine.replace("copyin", copyin)
    assert guest.run(machine, modinfo, ["-i", "16"]).status == 1
    replaced.detach()
    assert guest.run(machine, modinfo, ["-i", "16"]).status == 0
    with pytest.raises(KeyError):
        machine.replace("no_such_function", copyin)


def test_bug_in_a_handler_is_a_panic(machine: Solaris, call: Path) -> None:
    def broken(task: SolarisTask) -> int:
        raise ZeroDivisionError("a bug")

    machine.define(broken, 180)
    with pytest.raises(KernelPanic, match="ZeroDivisionError: a bug") as caught:
        guest.run(machine, call, ["180"])
    assert "RIP=" in caught.value.registers


def test_error_that_solaris_has_not_got_is_a_panic(machine: Solaris, call: Path) -> None:
    def broken(task: SolarisTask) -> int:
        raise Errno(E.EUCLEAN)

    machine.define(broken, 180)
    with pytest.raises(KernelPanic, match="EUCLEAN"):
        guest.run(machine, call, ["180"])


def test_numbers_and_kinds_are_checked(machine: Solaris) -> None:
    def fine(task: SolarisTask) -> int:
        return 0

    def untyped(task: SolarisTask, number: int) -> int:
        return number

    for number in (-1, 256):
        with pytest.raises(ValueError, match="0 to 255"):
            machine.define(fine, number)
    for kind in ("AP", "LOADABLE", "no such kind"):
        with pytest.raises(ValueError, match=kind):
            machine.define(fine, 177, kind)
    with pytest.raises(TypeError, match="number has no C type"):
        machine.define(untyped, 177)
    assert machine.table()[177].support is Support.NONE


def test_definitions_agree_with_the_table() -> None:
    both = (*sysent.load32("illumos"), *sysent.load("illumos"))
    rows = {row.handler: row for row in both if not row.absent}
    loadable = {name for name, number in sysnum.load("illumos") if sysent.load("illumos")[number].absent}
    calls = {made.name: made for made in FUNCTIONS if made.support is not None}
    assert set(calls) <= set(rows) | loadable
    for name, made in calls.items():
        if name not in loadable:
            wanted = 1 if rows[name].kind is SysentKind.AP else rows[name].nargs
            assert len(made.parameters) == wanted, name
        assert made.note or made.support is Support.FULL
    assert {"exit", "read", "forksys", "exece", "waitsys", "lwp_create", "modctl"} <= {
        rows[name].name for name in calls if name in rows
    }


def test_table_says_what_is_there_and_what_is_not(machine: Solaris) -> None:
    table = machine.table()
    assert [row.number for row in table] == list(range(256))
    assert all(machine.machine.read_q(callc(machine, row.number)) == row.address for row in table)
    there = {row.name: row for row in table if row.support is not Support.NONE}
    assert len(there) >= 16
    assert (there["exit"].handler, there["exit"].nargs) == ("genunix`rexit", 1)
    assert there["modctl"].note == "MODINFO; every other command is EINVAL"
    assert (table[55].name, table[55].handler, table[55].support) == (
        "uadmin",
        "genunix`uadmin",
        Support.NONE,
    )
    assert (table[42].handler, table[42].support) == ("unix`loadable_syscall", Support.FULL)
    assert (table[0].name, table[0].handler, table[0].support) == ("nosys", "unix`nosys", Support.NONE)


def test_stub_takes_arguments_as_the_c_abi_says() -> None:
    def sample(task: SolarisTask, first: Int, second: Address) -> int:
        return 0

    made = SolarisFunction("sample", "genunix", sample)
    assert made.source == (
        "def stub(task, regs, _argument=0):\n"
        "    return sample(task, ((regs.di & 0xffffffff) ^ 0x80000000) - 0x80000000, regs.si)\n"
    )


def test_function_is_defined_once() -> None:
    def copyin(task: SolarisTask) -> int:
        return 0

    with pytest.raises(ValueError, match="unix`copyin is defined already"):
        function("unix")(copyin)
    with pytest.raises(ValueError, match="genunix`modctl is defined already"):
        syscall("full")(FUNCTIONS["genunix`modctl"].function)


def test_two_values() -> None:
    assert rvals(1, 2) == 1 | 2 << 32
    assert rvals(-1, -2) == 0xFFFF_FFFE_FFFF_FFFF


def test_kind_of_a_row_is_in_its_bytes(machine: Solaris) -> None:
    raw = machine.machine.read(machine.symbols["sysent"] + 0x20 * 20, 4)
    narg, flags = struct.unpack("<BxH", raw)
    assert (narg, flags) == (0, SysentFlag.SE_32RVAL2)
    assert sysent.load("illumos")[20].kind is SysentKind.TWO_CI


def test_stack_of_buffers_is_bounded(machine: Solaris, modinfo: Path) -> None:
    task = machine.load(str(modinfo))
    with task.buffer(100) as outer, task.buffer(100) as inner:
        assert inner + 100 <= outer
        assert inner % 16 == 0
    with task.buffer(100) as again:
        assert again == outer
    with pytest.raises(AssertionError, match="kernel stack is full"), task.buffer(4096):
        pass
