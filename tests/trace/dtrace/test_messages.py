"""The messages of errors in programs, to the byte, with their tags and lines (messages.txt)."""

import io
from pathlib import Path

import pytest

from ring3.trace.dtrace.command import Command
from ring3.trace.dtrace.errors import CompileError
from ring3.trace.dtrace.hosts import HostAlone
from tests.trace.dtrace.d_program import run

_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}


def _cases() -> list[tuple[str, str]]:
    """The programs and their messages."""
    lines = (Path(__file__).parent / "messages.txt").read_text().splitlines()
    shapes = lines[1].removeprefix("# $S: ")
    found: list[tuple[str, list[str]]] = []
    for line in lines[2:]:
        if line.startswith("    "):
            found[-1][1].append(line[4:])
        elif line or found:
            found.append((_unescaped(line).replace("$S", shapes), []))
    return [(program, "\n".join(message)) for program, message in found]


def _unescaped(line: str) -> str:
    out, position = [], 0
    while position < len(line):
        pair = line[position : position + 2]
        out.append(_ESCAPES.get(pair, line[position]))
        position += 2 if pair in _ESCAPES else 1
    return "".join(out)


@pytest.mark.parametrize(("program", "message"), _cases(), ids=map(str, range(len(_cases()))))
def test_an_error_is_told_in_the_words_of_libdtrace(program: str, message: str) -> None:
    with pytest.raises(CompileError) as caught:
        run(program)
    assert caught.value.text(with_tag=True) == message


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("BEGIN { trace(nothing); }", "in action list: failed to resolve nothing: Unknown variable name"),
        ("BEGIN / nothing / {}", "in predicate: failed to resolve nothing: Unknown variable name"),
        ("BEGIN { frobnicate(1); }", "undefined function name: frobnicate"),
        ("BEGIN { stack(0); }", "stack( ) size must be a non-zero positive integral constant expression"),
    ],
)
def test_without_lines_a_message_names_the_part_of_the_clause(program: str, message: str) -> None:
    stderr = io.StringIO()
    assert Command(HostAlone(), io.BytesIO(), stderr).main(["-n", program]) == 1
    assert stderr.getvalue() == f"dtrace: invalid probe specifier {program}: {message}\n"


@pytest.mark.parametrize(
    "program",
    [
        "BEGIN { x = " + "9" * 10000 + "; }",
        "BEGIN { x = 0x" + "f" * 10000 + "; }",
        "BEGIN { x = " + "(" * 5000 + "1" + ")" * 5000 + "; }",
        "BEGIN { x = " + "-" * 5001 + "1; }",
        "BEGIN { " + "if (1) {" * 3000 + "}" * 3000 + " }",
        "#line 99999999999999999999\nBEGIN {}",
        "BEGIN { x = $99999999999999999; }",
        "BEGIN { x = 1\x00; }",
        'BEGIN { "abc',
    ],
    ids=map(str, range(9)),
)
def test_what_goes_beyond_all_bounds_is_an_error_of_the_program(program: str) -> None:
    with pytest.raises(CompileError):
        run(program)


@pytest.mark.parametrize(
    ("program", "output"),
    [
        ('BEGIN { trace("a" == NULL); trace(NULL != "b"); exit(0); }', "01\n"),
        ("double d; float f; BEGIN { trace(d); trace(f); exit(0); }", "00\n"),
        ("BEGIN { trace(speculation()); exit(0); }", "1\n"),
    ],
)
def test_odd_values_are_shown(program: str, output: str, recwarn: pytest.WarningsRecorder) -> None:
    assert run(program, options=("quiet", "nspec=2147483647")).stdout == output
    assert not recwarn.list


def test_an_address_below_zero_is_told_as_one_of_64_bits() -> None:
    said = run('BEGIN { trace("abc"[-1]); } ERROR { exit(0); }').stderr
    assert "invalid address (0xffffffffffffffff)" in said[0]


@pytest.mark.parametrize("word", ["é", "²", "\u0661"])
def test_letters_and_digits_are_those_of_ascii(word: str) -> None:
    for program in (f"BEGIN {{ {word} = 1; }}", f"BEGIN {{ x = {word}; }}", f"{word} {{}}"):
        with pytest.raises(CompileError, match=f'syntax error near "{word}"'):
            run(program)


@pytest.mark.parametrize(
    ("argument", "shown"), [("1x", "1x"), ("²", "c2 b2"), ("-5", "-5"), ("+0x1fUL", "31")]
)
def test_an_argument_that_is_neither_a_number_nor_a_word_is_a_string(argument: str, shown: str) -> None:
    assert shown in run("BEGIN { trace($1); exit(0); }", argument).stdout
