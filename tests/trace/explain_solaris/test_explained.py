"""One call of Solaris, explained: the facts are those of the machine, and the text reads like the third seed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.computer import Solaris
from ring3.fs.host import HostFile
from ring3.kernel import points
from ring3.kernel.task import Task
from ring3.kernel.watched_cpu import CpuObserver
from ring3.machine.cpu import Event, Stop
from ring3.trace.explain.events import Instruction
from ring3.trace.explain.watch import Wanted
from ring3.trace.explain_solaris import as_json, text
from ring3.trace.explain_solaris.call import call_names
from ring3.trace.explain_solaris.model import Explanation, FlowStep, Python
from ring3.trace.explain_solaris.watch import Explainer
from tests.cli.command import is_one_line, ring3
from tests.support import guest, solaris
from tests.support.guest import PathThrough
from tests.support.toolchain import Toolchain

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(params=["short", "full"])
def machine(request: pytest.FixtureRequest) -> Iterator[Solaris]:
    with guest.boot_solaris(request.param) as booted:
        yield booted


def explained(machine: Solaris, program: Path, *arguments: str, name: str = "", nth: int = 1) -> Explanation:
    task = machine.load(str(program), arguments, {})
    explainer = Explainer(machine.kernel, Wanted(nth, name))
    machine.run(task)
    assert explainer.explanation is not None
    return explainer.explanation


@pytest.fixture
def modinfo(toolchain: Toolchain) -> Path:
    return solaris.program(toolchain, "modinfo.c")


@pytest.fixture
def call(toolchain: Toolchain) -> Path:
    return solaris.program(toolchain, "call.c")


def flow(told: Explanation) -> list[FlowStep]:
    return [one for step in told.steps if isinstance(step, Python) for one in step.flow]


def test_seeds_numbers(machine: Solaris, modinfo: Path) -> None:
    told = explained(machine, modinfo, "-i", "16", name="modctl")
    asked = told.asked
    assert (asked.function, asked.number, asked.name, asked.bound) == ("modctl", 152, "modctl", "modctl")
    assert [code.text for code in asked.listing] == [
        "movq %rcx, %r10", "movl $0x98, %eax", "syscall", "jb __cerror", "xorq %rax, %rax", "retq",
    ]  # fmt: skip
    assert [(argument.name, argument.value) for argument in asked.arguments[:2]] == [("cmd", 2), ("a1", 16)]
    assert [field.address for field in told.sysent] == [
        0xFFFF_FFFF_FC24_3480 + at for at in (0, 2, 8, 0x10, 0x18)
    ]
    assert (told.sysent[0].value, told.sysent[4].symbol) == (6, "modctl")
    assert told.entered is not None
    registers = {value.name: value.value for value in told.entered.registers}
    assert (registers["rax"], registers["rbx"]) == (0x1300, 0xFFFF_FFFF_FC24_3480)
    assert told.entered.caller == "unix`sys_syscall+0x24d"
    assert told.back is not None
    assert (told.back.by, told.back.code.where) == ("sysretq", "modctl+0xa")


def test_text_has_the_seeds_lines(modinfo: Path) -> None:
    with guest.boot_solaris() as machine:
        shown = text.render(explained(machine, modinfo, "-i", "16", name="modctl"))
    for line in (
        "    modctl+0x8:              syscall    <- here",
        "    %rax = 0x0000000000000098       %r8  = 0x0000000000000000",
        "    // rax = 0x98 = 152    the number of modctl",
        "    sys_syscall+0x21d  movq 0x10(%rbp), %rdi",
        "    sys_syscall+0x243  leaq sysent(%rax), %rbx  rbx = 0xfffffffffc243480; &sysent[152]",
        "    > sysent + 0x20 * 0t152 = J",
        "                    fffffffffc243480",
        "        fffffffffc243480 char sy_narg = '\\006'",
        "        fffffffffc243498 int64_t (*)() sy_callc = modctl",
        "    stop at modctl",
        "    modctl: pushq %rbp",
        "    %rax = 0x0000000000001300       %r8  = 0x0000000000000000",
        "    // rax = 152 * 0x20, rbx = sysent+0x1300, the row",
        "    // on the stack: 0xfffffffffb8013ae = unix`sys_syscall+0x24d",
        "    modctl+0xa:              jb __cerror",
    ):
        assert line in shown.splitlines()
    assert max(map(len, shown.splitlines())) <= 120


def test_flow_is_that_of_the_kernels_functions(machine: Solaris, modinfo: Path) -> None:
    told = explained(machine, modinfo, "-i", "16", name="modctl")
    entered = [(step.depth, step.function) for step in flow(told) if step.entry]
    assert entered == [
        (0, "genunix`modctl"), (1, "genunix`secpolicy_modctl"), (1, "genunix`modctl_modinfo"), (2, "unix`copyin"),
        (2, "genunix`modinfo"), (3, "genunix`mod_getinfo"), (4, "pcie`_info"), (5, "genunix`mod_info"),
        (6, "genunix`mod_infonull"), (2, "unix`copyout"),
    ]  # fmt: skip
    assert len(flow(told)) == 2 * len(entered)
    assert flow(told)[-1] == FlowStep(False, 0, "genunix`modctl", (), 0, "")


def test_failure_takes_the_long_way_out(machine: Solaris, call: Path) -> None:
    told = explained(machine, call, "4", "99", "0", "5", nth=1)
    assert told.back is not None
    assert told.back.by == "iretq"
    assert flow(told)[:2] == [
        FlowStep(True, 0, "genunix`write", (99, 0, 5), None, ""),
        FlowStep(False, 0, "genunix`write", (), None, "EBADF"),
    ]
    changed = {change.name: change.after for change in told.back.changes}
    assert changed["rax"] == 9
    assert changed["rflags"] & 1
    shown = text.render(told)
    assert "It failed with EBADF (Bad file number): set_errno notes that" in shown
    assert "the carry flag is on: 9 in rax is the error" in shown


def test_two_results(machine: Solaris, call: Path) -> None:
    told = explained(machine, call, "20", nth=1)
    assert told.back is not None
    changed = {change.name: change.after for change in told.back.changes}
    assert (changed["rax"], changed["rdx"]) == (2, 1)
    assert "two ints in one long" in text.render(told)


def test_number_without_a_row(machine: Solaris, toolchain: Toolchain) -> None:
    told = explained(machine, solaris.program(toolchain, "deeds.c"), "number_256")
    assert (told.asked.name, told.sysent, told.ended) == ("", (), "signal SIGSYS")
    assert told.entered is not None
    assert told.entered.code.where == "nosys"
    assert "There is no row 256" in text.render(told)


def test_absent_call(machine: Solaris, toolchain: Toolchain) -> None:
    told = explained(machine, solaris.program(toolchain, "deeds.c"), "absent_55")
    assert (told.asked.name, told.ended) == ("uadmin", "signal SIGSYS")
    assert "uadmin" in [row.symbol for row in told.sysent]


def test_last_call(machine: Solaris, call: Path) -> None:
    told = explained(machine, call, "20", name="exit")
    assert (told.back, told.ended) == (None, "status 0")
    assert flow(told) == [FlowStep(True, 0, "genunix`rexit", (0,), None, "")]
    assert text.render(told).endswith("ended with status 0: there is no way back to ring 3.\n")


def test_call_that_waits(machine: Solaris, toolchain: Toolchain) -> None:
    reading, writing = os.pipe()
    host = machine.kernel.host
    explainer = Explainer(machine.kernel, Wanted(name="read"))
    task = machine.load(str(solaris.program(toolchain, "echo.c")))
    task.files.close(0)
    task.files.install(HostFile(reading, host), 0)
    sleep = host.sleep

    def feed(seconds: float | None) -> bool:
        os.write(writing, b"one")
        os.close(writing)
        vars(host).pop("sleep")
        return sleep(seconds)

    vars(host)["sleep"] = feed
    assert machine.run(task) == 1
    os.close(reading)
    told = explainer.explanation
    assert told is not None
    python = next(step for step in told.steps if isinstance(step, Python))
    assert (python.waited, python.result) == (True, 3)
    assert "The call had to wait" in text.render(told)


@pytest.mark.parametrize("path", ["short", "full"])
def test_explaining_changes_nothing(path: PathThrough, toolchain: Toolchain) -> None:
    program = solaris.program(toolchain, "doors.S", libc=False)
    plain = calls_of(program, path, None)
    assert len(plain) > 10
    for nth in (1, 5, 9, len(plain)):
        assert calls_of(program, path, nth) == plain


def calls_of(program: Path, path: PathThrough, nth: int | None) -> list[tuple[guest.Snapshot, str]]:
    """The registers and a digest of memory at each call that a program makes."""
    found = []
    with guest.boot_solaris(path) as machine:
        kernel, cpu = machine.kernel, machine.machine.cpu
        task = machine.load(str(program), (), {})

        class Calls(CpuObserver):
            def after(self, task: Task, stop: Stop) -> None:
                if stop is Event.SYSCALL:
                    found.append((guest.Snapshot.of(cpu), guest.digest(task.memory)))

        calls = kernel.probes.attach(points.CpuRun(), Calls())
        if nth is not None:
            Explainer(kernel, Wanted(nth))
        codes = [row.function.__code__ for row in kernel.function_table]
        machine.run(task)
        calls.detach()
        assert kernel.run_cpu == cpu.run
        assert [row.function.__code__ for row in kernel.function_table] == codes
    return found


def test_json(machine: Solaris, modinfo: Path) -> None:
    told = explained(machine, modinfo, "-i", "16", name="modctl")
    whole = json.loads(as_json.render(told))
    assert (whole["format"], whole["os"], whole["asked"]["number"]) == (1, "solaris", 152)
    assert whole["sysent"][4]["value"] == "0xfffffffffbcad4e0"
    kinds = [step["kind"] for step in whole["steps"]]
    assert kinds.count("python") == 1
    assert kinds.count("instruction") == sum(isinstance(step, Instruction) for step in told.steps)


def test_documentation_describes_every_key_and_line(machine: Solaris, modinfo: Path) -> None:
    page = (ROOT / "docs" / "explain.md").read_text("utf-8")
    section = page.partition("\n## Solaris\n")[2].partition("\n## ")[0]
    told = explained(machine, modinfo, "-i", "16", name="modctl")
    assert set(keys(json.loads(as_json.render(told)))) <= set(re.findall(r"`(\w+)`", section))
    shown = without_stacks(text.render(told)).splitlines()
    lines = without_stacks(section.partition("```text\n")[2].partition("```")[0]).splitlines()
    assert len(lines) > 20
    assert [line for line in lines if line.strip() != "..." and line not in shown] == []


def without_stacks(shown: str) -> str:
    """A text without the addresses of the program's stack, which has its environment too, and of the kernel's."""
    return re.sub(r"0xfffff(?:d7f|e00)\w+", "STACK", shown)


def keys(value: object) -> Iterator[str]:
    """All keys of the objects in a JSON value."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield key
            yield from keys(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from keys(inside)


def test_names_of_calls() -> None:
    names = call_names("illumos")
    assert (names[1], names[49], names[69], names[152]) == ("exit", "msgsys", "openat64", "modctl")
    assert 300 not in names


def test_command(modinfo: Path, toolchain: Toolchain) -> None:
    finished = ring3("explain", "--syscall", "modctl", str(modinfo), "-i", "16")
    assert finished.returncode == 0
    assert finished.stdout.startswith(f"modctl: system call 1, made by {modinfo} (process 2)\n")
    assert finished.stdout.endswith("pcie (PCI Express Framework Module)\n")
    foo = str(toolchain.program("seeds/foo.S", kind="nolibc"))
    told = ring3("explain", "--os", "solaris", "--json", foo).stdout
    assert json.loads(told.removeprefix("Hello world!\n"))["asked"]["name"] == "write"
    for words, status in ((["--syscall", "nothing"], 2), (["--syscall", "brk"], 1)):
        refused = ring3("explain", *words, str(modinfo))
        assert is_one_line(refused.stderr)
        assert refused.returncode == status
