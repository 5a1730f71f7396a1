import pytest

from tests.trace.dtrace.d_program import run


def printed(statements: str, *options: str) -> str:
    return run(f"BEGIN {{ {statements} exit(0); }}", options=("quiet", *options)).stdout


@pytest.mark.parametrize(
    ("format_", "arguments", "text"),
    [
        ("%5d|%-5d|%05d|%+d", "1, 2, 3, 4", "    1|2    |00003|+4"),
        ("%x %X %#x %o %p", "255, 255, 255, 8, (void *)16", "ff FF 0xff 10 10"),
        ("%u %d", "(uint8_t)-1, (int8_t)-1", "255 -1"),
        ("%s|%5s|%-5s|%.2s", '"ab", "ab", "ab", "abc"', "ab|   ab|ab   |ab"),
        ("%*d|%.*d", "4, 1, 3, 7", "   1|007"),
        ("%c%c", "'o', 'k'", "ok"),
        ("%S", '"a\\n\\""', 'a\\n\\"'),
        ("100%%", None, "100%"),
        ("%i", "(uint16_t)65535", "-1"),
    ],
)
def test_conversions(format_: str, arguments: str | None, text: str) -> None:
    rest = f", {arguments}" if arguments else ""
    assert printed(f'printf("{format_}"{rest});') == text + "\n"


def test_each_clause_is_a_line_of_columns() -> None:
    assert run('BEGIN { trace(1); trace("s"); exit(0); }', options=()).stdout == (
        "CPU     ID                    FUNCTION:NAME\n"
        f"  0      1                           :BEGIN         1  {'s':<33}\n\n"
    )


def test_a_clause_that_records_nothing_prints_no_line() -> None:
    assert (
        run("BEGIN { x = 1; } BEGIN { @ = count(); } BEGIN { exit(0); }", options=()).stdout.count("BEGIN")
        == 1
    )


def test_memory_is_dumped() -> None:
    assert printed("p = (char *)alloca(2); p[0] = 1; p[1] = 'A'; tracemem(p, 2);") == (
        "\n             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef\n"
        f"         0: 01 41{'':42}  .A\n\n"
    )


def test_print_shows_types_and_members() -> None:
    text = "struct s { int i; char n[4]; int b : 2; } g; BEGIN { g.i = 5; g.n[0] = 'q'; print(g); exit(0); }"
    assert run(text).stdout == 'struct s {\n    int i = 0x5\n    char [4] n = [ "q" ]\n    int b :2 = 0\n}\n'


def test_aggregations_are_sorted_by_value_then_key() -> None:
    assert printed('@["b"] = sum(2); @["a"] = sum(2); @["c"] = sum(1);') == "\n" + "".join(
        f"  {key:<50} {count:>16}\n" for key, count in (("c", 1), ("a", 2), ("b", 2))
    )


def test_averages_extremes_and_deviation() -> None:
    statements = " ".join(
        f"@a = avg({n}); @b = min({n}); @c = max({n}); @d = stddev({n});" for n in (2, 4, 9)
    )
    assert printed(statements + ' printa("%@d %@d %@d %@d\\n", @a, @b, @c, @d);') == "5 2 9 2\n\n"


def test_printa_joins_aggregations_on_their_keys() -> None:
    statements = '@n["x"] = count(); @s["x"] = sum(5); @s["y"] = sum(7); printa("%s=%@d/%@d;", @n, @s);'
    assert printed(statements) == "y=0/7;x=1/5;\n"


def test_normalize_trunc_and_clear_act_in_order() -> None:
    statements = (
        '@["a"] = sum(100); @["b"] = sum(300); normalize(@, 10); trunc(@, 1); printa("%s %@d\\n", @); '
        'clear(@); printa("%s %@d\\n", @);'
    )
    assert printed(statements) == "b 30\nb 0\n\n"


BAR = "@" * 20


def test_quantize_draws_bars() -> None:
    assert printed("@ = quantize(0); @ = quantize(5);") == (
        "\n\n           value  ------------- Distribution ------------- count    \n"
        "              -1 |                                         0        \n"
        f"               0 |{BAR}                     1        \n"
        "               1 |                                         0        \n"
        "               2 |                                         0        \n"
        f"               4 |{BAR}                     1        \n"
        "               8 |                                         0        \n\n"
    )


def test_bars_can_be_zoomed_and_drawn_in_eighths() -> None:
    lines = printed("@ = quantize(0); @ = quantize(1); @ = quantize(1);", "aggzoom").splitlines()
    assert [line.count("@") for line in lines[4:6]] == [19, 38]
    lines = printed("@ = quantize(0); @ = quantize(1); @ = quantize(1);", "encoding=utf8").splitlines()
    assert lines[4].split("|")[1].rstrip() == "\u2588" * 13 + "\u258e" + " " * 27 + "1"


def test_values_can_be_bars_by_key() -> None:
    lines = printed('@["a"] = sum(1); @["b"] = sum(3);', "agghist").splitlines()
    rows = [line.split("|") for line in lines[3:5]]
    assert [(label.strip(), bar.count("@"), bar.split()[-1]) for label, bar in rows] == [
        ("a", 10, "1"),
        ("b", 30, "3"),
    ]
    assert lines[2].startswith(f"{'key':>17}  -------------")


def test_lquantize_has_buckets_below_and_above() -> None:
    lines = printed("@ = lquantize(-1, 0, 20, 10); @ = lquantize(99, 0, 20, 10);").splitlines()
    assert [line.split("|")[0].strip() for line in lines[3:7]] == ["< 0", "0", "10", ">= 20"]


def test_llquantize_goes_by_magnitude() -> None:
    lines = printed("@ = llquantize(50, 10, 0, 2, 10);").splitlines()
    assert [line.split("|")[0].strip() for line in lines[3:6]] == ["40", "50", "60"]


def test_setopt_changes_what_follows() -> None:
    text = 'BEGIN { trace("a"); setopt("quiet"); } BEGIN { trace("b"); exit(0); }'
    assert run(text, options=()).stdout.endswith("  a" + " " * 32 + "b\n")


def test_limits_are_told_when_they_cost_something() -> None:
    outcome = run(
        'BEGIN { @["a"] = count(); @["b"] = count(); exit(0); }', options=("quiet", "aggsize=400", "droptags")
    )
    assert outcome.stderr == ["[DTRACEDROP_AGGREGATION] 1 aggregation drop on CPU 0"]
    outcome = run("BEGIN { a = speculation(); b = speculation(); exit(b); }")
    assert outcome.stderr == ["1 failed speculation (no speculative buffer available)"]


def test_fill_ends_the_session_and_ring_keeps_the_newest() -> None:
    text = "tick-1ms { trace(i++); } tick-1ms /i == 20/ { exit(0); }"
    assert run(text, options=("quiet", "bufpolicy=fill", "bufsize=80")).stdout == "01234\n"
    assert run(text, options=("quiet", "bufpolicy=ring", "bufsize=64")).stdout == "171819\n"


def test_distributions_are_packed_into_lines() -> None:
    statements = (
        '@["far"] = quantize(1 << 20, 3); @["near"] = quantize(1 << 18); @["near"] = quantize(1 << 20, 2);'
    )
    assert printed(statements, "aggpack", "encoding=ascii") == (
        "\n\n              key    min .-----. max     | count\n"
        "             near 131072 : x x : 2097152 | 3\n"
        "              far 131072 :   X : 2097152 | 3\n"
    )


def test_packed_ranges_that_are_fixed_are_shown_whole() -> None:
    assert printed("@ = lquantize(2, 0, 4); @ = lquantize(3, 0, 4, 1, -1);", "aggpack", "encoding=ascii") == (
        "\n\n     min .------. max      | count\n     < 0 :   xv : >= 4     | 0\n"
    )
