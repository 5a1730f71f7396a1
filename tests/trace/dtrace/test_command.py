import io
import time
from pathlib import Path

import pytest

from ring3.trace.dtrace.command import Command
from ring3.trace.dtrace.hosts import HostAlone


def dtrace(*words: str) -> tuple[int, str, str]:
    stdout, stderr = io.BytesIO(), io.StringIO()
    status = Command(HostAlone(), stdout, stderr).main(words)
    return status, stdout.getvalue().decode(), stderr.getvalue()


def test_a_clause_on_the_command_line_runs_and_is_announced() -> None:
    status, stdout, stderr = dtrace("-n", 'BEGIN {printf("%d", 6 * 7); exit(2);}')
    assert status == 2
    assert stdout.splitlines()[1] == "  0      1                           :BEGIN 42"
    assert stderr == "dtrace: description 'BEGIN ' matched 1 probe\n"


def test_glued_flags_of_a_script_and_its_arguments(tmp_path: Path) -> None:
    script = tmp_path / "s.d"
    script.write_text('#!/usr/sbin/dtrace -qs\nBEGIN { printf("%s %d %s\\n", $$1, $2, $0); exit(0); }\n')
    status, stdout, stderr = dtrace("-qs", str(script), "word", "7")
    assert (status, stdout, stderr) == (0, f"word 7 {script}\n\n", "")


def test_the_preprocessor_defines_and_includes(tmp_path: Path) -> None:
    (tmp_path / "h.h").write_text("#define SIX 6\n")
    script = tmp_path / "s.d"
    script.write_text('#include "h.h"\n#ifdef SEVEN\nBEGIN { exit(SIX * SEVEN); }\n#endif\n')
    assert dtrace("-CqI", str(tmp_path), "-DSEVEN=7", "-s", str(script))[0] == 42
    script.write_text("#if 1\n#else\n#else\n#endif\nBEGIN\n")
    status, _, stderr = dtrace("-C", "-s", str(script))
    assert status == 1
    assert stderr.startswith("/dev/stdin:3: error: #else after #else\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["-n", "BEGIN {"],
            "dtrace: invalid probe specifier BEGIN {: syntax error near end of input\n",
        ),
        (
            ["-xerrtags", "-n", "nosuch"],
            (
                "dtrace: invalid probe specifier nosuch: [D_PDESC_ZERO] "
                "probe description :::nosuch does not match any probes\n"
            ),
        ),
        (
            ["-f", ":mod::"],
            ("dtrace: invalid probe specifier :mod::: probe description mod::: does not match any probes\n"),
        ),
        (["-xunsetenv=A=b"], "dtrace: failed to set -x unsetenv: Invalid value for specified option\n"),
        (["-xsetenv=A"], "dtrace: failed to set -x setenv: Invalid value for specified option\n"),
        (["-x", "nosuch"], "dtrace: failed to set -x nosuch: Invalid option name\n"),
        (["-b", "x", "-n", "BEGIN"], "dtrace: failed to set -b x: Invalid value for specified option\n"),
        (
            ["-s", "/nosuch"],
            "dtrace: failed to open /nosuch: No such file or directory\n",
        ),
        (
            ["-qn", 'BEGIN { system("true"); }'],
            "dtrace: could not enable tracing: Destructive actions not allowed\n",
        ),
    ],
)
def test_failures_are_one_line_and_status_1(words: list[str], message: str) -> None:
    assert dtrace(*words) == (1, "", message)


def test_bad_usage_is_status_2() -> None:
    status, stdout, stderr = dtrace("-j")
    assert (status, stdout) == (2, "")
    assert stderr.startswith("dtrace: illegal option -- j\nUsage: dtrace")


def test_compile_only_and_zero_matches() -> None:
    assert dtrace("-e", "-n", "BEGIN {trace(1);}") == (0, "", "")
    assert dtrace("-Zqn", "nosuch:::, BEGIN {exit(0);}")[0] == 0


def test_the_data_model_has_macos_names_too() -> None:
    for words, size in ((["-arch", "i386"], 4), (["-arch", "x86_64"], 8), (["-32"], 4)):
        assert dtrace(*words, "-qn", "BEGIN { exit(sizeof (long)); }")[0] == size
    assert dtrace("-arch", "vax", "-n", "BEGIN")[0] == 2


def test_output_stays_where_it_is_if_it_cannot_be_sent_elsewhere() -> None:
    program = 'BEGIN { freopen(".."); freopen("%s", "."); printf("%d", 1); exit(0); }'
    status, stdout, stderr = dtrace("-wqn", program)
    assert (status, stdout) == (0, "1\n")
    assert stderr.splitlines() == [
        f'dtrace: error on enabled probe ID 1 (ID 1: dtrace:::BEGIN): couldn\'t freopen() "{path}": Is a directory'
        for path in ("..", ".")
    ]


def test_probes_are_listed() -> None:
    status, stdout, _ = dtrace("-ln", "dtrace:::BEGIN")
    assert status == 0
    assert stdout.splitlines() == [
        "   ID   PROVIDER            MODULE                          FUNCTION NAME",
        "    1     dtrace                                                     BEGIN",
    ]


def test_output_goes_to_a_file_which_is_added_to(tmp_path: Path) -> None:
    path = tmp_path / "out"
    for _ in range(2):
        assert dtrace("-qo", str(path), "-n", 'BEGIN {trace("x"); exit(0);}')[:2] == (0, "")
    assert path.read_text() == "x\nx\n"


def test_the_code_of_clauses_is_shown_and_destruction_announced() -> None:
    status, _, stderr = dtrace("-wSn", 'BEGIN {system("true"); exit(0);}')
    assert status == 0
    assert "allowing destructive actions" in stderr
    assert "RETURN_VALUE" in stderr


def test_the_variables_of_clauses_are_shown_with_their_types() -> None:
    script = "int hits; self short mine; BEGIN { self->mine = pid; hits++; this->a = execname; }"
    listed = dtrace("-Sen", script)[2].partition("\nNAME ")[2].splitlines()[1:]
    assert [line.split(maxsplit=5) for line in listed] == [
        ["pid", "100", "scl", "glb", "r", "D type (integer) (size 4)"],
        ["execname", "101", "scl", "glb", "r", "string (unknown) by ref (size 256)"],
        ["mine", "500", "scl", "tls", "w", "D type (integer) (size 2)"],
        ["hits", "500", "scl", "glb", "r/w", "D type (integer) (size 4)"],
        ["a", "500", "scl", "loc", "w", "string (unknown) by ref (size 256)"],
    ]
    listed = dtrace("-xdialect=oracle", "-Sen", "char a; char *b; BEGIN { b = 0; }")[2].splitlines()
    assert "NAME             ID   OFFSET KND SCP RANGE       FLAG TYPE" in listed
    assert any(line.split()[:3] == ["b", "501", "8"] for line in listed)


def test_a_probe_has_its_number_before_anybody_has_looked() -> None:
    assert "extraneous argument '10'" in dtrace("-i", "12", "10")[2]
    assert dtrace("-i", "99999999")[0] == 1
    assert dtrace("-i", "0")[0] == 1


def test_a_predicate_may_name_what_only_its_clause_sets() -> None:
    script = "tick-1ms /n < 3/ { n++; } tick-1ms /n == 3/ { trace(n); exit(0); }"
    assert dtrace("-qn", script) == (0, "3\n", "")
    assert "failed to resolve m" in dtrace("-qn", "tick-1ms /m < 3/ { n++; }")[2]
    assert "undefined function name: g" in dtrace("-qn", "tick-1ms /m < 3/ { g(); }")[2]


def test_time_that_may_be_let_pass_is_limited() -> None:
    status, _, stderr = dtrace("-wqn", "BEGIN { chill(300000000); chill(300000000); } ERROR { exit(arg4); }")
    assert (status, "illegal operation in action #2" in stderr) == (3, True)


def test_records_of_end_have_room_in_a_full_buffer() -> None:
    script = 'tick-1ms { printf("%d", 1); } END { printf("end"); }'
    assert dtrace("-xbufpolicy=fill", "-xbufsize=64", "-qn", script)[1].endswith("1end\n")


def test_an_option_that_cannot_change_is_told_and_the_session_goes_on() -> None:
    status, _, stderr = dtrace("-qn", 'BEGIN { setopt("nosuch"); setopt("bufsize", "4k"); exit(0); }')
    assert status == 0
    assert 'couldn\'t set option "nosuch" to "1": Invalid option name\n' in stderr
    assert 'couldn\'t set option "bufsize" to "4k": Operation illegal when tracing is active\n' in stderr


def test_a_script_says_itself_that_its_arguments_may_be_missing(tmp_path: Path) -> None:
    script = tmp_path / "s.d"
    script.write_text('#pragma D option defaultargs\nBEGIN { printf("%d", $1 ? 1 : 2); exit(0); }\n')
    assert dtrace("-qs", str(script))[:2] == (0, "2\n")


def test_a_session_may_have_no_probes_if_that_was_allowed() -> None:
    assert dtrace("-xempty", "-s", "/dev/null") == (
        1,
        "",
        "dtrace: script '/dev/null' matched 0 probes\ndtrace: no probes matched\n",
    )


def test_the_year_of_a_mail_date_is_that_of_its_week(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "PST8PDT")
    time.tzset()
    try:
        assert dtrace("-qn", 'BEGIN { printf("%T", 0); exit(0); }')[1] == "Wed, 31 Dec 1970 16:00:00 PST\n"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_values_are_shown_for_each_processor() -> None:
    _, stdout, _ = dtrace("-xaggpercpu", "-qn", "BEGIN { @[1] = sum(4); exit(0); }")
    assert stdout == "\n        1                4\n    [CPU 0]                4\n"


def test_a_header_may_say_again_what_a_name_stands_for(tmp_path: Path) -> None:
    script = tmp_path / "s.d"
    (tmp_path / "me.h").write_text("typedef unsigned long size_t;\ntypedef int me;\ntypedef int me;\n")
    script.write_text('#include "me.h"\nBEGIN { exit(0); }\n')
    assert dtrace("-C", "-I", str(tmp_path), "-qs", str(script))[0] == 0
    script.write_text("typedef int me;\ntypedef int me;\n")
    assert "typedef redeclared: me" in dtrace("-qs", str(script))[2]


def test_headers_are_listed_by_depth_and_missing_ones_told_as_gcc_does(tmp_path: Path) -> None:
    (tmp_path / "one.h").write_text('#include "two.h"\n')
    (tmp_path / "two.h").write_text("")
    script = tmp_path / "s.d"
    script.write_text('#include "one.h"\nBEGIN { exit(0); }\n')
    _, _, stderr = dtrace("-CHqI", str(tmp_path), "-s", str(script))
    assert stderr == f". {tmp_path}/one.h\n.. {tmp_path}/two.h\n"
    script.write_text('#include "three.h"\nBEGIN { exit(0); }\n')
    assert dtrace("-Cqs", str(script))[2].startswith(
        "/dev/stdin:1: fatal error: three.h: No such file or directory\ncompilation terminated.\n"
    )


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (
            ("-o", "/nosuch/x", "-n", "BEGIN"),
            1,
            "failed to open output file '/nosuch/x': No such file or directory",
        ),
        (
            ("-h", "-o", "/nosuch/x", "-n", "BEGIN"),
            1,
            "failed to open header file '/nosuch/x': No such file or directory",
        ),
        (("-s", "/nosuch.d"), 1, "failed to open /nosuch.d: No such file or directory"),
        (("-Bln", "BEGIN"), 2, "-B not valid in combination with [-AGl] options"),
        (("-B", "-o", "x", "-n", "BEGIN"), 2, "-B not valid in combination with -o option"),
        (
            ("-i", "99999"),
            1,
            "invalid probe specifier 99999: invalid probe identifier 99999: Unknown probe identifier",
        ),
    ],
)
def test_what_a_command_line_cannot_have_is_told(words: tuple[str, ...], status: int, message: str) -> None:
    assert dtrace(*words) == (status, "", f"dtrace: {message}\n")


def test_a_data_model_may_be_two_words() -> None:
    assert dtrace("-3", "2", "-qn", "BEGIN { trace(sizeof (long)); exit(0); }")[1] == "4\n"
    assert dtrace("-32x")[2].startswith("dtrace: illegal option -- 32x\nUsage: ")
