"""Segments of a program's own: its LDT, its three entries in the GDT, the bases of FS and GS."""

from __future__ import annotations

import pytest

from ring3.computer import Linux
from ring3.image.linux.boot import GDT_LDT
from ring3.linux.x86.ldt import WINDOW, WINDOWS
from ring3.machine.cpu import Stop
from tests.support import guest
from tests.support.native import Run
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])


@BITS
@pytest.mark.parametrize("name", ["ldt", "segments"])
def test_does_what_it_does_natively(
    linux: Linux, toolchain: Toolchain, native: Run, name: str, bits: Bits
) -> None:
    program = toolchain.program(f"tasks/{name}.c", bits=bits)
    assert guest.run(linux, program).finished == native(program)


@BITS
def test_table_lies_in_ram_and_only_its_program_has_it(
    linux: Linux, toolchain: Toolchain, bits: Bits
) -> None:
    """While one runs, LDTR and entry 10 of the GDT lead to its table; nothing stays when it has ended."""
    seen: set[tuple[int, int]] = set()
    machine, kernel = linux.machine, linux.kernel

    def watch() -> Stop:
        base, limit = machine.cpu.table_register("ldtr")
        described = machine.segment(GDT_LDT)
        assert (described.base, described.limit) == (base & 0xFFFF_FFFF, limit)
        if limit:
            machine.read(base, limit + 1)
        seen.add((base, limit))
        return machine.cpu.run()

    frames = []
    for _ in range(2):
        task = linux.load(str(toolchain.program("tasks/ldt.c", bits=bits)), (), {})
        task.files.close_on_exec()
        kernel.run_cpu = watch
        assert linux.run(task) == 0
        frames.append(machine.ram.frames_in_use)
    assert frames[0] == frames[1]
    assert (0, 0) in seen
    assert {base for base, _ in seen} == {0, WINDOWS, WINDOWS + WINDOW}
    assert {limit for _, limit in seen} >= {8 * 8192 - 1, 8 * 701 - 1}
    assert machine.cpu.table_register("ldtr") == (0, 0)
    assert not machine.segment(GDT_LDT).present


def test_own_table_does_not_disturb_the_short_path(toolchain: Toolchain) -> None:
    with guest.boot("short") as linux:
        guest.run(linux, toolchain.program("tasks/ldt.c"))
        linux.kernel.check_entry_state()
        assert linux.kernel.short_path
