from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from tests.support import cache
from tests.support.toolchain import Bits, CompileError, Kind, Toolchain, musl

ELF_TYPES: dict[Kind, str] = {
    "static": "ET_EXEC",
    "static-pie": "ET_DYN",
    "dynamic": "ET_DYN",
    "nolibc": "ET_EXEC",
    "object": "ET_REL",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "start.S"
    path.write_text('#include "number.h"\n.globl _start\n_start: mov $NUMBER, %eax\n')
    (tmp_path / "number.h").write_text("#define NUMBER 1\n")
    return path


def build_start(toolchain: Toolchain, source: Path) -> Path:
    return toolchain.build([source], target=musl(64), kind="nolibc")


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("kind", ELF_TYPES)
def test_kind_and_width_show_in_the_elf_header(toolchain: Toolchain, kind: Kind, bits: Bits) -> None:
    name = f"basic/clobber{bits}.S" if kind == "nolibc" else "basic/hello.c"
    with toolchain.program(name, bits=bits, kind=kind).open("rb") as file:
        elf = ELFFile(file)
        assert (elf.header["e_type"], elf.elfclass) == (ELF_TYPES[kind], bits)
        interpreters = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_INTERP"]
        assert len(interpreters) == (kind == "dynamic")


def test_second_build_is_the_first_ones_result(toolchain: Toolchain, source: Path) -> None:
    built = build_start(toolchain, source)
    made = built.stat().st_mtime_ns
    assert build_start(toolchain, source) == built
    assert built.stat().st_mtime_ns == made


def test_result_depends_on_header_flags_and_version(toolchain: Toolchain, source: Path) -> None:
    first = build_start(toolchain, source)
    assert build_start(replace(toolchain, version="another"), source) != first
    assert toolchain.build([source], target=musl(64), kind="nolibc", flags=["-DOTHER"]) != first
    (source.parent / "number.h").write_text("#define NUMBER 2\n")
    assert build_start(toolchain, source).read_bytes() != first.read_bytes()


def test_builds_at_the_same_time_do_not_collide(toolchain: Toolchain, source: Path, tmp_path: Path) -> None:
    apart = replace(toolchain, home=tmp_path)
    with ThreadPoolExecutor(4) as pool:
        built = list(pool.map(lambda _: build_start(apart, source), range(4)))
    assert len(set(built)) == 1
    assert built[0].stat().st_mode & 0o111
    assert not list(tmp_path.glob("building-*"))


def test_compile_error_says_what_the_compiler_said(toolchain: Toolchain, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.c"
    wrong.write_text("int main(void) { return undeclared; }\n")
    with pytest.raises(CompileError, match="use of undeclared identifier 'undeclared'"):
        toolchain.build([wrong], target=musl(64), kind="object")


def test_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "new"))
    assert cache.directory() == tmp_path / "new"
    assert (tmp_path / "new").is_dir()


def test_cache_does_not_follow_a_link_that_another_user_may_have_put(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(cache.VARIABLE, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    own = cache.directory()
    own.rmdir()
    own.symlink_to(tmp_path)
    with pytest.raises(PermissionError, match=cache.VARIABLE):
        cache.directory()
