"""Any change of what a door goes through is noticed, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ring3.computer import Linux
from ring3.image.linux.boot import GDT_TLS_MIN
from ring3.machine.msr import Msr


@pytest.fixture(scope="module")
def linux() -> Iterator[Linux]:
    with Linux(ram_bytes=64 << 20) as booted:
        yield booted


def holds(linux: Linux) -> bool:
    return linux.kernel.linux.entry.holds(linux.machine, linux.kernel.image)


def flip(linux: Linux, address: int) -> None:
    linux.machine.write(address, bytes([linux.machine.read(address, 1)[0] ^ 1]))


def test_it_holds_after_boot(linux: Linux) -> None:
    assert holds(linux)
    assert linux.kernel.short_path


PLACES: dict[str, Callable[[Linux], int]] = {
    "first gate": lambda linux: linux.symbols["idt_table"],
    "gate 0x80": lambda linux: linux.symbols["idt_table"] + 16 * 0x80 + 5,
    "last gate": lambda linux: linux.symbols["idt_table"] + 16 * 256 - 16,
    "kernel code segment": lambda linux: linux.symbols["gdt_page"] + 8 * 2 + 5,
    "user data segment": lambda linux: linux.symbols["gdt_page"] + 8 * 5,
    "TSS descriptor": lambda linux: linux.symbols["gdt_page"] + 8 * 8,
    "IST1": lambda linux: linux.symbols["cpu_tss_rw"] + 36,
    "exception table": lambda linux: linux.symbols["__start___ex_table"],
    "entry_SYSCALL_64": lambda linux: linux.symbols["entry_SYSCALL_64"],
    "the end of the entry code": lambda linux: linux.symbols["asm_common_interrupt"] + 2,
    "do_syscall_64": lambda linux: linux.symbols["do_syscall_64"] + 7,
    "exc_page_fault": lambda linux: linux.symbols["exc_page_fault"] + 4,
    "the stub of getpid": lambda linux: linux.symbols["__x64_sys_getpid"] + 4,
    "the last stub": lambda linux: max(linux.kernel.stubs) + 5,
}


@pytest.mark.parametrize("place", PLACES)
def test_a_changed_byte_is_noticed_and_so_is_its_return(linux: Linux, place: str) -> None:
    address = PLACES[place](linux)
    flip(linux, address)
    assert not holds(linux)
    assert not linux.kernel.short_path
    flip(linux, address)
    assert holds(linux)
    assert linux.kernel.short_path


@pytest.mark.parametrize(
    "msr",
    [
        Msr.MSR_EFER,
        Msr.MSR_STAR,
        Msr.MSR_LSTAR,
        Msr.MSR_CSTAR,
        Msr.MSR_SYSCALL_MASK,
        Msr.MSR_IA32_SYSENTER_CS,
        Msr.MSR_IA32_SYSENTER_ESP,
        Msr.MSR_IA32_SYSENTER_EIP,
    ],
)
def test_a_changed_msr_is_noticed(linux: Linux, msr: Msr) -> None:
    old = linux.machine.rdmsr(msr)
    linux.machine.wrmsr(msr, old ^ 1)
    assert not holds(linux)
    linux.machine.wrmsr(msr, old)
    assert holds(linux)


@pytest.mark.parametrize("register", ["gdtr", "idtr", "tr"])
def test_a_moved_table_is_noticed(linux: Linux, register: str) -> None:
    cpu = linux.machine.cpu
    base, limit = cpu.table_register(register)
    flags = 0x8B00 if register == "tr" else 0
    selector = cpu.task_register if register == "tr" else 0
    cpu.set_table_register(register, selector, base, limit - 1, flags)
    assert not holds(linux)
    cpu.set_table_register(register, selector, base, limit, flags)
    assert holds(linux)


UNWATCHED: dict[str, Callable[[Linux], int]] = {
    "a slot of sys_call_table": lambda linux: linux.symbols["sys_call_table"] + 8,
    "a slot of ia32_sys_call_table": lambda linux: linux.symbols["ia32_sys_call_table"] + 8,
    "a TLS segment": lambda linux: linux.symbols["gdt_page"] + 8 * GDT_TLS_MIN,
    "TSS.RSP0": lambda linux: linux.symbols["cpu_tss_rw"] + 4,
    "the current task": lambda linux: linux.symbols["current_task"],
}


@pytest.mark.parametrize("place", UNWATCHED)
def test_what_changes_with_every_task_or_is_read_by_both_paths_is_no_change(linux: Linux, place: str) -> None:
    address = UNWATCHED[place](linux)
    flip(linux, address)
    assert holds(linux)
    flip(linux, address)


@pytest.mark.parametrize("msr", [Msr.MSR_FS_BASE, Msr.MSR_GS_BASE, Msr.MSR_KERNEL_GS_BASE, Msr.MSR_TSC_AUX])
def test_what_belongs_to_the_program_is_no_change(linux: Linux, msr: Msr) -> None:
    old = linux.machine.rdmsr(msr)
    linux.machine.wrmsr(msr, 0x1000)
    assert holds(linux)
    linux.machine.wrmsr(msr, old)
