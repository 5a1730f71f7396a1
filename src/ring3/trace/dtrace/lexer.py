"""Words of D: turns the text of a program into tokens, on demand, because what a word is depends on where it stands.

Between clauses (`Lexer.at_program_level`) a word with dashes, dots, globs and colons is a probe description; within
clauses and declarations the words are those of C. The parser says where it is by the method it calls. A slash closes a
predicate when what follows it is `{`, `;`, another slash or the end; macro variables are replaced here.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from typing import NamedTuple

from ring3.trace.dtrace.errors import CompileError, fail
from ring3.trace.dtrace.macros import Macros
from ring3.trace.dtrace.pragmas import Directive

KEYWORDS = frozenset(
    [
        "auto",
        "break",
        "case",
        "char",
        "const",
        "continue",
        "counter",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "extern",
        "float",
        "for",
        "goto",
        "if",
        "import",
        "inline",
        "int",
        "long",
        "offsetof",
        "probe",
        "provider",
        "register",
        "restrict",
        "return",
        "self",
        "short",
        "signed",
        "sizeof",
        "static",
        "string",
        "stringof",
        "struct",
        "switch",
        "this",
        "translator",
        "typedef",
        "union",
        "unsigned",
        "userland",
        "void",
        "volatile",
        "while",
        "xlate",
    ]
)
"""Reserved words of D."""

_BLANKS = re.compile(r"[\f\n\r\t\v ]*")
_LETTERS = frozenset(string.ascii_letters + "_`")
_DIGITS = frozenset(string.digits)
_PASSED = frozenset("\n/#\\")
"""What may begin something between words that is not a blank."""
_SPACE = re.compile(r"[ \t\r\f\v]*")
_DESCRIPTION = re.compile(r"[-$:a-zA-Z_.?*\\\[\]!][-$:0-9a-zA-Z_.`?*\\\[\]!]*|[0-9]+")
_WORD = re.compile(r"[A-Za-z_`][A-Za-z_0-9`]*")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+[uUlL]*|[0-9]+[uUlL]*")
_INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)[uUlL]*")
_FLOATING = re.compile(r"[0-9]+(\.[0-9]*([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)[fFlL]?|\.[0-9]+")
_AGGREGATION = re.compile(r"@[A-Za-z_][A-Za-z_0-9]*|@")
_MACRO = re.compile(r"\$\$?([0-9]+|[A-Za-z_]\w*)")
_OPERATOR = re.compile(
    r"\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||\^\^|\+=|-=|\*=|/=|%=|&=|\^=|\|=|[-+*/%&|^~!<>=?:;,.(){}\[\]]"
)
_SUFFIXES = frozenset(("", "u", "l", "ul", "lu", "ll", "ull", "llu"))
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_ESCAPES = {"a": 7, "b": 8, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


class Token(NamedTuple):
    """One word: `kind` is word, keyword, int, string, char, agg, description, end, or the operator itself.

    `value` is the integer or bytes of constants; `suffix` an integer's (`ul`, with an x for hexadecimal and octal).
    """

    kind: str
    text: str
    line: int
    value: int | bytes = 0
    suffix: str = ""


class Lexer:
    """The tokens of one program text."""

    def __init__(self, text: str, macros: Macros, directive: Callable[[Directive], None]) -> None:
        self.text = text
        self.line = 1
        self.file = ""
        self.in_description = True
        self._position = 0
        self._macros = macros
        self._directive = directive
        self._open = dict.fromkeys("([{", 0)
        self._pushed: list[Token] = []
        self._line_start = True

    def push_back(self, token: Token) -> None:
        """Let the next call return this token."""
        self._pushed.append(token)

    def next(self) -> Token:
        """The next token of C's kind; constants and macro variables are values already."""
        if self._pushed:
            return self._pushed.pop()
        self._skip()
        line, text, start = self.line, self.text, self._position
        if start >= len(text):
            return Token("end", "", line)
        first = text[start]
        if first in _LETTERS:
            word = self._take(_WORD)
            return Token("keyword" if word in KEYWORDS else "word", word, line)
        if first in _DIGITS or (first == "." and _FLOATING.match(text, start)):
            return self._number(line)
        if first == '"':
            return self._string(line)
        if first == "'":
            return self._character(line)
        if first == "@":
            return Token("agg", self._take(_AGGREGATION), line)
        if first == "$":
            return self._macro(line)
        return self._operator(line)

    def next_at_program_level(
        self, is_type: Callable[[str], bool], *, probes_first: Callable[[], bool]
    ) -> Token:
        """The next token between clauses: a probe description, a keyword or type that begins a declaration, or other.

        Args:
            is_type: Whether a word names a type; `int*` and `foo_t` then begin a declaration.
            probes_first: -xpspec: what may be a description is one.
        """
        if self._pushed:
            return self._pushed.pop()
        self._skip()
        found = _DESCRIPTION.match(self.text, self._position)
        if not found or found[0] == "[":
            return self.next()
        word = found[0]
        if word in KEYWORDS or (
            ":" not in word and not probes_first() and self._begins_declaration(word, is_type)
        ):
            return self.next()
        self._position = found.end()
        return Token("description", word, self.line)

    def _begins_declaration(self, word: str, is_type: Callable[[str], bool]) -> bool:
        name = re.split(r"[*\[]", word, maxsplit=1)[0]
        return name in KEYWORDS or ("-" not in name and is_type(name))

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self._position)
        assert found
        self._position = found.end()
        return found[0]

    def _skip(self) -> None:
        """Pass over blanks, comments and control lines."""
        text = self.text
        while True:
            blanks = _SPACE.match(text, self._position)
            assert blanks
            self._position = blanks.end()
            rest = text[self._position : self._position + 2]
            if rest[:1] not in _PASSED:
                self._line_start = False
                return
            if rest[:1] == "\n":
                self._position += 1
                self.line += 1
                self._line_start = True
            elif rest == "/*":
                self._comment()
            elif rest[:1] == "#" and self._line_start:
                self._control_line()
            elif rest == "\\\n":
                self._position += 2
                self.line += 1
            else:
                self._line_start = False
                return

    def _comment(self) -> None:
        end = self.text.find("*/", self._position + 2)
        inner = self.text.find("/*", self._position + 2)
        if inner >= 0 and (inner < end or end < 0):
            self.line += self.text.count("\n", self._position, inner)
            fail("D_SYNTAX", self.line, "/* encountered inside a comment")
        if end < 0:
            self.line += self.text.count("\n", self._position)
            fail("D_SYNTAX", self.line, "end-of-file encountered before matching */")
        self.line += self.text.count("\n", self._position, end)
        self._position = end + 2

    def _control_line(self) -> None:
        end = self.text.find("\n", self._position)
        end = len(self.text) if end < 0 else end
        line = self.text[self._position + 1 : end]
        self._position = end
        if line.startswith("!") and self.line == 1:
            return
        marker = re.fullmatch(r'\s*(?:line\s+)?([0-9]{1,10})(?:\s+"([^"]*)"(?:\s+[0-9]+)*)?\s*', line)
        if marker:
            self.line = int(marker[1]) - 1
            self.file = marker[2] or self.file
            return
        self._directive(Directive(line, self.line))

    def _number(self, line: int) -> Token:
        if _FLOATING.match(self.text, self._position):
            fail("D_SYNTAX", line, "floating-point constants are not permitted")
        word = self._take(_NUMBER)
        digits = word.rstrip("uUlL")
        return integer_token(word, digits, word[len(digits) :].lower(), line)

    def _string(self, line: int) -> Token:
        start = self._position
        value, end = self._quoted('"', line)
        self._position = end
        return Token("string", self.text[start:end], line, value)

    def _character(self, line: int) -> Token:
        start = self._position
        value, end = self._quoted("'", line)
        self._position = end
        if not value:
            fail("D_CHR_NULL", line, "empty character constant")
        if len(value) > 8:
            fail("D_CHR_OFLOW", line, "character constant is too long")
        return Token("int", self.text[start:end], line, int.from_bytes(value, "big"), "")

    def _quoted(self, quote: str, line: int) -> tuple[bytes, int]:
        """The bytes of a constant that begins here, and where it ends."""
        text, position = self.text, self._position + 1
        out = bytearray()
        what, tag = ("string literal", "D_STR_NL") if quote == '"' else ("character constant", "D_CHR_NL")
        while position < len(text) and text[position] != quote:
            char = text[position]
            if char == "\n":
                fail(tag, line + 1, f"newline encountered in {what}")
            if char == "\\":
                value, position = escape(text, position + 1)
                out += value
            else:
                out += char.encode("utf-8", "surrogateescape")
                position += 1
        if position >= len(text):
            fail("D_SYNTAX", line, f'syntax error near "{quote}"')
        return bytes(out), position + 1

    def _macro(self, line: int) -> Token:
        found = _MACRO.match(self.text, self._position)
        if not found:
            fail("D_SYNTAX", line, f'syntax error near "{self.text[self._position]}"')
        self._position = found.end()
        value = self._macros.value(found[0], line)
        if found[0].startswith("$$"):
            return Token("string", found[0], line, value.encode("utf-8", "surrogateescape"))
        return self._argument(found[0], value, line)

    def _argument(self, text: str, value: str, line: int) -> Token:
        """A macro argument becomes what it looks like: an integer, a string in quotes, a word."""
        if value[:1] == '"':
            return Token("string", text, line, value.strip('"').encode("utf-8", "surrogateescape"))
        if _INTEGER.fullmatch(value):
            try:
                number = integer_token(text, value.lstrip("+-").rstrip("uUlL"), "", line)
            except CompileError as error:
                message = f"macro argument {text} constant {value} results in integer overflow"
                raise CompileError("D_MACRO_OFLOW", line, message) from error
            assert isinstance(number.value, int)
            return number._replace(value=-number.value) if value[0] == "-" else number
        if not _WORD.fullmatch(value):
            return Token("string", text, line, value.encode("utf-8", "surrogateescape"))
        return Token("keyword" if value in KEYWORDS else "word", value, line)

    def _operator(self, line: int) -> Token:
        found = _OPERATOR.match(self.text, self._position)
        if not found:
            char = self.text[self._position]
            fail("D_SYNTAX", line, f'syntax error near "{char}"')
        text = found[0]
        if text in self._open:
            self._open[text] += 1
        elif text in _CLOSERS:
            self._open[_CLOSERS[text]] -= 1
            if self._open[_CLOSERS[text]] < 0:
                fail("D_SYNTAX", line, f"extra {text} in input stream")
        self._position = found.end()
        if text == "/" and self._closes_predicate():
            self._check_balance(self.line)
            return Token("end of predicate", text, line)
        return Token(text, text, line)

    def _closes_predicate(self) -> bool:
        """Whether the slash just read ends a predicate, by what follows it."""
        blanks = _BLANKS.match(self.text, self._position)
        assert blanks
        if self.text[blanks.end() : blanks.end() + 1] not in ("", ";", "{", "/"):
            return False
        self._position = blanks.end()
        self.line += blanks[0].count("\n")
        return True

    def _check_balance(self, line: int) -> None:
        for opener, closer in (("(", ")"), ("[", "]")):
            if self._open[opener]:
                fail("D_SYNTAX", line, f"closing {closer} expected in predicate before /")

    @property
    def depth(self) -> int:
        """How many braces are open."""
        return self._open["{"]


_MOST_DIGITS = 1000
"""More digits than any constant has that is worth reading."""


def integer_token(text: str, digits: str, suffix: str, line: int) -> Token:
    """An integer constant: decimal, 0octal or 0xhex."""
    if suffix not in _SUFFIXES:
        fail("D_SYNTAX", line, f'syntax error near "{suffix}"')
    base = 16 if digits[:2].lower() == "0x" else 8 if digits[0] == "0" else 10
    value = 0
    if len(digits) <= _MOST_DIGITS:
        try:
            value = int(digits, base)
        except ValueError:
            bad = next(digit for digit in digits if not digit.isdigit() or int(digit) >= base)
            message = f"constant {text} contains invalid digit {bad}"
            raise CompileError("D_INT_DIGIT", line, message) from None
    if len(digits) > _MOST_DIGITS or value >= 1 << 64:
        fail("D_INT_OFLOW", line, f"constant {text} results in integer overflow")
    return Token("int", text, line, value, suffix + ("" if base == 10 else "x"))


def escape(text: str, position: int) -> tuple[bytes, int]:
    """The byte an escape means whose backslash ends before `position`, and where it ends."""
    if position >= len(text):
        return b"", position
    char = text[position]
    octal = re.compile(r"[0-7]{1,3}").match(text, position)
    if octal:
        return bytes([int(octal[0], 8) & 0xFF]), octal.end()
    if char == "x":
        digits = re.compile(r"[0-9a-fA-F]+").match(text, position + 1)
        if digits:
            return bytes([int(digits[0], 16) & 0xFF]), digits.end()
    if char == "\n":
        return b"", position + 1
    if char in _ESCAPES:
        return bytes([_ESCAPES[char]]), position + 1
    return char.encode("utf-8", "surrogateescape"), position + 1
