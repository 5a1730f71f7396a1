"""What a page is told of a call: a way whose steps lead to what the explanation says, on both systems, by all doors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ring3 import resources
from ring3.machine.descriptors import Gate, Segment
from ring3.machine.msr import Msr
from ring3.trace.explain import bits
from ring3.trace.explain.bits import Unfolded
from ring3.trace.explain.watch import Comparer, Wanted
from ring3.trace.explain_page import linux, render, solaris, sources
from ring3.trace.explain_page.page import Call
from ring3.trace.explain_solaris.watch import Explainer as SolarisExplainer
from tests.support import guest, native
from tests.support.toolchain import Toolchain
from tests.trace.explain.explaining import build, explain

DOORS = Path(resources.ROOT) / "trace" / "explain_page" / "doors"


def by_doors() -> list[Call]:
    """The calls of the program that comes with the page."""
    with guest.boot() as machine:
        task = machine.load(str(DOORS), ["4", "1"], {})
        comparer = Comparer(machine.kernel)
        assert machine.run(task) == 0
        comparer.close()
        return [linux.call(told) for told in comparer.explanations]


def on_solaris(name: str, *command: str) -> Call:
    """A call of one of the commands that Solaris has here."""
    with guest.boot_solaris("short") as machine:
        task = machine.load(command[0], command[1:], {})
        explainer = SolarisExplainer(machine.kernel, Wanted(name=name))
        machine.run(task)
        assert explainer.explanation is not None
        return solaris.call(explainer.explanation)


CALLS: dict[str, Callable[[Toolchain], Call]] = {
    "syscall": lambda t: linux.call(explain(t.program("seeds/hello.s", kind="nolibc")).told),
    "exit": lambda t: linux.call(explain(t.program("seeds/hello.s", kind="nolibc"), Wanted(2)).told),
    "int80": lambda _: by_doors()[0],
    "sysenter": lambda _: by_doors()[1],
    "syscall from 32-bit code": lambda t: linux.call(explain(build(t, "doors32.S", 32), Wanted(3)).told),
    "page fault": lambda t: linux.call(explain(build(t, "doors32.S", 32), Wanted(4)).told),
    "bad sixth": lambda t: linux.call(explain(build(t, "bad_sixth.S", 32)).told),
    "no such number": lambda t: linux.call(explain(t.program("basic/enosys.c"), Wanted(24)).told),
    "solaris": lambda _: on_solaris("modctl", "modinfo", "-i", "16"),
    "solaris exit": lambda _: on_solaris("exit", "modinfo", "-i", "16"),
}


@pytest.fixture(scope="module", params=CALLS, ids=str)
def call(request: pytest.FixtureRequest, toolchain: Toolchain) -> Call:
    return CALLS[request.param](toolchain)


def test_each_step_lies_in_a_part_and_the_parts_come_in_order(call: Call) -> None:
    order = [step.station for step in call.steps]
    assert order == sorted(order)
    assert set(order) == set(range(len(call.stations)))


def test_what_steps_change_adds_up_to_what_the_program_finds(call: Call) -> None:
    if call.steps[-1].lane != "ring 3":
        pytest.skip("the program has ended")
    registers = dict(call.registers)
    for step in call.steps[:-1]:
        registers.update(step.registers)
    assert registers == {**registers, **call.steps[-1].registers}


def test_the_frame_is_filled_with_the_programs_registers(call: Call) -> None:
    if call.frame is None:
        pytest.skip("no frame was filled")
    base = int(call.frame.address, 16)
    at = {f"{base + offset:#x}": name for offset, name in call.frame.fields.items()}
    written: dict[str, str | None] = {}
    for step in call.steps:
        for touch in step.memory:
            if touch.write and touch.address in at:
                written.setdefault(at[touch.address], touch.value)
    names = {"si": "rsi", "r_rsi": "rsi", "di": "rdi", "r_rdi": "rdi"}
    kept = {register: written[field] for field, register in names.items() if field in written}
    assert kept == {name: call.registers[name] for name in ("rsi", "rdi")}


def test_instructions_of_entry_code_have_a_source_that_says_the_same(call: Call) -> None:
    texts = sources.texts(call.system, {step.code.file for step in call.steps if step.code is not None})
    found = 0
    for step in call.steps:
        if step.code is not None and step.code.file:
            word = texts[step.code.file][step.code.line - 1].split()[0]
            # a mnemonic may be a synonym (je, jz) or have a suffix more; a line may have a label, or name a macro
            assert step.code.text[0] == word[0] or word.isupper() or word.endswith(":"), step
            found += 1
    assert found > 30


def test_pages_are_found_where_their_walks_end(call: Call) -> None:
    reached = [found for step in call.steps for found in step.walks]
    assert reached
    for found in reached:
        walk = call.walks[found.walk]
        assert int(found.address, 16) & -4096 == int(walk.page, 16)
        table = int(walk.root, 16) & -4096
        for level in walk.levels:
            assert int(level.address, 16) == table + level.index * 8
            table = level.bits.raw & 0x000F_FFFF_FFFF_F000
        assert (walk.physical is None) == (not walk.levels[-1].bits.raw & 1)


def test_a_page_that_is_missing_is_shown_as_missing_at_the_instruction_that_fails(
    toolchain: Toolchain,
) -> None:
    call = CALLS["page fault"](toolchain)
    at = next(at for at, step in enumerate(call.steps) if step.title.startswith("Exception #PF"))
    failed = call.steps[at - 1]
    assert failed.effects == ("not completed: an exception",)
    assert [call.walks[found.walk].physical for found in failed.walks] == [None]
    again = next(step for step in call.steps[at:] if step.code is not None and step.code == failed.code)
    assert all(call.walks[found.walk].physical is not None for found in again.walks)


# -- bits ----------------------------------------------------------------------------------------------------------

GATE = Gate(0xFFFF_FFFF_8100_1840, 0x10, 0, 0xE, 3, present=True)
CODE = Segment(0, 0xFFFF_FFFF, 0x9B, 0xA)


def words() -> Iterator[Unfolded]:
    yield from (bits.msr(number, 0x0123_4567_89AB_CDEF) for number in Msr)
    yield bits.rflags("RFLAGS", 0x257FD5)
    yield bits.selector("CS", 0x33)
    yield bits.segment("descriptor", CODE)
    yield bits.gate("gate", GATE)
    yield from (bits.paging_entry(level, 0x8000_0000_0020_00E3) for level in ("pml4", "pdpt", "pd", "pt"))


@pytest.mark.parametrize("word", list(words()), ids=lambda word: word.what)
def test_fields_are_all_of_a_word_and_no_more(word: Unfolded) -> None:
    assert sum(field.value << field.low for field in word.fields) == word.raw & (1 << word.width) - 1
    assert sum(field.high - field.low + 1 for field in word.fields) == word.width


def fields(word: Unfolded) -> dict[str, int]:
    return {field.name: field.value for field in word.fields if field.name}


def test_fields_are_those_of_the_descriptors() -> None:
    gate = fields(bits.gate("", GATE))
    assert gate["offset 63:32"] << 32 | gate["offset 31:16"] << 16 | gate["offset 15:0"] == GATE.offset
    assert (gate["selector"], gate["DPL"], gate["type"], gate["P"]) == (0x10, 3, 0xE, 1)
    code = fields(bits.segment("", CODE))
    assert (code["L"], code["D/B"], code["G"], code["P"], code["DPL"], code["S"], code["type"]) == (
        1, 0, 1, 1, 0, 1, 0xB,
    )  # fmt: skip
    assert fields(bits.msr(Msr.MSR_STAR, 0x0023_0010_0000_0000))["syscall's base"] == 0x10


# -- the program of the doors --------------------------------------------------------------------------------------


@pytest.mark.native
def test_the_program_of_the_doors_does_on_this_host_what_it_does_here() -> None:
    ran = native.run(DOORS, ("4", "1"))
    assert (ran.status, ran.stdout) == (0, b"Hello from one of the doors\n" * 3)


def test_the_doors_are_three_and_each_lets_the_call_through() -> None:
    calls = by_doors()
    assert [call.door for call in calls] == ["int $0x80", "sysenter (32-bit)", "syscall"]
    assert {call.outcome for call in calls} == {"It returns 28 (rax = 0x1c)."}
    assert [call.steps[0].registers or call.name for call in calls] == ["write"] * 3


# -- the file ------------------------------------------------------------------------------------------------------


def test_a_page_names_nothing_outside_of_itself(call: Call) -> None:
    page = render.render([call])
    assert not re.search(
        r"""(src|href)\s*=\s*["'](?!#|data:)|url\(|@import|https?://(?!www\.w3\.org/2000/svg)""", page
    )


def test_what_a_program_is_called_cannot_become_markup(toolchain: Toolchain, tmp_path: Path) -> None:
    program = tmp_path / "<img src=x onerror=alert(1)>{{data}} </script>"[:40].replace("/", "|")
    program.write_bytes(toolchain.program("seeds/hello.s", kind="nolibc").read_bytes())
    program.chmod(0o755)
    page = render.render([linux.call(explain(program).told)])
    assert "<img" not in page
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert "<img src=x" in json.loads(data[1])["calls"][0]["title"]
