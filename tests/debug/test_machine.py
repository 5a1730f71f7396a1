"""The whole machine that is debugged: steps through ring 0, breakpoints of the kernel, its registers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.computer import Linux
from ring3.debug import MachineTarget, Reason, Stop
from tests.support import guest
from tests.support.elf_file import CODE, program, put

GETPID: bytes = bytes.fromhex("b827000000 0f05 89c7 b83c000000 0f05")


@pytest.fixture
def linux() -> Iterator[Linux]:
    with guest.boot() as booted:
        yield booted


@pytest.fixture
def target(linux: Linux, tmp_path: Path) -> MachineTarget:
    """The machine, with a program that asks for its number and ends with it, before its first instruction."""
    linux.load(str(put(tmp_path / "program", program(GETPID))))
    target = MachineTarget(linux.kernel)
    target.breakpoints.add(CODE)
    target.resume_all()
    assert waited(target).reason is Reason.BREAKPOINT
    return target


def waited(target: MachineTarget) -> Stop:
    stop = target.wait()
    assert stop is not None
    return stop


def symbol(target: MachineTarget) -> str:
    assert target.running is not None
    return target.kernel.image.symbols.describe(target.running.cpu.pc)


def test_steps_from_ring_3_through_ring_0_and_back(target: MachineTarget) -> None:
    thread = target.threads[0]
    seen: list[str] = []
    while thread.cpu.pc != CODE + 7:
        target.step(thread)
        assert waited(target).reason is Reason.STEP
        name = symbol(target).partition("+")[0]
        if thread.cpu.ring == 0 and seen[-1:] != [name]:
            seen.append(name)
    assert seen[:3] == ["entry_SYSCALL_64", "do_syscall_64", "__x64_sys_getpid"]
    assert thread.cpu.ring == 3
    assert thread.cpu["rax"] == thread.tid


def test_a_breakpoint_in_the_kernel_is_met_by_programs_on_the_short_path(target: MachineTarget) -> None:
    thread = target.threads[0]
    target.breakpoints.add(target.kernel.image.symbols["__x64_sys_getpid"])
    target.resume(thread)
    stop = waited(target)
    assert (stop.reason, stop.thread, symbol(target)) == (Reason.BREAKPOINT, thread, "__x64_sys_getpid")
    assert thread.cpu.ring == 0
    target.resume(thread)
    stop = waited(target)
    assert (stop.reason, stop.number) == (Reason.EXIT, thread.tid << 8)


def test_a_step_over_the_halt_of_a_stub_is_the_handler(target: MachineTarget) -> None:
    thread = target.threads[0]
    at = target.kernel.image.symbols["__x64_sys_getpid"]
    target.breakpoints.add(at)
    target.resume(thread)
    waited(target)
    for _ in range(2):
        target.step(thread)
        waited(target)
    assert thread.cpu.pc == at + 5
    assert thread.cpu["rax"] == thread.tid


def test_registers_of_the_processor_are_there(target: MachineTarget) -> None:
    cpu = target.threads[0].cpu
    assert cpu["cr0"] & 1
    assert cpu["cr3"] == target.kernel.machine.cpu.cr3
    with pytest.raises(ValueError, match="cs"):
        cpu["cs"] = 8
    with pytest.raises(KeyError):
        cpu["eax"]


def test_the_machine_stops_when_it_is_asked_to(target: MachineTarget) -> None:
    thread = target.threads[0]
    target.resume(thread)
    target.interrupt()
    stop = waited(target)
    assert (stop.reason, stop.thread) == (Reason.INTERRUPT, thread)


def test_nothing_of_it_is_left_when_it_is_closed(linux: Linux, target: MachineTarget) -> None:
    task = target.threads[0].task
    target.breakpoints.add(target.kernel.image.symbols["__x64_sys_getpid"])
    target.close()
    assert linux.run(task) == task.tid
    assert linux.kernel.short_path
