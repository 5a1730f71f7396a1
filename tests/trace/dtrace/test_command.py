import io
from pathlib import Path

import pytest

from ring3.trace.dtrace.command import Command, HostAlone


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
        (["-x", "nosuch"], "dtrace: failed to set -x nosuch: Invalid option name\n"),
        (["-b", "x", "-n", "BEGIN"], "dtrace: failed to set -b x: Invalid value for specified option\n"),
        (
            ["-s", "/nosuch"],
            "dtrace: failed to compile script /nosuch: failed to open /nosuch: No such file or directory\n",
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


def test_a_script_says_itself_that_its_arguments_may_be_missing(tmp_path: Path) -> None:
    script = tmp_path / "s.d"
    script.write_text('#pragma D option defaultargs\nBEGIN { printf("%d", $1 ? 1 : 2); exit(0); }\n')
    assert dtrace("-qs", str(script))[:2] == (0, "2\n")
