"""The tests' own programs do on Ring3 what they do natively, or what their sources say where the host cannot tell."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from ring3.machine.board import CpuKind
from ring3.machine.cpu import Event
from tests.support import guest
from tests.support.native import Finished, Run
from tests.support.toolchain import Bits, Kind, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])


@BITS
@pytest.mark.parametrize("name", ["sse.c", "printf_float.c", "malloc_loop.c"])
def test_computes_what_it_does_natively(
    linux: Linux, toolchain: Toolchain, native: Run, name: str, bits: Bits
) -> None:
    program = toolchain.program(f"basic/{name}", bits=bits)
    outcome = guest.run(linux, program)
    assert outcome.finished == native(program)
    assert outcome.stdout.count(b"\n") >= 1


@BITS
def test_arguments_and_environment(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("basic/args.c", bits=bits)
    arguments, environment = ["a b", "", "ä", "-x"], {"RING3_ONE": "1 and =", "RING3_EMPTY": ""}
    outcome = guest.run(linux, program, arguments, environment=environment)
    assert outcome.finished == native(program, arguments, environment=environment)
    assert b"argv[3] [\xc3\xa4]\n" in outcome.stdout


@BITS
@pytest.mark.parametrize("kind", ["static", "static-pie"])
def test_the_auxiliary_vector_is_right(linux: Linux, toolchain: Toolchain, kind: Kind, bits: Bits) -> None:
    outcome = guest.run(linux, toolchain.program("basic/auxv.c", bits=bits, kind=kind))
    lines = outcome.stdout.decode().splitlines()
    assert outcome.status == 0
    assert not [line for line in lines if "WRONG" in line]
    assert {"AT_PAGESZ 4096", "AT_CLKTCK 100", "AT_SECURE 0", "AT_EXECFN ok", "AT_RANDOM ok"} <= set(lines)
    assert ("AT_SYSINFO ok" in lines) == (bits == 32)
    assert "AT_SYSINFO_EHDR ok" in lines


@BITS
def test_the_auxiliary_vector_has_what_the_hosts_has(
    linux: Linux, toolchain: Toolchain, native: Run, bits: Bits
) -> None:
    """In the host's order; a newer or older kernel may know other types, and prints them by number."""
    program = toolchain.program("basic/auxv.c", bits=bits)
    ours, theirs = (
        [line for line in finished.stdout.decode().splitlines() if not line.startswith("type ")]
        for finished in (guest.run(linux, program).finished, native(program))
    )
    if "AT_SYSINFO ok" not in theirs:  # a host without a fast door for 32-bit programs
        ours = [line for line in ours if line != "AT_SYSINFO ok"]
    assert ours == theirs


@BITS
@pytest.mark.parametrize("argument", ["0", "42", "255", "256", "-1", "300"])
def test_exit_status(linux: Linux, toolchain: Toolchain, argument: str, bits: Bits) -> None:
    outcome = guest.run(linux, toolchain.program("basic/exit_status.c", bits=bits), [argument])
    assert outcome.finished == Finished(b"", b"", int(argument) & 0xFF)


@BITS
def test_nothing_but_what_a_door_may_change_is_changed(
    linux: Linux, toolchain: Toolchain, bits: Bits
) -> None:
    """See clobber64.S and clobber32.S: the status names the register."""
    outcome = guest.run(linux, toolchain.program(f"basic/clobber{bits}.S", bits=bits, kind="nolibc"))
    assert outcome.finished == Finished(b"", b"", 0)
    if bits == 32:
        assert outcome.count(Event.SYSENTER) == 2


X32 = {str(0x4000_0000 | number) for number in (39, 520, 600)}


@BITS
def test_numbers_without_a_call(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program("basic/enosys.c", bits=bits)
    numbers = [line.split(": ") for line in guest.run(linux, program).stdout.decode().splitlines()]
    assert len(numbers) > 25
    assert {answer for _, answer in numbers} == {"-38"}
    hosts = [line.split(": ") for line in native(program).stdout.decode().splitlines()]
    assert [pair for pair in numbers if pair[0] not in X32] == [pair for pair in hosts if pair[0] not in X32]


def test_upper_halves(linux: Linux, toolchain: Toolchain, native: Run) -> None:
    program = toolchain.program("basic/upper_halves.c")
    outcome = guest.run(linux, program)
    assert outcome.finished == native(program)
    assert outcome.status == 7


def test_int80_from_64_bit_code(linux: Linux, toolchain: Toolchain, native: Run) -> None:
    program = toolchain.program("basic/int80_from_64.c")
    outcome = guest.run(linux, program)
    assert outcome.finished == native(program)
    assert outcome.stdout.count(b"written\n") == 2
    assert outcome.count(0x80) == 10


@pytest.mark.parametrize("deed", ["call", "read", "write", "middle", "bad_pointer"])
def test_vsyscall_page(linux: Linux, toolchain: Toolchain, deed: str) -> None:
    outcome = guest.run(linux, toolchain.program("basic/vsyscall_page.c"), [deed])
    assert outcome.status == (0 if deed == "call" else 139)
    assert b"WRONG" not in outcome.stdout
    assert outcome.stdout.count(b"\n") == (5 if deed == "call" else 0)


def test_calls_of_the_vsyscall_page_are_filtered(linux: Linux, toolchain: Toolchain) -> None:
    """As natively, where the host's kernel has the page (tests/programs/test_natively.py)."""
    outcome = guest.run(linux, toolchain.program("basic/vsyscall_page.c"), ["filtered"])
    assert outcome.finished == Finished(b"time: -77\ngettimeofday: 0\n", b"", 128 + 31)


@BITS
def test_vdso(linux: Linux, toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program(f"basic/vdso{bits}.c", bits=bits)
    outcome = guest.run(linux, program)
    assert outcome.finished == native(program)
    for wrong in (b"WRONG", b"MISSING", b"IS NOT", b"IS ANOTHER", b"BEFORE", b"ANOTHER"):
        assert wrong not in outcome.stdout


@BITS
@pytest.mark.parametrize(
    "way",
    [
        "read",
        "store",
        "protection",
        "mapping",
        "moving",
        "itself",
        "two_mappings",
        "another_process",
    ],
)
def test_changed_code_is_run(linux: Linux, toolchain: Toolchain, native: Run, way: str, bits: Bits) -> None:
    program = toolchain.program("basic/code_changes.c", bits=bits)
    outcome = guest.run(linux, program, [way])
    assert outcome.finished == native(program, [way])
    assert outcome.stdout.count(b"\n") >= 3


@BITS
def test_many_calls(linux: Linux, toolchain: Toolchain, bits: Bits) -> None:
    outcome = guest.run(linux, toolchain.program("basic/getpid_loop.c", bits=bits), ["1000"])
    assert outcome.status == 0
    assert outcome.count(Event.SYSCALL if bits == 64 else 0x80) >= 1000


def test_compute(toolchain: Toolchain, native: Run) -> None:
    program = toolchain.program("basic/compute.c")
    with guest.boot() as linux:
        assert guest.run(linux, program, ["100000"]).finished == native(program, ["100000"])


@BITS
def test_programs_one_after_another_on_one_machine(linux: Linux, toolchain: Toolchain, bits: Bits) -> None:
    """Nothing of one is left for the next: the same program does the same, and memory comes back."""
    program = toolchain.program("basic/malloc_loop.c", bits=bits)
    first = guest.run(linux, program)
    used = linux.machine.ram.frames_in_use
    for _ in range(2):
        assert guest.run(linux, toolchain.program("basic/hello.c", bits=32)).status == 0
        again = guest.run(linux, program)
        assert again.finished == first.finished
        assert again.stops == first.stops or guest.CPU == [
            CpuKind.AUTO
        ]  # a program that has been moved faults elsewhere
    assert linux.machine.ram.frames_in_use <= used + 64
