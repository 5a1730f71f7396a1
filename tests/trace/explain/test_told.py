"""The two forms of an explanation tell the same facts, and the documentation says which there are."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ring3.trace.explain import as_json, text
from ring3.trace.explain.model import Explanation
from ring3.trace.explain.watch import Wanted
from tests.support.toolchain import Toolchain
from tests.trace.explain.explaining import build, explain

DOCUMENTATION = Path(__file__).resolve().parents[3] / "docs" / "explain.md"

CALLS: dict[str, Callable[[Toolchain], Explanation]] = {
    "syscall": lambda t: explain(t.program("seeds/hello.s", kind="nolibc")).told,
    "exit": lambda t: explain(t.program("seeds/hello.s", kind="nolibc"), Wanted(2)).told,
    "int80": lambda t: explain(build(t, "doors32.S", 32)).told,
    "int80 from 64-bit code": lambda t: explain(t.program("basic/int80_from_64.c"), Wanted(2, "write")).told,
    "sysenter": lambda t: explain(build(t, "doors32.S", 32), Wanted(2)).told,
    "syscall from 32-bit code": lambda t: explain(build(t, "doors32.S", 32), Wanted(3)).told,
    "page fault": lambda t: explain(build(t, "doors32.S", 32), Wanted(4)).told,
    "bad sixth": lambda t: explain(build(t, "bad_sixth.S", 32)).told,
    "no such number": lambda t: explain(t.program("basic/enosys.c"), Wanted(24)).told,
}


@pytest.fixture(scope="module", params=CALLS, ids=str)
def told(request: pytest.FixtureRequest, toolchain: Toolchain) -> Explanation:
    return CALLS[request.param](toolchain)


def one_line(lines: str) -> str:
    """Text without its line breaks and columns."""
    return re.sub(r"\s+", " ", lines)


def keys(value: object) -> Iterator[str]:
    """All keys of the objects in a JSON value, but for names of registers and fields."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield key
            if key not in ("registers", "fields"):
                yield from keys(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from keys(inside)


def test_text_has_the_sections_in_order(told: Explanation) -> None:
    headings = re.findall(r"^(\d+)\. (.*)\n-+$", text.render(told), re.MULTILINE)
    assert [int(number) for number, _ in headings] == list(range(1, len(headings) + 1))
    titles = [title.partition(":")[0] for _, title in headings]
    expected = ["The program", "The CPU", "The entry code", "To the table", "The table", "The handler"]
    order = [*expected, "The way back", "Ring 3 again", "The end"]
    assert titles[:4] == expected[:4]
    assert titles == sorted(titles, key=order.index)
    assert (titles[-1] == "The end") == bool(told.ended)


def test_text_is_plain_and_fits_the_page(told: Explanation) -> None:
    whole = text.render(told)
    assert whole.isascii()
    assert "\x1b" not in whole
    assert whole.endswith("\n")
    too_long = [line for line in whole.splitlines()[2:] if len(line) > 100 and line.count(" ") > 8]
    assert too_long == []
    assert not [line for line in whole.splitlines() if line.endswith(" ")]


def test_text_tells_every_instruction_of_the_json_in_order(told: Explanation) -> None:
    whole = one_line(text.render(told))
    events = json.loads(as_json.render(told))["events"]
    at = 0
    instructions = [event for event in events if event["kind"] == "instruction"]
    assert len(instructions) > 50
    for instruction in instructions:
        line = one_line(f"{instruction['where']} {instruction['text']}")
        at = whole.find(line, at)
        assert at >= 0, line
        at += len(line)


def test_text_tells_the_other_facts_of_the_json(told: Explanation) -> None:
    whole = one_line(text.render(told))
    value = json.loads(as_json.render(told))
    asked = value["asked"]
    assert f"{asked['instruction']['address']} <{asked['instruction']['where']}>" in whole
    assert all(name in whole for name in value["entry"])
    for event in value["events"]:
        for step in event.get("steps", ()):
            assert f"{step['what']} {step['subject']} {step['value']}" in whole
        if event["kind"] == "pt_regs":
            assert all(f"{name} {held}" in whole for name, held in event["fields"].items())
        if event["kind"] == "table":
            slot = f"{event['table']}[{event['number']}] at {event['address']} (physical {event['physical']})"
            assert f"{slot} = {event['content']} <{event['symbol']}>" in whole
        for layer in event.get("layers", ()):
            assert layer["function"] in whole
        if event["kind"] == "python" and event["handler"] and event["result"] is not None:
            assert str(event["result"]) in whole
            assert (event["errno"] or "") in whole
    if value["back"] is not None:
        assert f"{value['back']['instruction']['address']} <{value['back']['instruction']['where']}>" in whole
        wide = asked["mode"] == "64-bit"
        for change in value["back"]["changes"]:
            if wide:
                assert f"{change['name']} {change['before']} -> {change['after']}" in whole


def test_json_has_the_models_numbers(told: Explanation) -> None:
    value = json.loads(as_json.render(told))
    assert value["format"] == as_json.FORMAT
    assert (value["program"], value["task"], value["nth"]) == (told.program, told.task, told.nth)
    assert {name: int(held, 16) for name, held in value["asked"]["registers"].items()} == {
        register.name: register.value for register in told.asked.registers
    }
    assert len(value["events"]) == len(told.events)
    assert (value["back"] is None, value["ended"] is None) == (told.back is None, told.ended == "")


def test_documentation_describes_every_key(told: Explanation) -> None:
    described = set(re.findall(r"`(\w+)`", DOCUMENTATION.read_text("utf-8")))
    assert set(keys(json.loads(as_json.render(told)))) <= described


def test_documented_example_is_what_is_told(toolchain: Toolchain) -> None:
    """The text in the documentation, but for what is left out there and for addresses that differ."""
    example = DOCUMENTATION.read_text("utf-8").split("```text\n")[1].split("```")[0]
    whole = text.render(CALLS["syscall"](toolchain))
    known = {shape(line) for line in whole.splitlines()}
    lines = [line for line in example.splitlines() if line.strip() not in ("", "...")]
    assert len(lines) > 40
    unknown = [line for line in lines[1:] if shape(line) not in known and not set(line) <= {"=", "-"}]
    assert unknown == []


def test_documented_python_prints_what_is_documented() -> None:
    source, printed = re.findall(
        r"```python\n(.*?)```\n```text\n(.*?)```", DOCUMENTATION.read_text("utf-8"), re.DOTALL
    )[0]
    finished = subprocess.run(
        [sys.executable, "-"],
        input=source,
        cwd=DOCUMENTATION.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.stdout, finished.stderr) == (printed, "")


def shape(line: str) -> str:
    """A line without its numbers and columns."""
    return one_line(re.sub(r"0x[0-9a-f]+|\b\d+\b", "N", line)).strip()
