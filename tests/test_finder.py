"""Modules are found as Python's own finders find them, and are as new as their sources."""

from __future__ import annotations

import importlib
import importlib.util
import os
import py_compile
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

import pytest

import ring3
from ring3.finder import PackageFinder, install


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package ``found`` whose module ``one`` says 1, imported by the finder."""
    folder = tmp_path / "found"
    (folder / "below").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "below" / "__init__.py").write_text("DEEP = True\n")
    (folder / "one.py").write_text("SAYS = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    found = importlib.import_module("found")
    install(found)
    yield found
    for name in [name for name in sys.modules if name.partition(".")[0] == "found"]:
        del sys.modules[name]


def _again(name: str) -> ModuleType:
    sys.modules.pop(name, None)
    return importlib.import_module(name)


@pytest.mark.parametrize("name", ["ring3.errors", "ring3.linux", "ring3.linux.calls.files.ioctl"])
def test_a_module_is_described_as_pythons_finder_does(name: str) -> None:
    path = importlib.import_module(name.rpartition(".")[0]).__path__
    ours, theirs = PackageFinder(ring3).find_spec(name), PathFinder.find_spec(name, path)
    assert ours is not None
    assert theirs is not None
    for what in ("name", "origin", "cached", "has_location", "parent", "submodule_search_locations"):
        assert getattr(ours, what) == getattr(theirs, what)


def test_other_packages_and_modules_that_are_not_there_are_left_to_others(package: ModuleType) -> None:
    finder = PackageFinder(package)
    assert finder.find_spec("os") is None
    assert finder.find_spec("foundling.one") is None
    assert finder.find_spec("found.two") is None
    with pytest.raises(ModuleNotFoundError, match=r"found\.two"):
        importlib.import_module("found.two")


def test_modules_and_packages_are_imported_and_their_code_is_kept(package: ModuleType) -> None:
    one = importlib.import_module("found.one")
    assert (one.SAYS, importlib.import_module("found.below").DEEP) == (1, True)
    assert one.__cached__ is not None
    assert Path(one.__cached__).exists() != sys.dont_write_bytecode


@pytest.mark.parametrize("text", ["SAYS = 2\n", "SAYS  =  2\n"])
def test_a_source_that_is_newer_than_its_compiled_file_wins(package: ModuleType, text: str) -> None:
    source = Path(package.__path__[0]) / "one.py"
    compiled = py_compile.compile(str(source))
    assert compiled is not None
    before = source.stat()
    source.write_text(text)
    os.utime(source, (before.st_atime, before.st_mtime + (2 if len(text) == before.st_size else 0)))
    assert _again("found.one").SAYS == 2


def test_the_compiled_file_of_an_unchanged_source_is_what_runs(package: ModuleType) -> None:
    source = Path(package.__path__[0]) / "one.py"
    state = source.stat()
    py_compile.compile(str(source))
    source.write_text("SAYS = 3\n")
    os.utime(source, ns=(state.st_atime_ns, state.st_mtime_ns))  # nobody can tell
    assert _again("found.one").SAYS == 1


def test_a_module_that_was_compiled_elsewhere_says_where_it_is(package: ModuleType) -> None:
    source = Path(package.__path__[0]) / "one.py"
    source.write_text("SAYS = 1\ndef where(): pass\n")
    py_compile.compile(str(source), dfile="elsewhere/one.py")
    assert _again("found.one").where.__code__.co_filename == str(source)


@pytest.mark.parametrize("garbage", [b"", b"\xff" * 40])
def test_damaged_compiled_files_are_made_anew(package: ModuleType, garbage: bytes) -> None:
    compiled = py_compile.compile(str(Path(package.__path__[0]) / "one.py"))
    assert compiled is not None
    Path(compiled).write_bytes(garbage)
    assert _again("found.one").SAYS == 1


def test_compiled_files_that_are_checked_by_contents_are_left_to_python(package: ModuleType) -> None:
    source = Path(package.__path__[0]) / "one.py"
    py_compile.compile(str(source), invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    state = source.stat()
    source.write_text("SAYS = 4\n")
    os.utime(source, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert _again("found.one").SAYS == 4


def test_where_compiled_files_lie_elsewhere_pythons_finders_stay(
    package: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(sys.meta_path)
    monkeypatch.setattr(sys, "pycache_prefix", "/nowhere")
    install(package)
    assert sys.meta_path == before


def test_the_command_has_its_modules_found_so() -> None:
    command = [sys.executable, "-v", "-m", "ring3", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "import 'ring3.cli.main' # <ring3.finder._Loader" in done.stderr
