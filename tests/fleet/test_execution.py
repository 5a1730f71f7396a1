"""Single runs: how they end, why, and that nothing but their inputs counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ring3.fleet.content import EMPTY, Content
from ring3.fleet.execution import execute
from ring3.fleet.outcome import Ending, Outcome
from ring3.fleet.run import HOME, File, Limits, Run

POLICY = (
    b'default = "deny"\n[[rule]]\ncalls = ["%process", "arch_prctl", "writev", "write"]\naction = "allow"\n'
)


def made(target: Path, *words: str, given: bytes = b"", policy: bytes = b"", **fields: object) -> Outcome:
    program, data, rules = Content.read_from(str(target)), Content.of(given), Content.of(policy)
    run = Run(
        File(f"{HOME}/target", program.digest, 0o755), ("./target", *words), data.digest, 1, (),
        rules.digest if policy else "", (("HOME", HOME),), (), (), Limits(), trace=False, keep=100,
    )  # fmt: skip
    contents = {one.digest: one.read() for one in (program, data, rules, EMPTY)}
    return execute(run._replace(**fields), contents)  # type: ignore[arg-type]


def test_a_run_that_ends_by_itself(target: Path) -> None:
    outcome = made(target, environment=(("WORD", "hello"),))
    assert (outcome.ending, outcome.status, outcome.cause) == (Ending.EXIT, 0, "status 0")
    assert (outcome.stdout.head, outcome.stdout.size) == ("hello\n", 6)
    assert Outcome.from_json(outcome.to_json()) == outcome


def test_a_crash_is_known_by_its_stack(target: Path) -> None:
    outcome = made(target, "copy", given=b"a!")
    assert (outcome.ending, outcome.status) == (Ending.SIGNAL, 139)
    assert outcome.stack[0].startswith("inner")
    assert outcome.cause.startswith("SIGSEGV in inner")
    assert outcome.cause.endswith("read")
    assert made(target, "copy", given=b"b!", seed=2).cause == outcome.cause


@pytest.mark.parametrize(
    ("words", "limits", "ending"),
    [
        (["calls"], Limits(calls=100), Ending.HANG),
        (["flood"], Limits(output=1000), Ending.HANG),
        (["wait"], Limits(), Ending.DEADLOCK),
        (["status", "3"], Limits(), Ending.EXIT),
    ],
)
def test_other_endings(target: Path, words: list[str], limits: Limits, ending: Ending) -> None:
    outcome = made(target, *words, limits=limits)
    assert outcome.ending is ending
    assert outcome.cause.startswith(f"status {outcome.status}" if ending is Ending.EXIT else ending.value)
    assert outcome.stdout.size <= 1005


def test_what_cannot_be_run_is_refused(target: Path) -> None:
    outcome = made(target, program=File(f"{HOME}/target", EMPTY.digest, 0o755))
    assert outcome.ending is Ending.REFUSED
    assert "target" in outcome.cause


def test_faults_and_policies_act(target: Path) -> None:
    assert made(target, "copy", given=b"x", faults=("read:error=EIO",)).status == 4
    outcome = made(target, "copy", given=b"x", policy=POLICY)
    assert outcome.denied
    assert outcome.status == 4


def test_files_are_there_and_what_is_written_is_noted(target: Path) -> None:
    data = Content.of(b"from a file")
    program = Content.read_from(str(target))
    run = Run(
        File(f"{HOME}/target", program.digest, 0o755), ("./target", "copy", "sub/data"), EMPTY.digest, 1, (), "",
        (("HOME", HOME),), (File(f"{HOME}/sub/data", data.digest, 0o644),), (), Limits(), trace=True, keep=100,
    )  # fmt: skip
    outcome = execute(run, {one.digest: one.read() for one in (program, data, EMPTY)})
    assert outcome.stdout.head == "from a file"
    assert list(outcome.files) == [f"{HOME}/copy"]
    assert outcome.files[f"{HOME}/copy"].startswith("11:")
    assert 'open("sub/data", O_RDONLY|O_LARGEFILE) = 3' in outcome.trace


def test_the_same_inputs_give_the_same_run(target: Path) -> None:
    first = made(target, "chance", trace=True)
    for words in (["copy"], ["crash"], ["wait"]):
        made(target, *words)
    assert made(target, "chance", trace=True) == first
    assert made(target, "chance", seed=2).stdout.head != first.stdout.head
