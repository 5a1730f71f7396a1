from pathlib import Path

import pytest

from ring3.trace.dtrace.errors import DtraceError
from ring3.trace.dtrace.libraries import in_order
from tests.trace.dtrace.test_command import dtrace


def write(directory: Path, **libraries: str) -> None:
    for name, needed in libraries.items():
        lines = [f"#pragma D depends_on library {each}.d\n" for each in needed.split()]
        (directory / f"{name}.d").write_text("".join(lines) + f"inline int {name} = {len(needed.split())};\n")


def test_what_a_library_needs_comes_before_it(tmp_path: Path) -> None:
    write(tmp_path, first="second third", second="third", third="")
    assert [Path(path).stem for path, _ in in_order([str(tmp_path)])] == ["third", "second", "first"]


def test_a_circle_is_refused(tmp_path: Path) -> None:
    write(tmp_path, first="second", second="first")
    with pytest.raises(DtraceError, match=r"first\.d -> second\.d -> first\.d"):
        in_order([str(tmp_path)])


def test_programs_use_what_libraries_declare(tmp_path: Path) -> None:
    write(tmp_path, first="second", second="")
    assert dtrace("-L", str(tmp_path), "-qn", "BEGIN { exit(first + 4); }")[0] == 5
    (tmp_path / "wrong.d").write_text("inline int x = nothing;\n")
    status, _, stderr = dtrace("-L", str(tmp_path), "-qn", "BEGIN")
    assert status == 1
    assert 'wrong.d", line 1: failed to resolve nothing: Unknown variable name' in stderr
    assert stderr.startswith("dtrace: invalid probe specifier BEGIN: ")


def test_of_two_libraries_with_one_name_the_first_counts(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "lib.d").write_text(f"inline int number = {number};\n")
    assert (
        dtrace("-L", str(tmp_path / "1"), "-L", str(tmp_path / "2"), "-qn", "BEGIN { exit(number); }")[0] == 1
    )
