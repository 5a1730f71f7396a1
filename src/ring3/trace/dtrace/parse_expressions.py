"""Expressions: words become nodes by C's grammar with D's additions (`^^`, `@`, `self->`, xlate, stringof)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NoReturn

from ring3.trace.dtrace import nodes
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.lexer import Lexer, Token
from ring3.trace.dtrace.nodes import Node
from ring3.trace.dtrace.types import Type

_BINARY = (
    ("||",),
    ("^^",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", "<=", ">", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)
"""Binary operators, the loosest first."""
_LEVEL = {operator: level for level, operators in enumerate(_BINARY) for operator in operators}
_ASSIGN = frozenset(("=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "<<=", ">>="))
_PREFIX = frozenset(("!", "~", "+", "-", "*", "&"))
TYPE_WORDS = frozenset(
    [
        "void",
        "char",
        "short",
        "int",
        "long",
        "float",
        "double",
        "signed",
        "unsigned",
        "struct",
        "union",
        "enum",
        "const",
        "volatile",
        "restrict",
        "string",
        "userland",
    ]
)
"""Keywords that can begin a type."""


class ExpressionParser(ABC):
    """Reads expressions from a lexer."""

    end_of_program = "end of input"
    """What messages call the end of a program outside of braces."""

    def __init__(self, lexer: Lexer, is_type: Callable[[str], bool]) -> None:
        """Read from `lexer`; `is_type` says whether a word names a type and no variable."""
        self.lexer = lexer
        self.is_type = is_type

    @property
    def line(self) -> int:
        """The line of the word read last; where the grammar has to look ahead, that is the next word's."""
        return self.lexer.line

    @abstractmethod
    def type_name(self) -> Type:
        """A type as casts and sizeof write it."""

    def take(self) -> Token:
        """The next token."""
        return self.lexer.next()

    def peek(self) -> Token:
        """The next token, left where it is."""
        token = self.lexer.next()
        self.lexer.push_back(token)
        return token

    def accept(self, kind: str) -> bool:
        """Take the next token if it is of that kind."""
        token = self.lexer.next()
        if token.kind == kind:
            return True
        self.lexer.push_back(token)
        return False

    def expect(self, kind: str) -> Token:
        """Take a token that has to be of a kind.

        Raises:
            CompileError: D_SYNTAX near what is there instead.
        """
        token = self.take()
        if token.kind != kind:
            self.unexpected(token)
        return token

    def unexpected(self, token: Token) -> NoReturn:
        """Complain of a token."""
        if token.kind == "end":
            end = "end of input" if self.lexer.depth else self.end_of_program
            fail("D_SYNTAX", token.line, f"syntax error near {end}")
        fail("D_SYNTAX", token.line, f'syntax error near "{token.text}"')

    def begins_type(self, token: Token) -> bool:
        """Whether a type begins with this token."""
        if token.kind == "keyword":
            return token.text in TYPE_WORDS
        return token.kind == "word" and self.is_type(token.text)

    def expression(self) -> Node:
        """An expression, with commas."""
        left = self.assignment()
        while self.accept(","):
            right = self.assignment()
            left = nodes.Binary(self.line, ",", left, right)
        return left

    def assignment(self) -> Node:
        """An expression without commas: an argument, a key."""
        target = self.conditional()
        operator = self.peek().kind
        if operator not in _ASSIGN:
            return target
        self.take()
        value = self.assignment()
        return nodes.Assign(self.line, operator, target, value)

    def conditional(self) -> Node:
        """`a ? b : c`, or anything that binds tighter."""
        condition = self._binary(0)
        if not self.accept("?"):
            return condition
        yes = self.expression()
        self.expect(":")
        no = self.conditional()
        return nodes.Conditional(self.line, condition, yes, no)

    def _binary(self, level: int) -> Node:
        left = self.unary()
        while True:
            token = self.lexer.next()
            found = _LEVEL.get(token.kind, -1)
            if found < level:
                self.lexer.push_back(token)
                return left
            right = self._binary(found + 1)
            left = nodes.Binary(self.line, token.kind, left, right)

    def unary(self) -> Node:
        """An operand with what stands before it."""
        token = self.take()
        kind = token.kind
        if kind in _PREFIX:
            operand = self.unary()
            return nodes.Unary(self.line, kind, operand)
        if kind in ("++", "--"):
            operand = self.unary()
            return nodes.Step(self.line, kind, operand, postfix=False)
        if kind == "(" and self.begins_type(self.peek()):
            to = self.type_name()
            self.expect(")")
            operand = self.unary()
            return nodes.Cast(self.line, to, operand)
        if kind == "keyword" and token.text in ("sizeof", "stringof"):
            return self._keyword_operator(token)
        return self._postfix(self._primary(token))

    def _keyword_operator(self, token: Token) -> Node:
        if token.text == "sizeof" and self.accept("("):
            if self.begins_type(self.peek()):
                of = self.type_name()
                self.expect(")")
                return nodes.SizeofType(self.line, of)
            operand = self.expression()
            self.expect(")")
            return nodes.Unary(self.line, "sizeof", self._postfix(operand))
        operand = self.unary()
        return nodes.Unary(self.line, token.text, operand)

    def _primary(self, token: Token) -> Node:
        kind = token.kind
        if kind == "int":
            assert isinstance(token.value, int)
            return nodes.Constant(token.line, token.value, token.suffix)
        if kind == "string":
            assert isinstance(token.value, bytes)
            return nodes.StringConstant(token.line, token.value)
        if kind == "word":
            return nodes.Name(token.line, token.text)
        if kind == "agg":
            keys = self._keys() if self.accept("[") else []
            return nodes.Aggregation(self.line, token.text[1:] or "_", keys)
        if kind == "(":
            inner = self.expression()
            self.expect(")")
            return inner
        if kind == "keyword" and token.text in _KEYWORD_PRIMARIES:
            return _KEYWORD_PRIMARIES[token.text](self, token)
        return self.unexpected(token)

    def _scoped(self, scope: Token) -> Node:
        self.expect("->")
        name = self.take()
        if name.kind not in ("word", "keyword"):
            self.unexpected(name)
        return nodes.Name(name.line, name.text, scope.text)

    def _offsetof(self, _token: Token) -> Node:
        self.expect("(")
        of = self.type_name()
        self.expect(",")
        member = self._member()
        self.expect(")")
        return nodes.Offsetof(self.line, of, member)

    def _xlate(self, _token: Token) -> Node:
        self.expect("<")
        to = self.type_name()
        self.expect(">")
        self.expect("(")
        operand = self.expression()
        self.expect(")")
        return nodes.Xlate(self.line, to, operand)

    def _member(self) -> str:
        name = self.take()
        if name.kind not in ("word", "keyword"):
            self.unexpected(name)
        return name.text

    def _postfix(self, operand: Node) -> Node:
        while True:
            token = self.lexer.next()
            kind = token.kind
            if kind == "[":
                operand = nodes.Index(token.line, operand, self._keys())
            elif kind == "(":
                if not isinstance(operand, nodes.Name) or operand.scope:
                    fail("D_FUNC_IDENT", token.line, "function designator is not of function type")
                arguments = [] if self.accept(")") else self._arguments(")")
                operand = nodes.Call(self.line, operand.name, arguments)
            elif kind in ("->", "."):
                operand = nodes.Access(token.line, operand, self._member(), arrow=kind == "->")
            elif kind in ("++", "--"):
                operand = nodes.Step(token.line, kind, operand, postfix=True)
            else:
                self.lexer.push_back(token)
                return operand

    def _keys(self) -> list[Node]:
        return self._arguments("]")

    def _arguments(self, closer: str) -> list[Node]:
        found = [self.assignment()]
        while self.accept(","):
            found.append(self.assignment())
        self.expect(closer)
        return found


_KEYWORD_PRIMARIES: dict[str, Callable[[ExpressionParser, Token], Node]] = {
    "self": ExpressionParser._scoped,  # noqa: SLF001
    "this": ExpressionParser._scoped,  # noqa: SLF001
    "offsetof": ExpressionParser._offsetof,  # noqa: SLF001
    "xlate": ExpressionParser._xlate,  # noqa: SLF001
}
