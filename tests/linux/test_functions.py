"""The named functions of the kernel: each has machine code, and calls what it says it calls."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import capstone
import pytest

from ring3.computer import Linux
from ring3.kernel import points
from ring3.kernel.functions import KernelFunction
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.task import Task
from ring3.linux.functions import load
from tests.support import guest
from tests.support.toolchain import Toolchain

PROLOGUE = ["endbr64", "push rbp", "mov rbp, rsp"]
PROGRAMS = (
    "files/names.c", "files/opening.c", "files/contents.c", "files/descriptors.c", "files/splicing.c", "files/pipes.c",
    "memory/mapping.c", "memory/moving.c", "memory/advice.c", "memory/locking.c", "tasks/signals.c", "tasks/children.c",
    "tasks/actions.c", "tasks/limits.c", "tasks/scheduling.c", "tasks/seccomp.c", "tasks/ptrace.c", "tasks/pidfd.c",
    "tasks/process_vm.c", "tasks/ldt.c", "threads/futex_calls.c",
)  # fmt: skip
"""Programs that between them use most of what there is; what they print is compared elsewhere."""


BY_A_FAULT = {"expand_stack"}
"""What a page fault of the kernel's own leads to, in the middle of a copy: an exception, not a call."""


def instructions(linux: Linux, row: KernelFunction) -> list[str]:
    """The machine code of a function, up to its return."""
    at = linux.kernel.image.symbols[row.name]
    found: list[str] = []
    for instruction in capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64).disasm(
        bytes(linux.machine.read(at, 512)), at
    ):
        found.append(f"{instruction.mnemonic} {instruction.op_str}".strip())
        if instruction.mnemonic == "ret":
            break
    return found


def test_every_one_has_code_that_calls_what_it_says() -> None:
    rows = list(load())
    assert len(rows) >= 180
    with guest.boot() as linux:
        symbols = linux.kernel.image.symbols
        for row in rows:
            code = instructions(linux, row)
            assert code[:3] == PROLOGUE, row
            assert code[-2:] == ["pop rbp", "ret"], row
            targets = [int(line.removeprefix("call "), 16) for line in code if line.startswith("call ")]
            assert [symbols.name(target) for target in targets] == sorted(row.calls), row


def test_every_one_is_declared_as_in_c() -> None:
    for row in load():
        assert re.fullmatch(rf"[\w *]+[ *]{row.name}\((void|[\w\s*]+(, [\w\s*]+)*)\)", row.signature), (
            row.signature
        )


class Chains(CallObserver):
    """Notes which function was called by which, in each task."""

    def __init__(self) -> None:
        self.running: dict[Task | None, list[str]] = {}
        self.pairs: set[tuple[str, str]] = set()
        self.met: set[str] = set()

    def entry(self, call: Call) -> None:
        stack = self.running.setdefault(call.task, [])
        if stack:
            self.pairs.add((stack[-1], call.what.name))
        self.met.add(call.what.name)
        stack.append(call.what.name)

    def returned(self, call: Call) -> None:
        self.running[call.task].pop()

    def left(self, call: Call) -> None:
        self.running[call.task].pop()


@pytest.mark.parametrize("program", PROGRAMS)
def test_calls_are_those_declared(
    toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.chdir(tmp_path)
    chains = Chains()
    with guest.boot() as linux, contextlib.ExitStack() as stack:
        for row in load():
            stack.enter_context(linux.kernel.probes.attach(points.Function(row.key), chains))
        guest.run(linux, toolchain.program(program))
    declared = {(row.name, callee) for row in load() for callee in row.calls}
    assert {pair for pair in chains.pairs - declared if pair[1] not in BY_A_FAULT} == set()
    assert len(chains.met) > 25
