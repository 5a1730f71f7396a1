"""Calls that do not just go in and out: they end, fail, wait, fault, are cut off, are redirected or refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from ring3.abi import tbl
from ring3.computer import Linux
from ring3.image.linux.boot import SYSCALL_VECTOR
from ring3.machine.descriptors import Gate
from ring3.trace.explain import text
from ring3.trace.explain.events import Delivery, Instruction, PythonCall, TableSlot
from ring3.trace.explain.watch import Explainer, Wanted
from tests.support import guest
from tests.support.toolchain import Bits, Toolchain
from tests.trace.explain.explaining import Explained, build, explain

SEEDS = [
    ("exit_int80.c", 32, "int $0x80", "__ia32_sys_exit", "bx"),
    ("exit_int80.c", 64, "int $0x80", "__ia32_sys_exit", "bx"),
    ("exit_vsyscall.c", 32, "sysenter", "__ia32_sys_exit", "bx"),
    ("exit_syscall.c", 64, "syscall", "__x64_sys_exit", "di"),
]


@pytest.mark.parametrize(("name", "bits", "door", "symbol", "register"), SEEDS)
def test_seeds_exit_is_explained_up_to_its_end(
    toolchain: Toolchain, name: str, bits: Bits, door: str, symbol: str, register: str
) -> None:
    explained = explain(toolchain.program(f"seeds/{name}", bits=bits), Wanted(name="exit"))
    assert (explained.status, explained.told.asked.door) == (42, door)
    assert (explained.told.back, explained.told.ended) == (None, "status 42")
    last = explained.told.events[-1]
    assert isinstance(last, PythonCall)
    assert (last.symbol, last.result, last.waited) == (symbol, None, False)
    outer, longs, typed = last.layers
    assert [(a.name, a.value) for a in outer.arguments] == [(f"regs->{register}", 42)]
    assert [(a.name, a.type, a.value) for a in longs.arguments] == [("error_code", "long", 42)]
    assert [(a.name, a.type, a.value) for a in typed.arguments] == [("error_code", "int", 42)]
    assert text.render(explained.told).endswith("has ended with status 42: there is no way back to ring 3.\n")


def test_upper_half_of_an_int_is_cut_by_the_innermost_layer(toolchain: Toolchain) -> None:
    explained = explain(toolchain.program("basic/upper_halves.c"), Wanted(name="write"))
    fds = [layer.arguments[0].value for layer in explained.handler.layers]
    assert fds == [0xDEAD_0000_0001, 0xDEAD_0000_0001, 1]
    assert "unsigned int fd = 1, cut from 0xdead00000001" in text.render(explained.told)


def test_upper_half_of_a_negative_descriptor(toolchain: Toolchain) -> None:
    explained = explain(toolchain.program("basic/upper_halves.c"), Wanted(4, "write"))
    assert [layer.arguments[0].value for layer in explained.handler.layers] == [
        0xDEAD_FFFF_FFFF, 0xDEAD_FFFF_FFFF, 0xFFFF_FFFF,
    ]  # fmt: skip
    assert (explained.handler.result, explained.handler.errno) == (-9, "EBADF (Bad file descriptor)")


def test_upper_halves_are_cut_by_the_outermost_layer_for_32_bit_calls(toolchain: Toolchain) -> None:
    explained = explain(toolchain.program("basic/int80_from_64.c"), Wanted(2, "write"))
    fds = [layer.arguments[0].value for layer in explained.handler.layers]
    assert fds == [0xDEAD_0000_0001, 1, 1]
    first = explained.told.asked.arguments[0]
    assert (first.place, first.value) == ("ebx", 0xDEAD_0000_0001)
    assert "only the lower half counts: 0x1" in text.render(explained.told)


def number_of(explained: Explained) -> int:
    return explained.told.asked.number


@pytest.mark.parametrize(
    ("bits", "nth", "number", "has_slot"),
    [(64, 2, 156, True), (64, 25, 100000, False), (32, 3, 17, True), (32, 26, 100000, False)],
)
def test_numbers_without_a_call(
    toolchain: Toolchain, bits: Bits, nth: int, number: int, has_slot: bool
) -> None:
    program = toolchain.program("basic/enosys.c", bits=bits)
    calls = [explain(program, Wanted(n)) for n in range(nth - 3, nth + 4) if n > 0]
    explained = next(call for call in calls if number_of(call) == number)
    assert explained.told.asked.defined is False
    assert (explained.handler.result, explained.handler.errno) == (-38, "ENOSYS (Function not implemented)")
    assert bool(explained.all(TableSlot)) == has_slot
    above = [one for one in explained.code if one.code.text.startswith("jae")]
    assert [one.taken for one in above] == [not has_slot]
    assert ("not in its bounds" in text.render(explained.told)) == (not has_slot)


def test_page_fault_of_ring0_on_the_sixth_argument(toolchain: Toolchain) -> None:
    explained = explain(build(toolchain, "doors32.S", 32), Wanted(4))
    assert explained.handler.result == 8
    door, fault = explained.all(Delivery)
    assert (door.cause, fault.cause, fault.vector, fault.error) == ("sysenter", "#PF", 14, 0)
    assert fault.address == explained.registers["rbp"]
    assert (door.depth, fault.depth) == (0, 1)
    assert [step.where for step in fault.steps if step.what == "write"] == [
        f"exception's pt_regs->{name}" for name in ("ss", "sp", "flags", "cs", "ip", "orig_ax")
    ]
    failed, repeated = (one for one in explained.code if one.code.where == "get_user_arg6")
    assert (failed.faulted, repeated.faulted) == (True, False)
    within = [one for one in explained.code if one.depth == 1]
    assert within[0].code.where == "asm_exc_page_fault"
    assert within[-1].code.text == "iretq"
    assert within[-1].next == repeated.code.address
    stub = next(call for call in explained.all(PythonCall) if not call.is_handler)
    assert (stub.symbol, stub.depth, stub.frame_changes) == ("exc_page_fault", 1, ())
    assert stub.regs != explained.handler.regs
    assert explained.code[-1].depth == 0


def test_sixth_argument_that_cannot_be_read(toolchain: Toolchain) -> None:
    explained = explain(build(toolchain, "bad_sixth.S", 32))
    (stub,) = explained.all(PythonCall)
    assert stub.symbol == "exc_page_fault"
    (fixup,) = stub.frame_changes
    assert fixup.name == "ip"
    assert (
        next(one for one in explained.code if one.code.address == fixup.after).code.where == "bad_user_arg6"
    )
    back = explained.told.back
    assert back is not None
    assert (back.by, back.code.where) == ("iretq", "int80_landing_pad")
    assert {value.name: value.value for value in back.registers}["rax"] == (1 << 64) - 14
    assert explained.status == 128 + 11


@pytest.fixture
def late_input(monkeypatch: pytest.MonkeyPatch) -> Iterator[Linux]:
    """A machine whose descriptor 0 is a pipe that gets its first bytes when every task waits."""
    reading, writing = os.pipe()
    kept = os.dup(0)
    os.dup2(reading, 0)
    with guest.boot() as linux:
        sleep = linux.kernel.host.sleep

        def sleep_with_input(*arguments: object) -> bool:
            os.write(writing, b"late\n")
            return bool(sleep(*arguments))  # type: ignore[arg-type]

        monkeypatch.setattr(linux.kernel.host, "sleep", sleep_with_input)
        yield linux
    os.dup2(kept, 0)
    for fd in (reading, writing, kept):
        os.close(fd)


def test_call_that_waits(toolchain: Toolchain, late_input: Linux) -> None:
    task = late_input.load(str(build(toolchain, "read_write.S", 64)), (), {})
    explainer = Explainer(late_input.kernel, Wanted(name="read"))
    assert late_input.run(task) == 5
    assert explainer.explanation is not None
    explained = Explained(explainer.explanation, 5)
    assert (explained.handler.waited, explained.handler.result) == (True, 5)
    assert [layer.function for layer in explained.handler.layers] == [
        "__x64_sys_read", "__se_sys_read", "__do_sys_read",
    ]  # fmt: skip
    assert explained.code[-1].code.text == "sysretq"
    assert "waited" in text.render(explained.told)


def test_table_entry_that_was_changed(toolchain: Toolchain) -> None:
    def redirect(linux: Linux) -> None:
        at = linux.kernel.image.symbols["sys_call_table"] + 8 * 1
        linux.machine.write_q(at, linux.kernel.image.symbols["__x64_sys_getpid"])

    explained = explain(toolchain.program("seeds/hello.s", kind="nolibc"), prepare=redirect)
    assert explained.told.asked.name == "write"
    assert (explained.slot.number, explained.slot.symbol) == (1, "__x64_sys_getpid")
    assert explained.handler.symbol == "__x64_sys_getpid"
    assert [layer.arguments for layer in explained.handler.layers] == [(), (), ()]


def test_gate_that_refuses_ring_3(toolchain: Toolchain) -> None:
    def close_gate(linux: Linux) -> None:
        at = linux.kernel.image.symbols["idt_table"] + 16 * SYSCALL_VECTOR
        gate = Gate.from_bytes(linux.machine.read(at, 16))
        linux.machine.write(at, gate._replace(dpl=0).to_bytes())

    explained = explain(build(toolchain, "doors32.S", 32), prepare=close_gate)
    (delivery,) = explained.all(Delivery)
    assert ("gate DPL 0 >= CPL 3", "no: #GP(0x402)") in [
        (step.subject, step.value) for step in delivery.steps
    ]
    assert explained.code[0].code.where == "asm_exc_general_protection"
    assert not explained.all(TableSlot)
    assert (explained.told.ended, explained.status) == ("signal SIGSEGV", 128 + 11)
    assert "asm_exc_general_protection" in text.render(explained.told)


def test_program_that_does_not_go_on_after_its_call(toolchain: Toolchain, tmp_path: Path) -> None:
    source = tmp_path / "handler.c"
    source.write_text(
        "#include <signal.h>\n#include <unistd.h>\n"
        "static void handler(int number) { _exit(number); }\n"
        "int main(void) { signal(SIGUSR1, handler); kill(getpid(), SIGUSR1); return 1; }\n"
    )
    program = toolchain.build([source], target="x86_64-linux-musl", kind="static")
    explained = explain(program, Wanted(name="kill"))
    assert (explained.status, explained.handler.result) == (10, 0)
    back = explained.told.back
    assert back is not None
    assert (back.by, back.code.where) == ("iretq", "handler")
    work = [call for call in explained.all(PythonCall) if call.symbol == "exit_to_user_mode_loop"]
    assert {"ip", "sp", "di"} <= {change.name for call in work for change in call.frame_changes}
    assert "the program goes on elsewhere" in text.render(explained.told).replace("\n", " ")


def test_calls_of_both_tables_are_counted(toolchain: Toolchain) -> None:
    program = toolchain.program("basic/int80_from_64.c")
    explained = explain(program, Wanted(name="write"))
    again = explain(program, Wanted(explained.told.nth))
    assert again.told.asked.code == explained.told.asked.code
    assert explained.told.asked.abi == tbl.Abi.I386
    assert explain(program, Wanted(1)).told.asked.abi == tbl.Abi.X86_64


def test_faulting_instruction_is_the_only_one_without_effect(toolchain: Toolchain) -> None:
    explained = explain(build(toolchain, "doors32.S", 32), Wanted(4))
    events = explained.told.events
    for one, following in pairwise(events):
        if isinstance(one, Instruction):
            assert one.faulted == (isinstance(following, Delivery) and following.cause == "#PF")
