"""The language: expressions, counts, pipes, variables, comments, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.debug.mdb.session import Typed


@pytest.fixture
def typed() -> Typed:
    return Typed()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("10", "10"),
        ("0t10", "a"),
        ("0i101", "5"),
        ("0o17", "f"),
        ("0x1F", "1f"),
        ("feed", "feed"),
        ("1 + 2 * 3", "7"),
        ("7 % 2", "3"),
        ("10 # 3", "12"),
        ("#0", "1"),
        ("#5", "0"),
        ("~0", "ffffffffffffffff"),
        ("-1", "ffffffffffffffff"),
        ("1 << 0t63 >> 0t62", "2"),
        ("5 == 5", "1"),
        ("5 != 5", "0"),
        ("3 & 6 | 8", "a"),
        ("6 ^ 3 & 1", "7"),
        ("(1 + 2) * 3", "9"),
        ("5 - 2 + 1", "4"),
        ("'ab'", "6162"),
        ("0t1.5", "3ff8000000000000"),
    ],
)
def test_expressions(typed: Typed, expression: str, value: str) -> None:
    assert typed(f"{expression} = J").split() == [value]


def test_dot_and_increment(typed: Typed) -> None:
    assert typed("20 = J\n. + 2 = J\n").split() == ["20", "22"]


def test_variables(typed: Typed) -> None:
    assert typed("12345678>x\n<x=J\n<x>/s/y\n<y=J").split() == ["12345678", "5678"]
    assert typed("<nobody=J") == "mdb: variable 'nobody' is not defined\n"
    assert typed("::unset x\n<x=J") == "mdb: variable 'x' is not defined\n"


def test_counts(typed: Typed) -> None:
    assert typed("1,3=X") == f"{'':16}{'1':<16}{'1':<16}{'1':<16}\n"


def test_pipes(typed: Typed) -> None:
    assert typed("1::map .+1 | ::map .*2 | =J").split() == ["4"]
    assert typed("::echo 1 | ::grep .==2") == ""


def test_comments_and_several_commands(typed: Typed) -> None:
    assert typed("1=J // the rest is nothing ; 2=J").split() == ["1"]
    assert typed("1=J ; 2=J").split() == ["1", "2"]
    assert typed("// nothing at all\n") == ""


def test_the_shell(typed: Typed) -> None:
    assert typed("!echo hi") == "hi\n"
    assert typed("::echo one two ! tr a-z A-Z") == "ONE TWO \n"
    assert typed("2=D ! cat >/dev/null") == ""


def test_a_shell_command_that_has_read_enough_ends_the_output(typed: Typed) -> None:
    assert typed(",ffffffff=Kn ! head -1").split() == ["0"]
    assert typed(",ffffffff=K ! true") == ""


def test_what_was_printed_before_an_error_is_read(typed: Typed) -> None:
    assert typed("::echo before ! cat; 0/X ! wc -c").split()[0] == "before"
    assert "no mapping" in typed("0/X ! cat")


def test_computed_arguments(typed: Typed) -> None:
    assert typed("::echo $[0t10 + 2] 'a b'") == "c a b \n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("::nosuch", "invalid command '::nosuch': unknown dcmd name"),
        ("nosuch=J", "failed to dereference symbol: unknown symbol name"),
        ("1 2", 'syntax error near "2"'),
        ("(1", "syntax error"),
        ("1 % 0 = J", "attempted to divide by zero"),
        ("0/X", "failed to read data from target: no mapping for address"),
        ("1=$", "invalid format character -- '$'"),
        ("::walk nosuch", "failed to perform walk: unknown walk name"),
        ("::load /nonexistent.py", "failed to load /nonexistent.py: no such module"),
        ('::echo "abc', 'syntax error: " unmatched'),
    ],
)
def test_complaints(typed: Typed, text: str, complaint: str) -> None:
    assert typed(text).splitlines()[-1] == f"mdb: {complaint}"


def test_usage(typed: Typed) -> None:
    assert typed("::array int 3") == "mdb: address required\nUsage: address ::array [type count] [variable]\n"


def test_what_is_wrong_leaves_out_the_rest_of_its_line_only(typed: Typed) -> None:
    assert typed("::nosuch ; 1=J\n2=J").split()[-1] == "2"


def test_options(typed: Typed) -> None:
    assert typed("::set -o array_mem_limit=3\n") == ""
    assert typed.session.settings.array_mem_limit == 3
    assert typed("::set -o nosuch") == "mdb: invalid debugger option -- nosuch\n"
    assert typed("0t10$d\n10=D") == f"radix = 10 base ten\n{'':16}{'10':<16}\n"


def test_python_dcmds(typed: Typed, tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(
        "from ring3.debug.mdb import dcmd, walker\n"
        "@dcmd('double', ':', 'twice dot')\n"
        "def double(call):\n"
        "    call.emit(2 * call.address)\n"
        "@walker('evens', 'even numbers')\n"
        "def evens(session, start):\n"
        "    yield from range(start or 0, 6, 2)\n"
    )
    assert typed(f"::load {path}") == ""
    assert typed("::walk evens | ::double") == "0\n4\n8\n"
    assert typed("::which double") == "double is a dcmd from module own\n"
    assert typed("::unload own\n::double") == "mdb: invalid command '::double': unknown dcmd name\n"


def test_a_module_that_fails(typed: Typed, tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text("1 / 0\n")
    assert typed(f"::load {path}") == f"mdb: failed to load {path}: ZeroDivisionError: division by zero\n"


def test_the_session_is_logged(typed: Typed, tmp_path: Path) -> None:
    assert typed("::log") == "mdb: no log is active\n"
    assert typed("::log -d") == "mdb: logging is already disabled\n"
    path = tmp_path / "log"
    assert typed(f"::log {path}") == f'mdb: logging to "{path}"\n'
    typed("1=J\n::log -d\n2=J")
    assert path.read_text().split()[-1] == "1"
    assert typed("::log") == f'mdb: logging to "{path}" is currently disabled\n'


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("4142434445464748=s", "HGFEDCBA"),
        ("41=S", "A"),
        ("0=s", ""),
        ("::sizeof [", "mdb: failed to look up type [: no symbol information available for type"),
        ("1::sigbp 99", "mdb: invalid signal name -- 99"),
    ],
)
def test_what_has_an_end(typed: Typed, text: str, printed: str) -> None:
    assert typed(text).split() == printed.split()


def test_help_of_every_command(typed: Typed) -> None:
    for name in typed.session.dcmds:
        if name[0].isalpha():
            assert "SYNOPSIS" in typed(f"::help {name}")
