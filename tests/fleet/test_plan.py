"""Plans: what they stand for, and what is said of bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from ring3.errors import UserError
from ring3.fleet.plan import Plan, read
from ring3.fleet.points import Choice, Point, count, points
from ring3.fleet.run import Run

EVERYTHING = Choice({})


def plan(folder: Path, text: str) -> Plan:
    path = folder / "plan.toml"
    path.write_text(text)
    (folder / "prog").write_bytes(b"program")
    (folder / "policy").write_text('default = "deny"\n')
    return read(str(path))


def counted(folder: Path, text: str) -> list[Point]:
    found = plan(folder, text)
    every = list(points(found, EVERYTHING))
    assert len(every) == count(found, EVERYTHING)
    return every


def test_runs_are_the_product_of_what_is_given(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    every = counted(
        tmp_path,
        """
        seeds = ["0..1", 7]
        inputs = ["[ab]", { text = "x", name = "typed" }]
        policies = ["", "policy"]
        faults = ["", "read:error=EIO", ["open:error=EMFILE:when=2", "close:error=EIO"]]
        [[program]]
        path = "prog"
        arguments = ["-v 'one word'", ["--", ""]]
        """,
    )
    assert len(every) == 2 * 3 * 2 * 3 * 3
    assert len({point.run.name for point in every}) == len(every)
    assert {point.run.seed for point in every} == {0, 1, 7}
    assert {point.input for point in every} == {"a", "b", "typed"}
    assert {point.run.arguments for point in every} == {("./prog", "-v", "one word"), ("./prog", "--", "")}
    assert ("open:error=EMFILE:when=2", "close:error=EIO") in {point.run.faults for point in every}


def test_a_name_follows_from_the_inputs_alone(tmp_path: Path) -> None:
    names = []
    for number, contents in enumerate((b"1", b"1", b"2")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "data").write_bytes(contents)
        names += [p.run.name for p in counted(folder, 'inputs = "data"\n[[program]]\npath = "prog"\n')]
    assert names[0] == names[1] != names[2]


def test_a_run_is_the_same_after_a_journey(tmp_path: Path) -> None:
    (point,) = counted(
        tmp_path, 'faults = ["read:error=EIO"]\n[files]\ndata = "policy"\n[[program]]\npath = "prog"\n'
    )
    there = Run.of_fields(point.run.as_fields())
    assert there == point.run
    assert there.name == point.run.name


def test_an_input_can_be_a_file_among_the_arguments(tmp_path: Path) -> None:
    (point,) = counted(
        tmp_path, 'inputs = [{ text = "x" }]\n[[program]]\npath = "prog"\narguments = ["--file=@@"]\n'
    )
    assert point.run.arguments == ("./prog", "--file=input")
    assert point.run.files[0].path == "/sweep/input"


def test_versions_are_called_alike(tmp_path: Path) -> None:
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tool").write_text(name)
    every = counted(tmp_path, '[[program]]\nversions = ["v*/tool"]\n')
    assert [(p.program.name, p.version, p.run.arguments) for p in every] == [
        ("tool", "v1/tool", ("./tool",)),
        ("tool", "v2/tool", ("./tool",)),
    ]


def test_a_program_has_its_own_beside_what_all_have(tmp_path: Path) -> None:
    every = counted(
        tmp_path, 'seeds = "0..9"\n[[program]]\npath = "prog"\n[[program]]\npath = "/bin/sh"\nseeds = 4\n'
    )
    assert [len([p for p in every if p.program.name == name]) for name in ("prog", "/bin/sh")] == [10, 1]
    assert every[-1].run.program.path == "/bin/sh"


def test_some_runs_can_be_chosen(tmp_path: Path) -> None:
    found = plan(tmp_path, 'seeds = "0..9"\n[[program]]\npath = "prog"\nname = "p"\n')
    choice = Choice({"program": "p", "seed": "4"})
    assert [point.run.seed for point in points(found, choice)] == [4]
    assert count(found, choice) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "[[program]]"),
        ("program = 3", "[[program]]"),
        ("[[program]]\n", "path or versions"),
        ('[[program]]\npath = "nothing"\n', "nothing: not found in PATH"),
        ('[[program]]\npath = "./nothing"\n', "no such file"),
        ('[[program]]\npath = "no*"\n', "no file matches"),
        ('[[program]]\npath = "."\n', "Is a directory"),
        ('[[program]]\npath = "prog"\nseed = 1\n', "is seeds meant"),
        ('seeds = "1-9"\n[[program]]\npath = "prog"\n', "seeds"),
        ('seeds = "9..1"\n[[program]]\npath = "prog"\n', "empty"),
        ('seeds = ["0..5", 3]\n[[program]]\npath = "prog"\n', "3 is there twice"),
        ('faults = ["read:eror=EIO"]\n[[program]]\npath = "prog"\n', "read:eror=EIO"),
        ('faults = ["nocall:error=EIO"]\n[[program]]\npath = "prog"\n', "nocall"),
        ('faults = { cals = "all" }\n[[program]]\npath = "prog"\n', "is calls meant"),
        ('policies = "prog"\n[[program]]\npath = "prog"\n', "prog"),
        ('status = "0"\n[[program]]\npath = "prog"\n', "status"),
        ('[limits]\nmemory = "1M"\n[[program]]\npath = "prog"\n', "memory is at least"),
        ('[files]\n"prog" = "policy"\n[[program]]\npath = "prog"\n', "where the program is"),
        ("inputs = [7]\n[[program]]\npath = 'prog'\n", "inputs"),
        ("[[program]\n", "line 1"),
        ("arguments = [\"'\"]\n[[program]]\npath = 'prog'\n", "No closing quotation"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        plan(tmp_path, text)
    assert said in str(error.value)
    assert str(error.value).startswith(str(tmp_path))
    assert "\n" not in str(error.value)
