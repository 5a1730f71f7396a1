"""Programs that are run with one input after the other, and the loop that finds inputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

import ring3
from ring3.fuzz.corpus import Corpus
from ring3.fuzz.findings import Findings
from ring3.fuzz.loop import Fuzzer
from ring3.fuzz.mutate import Mutator, each_byte
from ring3.fuzz.target import Outcome, Target
from ring3.machine.edges import SIZE
from tests.support.toolchain import Toolchain


@pytest.fixture(scope="session")
def compares(toolchain: Toolchain) -> str:
    """A program that crashes behind four comparisons."""
    return str(toolchain.program("fuzz/compares.c"))


@pytest.fixture
def machine() -> Iterator[ring3.Linux]:
    """A machine on which every run is the same."""
    with ring3.Linux(seed=1, virtual_time=True) as made:
        yield made


@pytest.mark.parametrize("arguments", [[], ["@@"]], ids=["stdin", "file"])
def test_each_run_is_as_if_it_were_the_first(
    machine: ring3.Linux, compares: str, arguments: list[str]
) -> None:
    target = Target(machine, [compares, *arguments], seconds=0.05)
    expected = {
        b"": (Outcome.ENDED, 0),
        b"e": (Outcome.ENDED, 7 << 8),
        b"RRRR": (Outcome.ENDED, 0),
        b"R3\xfe!": (Outcome.CRASHED, 11),
        b"$": (Outcome.CRASHED, 6),
        b"~": (Outcome.HUNG, 9),
        b"?": (Outcome.HUNG, 9),
    }
    first = {data: target.run(data) for data in expected}
    assert {data: run[:2] for data, run in first.items()} == expected
    again = {data: target.run(data) for data in reversed(expected)}
    for data, run in again.items():  # how often a loop without end goes round is a matter of its time
        assert run.edges == first[data].edges or run.outcome is Outcome.HUNG
    assert first[b"RRRR"].edges != first[b""].edges
    crash = first[b"R3\xfe!"].crash
    assert crash is not None
    assert crash.place.startswith("crash")


def test_where_runs_begin_can_be_said(machine: ring3.Linux, compares: str) -> None:
    target = Target(machine, [compares], start="main")
    assert target.run(b"e").status == 7 << 8
    assert target.run(b"").status == 0


def test_a_program_that_asks_for_nothing_is_refused(machine: ring3.Linux) -> None:
    with pytest.raises(ring3.UserError, match="ended with 0 and did not ask for its input"):
        Target(machine, ["examples/hello/hello"])
    with pytest.raises(ring3.UserError, match="no symbol nowhere"):
        Target(machine, ["examples/hello/hello"], start="nowhere")


def test_a_crash_behind_four_comparisons_is_found_from_the_empty_input(
    machine: ring3.Linux, compares: str, tmp_path: Path
) -> None:
    findings = Findings(str(tmp_path / "out"), lambda file: ["ring3", "fuzz", "--repeat", file, compares])
    fuzzer = Fuzzer(Target(machine, [compares], seconds=0.001), findings, seed=4)
    progress = fuzzer.run([], lambda progress: "crash" in found(tmp_path) or progress.runs == 20_000)
    assert progress.runs < 20_000
    (path,) = [
        path for path in (tmp_path / "out/crashes").iterdir() if "crash" in path.name and not path.suffix
    ]
    assert path.read_bytes().startswith(b"R3\xfe!")
    report = path.with_name(path.name + ".txt").read_text()
    assert report.startswith(f"ring3 fuzz --repeat {path} {compares}\n")
    assert "SIGSEGV" in report


def found(folder: Path) -> str:
    return " ".join(path.name for path in (folder / "out/crashes").iterdir())


def test_what_crashes_at_one_place_is_kept_once(machine: ring3.Linux, compares: str, tmp_path: Path) -> None:
    target = Target(machine, [compares])
    findings = Findings(str(tmp_path), lambda file: ["again", file])
    for data in (b"R3\xfe!", b"R3\xfe!more", b"$"):
        crash = target.run(data).crash
        assert crash is not None
        findings.crash(data, crash)
    assert findings.crashes == 2


def test_a_corpus_keeps_what_takes_an_edge_more_often_by_classes() -> None:
    corpus = Corpus()

    def edges(**counts: int) -> bytes:
        made = bytearray(SIZE)
        for name, count in counts.items():
            made[ord(name)] = count
        return bytes(made)

    assert corpus.add(b"1", edges(a=1))
    assert not corpus.add(b"2", edges(a=1))
    assert corpus.add(b"3", edges(a=4))
    assert not corpus.add(b"4", edges(a=7))
    assert corpus.add(b"5", edges(b=200))
    assert [entry.data for entry in corpus.entries] == [b"1", b"3", b"5"]
    assert corpus.edges == 2


def test_changes_are_the_same_for_the_same_seed_and_reach_tokens() -> None:
    made = [[Mutator(Random(seed), [b"token"]).havoc(b"abc", b"xyz") for _ in range(1)] for seed in (1, 1, 2)]
    assert made[0] == made[1]
    mutator = Mutator(Random(3), [b"token"])
    assert any(b"token" in mutator.havoc(b"", b"") for _ in range(500))
    assert len(set(each_byte(b"ab"))) == 510
