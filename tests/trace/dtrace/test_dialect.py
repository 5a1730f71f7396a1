"""What Sun's and Oracle's D define differently: the same program in both dialects."""

import io
import sys

import pytest

from ring3.trace.dtrace import dialect
from ring3.trace.dtrace.command import Command
from ring3.trace.dtrace.errors import CompileError, DtraceError
from ring3.trace.dtrace.hosts import HostAlone
from ring3.trace.dtrace.options import Options
from tests.trace.dtrace.d_program import run

FAULT = "BEGIN { trace(1); } BEGIN { trace(*(int *)64); exit(0); } ERROR { exit(1); }"


def printed(statements: str, name: str, *options: str) -> str:
    text = f"this int a[5]; BEGIN {{ {statements} exit(0); }} ERROR {{ exit(1); }}"
    return run(text, options=("quiet", f"dialect={name}", *options)).stdout.removesuffix("\n")


@pytest.mark.parametrize(
    ("statements", "sun", "oracle"),
    [
        ("trace((int8_t)-1);", "255", "-1"),
        ("trace((uint32_t)-1);", "-1", "4294967295"),
        ('x = 1; x = 1 << 31; x *= 2; printf("%d", x == 0);', "0", "1"),
        ('trace(strjoin("ab", "cd"));', "abc", "abcd"),
        ('s = (string)NULL; trace(s < "a" ? 1 : 0);', "", "1"),
        ("p = (char *)alloca(8); p[8] = 1; trace(p[8]);", "1", ""),
        ("this->a[4] = 1; i = 4; this->a[i]++; trace(this->a[i]);", "2", "2"),
        ("i = 5; this->a[i] = 1; trace(6);", "6", ""),
        ("i = -1; trace(this->a[i] ? 6 : 6);", "", ""),
    ],
)
def test_values(statements: str, sun: str, oracle: str) -> None:
    assert printed(statements, "sun", "strsize=4") == sun
    assert printed(statements, "oracle", "strsize=4") == oracle


@pytest.mark.parametrize(("name", "lines"), [("sun", 1), ("oracle", 2)])
def test_a_destructive_action_alone_in_a_clause(name: str, lines: int) -> None:
    text = "BEGIN { raise(0); } BEGIN { x = 1; } BEGIN { exit(0); }"
    shown = run(text, options=("destructive", f"dialect={name}")).stdout
    assert shown.count(":BEGIN") == lines


def test_a_fault_is_told_by_enabling_or_by_clause() -> None:
    sun = run(FAULT, options=("quiet", "dialect=sun"))
    oracle = run(FAULT, options=("quiet", "dialect=oracle"))
    assert sun.stderr[0].startswith(
        "error on enabled probe ID 2 (ID 1: dtrace:::BEGIN): invalid address (0x40) in action #1 at DIF offset "
    )
    assert oracle.stderr[0].startswith(
        "error in dt_clause_1 for probe ID 1 (dtrace:::BEGIN): invalid address (0x40) at BPF pc "
    )


@pytest.mark.parametrize(
    ("call", "sun", "oracle"),
    [
        ("llquantize(1, 1, 0, 6, 20)", "D_LLQUANT_FACTORSMALL", "D_LLQUANT_FACTORVAL"),
        ("llquantize(1, 10, 0, 30, 20)", "D_LLQUANT_MAGTOOBIG", "D_LLQUANT_HMAGVAL"),
        ("llquantize(1, 10, 0, 6, 15)", "D_LLQUANT_FACTOREVEN", "D_LLQUANT_STEPVAL"),
    ],
)
def test_tags_of_llquantize(call: str, sun: str, oracle: str) -> None:
    for name, tag in (("sun", sun), ("oracle", oracle)):
        with pytest.raises(CompileError) as error:
            printed(f"@ = {call};", name)
        assert error.value.tag == tag


def test_oracles_llquantize_has_buckets_below_zero() -> None:
    def labels(name: str) -> list[str]:
        lines = printed("@ = llquantize(-6, 4, 0, 1, 4); @ = llquantize(2, 4, 0, 1, 4);", name).splitlines()
        return [line.split("|")[0].strip() for line in lines if "|" in line]

    assert labels("sun") == ["< 1", "1", "2", "3"]
    assert labels("oracle") == ["-8", "-4", "-3", "-2", "-1", "0", "1", "2", "3"]


def test_oracles_mark_in_the_environment_chooses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dialect.usual(marked=False) == "sun"
    monkeypatch.setenv(dialect.MARK, "t")
    stdout = io.BytesIO()
    assert Command(HostAlone(), stdout, sys.stderr).main(["-n", "BEGIN { trace(1); exit(0); }"]) == 0
    assert stdout.getvalue().splitlines()[0].strip() == b"FUNCTION:NAME"


@pytest.mark.parametrize(
    "clauses",
    [
        "BEGIN { a = (char *)alloca(1); } BEGIN { b = (char *)64; a = NULL; a = b + 5; }",
        "BEGIN { b = (char *)64; self->a[1] = b + 5; } BEGIN { self->a[2] = (char *)alloca(1) + 1; }",
    ],
)
def test_a_variable_of_oracles_points_to_scratch_memory_or_elsewhere(clauses: str) -> None:
    run(clauses + " BEGIN { exit(0); }", options=("dialect=sun",))
    with pytest.raises(CompileError, match="cannot reuse the same identifier") as error:
        run(clauses, options=("dialect=oracle",))
    assert error.value.tag == "D_ALLOCA_INCOMPAT"


@pytest.mark.parametrize(
    "call", ["bcopy(alloca(8), p, 8);", "copyinto(1, 8, p);", "bcopy(alloca(8), NULL, 8);"]
)
def test_oracles_functions_write_to_scratch_memory(call: str) -> None:
    text = f"int *p; BEGIN {{ {call} }}"
    with pytest.raises(CompileError, match="argument: non-alloca pointer") as error:
        run(text, options=("dialect=oracle",))
    assert error.value.tag == "D_PROTO_ARG"


def test_pointers_into_scratch_memory_are_that_too() -> None:
    statements = (
        "p = (int *)alloca(8); q = 1 ? p + 1 : p; bcopy(alloca(4), q, 4); bcopy(q, &p[1], 1); trace(1);"
    )
    assert printed(statements, "oracle") == "1"


def test_a_member_behind_null() -> None:
    text = "struct s { int a, b; }; BEGIN { trace(((struct s *)NULL)->b); } ERROR { exit(arg5); }"
    assert run(text, options=("dialect=sun",)).status == 4
    assert run(text, options=("dialect=oracle",)).status == 0


def test_tracemem_of_no_bytes() -> None:
    assert " 00 " in printed("tracemem(alloca(1), 1, 0);", "sun")
    assert printed("tracemem(alloca(1), 1, 0);", "oracle") == ""


def test_scratch_memory_of_oracles_ends_a_string() -> None:
    statements = "p = (char *)alloca(2); p[0] = 0x61; p[1] = 0x62; trace((string)p);"
    assert printed(statements, "oracle") == "ab"


@pytest.mark.parametrize(("name", "size"), [("sun", 8), ("oracle", 60)])
def test_the_smallest_buffer_of_an_exit(name: str, size: int) -> None:
    script = "BEGIN { exit(0); }"
    assert run(script, options=("quiet", f"dialect={name}", f"bufsize={size}")).status == 0
    with pytest.raises(DtraceError, match="Enabling exceeds size of buffer"):
        run(script, options=("quiet", f"dialect={name}", f"bufsize={size - 1}"))


def test_what_evaltime_can_be() -> None:
    with pytest.raises(DtraceError, match="Invalid value for specified option"):
        Options().set("evaltime", "never")
