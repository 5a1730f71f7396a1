import pytest

from ring3.trace.dtrace.errors import CompileError
from ring3.trace.dtrace.lexer import Lexer, Token
from ring3.trace.dtrace.macros import Macros


def words(text: str, *arguments: str) -> list[Token]:
    lexer = Lexer(text, Macros(["s.d", *arguments], {"pid": 9}), lambda _directive: None)
    found = []
    while (token := lexer.next()).kind != "end":
        found.append(token)
    return found


def test_constants_of_every_base_and_suffix() -> None:
    found = words("10 0x1fUL 017 'a' 'ab' \"x\\ty\\0z\" 1ll")
    assert [token.value for token in found] == [10, 31, 15, 97, 0x6162, b"x\ty\0z", 1]
    assert [token.suffix for token in found[:3]] == ["", "ulx", "x"]


def test_the_longest_operator_wins() -> None:
    assert [token.kind for token in words("a<<=b>>c^^d->e...")] == [
        *("word", "<<=", "word", ">>", "word", "^^", "word", "->", "word", "...")
    ]


def test_macro_arguments_become_what_they_look_like() -> None:
    found = words("$1 $2 $3 $$1 $pid", "-12", "execname", "two words")
    assert [(token.kind, token.value or token.text) for token in found] == [
        *(("int", -12), ("word", "execname"), ("string", b"two words"), ("string", b"-12"), ("int", 9))
    ]


def test_a_slash_before_a_brace_ends_a_predicate() -> None:
    assert [token.kind for token in words("a / b /\n{")] == ["word", "/", "word", "end of predicate", "{"]


def test_a_word_between_clauses_is_a_description_unless_it_names_a_type() -> None:
    lexer = Lexer("tick-1s int*p; pid$target:a.out::entry", Macros(["s"], {}), lambda _directive: None)
    first = lexer.next_at_program_level(lambda word: word == "int", probes_first=lambda: False)
    second = lexer.next_at_program_level(lambda word: word == "int", probes_first=lambda: False)
    assert (first.kind, first.text) == ("description", "tick-1s")
    assert (second.kind, second.text) == ("keyword", "int")


@pytest.mark.parametrize(
    ("text", "tag", "line"),
    [
        ("\n'abcdefghi'", "D_CHR_OFLOW", 2),
        ("''", "D_CHR_NULL", 1),
        ('a\n"b\n"', "D_STR_NL", 3),
        ("089", "D_INT_DIGIT", 1),
        ("99999999999999999999", "D_INT_OFLOW", 1),
        ("/* a /* b */", "D_SYNTAX", 1),
        ("/* a", "D_SYNTAX", 1),
        ("1.5", "D_SYNTAX", 1),
        ("(a))", "D_SYNTAX", 1),
        ("$4", "D_MACRO_UNDEF", 1),
        ("f(a / {", "D_SYNTAX", 1),
    ],
)
def test_what_is_no_word_is_refused_at_its_line(text: str, tag: str, line: int) -> None:
    with pytest.raises(CompileError) as caught:
        words(text)
    assert (caught.value.tag, caught.value.line) == (tag, line)
