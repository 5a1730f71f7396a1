"""Memory as values of C: kernels, programs and core files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ring3.computer import Linux, Solaris
from ring3.debug import NoMemory, ProcessTarget
from ring3.debug.program import Program
from ring3.errors import UserError
from tests.support.toolchain import PROGRAMS, Toolchain, musl


@pytest.fixture
def solaris() -> Iterator[Program]:
    with Solaris() as computer:
        yield Program.of_kernel(computer.kernel)


def test_a_kernels_table(solaris: Program) -> None:
    entry = solaris["sysent"][152]
    assert str(entry.sy_callc) == "(int64_t (*)())0xfffffffffbcad4e0 <modctl>"
    assert int(entry.sy_callc) == solaris["modctl"].address_
    assert entry.sy_narg == 6
    assert str(entry).splitlines()[:2] == ["(struct sysent){", "\t.sy_narg = (char)6,"]
    assert entry.value_()["sy_call"] == 0
    assert repr(entry) == "Value('struct sysent', address=0xfffffffffc243480)"
    assert entry.address_of_()[0].sy_callc == entry.sy_callc
    assert len(solaris["sysent"]) == 256
    assert sum(1 for _ in solaris["sysent"]) == 256
    assert "sy_callc" in dir(entry)
    assert solaris["cpus"][0].cpu_self.cpu_self[0].cpu_id == 0
    assert solaris.describe(int(entry.sy_callc) + 4) == "modctl+4"


def test_it_can_be_changed(solaris: Program) -> None:
    entry = solaris["sysent"][152]
    entry.sy_narg.write_(3)
    assert solaris["sysent"][152].sy_narg == 3
    assert entry.sy_narg + 1 == 4
    with pytest.raises(TypeError, match="cannot be written"):
        entry.write_(1)


def test_what_is_not_there(solaris: Program) -> None:
    assert "nosuch" not in solaris
    with pytest.raises(KeyError, match="nosuch"):
        solaris["nosuch"]
    with pytest.raises(LookupError, match="there is no type struct nosuch"):
        solaris.value("struct nosuch", 0)
    with pytest.raises(AttributeError, match="struct sysent has no member nosuch"):
        _ = solaris["sysent"][0].nosuch
    with pytest.raises(IndexError):
        solaris["sysent"][256]
    with pytest.raises(TypeError, match="has no elements"):
        solaris["sysent"][0][0]
    with pytest.raises(NoMemory):
        int(solaris.value("int", 8))


@pytest.fixture
def stops(toolchain: Toolchain) -> Path:
    return toolchain.build(
        [PROGRAMS / "debug" / "stops.c"], target=musl(64), kind="nolibc", flags=("-g", "-O0", "-fno-builtin")
    )


def test_a_programs_variables(stops: Path) -> None:
    with Linux() as linux:
        target = ProcessTarget(linux.kernel)
        target.attach(linux.load(str(stops)))
        stop = target.wait()
        assert stop is not None
        program = Program.of_thread(stop.thread)
        assert program["counter"] == 0
        program["counter"].write_(7)
        assert str(program["counter"]) == "(int)7"
        assert str(program["inner"]).endswith("<inner>")


def test_no_core_file(stops: Path) -> None:
    with pytest.raises(UserError, match="is not a core file"):
        Program.of_core(str(stops))
