"""One call through each door: what the CPU does, what ring 0 executes, what the handler gets, what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from ring3.abi import elf
from ring3.resources import read_bytes
from ring3.trace.explain.events import Delivery, FrameFilled, Instruction, PythonCall, TableSlot
from ring3.trace.explain.watch import Wanted
from tests.support.toolchain import Toolchain
from tests.trace.explain.explaining import Explained, build, explain

M32 = 0xFFFF_FFFF
ENOSYS = (1 << 64) - 38
FIELDS = {
    "r15": "r15", "r14": "r14", "r13": "r13", "r12": "r12", "bp": "rbp", "bx": "rbx", "r10": "r10", "r9": "r9",
    "r8": "r8", "dx": "rdx", "si": "rsi", "di": "rdi",
}  # fmt: skip
"""The fields of pt_regs that every door fills with the register of that name, from 64-bit code."""

SYSCALL_STEPS = [
    "check MSR_EFER.SCE",
    "set RCX",
    "set R11",
    "read MSR_STAR (0xc0000081)",
    "set CS",
    "set SS",
    "read MSR_SYSCALL_MASK (0xc0000084)",
    "set RFLAGS",
]
SYSENTER_STEPS = [
    "read MSR_IA32_SYSENTER_CS (0x174)",
    "check SYSENTER_CS is not the null selector",
    "set RFLAGS",
    "set CS",
    "set SS",
    "read MSR_IA32_SYSENTER_ESP (0x175)",
    "set RSP",
    "read MSR_IA32_SYSENTER_EIP (0x176)",
    "set RIP",
]
INT80_STEPS = [
    "read IDT gate 0x80",
    "check gate DPL 3 >= CPL 3",
    "check gate is present",
    "read GDT descriptor 0x10",
    "check 64-bit code segment, DPL 0 <= CPL 3",
    "read TSS.RSP0",
    "write push SS",
    "write push RSP",
    "write push RFLAGS",
    "write push CS",
    "write push RIP",
    "set CS",
    "set SS",
    "set RSP",
    "set RFLAGS",
    "set RIP",
]


@dataclass(frozen=True, slots=True)
class Case:
    """A write through one door, and what is to be told of it.

    Attributes:
        build: Makes the program.
        wanted: The call.
        door: The instruction.
        raw: Its bytes.
        where: The symbol it follows.
        long_mode: It is 64-bit code's.
        steps: What the CPU does.
        entry: The symbols at ring 0's first instruction.
        by: The instruction that goes back.
        table: The table.
        changed: The program's registers that change.
    """

    build: Callable[[Toolchain], Path]
    wanted: Wanted
    door: str
    raw: str
    where: str
    long_mode: bool
    steps: list[str]
    entry: tuple[str, ...]
    by: str
    table: str
    changed: set[str]


def doors32(toolchain: Toolchain) -> Path:
    return build(toolchain, "doors32.S", 32)


CASES = {
    "syscall": Case(
        lambda toolchain: toolchain.program("seeds/hello.s", kind="nolibc"),
        Wanted(),
        "syscall",
        "0f05",
        "_start",
        True,
        [*SYSCALL_STEPS, "read MSR_LSTAR (0xc0000082)", "set RIP"],
        ("entry_SYSCALL_64", "system_call"),
        "sysretq",
        "sys_call_table",
        {"rax", "rcx", "r11"},
    ),
    "int80": Case(
        doors32,
        Wanted(),
        "int $0x80",
        "cd80",
        "by_int80",
        False,
        INT80_STEPS,
        ("entry_INT80_compat", "ia32_syscall"),
        "iretq",
        "ia32_sys_call_table",
        {"rax"},
    ),
    "int80 from 64-bit code": Case(
        lambda toolchain: toolchain.program("basic/int80_from_64.c"),
        Wanted(name="write"),
        "int $0x80",
        "cd80",
        "main",
        True,
        INT80_STEPS,
        ("entry_INT80_compat", "ia32_syscall"),
        "iretq",
        "ia32_sys_call_table",
        {"rax"},
    ),
    "sysenter": Case(
        doors32,
        Wanted(2),
        "sysenter",
        "0f34",
        "__kernel_vsyscall",
        False,
        SYSENTER_STEPS,
        ("entry_SYSENTER_compat", "ia32_sysenter_target"),
        "sysexitl",
        "ia32_sys_call_table",
        {"rax", "rcx", "rdx", "rbp"},
    ),
    "syscall from 32-bit code": Case(
        doors32,
        Wanted(3),
        "syscall",
        "0f05",
        "by_syscall",
        False,
        [*SYSCALL_STEPS, "read MSR_CSTAR (0xc0000083)", "set RIP"],
        ("entry_SYSCALL_compat", "ia32_cstar_target"),
        "sysretl",
        "ia32_sys_call_table",
        {"rax", "rcx", "rbp", "r11"},
    ),
}


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope="module")
def explained(case: Case, toolchain: Toolchain) -> Explained:
    return explain(case.build(toolchain), case.wanted)


def test_user_side(case: Case, explained: Explained) -> None:
    asked = explained.told.asked
    assert (asked.door, asked.long_mode) == (case.door, case.long_mode)
    assert asked.code.raw.hex() == case.raw
    assert asked.code.where.partition("+")[0] == case.where
    assert explained.registers["rip"] == asked.code.address
    wide = case.table == "sys_call_table"
    assert (asked.abi, asked.number, asked.name, asked.entry) == (
        "x86_64" if wide else "i386",
        1 if wide else 4,
        "write",
        "sys_write",
    )
    assert [(argument.type, argument.name) for argument in asked.arguments] == [
        ("unsigned int", "fd"),
        ("void __user *", "buf"),
        ("size_t", "count"),
    ]
    fd, buf, count = (argument.value for argument in asked.arguments)
    assert fd == 1
    assert buf is not None
    assert (buf & M32) == explained.handler.layers[2].arguments[1].value
    assert count == explained.handler.result


def test_the_cpus_steps(case: Case, explained: Explained) -> None:
    (delivery,) = explained.all(Delivery)
    assert explained.told.events[0] is delivery
    assert delivery.cause == case.door
    assert [f"{step.what} {step.subject}" for step in delivery.steps] == case.steps
    assert delivery.steps[-1].value.split(";")[0].endswith(f"<{case.entry[0]}>")


def test_pushes_of_the_cpu_are_fields_of_pt_regs(case: Case, explained: Explained) -> None:
    (delivery,) = explained.all(Delivery)
    pushed = [step.where for step in delivery.steps if step.what == "write"]
    fields = ["ss", "sp", "flags", "cs", "ip"] if case.door == "int $0x80" else []
    assert pushed == [f"pt_regs->{field}" for field in fields]


def test_events_in_order(explained: Explained) -> None:
    assert explained.kinds == [
        Delivery, Instruction, FrameFilled, Instruction, TableSlot, Instruction, PythonCall, Instruction,
    ]  # fmt: skip


def test_ring0_begins_at_the_entry_and_ends_with_the_return(case: Case, explained: Explained) -> None:
    first, last = explained.code[0], explained.code[-1]
    assert explained.told.entry_names == case.entry
    assert first.code.where == case.entry[0]
    assert last.code.text == case.by
    assert explained.told.back is not None
    assert explained.told.back.by == case.by
    assert last.next == explained.told.back.code.address


def test_every_instruction_follows_the_one_before(explained: Explained) -> None:
    for one, other in pairwise(explained.code):
        assert one.next == other.code.address, one.code.where
        falls_through = one.code.address + len(one.code.raw)
        jumps = one.code.text.startswith(("j", "call", "ret"))
        assert jumps or one.next == falls_through, one.code.where
        assert one.taken in (None, one.next != falls_through)


def test_instructions_are_those_of_the_kernel_image(explained: Explained) -> None:
    raw = read_bytes("image/linux/vmlinux")
    header = elf.parse_header(raw)
    segments = elf.parse_program_headers(header, raw[header.phoff :])
    text = next(segment for segment in segments if segment.flags & elf.PFlags.X)
    in_image = [one.code for one in explained.code if one.code.address < text.vaddr + text.filesz]
    assert len(in_image) > len(explained.code) - 4
    for code in in_image:
        at = code.address - text.vaddr + text.offset
        assert raw[at : at + len(code.raw)] == code.raw
        assert code.where


def test_swapgs_on_the_way_in_and_out(explained: Explained) -> None:
    swaps = [one for one in explained.code if one.code.text == "swapgs"]
    assert len(swaps) == 2
    for one, other in zip(swaps[0].changes, swaps[1].changes, strict=True):
        assert (one.name, one.before, one.after) == (other.name, other.after, other.before)
    assert swaps[0].changes[0].name == "gs_base"
    assert swaps[0].changes[0].after >> 32 == 0xFFFF_FFFF
    assert [one.note for one in swaps] == ["%gs: is this CPU's data", "%gs: is the user's again"]


def test_pt_regs_hold_the_programs_registers(case: Case, explained: Explained) -> None:
    frame, user = explained.frame, explained.registers
    assert (frame["orig_ax"], frame["ax"]) == (user["rax"] & M32, ENOSYS)
    assert (frame["cs"], frame["ss"]) == (0x33 if case.long_mode else 0x23, 0x2B)
    mask = (1 << 64) - 1 if case.long_mode else M32
    fields = FIELDS if case.long_mode else {f: r for f, r in FIELDS.items() if not r[1:].isdigit()}
    assert {field: frame[field] & mask for field in fields} == {
        field: user[register] & mask for field, register in fields.items()
    }
    if case.door != "sysenter":
        assert frame["ip"] == explained.told.asked.code.address + 2
        assert frame["sp"] == user["rsp"]
    else:
        assert (frame["ip"], frame["sp"]) == (0, user["rbp"])
    assert frame["flags"] == user["rflags"]


def test_every_field_is_filled_by_a_push(case: Case, explained: Explained) -> None:
    filled = [
        access.name
        for one in explained.code
        for access in one.accesses
        if access.write and one.code.text.startswith("push") and access.name.startswith("pt_regs->")
    ]
    fields = list(reversed(explained.frame))
    pushed_by_the_cpu = 5 if case.door == "int $0x80" else 0
    assert filled == [f"pt_regs->{field}" for field in fields[pushed_by_the_cpu:]]


def test_registers_are_cleared_before_c(explained: Explained) -> None:
    cleared = {one.code.text for one in explained.code if one.note == "cleared"}
    for register in ("%esi", "%edx", "%ecx", "%r8d", "%r11d", "%ebx", "%ebp", "%r12d", "%r15d"):
        assert f"xorl {register}, {register}" in cleared


def test_bounds_check_and_nospec_mask_are_named(explained: Explained) -> None:
    notes = [(one.code.text.partition(" ")[0], one.note) for one in explained.code if one.note]
    number = explained.told.asked.number
    masking = [
        ("cmpl", "bounds check: below 472?"),
        ("cmpq", "array_index_nospec: CF is set if in bounds"),
        ("sbbq", "array_index_nospec: the mask, all ones"),
        ("andq", f"the index, masked: {number}"),
    ]
    assert [named for named in notes if named in masking] == masking


def test_table_slot(case: Case, explained: Explained) -> None:
    slot, number = explained.slot, explained.told.asked.number
    assert (slot.table, slot.number) == (case.table, number)
    assert slot.symbol == explained.handler.symbol
    assert slot.symbol == ("__x64_sys_write" if case.table == "sys_call_table" else "__ia32_sys_write")
    call = next(one for one in explained.code if "_table(,%rax,8)" in one.code.text)
    assert call.code.text == f"callq *{case.table}(,%rax,8)"
    assert call.next == slot.content
    (read,) = (access for access in call.accesses if not access.write)
    assert (read.address, read.value, read.symbol) == (slot.address, slot.content, slot.symbol)


def test_three_layers(case: Case, explained: Explained) -> None:
    prefix, registers = ("__x64", "di si dx") if case.table == "sys_call_table" else ("__ia32", "bx cx dx")
    outer, longs, typed = explained.handler.layers
    assert [outer.function, longs.function, typed.function] == [
        f"{prefix}_sys_write", "__se_sys_write", "__do_sys_write",
    ]  # fmt: skip
    assert [argument.name for argument in outer.arguments] == [f"regs->{name}" for name in registers.split()]
    assert [argument.type for argument in longs.arguments] == ["long"] * 3
    assert [argument.type for argument in typed.arguments] == ["unsigned int", "void __user *", "size_t"]
    values = [[argument.value for argument in layer.arguments] for layer in (outer, longs, typed)]
    assert values[0] == values[1] == values[2]
    data = typed.arguments[1].data
    assert data in (b"Hello, world\n", b"written\n")
    assert typed.arguments[2].value == len(data) == explained.handler.result


def test_result_goes_through_pt_regs_to_rax(explained: Explained) -> None:
    result = explained.handler.result
    stored = [
        access.value
        for one in explained.code
        for access in one.accesses
        if access.write and access.name == "pt_regs->ax"
    ]
    assert stored == [ENOSYS, result]
    assert explained.told.back is not None
    assert {value.name: value.value for value in explained.told.back.registers}["rax"] == result


def test_registers_that_changed_for_the_program(case: Case, explained: Explained) -> None:
    back = explained.told.back
    assert back is not None
    changed = {change.name: change.after for change in back.changes}
    assert set(changed) == case.changed
    if case.long_mode and case.door == "syscall":
        assert changed["rcx"] == back.code.address
        assert changed["r11"] == explained.registers["rflags"]


def test_where_the_program_goes_on(case: Case, explained: Explained) -> None:
    back = explained.told.back
    assert back is not None
    if case.steps[-2].startswith("read MSR_CSTAR") or case.door == "sysenter":
        assert back.code.where == "int80_landing_pad"
        assert back.code.raw.hex() == "5d"
    else:
        assert back.code.address == explained.told.asked.code.address + 2
        assert back.code.where.partition("+")[0] in (case.where, "by_vsyscall")
