"""The programs of the source documents, as printed there, through the doors that they are about."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from ring3.kernel import points
from ring3.machine.cpu import Event
from ring3.machine.msr import Msr
from tests.support import guest
from tests.support.native import Finished
from tests.support.toolchain import Bits, Toolchain

INT80 = 0x80
SYSENTER = Event.SYSENTER
SYSCALL = Event.SYSCALL


@pytest.mark.parametrize(
    ("name", "bits", "last_door", "stdout", "status"),
    [
        ("exit_int80.c", 32, INT80, b"", 42),
        ("exit_int80.c", 64, INT80, b"", 42),
        ("exit_vsyscall.c", 32, SYSENTER, b"", 42),
        ("exit_syscall.c", 64, SYSCALL, b"", 42),
        ("write.c", 32, INT80, b"Hello, World\n", 60),
        ("write.c", 64, SYSCALL, b"Hello, World\n", 60),
        ("atexit_exit.c", 32, INT80, b"registered function\n", 42),
        ("atexit_exit.c", 64, SYSCALL, b"registered function\n", 42),
        ("atexit_raw.c", 32, INT80, b"", 42),
        ("atexit_raw.c", 64, SYSCALL, b"", 42),
    ],
)
def test_seed(
    linux: Linux,
    toolchain: Toolchain,
    name: str,
    bits: Bits,
    last_door: Event | int,
    stdout: bytes,
    status: int,
) -> None:
    outcome = guest.run(linux, toolchain.program(f"seeds/{name}", bits=bits))
    assert outcome.finished == Finished(stdout, b"", status)
    if name.startswith("exit_"):
        assert outcome.left_by(last_door)


def test_seed_hello(linux: Linux, toolchain: Toolchain) -> None:
    outcome = guest.run(linux, toolchain.program("seeds/hello.s", kind="nolibc"))
    assert outcome.finished == Finished(b"Hello, world\n", b"", 0)
    assert outcome.count(SYSCALL) == 2


def test_sysenter_is_executed_and_reaches_the_address_in_its_msr(toolchain: Toolchain) -> None:
    """The document's program calls __kernel_vsyscall: on the full path ring 0 is entered where MSR 0x176 says."""
    program = toolchain.program("seeds/exit_vsyscall.c", bits=32)
    with guest.boot("full") as linux:
        entered: list[int] = []
        linux.kernel.probes.attach(points.Delivery(), lambda told: entered.append(linux.machine.cpu.rip))
        outcome = guest.run(linux, program)
        assert outcome.status == 42
        assert outcome.left_by(SYSENTER)
        assert (
            entered[-1]
            == linux.machine.rdmsr(Msr.MSR_IA32_SYSENTER_EIP)
            == linux.symbols["ia32_sysenter_target"]
        )


def test_the_seed_for_solaris_dies_on_linux_as_it_does_natively(linux: Linux, toolchain: Toolchain) -> None:
    outcome = guest.run(linux, toolchain.program("seeds/foo.S", kind="nolibc"))
    assert outcome.finished == Finished(b"", b"", 139)
