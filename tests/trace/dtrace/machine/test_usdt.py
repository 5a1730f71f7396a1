"""Tracepoints that programs bring along: notes of SystemTap's form, and DOF."""

import contextlib
from types import SimpleNamespace
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from ring3.trace.dtrace import dof_format
from ring3.trace.dtrace.machine import dof, stapsdt
from tests.support.toolchain import Toolchain
from tests.trace.dtrace.machine.test_host import dtrace

SHOWN = 'shop$target:::item-sold { printf("%s %d %d %s\\n", probefunc, args[0], args[2], copyinstr(arg1)); }'


@pytest.mark.guest
def test_notes_of_systemtap(toolchain: Toolchain, capfd: pytest.CaptureFixture[str]) -> None:
    program = str(toolchain.program("usdt/shop.c"))
    assert dtrace(program, "-qn", SHOWN)[1] == "sell 7 5 apple\nsell -7 5 apple\n\n"
    assert dtrace(program, "-qn", "BEGIN { trace(1); }")[1] == "1\n"
    assert capfd.readouterr().out == "2\n0\n"  # the semaphore, counted once for each place


@pytest.mark.guest
def test_they_are_listed_and_found_by_either_spelling(toolchain: Toolchain) -> None:
    program = str(toolchain.program("usdt/shop.c"))
    listed = dtrace(program, "-ln", "shop*:::item__sold")[1].splitlines()[1:]
    assert [line.split()[1:] for line in listed] == [["shop2", "shop", "sell", "item-sold"]]
    assert dtrace(program, "-n", "shop$target:::missing")[0] == 1


@pytest.mark.guest
def test_dof_and_a_program_that_asks(toolchain: Toolchain, capfd: pytest.CaptureFixture[str]) -> None:
    program = str(toolchain.program("usdt/dof.c"))
    script = 'shop$target:::item-sold { printf("%s %s %d\\n", probefunc, copyinstr((uintptr_t)args[0]), args[1]); }'
    assert dtrace(program, "-qn", script)[1] == "sell apple 7\n\n"
    assert dtrace(program, "-qn", "BEGIN { trace(1); }")[1] == "1\n"
    assert capfd.readouterr().out == "1\n0\n"


MEMORY = {0x1008: 0x1122334455667788, 0x5010: 0xFFFFFFFE, 0x1038: 3}


@pytest.mark.parametrize(
    ("operand", "value", "kind"),
    [
        ("4@$5", 5, "uint32_t"),
        ("-4@$-3", -3, "int32_t"),
        ("8@%rdi", 1 << 40, "uint64_t"),
        ("-4@%r8d", -2, "int32_t"),
        ("1@%ah", 0x12, "uint8_t"),
        ("2@%ax", 0x1234, "uint16_t"),
        ("1@%sil", 0x78, "uint8_t"),
        ("8@8(%rbp)", 0x1122334455667788, "uint64_t"),
        ("4@-8(%rbp,%rcx,8)", 3, "uint32_t"),
        ("-4@counter+16(%rip)", -2, "int32_t"),
        ("4@counter+16", 0xFFFFFFFE, "uint32_t"),
        ("8@%xmm0", 0x40, "uint64_t"),
        ("8@nonsense(", 0, "uint64_t"),
        ("nonsense", 0, "int64_t"),
    ],
)
def test_operands_of_the_assembler(operand: str, value: int, kind: str) -> None:
    registers: Any = SimpleNamespace(
        di=1 << 40, r8=0xF_FFFF_FFFE, ax=0x1234, si=0x5678, bp=0x1000, cx=8, ip=0x40
    )

    def peek(address: int, size: int) -> bytes:
        return (MEMORY[address] & (1 << 8 * size) - 1).to_bytes(size, "little")

    argument = stapsdt.argument(operand, lambda: {"counter": 0x1000})
    assert (argument.read(registers, peek, 0x4000), argument.type) == (value, kind)


def test_dof_that_is_cut_off_is_an_error_of_value_or_nothing(toolchain: Toolchain) -> None:
    with toolchain.program("usdt/dof.c").open("rb") as file:
        section = ELFFile(file).get_section_by_name(dof_format.SECTION)
        assert section is not None
        data = section.data()
    whole = list(dof.tracepoints(data, 64))
    assert [(point.provider, point.function, point.asks) for point in whole] == [
        ("shop", "sell", False),
        ("shop", "asked", True),
    ]
    for cut in range(0, len(data), 4):
        with contextlib.suppress(ValueError):
            assert len(list(dof.tracepoints(data[:cut], 64))) <= len(whole)


@pytest.mark.guest
def test_programs_that_start_later_are_found_too(
    toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(toolchain.program("usdt/shop.c").parent)
    shown = dtrace(
        "/bin/sh",
        "-Zqn",
        'shop*:::item-sold { printf("%s %d\\n", probefunc, arg0); }',
        arguments="-c './shop; ./shop; true'",
    )[1]
    assert shown == "sell 7\nsell -7\n" * 2 + "\n"
