"""The guest programs do on the host what the tests of Ring3 take for granted about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import faults
from tests.support.debian import busybox
from tests.support.host_gcc import static_glibc
from tests.support.native import Finished, Run
from tests.support.toolchain import Bits, Kind, Toolchain

BOTH_WIDTHS = pytest.mark.parametrize("bits", [64, 32])


@pytest.mark.parametrize(
    ("name", "bits", "stdout", "status"),
    [
        ("exit_int80.c", 32, b"", 42),
        ("exit_int80.c", 64, b"", 42),
        ("exit_vsyscall.c", 32, b"", 42),
        ("exit_syscall.c", 64, b"", 42),
        ("write.c", 32, b"Hello, World\n", 60),
        ("write.c", 64, b"Hello, World\n", 60),
        ("atexit_exit.c", 32, b"registered function\n", 42),
        ("atexit_exit.c", 64, b"registered function\n", 42),
        ("atexit_raw.c", 32, b"", 42),
        ("atexit_raw.c", 64, b"", 42),
    ],
)
def test_seed(toolchain: Toolchain, native: Run, name: str, bits: Bits, stdout: bytes, status: int) -> None:
    assert native(toolchain.program(f"seeds/{name}", bits=bits)) == Finished(stdout, b"", status)


def test_seed_hello(toolchain: Toolchain, native: Run) -> None:
    program = toolchain.program("seeds/hello.s", kind="nolibc")
    assert native(program) == Finished(b"Hello, world\n", b"", 0)


def test_seed_of_solaris_assembles_and_is_not_linuxs(toolchain: Toolchain, native: Run) -> None:
    assert native(toolchain.program("seeds/foo.S", kind="nolibc")) == Finished(b"", b"", 139)


@BOTH_WIDTHS
@pytest.mark.parametrize("kind", ["static", "static-pie", "dynamic"])
def test_hello(toolchain: Toolchain, native: Run, kind: Kind, bits: Bits) -> None:
    program = toolchain.program("basic/hello.c", bits=bits, kind=kind)
    assert native(program) == Finished(b"Hello, world\n", b"", 0)


@BOTH_WIDTHS
def test_hello_of_static_glibc(native: Run, bits: Bits) -> None:
    assert native(static_glibc("basic/hello.c", bits=bits)) == Finished(b"Hello, world\n", b"", 0)


@BOTH_WIDTHS
@pytest.mark.parametrize(
    ("arguments", "stdout", "status"),
    [
        (["true"], b"", 0),
        (["false"], b"", 1),
        (["echo", "a", "b"], b"a b\n", 0),
        (["expr", "6", "*", "7"], b"42\n", 0),
        (["uname", "-s"], b"Linux\n", 0),
    ],
)
def test_busybox(native: Run, arguments: list[str], stdout: bytes, status: int, bits: Bits) -> None:
    assert native(busybox(bits), arguments) == Finished(stdout, b"", status)


@BOTH_WIDTHS
def test_args(toolchain: Toolchain, native: Run, bits: Bits) -> None:
    environment = {"RING3_ONE": "1 and =", "RING3_EMPTY": ""}
    finished = native(toolchain.program("basic/args.c", bits=bits), ["a b", "", "ä"], environment=environment)
    assert finished.status == 0
    assert finished.stdout.decode().splitlines() == [
        "argc 4",
        "argv[1] [a b]",
        "argv[2] []",
        "argv[3] [ä]",
        "argv[argc] NULL",
        "RING3_ONE=[1 and =]",
        "RING3_EMPTY=[]",
        "RING3_NONE is not set",
    ]


@BOTH_WIDTHS
@pytest.mark.parametrize("kind", ["static", "static-pie"])
def test_auxv(toolchain: Toolchain, native: Run, kind: Kind, bits: Bits) -> None:
    finished = native(toolchain.program("basic/auxv.c", bits=bits, kind=kind))
    lines = finished.stdout.decode().splitlines()
    assert finished.status == 0
    assert not [line for line in lines if "WRONG" in line]
    assert {"AT_PAGESZ 4096", "AT_CLKTCK 100", "AT_SECURE 0", "AT_EXECFN ok", "AT_RANDOM ok"} <= set(lines)
    assert {f"AT_PHENT {56 if bits == 64 else 32}"} <= set(lines)
    assert ("AT_SYSINFO ok" in lines) == (bits == 32)


@BOTH_WIDTHS
@pytest.mark.parametrize(
    ("argument", "status"), [("0", 0), ("42", 42), ("255", 255), ("256", 0), ("-1", 255)]
)
def test_exit_status(toolchain: Toolchain, native: Run, argument: str, status: int, bits: Bits) -> None:
    assert native(toolchain.program("basic/exit_status.c", bits=bits), [argument]).status == status


def test_fault_table_has_every_deed_of_the_program(toolchain: Toolchain, native: Run) -> None:
    widths: tuple[Bits, Bits] = (64, 32)
    for bits in widths:
        listed = native(toolchain.program("basic/signals_fault.c", bits=bits)).stdout.decode().split()
        assert sorted(listed) == sorted(fault.name for fault in faults.table() if fault.bits == bits)


@pytest.mark.parametrize("fault", faults.table(), ids=str)
def test_fault(toolchain: Toolchain, native: Run, fault: faults.Fault) -> None:
    program = toolchain.program("basic/signals_fault.c", bits=fault.bits)
    assert native(program, [fault.name]) == Finished(b"", b"", fault.status)


@BOTH_WIDTHS
def test_clobber(toolchain: Toolchain, native: Run, bits: Bits) -> None:
    program = toolchain.program(f"basic/clobber{bits}.S", bits=bits, kind="nolibc")
    assert native(program) == Finished(b"", b"", 0)


@BOTH_WIDTHS
def test_enosys(toolchain: Toolchain, native: Run, bits: Bits) -> None:
    finished = native(toolchain.program("basic/enosys.c", bits=bits))
    numbers = [line.split(": ") for line in finished.stdout.decode().splitlines()]
    assert len(numbers) > 25
    x32 = {str(0x4000_0000 | 39), str(0x4000_0000 | 520)}  # a kernel may have them
    assert {answer for number, answer in numbers if number not in x32} == {"-38"}


def test_upper_halves(toolchain: Toolchain, native: Run) -> None:
    finished = native(toolchain.program("basic/upper_halves.c"))
    assert finished.status == 7
    assert finished.stdout.decode().splitlines() == [
        "written",
        "write(fd|): 8",
        "written",
        "number|: 8",
        "written",
        "number| negative: 8",
        "number -1|: -38",
        "write(fd -1|): -9",
        "write(, buffer|): -14",
        "write(,, count|): -14",
        "close(99|): -9",
        "ioctl(fd|, TIOCGWINSZ|): -25",
    ]


def test_int80_from_64(toolchain: Toolchain, native: Run) -> None:
    finished = native(toolchain.program("basic/int80_from_64.c"))
    assert finished.status == 7
    assert finished.stdout.count(b"written\n") == 2
    assert b"CHANGED" not in finished.stdout
    kept = b"r8 8888888888888888 r9 9999999999999999 r10 aaaaaaaaaaaaaaaa r11 bbbbbbbbbbbbbbbb\n"
    assert finished.stdout.count(kept) == 9


@pytest.mark.parametrize(
    ("deed", "status"), [("call", 0), ("read", 139), ("write", 139), ("middle", 139), ("bad_pointer", 139)]
)
def test_vsyscall_page(toolchain: Toolchain, native: Run, deed: str, status: int) -> None:
    if "--xp 00000000 00:00 0                  [vsyscall]" not in Path("/proc/self/maps").read_text():
        pytest.skip("the host's kernel has no execute-only vsyscall page")
    finished = native(toolchain.program("basic/vsyscall_page.c"), [deed])
    assert finished.status == status
    assert b"WRONG" not in finished.stdout
    assert (finished.stdout.count(b"\n") == 5) == (deed == "call")


def test_calls_of_the_vsyscall_page_are_filtered(toolchain: Toolchain, native: Run) -> None:
    if "[vsyscall]" not in Path("/proc/self/maps").read_text():
        pytest.skip("the host's kernel has no vsyscall page")
    finished = native(toolchain.program("basic/vsyscall_page.c"), ["filtered"])
    assert finished == Finished(b"time: -77\ngettimeofday: 0\n", b"", 128 + 31)


@BOTH_WIDTHS
def test_vdso(toolchain: Toolchain, native: Run, bits: Bits) -> None:
    finished = native(toolchain.program(f"basic/vdso{bits}.c", bits=bits))
    assert finished.status == 0
    for wrong in (b"WRONG", b"MISSING", b"IS NOT", b"IS ANOTHER", b"BEFORE", b"ANOTHER"):
        assert wrong not in finished.stdout


@pytest.mark.parametrize(
    ("name", "last_line"),
    [
        ("malloc_loop.c", "checksum e6ae9fca"),
        ("printf_float.c", "2.5 rounds to 2"),
        ("sse.c", "stack aligned"),
        ("compute.c", "checksum ce793750"),
    ],
)
def test_widths_compute_the_same(toolchain: Toolchain, native: Run, name: str, last_line: str) -> None:
    wide = native(toolchain.program(f"basic/{name}", bits=64))
    narrow = native(toolchain.program(f"basic/{name}", bits=32))
    assert wide == narrow
    assert wide.stdout.decode().splitlines()[-1] == last_line


@BOTH_WIDTHS
def test_getpid_loop(toolchain: Toolchain, native: Run, bits: Bits) -> None:
    assert native(toolchain.program("basic/getpid_loop.c", bits=bits), ["1000"]).status == 0
