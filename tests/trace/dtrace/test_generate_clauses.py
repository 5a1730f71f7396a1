import pytest

from ring3.trace.dtrace.errors import CompileError
from tests.trace.dtrace.d_program import run, value


def test_operators_compute_in_64_bits_and_variables_keep_their_width() -> None:
    assert value("i * i / i", "int i;", "i = 100000;") == "100000"
    assert value("c", "char c;", "c = 511;") == "-1"
    assert value("u", "uint16_t u;", "u = 0; u--;") == "65535"
    assert value("x << 62 >> 62", before="x = 3; ") == "-1"


def test_steps_and_compound_assignments_are_values() -> None:
    assert value("a++ + (b += 5) + --a", before="a = 1; b = 2;") == "9"


def test_division_by_zero_aborts_the_clause_and_fires_error() -> None:
    outcome = run(
        'ERROR { printf("%d %d %d", arg1, arg2, arg4); exit(3); } BEGIN { i = 0; trace("a"); i = 1 / i; trace("b"); }'
    )
    assert outcome.stdout == "2 3 4\n"
    assert outcome.status == 3
    assert outcome.stderr[0].startswith(
        "error on enabled probe ID 2 (ID 1: dtrace:::BEGIN): divide-by-zero in action #3"
    )


@pytest.mark.parametrize(
    "statement", ["*(int *)0", "trace(*(char *)8)", "x = stringof(1)", "copyinstr(16)", "*(int *)0 = 1"]
)
def test_a_bad_pointer_is_a_fault_of_the_clause(statement: str) -> None:
    outcome = run(f"BEGIN {{ {statement}; exit(1); }} ERROR {{ exit(arg4 == DTRACEFLT_BADADDR ? 0 : 2); }}")
    assert outcome.status == 0


def test_a_predicate_decides_and_clauses_run_in_order() -> None:
    outcome = run(
        'BEGIN /0/ { trace("never"); } BEGIN { x = "1"; } BEGIN /x == "1"/ { trace("then"); exit(0); }'
    )
    assert outcome.stdout == "then\n"


def test_after_exit_no_clause_of_the_probe_runs_but_end_does() -> None:
    outcome = run('BEGIN { exit(4); } BEGIN { trace("no"); } END { trace("end"); }')
    assert (outcome.stdout, outcome.status) == ("end\n", 4)


def test_associative_arrays_take_tuples_and_forget_zeros() -> None:
    before = 'a["x", 1] = 5; a["y", 1] = 6; a["x", 1] = 0; '
    assert value('a["x", 1] + a["y", 1] * 10', before=before) == "60"


def test_an_element_that_was_never_set_is_a_null_string() -> None:
    assert value("s[2] == NULL && s[1] != NULL", "string s[int];", 's[1] = "";') == "1"


def test_structs_have_members_arrays_and_bit_fields_in_place() -> None:
    shape = "struct s { char c; int i; int b : 6; struct { short h[3]; } in; } g; struct s *p;"
    before = "p = &g; p->i = -7; g.in.h[2] = 9; p->b = 5; g.c = 'x';"
    assert value("g.i * 1000 + p->in.h[2] * 10 + g.b", shape, before) == "-6905"


def test_if_and_else_choose() -> None:
    text = (
        'BEGIN { i = 2; if (i == 1) { trace("one"); } else if (i == 2) { trace("two"); } else trace("more"); '
        "exit(0); }"
    )
    assert run(text).stdout == "two\n"


def test_inlines_enumerators_and_typedefs_are_names() -> None:
    declarations = (
        "enum e { A = 3, B }; typedef int number; inline number twice[int n] = n * 2; inline int four = B;"
    )
    assert value("twice[four] + A", declarations) == "11"


def test_a_translator_computes_members() -> None:
    declarations = (
        "struct in { int i; }; struct out { int o; string s; }; struct in g;"
        'translator struct out < struct in *p > { o = p->i + 1; s = "seen"; };'
    )
    assert value("xlate<struct out *>(&g)->o", declarations, "g.i = 41;") == "42"


def test_speculations_are_kept_until_they_are_committed() -> None:
    text = (
        'BEGIN { a = speculation(); b = speculation(); } BEGIN { speculate(a); printf("a"); }'
        'BEGIN { speculate(b); printf("b"); } BEGIN { discard(a); commit(b); } BEGIN { exit(0); }'
    )
    assert run(text, options=("quiet", "nspec=2")).stdout == "b\n"


def test_timers_fire_and_thread_variables_stay() -> None:
    text = "tick-10ms { self->n++; } tick-10ms /self->n == 3/ { exit(self->n); }"
    assert run(text).status == 3


def test_deep_expressions_and_huge_tuples_are_refused_not_fatal() -> None:
    for text in (
        "BEGIN { x = " + "(" * 5000 + "1" + ")" * 5000 + "; }",
        "BEGIN { x = 1; x = " + "-" * 3000 + "x; }",
        "BEGIN { a[" + "1, " * 50 + "1] = 1; }",
    ):
        with pytest.raises(CompileError):
            run(text)


def test_a_character_of_a_string_can_be_changed() -> None:
    changes = 'this->s = "dtrace"; this->s[0] = 68; a[1] = "xy"; a[1][1] = a[1][0];'
    text = f'BEGIN {{ {changes} printf("%s %s", this->s, a[1]); exit(0); }}'
    assert run(text).stdout == "Dtrace xx\n"


@pytest.mark.parametrize(("room", "status"), [(8, 0), (0, 1)])
def test_bcopy_writes_to_what_was_allocated(room: int, status: int) -> None:
    text = f"BEGIN {{ p = alloca(8); q = alloca({room}); bcopy(p, q, 8); exit(0); }} ERROR {{ exit(1); }}"
    assert run(text).status == status
