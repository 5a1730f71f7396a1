"""Declarations: specifiers, declarators, structs, unions, enumerations, as ANSI C writes them.

Types are made while they are read, because later words of a program depend on the names they define.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from ring3.trace.dtrace import declare
from ring3.trace.dtrace.declare import Specifiers
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.lexer import Token
from ring3.trace.dtrace.nodes import Node
from ring3.trace.dtrace.parse_expressions import ExpressionParser
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Array, Enum, Function, Parameter, Qualified, Struct, Tuple, Type

_QUALIFIERS = frozenset(("const", "volatile", "restrict"))
_STORAGE = frozenset(("auto", "register", "static", "extern", "typedef", "self", "this"))
_ATTRIBUTES = frozenset(("signed", "unsigned", "short", "long", "userland"))

Wrap = Callable[[Type], Type]
"""What a declarator does to the type before it."""


class Declarator(NamedTuple):
    """A name and what its declarator makes of the base type."""

    name: str
    wrap: Wrap
    line: int


class DeclarationParser(ExpressionParser):
    """Reads declarations and types."""

    types: TypeSpace
    pads_structs = True
    """Whether structs have padding behind the last member."""

    @abstractmethod
    def constant(self, expression: Node) -> int | None:
        """The value of an integral constant expression; None if it is none."""

    @abstractmethod
    def define_enumerator(self, name: str, value: int, enum: Enum, line: int) -> None:
        """Make the name of an enumeration a constant of the program."""

    def begins_declaration(self, token: Token) -> bool:
        """Whether a declaration begins with this token."""
        return self.begins_type(token) or (token.kind == "keyword" and token.text in _STORAGE)

    def specifiers(self) -> Specifiers:
        """Storage class, qualifiers and the base type."""
        found = Specifiers(self.peek().line)
        while True:
            token = self.take()
            if token.kind == "keyword" and self._keyword_specifier(token, found):
                continue
            if (
                token.kind == "word"
                and found.base is None
                and not found.attributes
                and self.is_type(token.text)
            ):
                found.set_base(self._named(token), token.text)
                continue
            self.lexer.push_back(token)
            return found

    def _named(self, token: Token) -> Type:
        module, _, name = token.text.rpartition("`")
        found = self.types.find(name, module)
        if found is None:
            fail("D_UNKNOWN", token.line, f"failed to resolve type {token.text}: Unknown type name")
        return found

    def _keyword_specifier(self, token: Token, found: Specifiers) -> bool:
        word = token.text
        if word in _STORAGE:
            found.set_storage(word)
        elif word in _QUALIFIERS:
            found.qualifiers.append(word)
        elif word in _ATTRIBUTES:
            found.add_attribute(word)
        elif word in ("struct", "union"):
            found.set_base(self._struct(word), word)
        elif word == "enum":
            found.set_base(self._enum(), word)
        elif word in ("void", "char", "int", "float", "double", "string"):
            base = self.types.find(word)
            assert base
            found.set_base(base, word)
        else:
            return False
        return True

    def _struct(self, keyword: str) -> Type:
        token = self.take()
        tag = ""
        if token.kind in ("word", "keyword"):
            tag, token = token.text, self.take()
        if token.kind != "{":
            self.lexer.push_back(token)
            module, _, name = tag.rpartition("`")
            if not tag:
                self.unexpected(token)
            found = self.types.find(f"{keyword} {name}", module) if module else None
            return found or self.types.struct(keyword, tag)
        if "`" in tag:
            self.unexpected(token)
        new = self.types.struct(keyword, tag)
        if new.complete:
            fail("D_DECL_TYPERED", token.line, f"type redeclared: {keyword} {tag}")
        while not self.accept("}"):
            self._member_declaration(new)
        new.finish(0 if self.pads_structs else new.extent)
        return new

    def _member_declaration(self, struct: Struct) -> None:
        specifiers = self.specifiers()
        if specifiers.storage:
            fail("D_DECL_BADCLASS", self.line, "inappropriate storage class for struct or union member")
        base = specifiers.type(self.types)
        if self.accept(";"):
            declare.add_anonymous(struct, base, self.line)
            return
        while True:
            self._member_declarator(struct, base)
            if not self.accept(","):
                break
        self.expect(";")

    def _member_declarator(self, struct: Struct, base: Type) -> None:
        name, kind = "", base
        if self.peek().kind != ":":
            declarator = self.declarator()
            name, kind = declarator.name, declarator.wrap(base)
        bits: Node | None = None
        if self.accept(":"):
            bits = self.conditional()
        declare.add_member(struct, name, kind, None if bits is None else (self.constant(bits),), self.line)

    def _enum(self) -> Type:
        token = self.take()
        tag = ""
        if token.kind in ("word", "keyword"):
            tag, token = token.text, self.take()
        if token.kind != "{":
            self.lexer.push_back(token)
            if not tag:
                self.unexpected(token)
            return self.types.enum(tag)
        new = self.types.enum(tag)
        if new.complete:
            fail("D_DECL_TYPERED", token.line, f"type redeclared: enum {tag}")
        value = 0
        while True:
            value = self._enumerator(new, value) + 1
            if not self.accept(",") or self.peek().kind == "}":
                break
        self.expect("}")
        new.complete = True
        return new

    def _enumerator(self, enum: Enum, following: int) -> int:
        name = self.expect("word")
        value: int | None = following
        if self.accept("="):
            value = self.constant(self.conditional())
        checked = declare.enumerator_value(enum, name.text, value, self.line)
        self.define_enumerator(name.text, checked, enum, self.line)
        enum.values[name.text] = checked
        return checked

    def declarator(self, *, abstract: bool = False) -> Declarator:
        """A declarator: pointers, a name (none if abstract), dimensions, keys and parameters."""
        token = self.take()
        if token.kind == "*":
            return self._pointer(abstract=abstract)
        if token.kind == "(" and self._is_nested(abstract=abstract):
            inner = self.declarator(abstract=abstract)
            self.expect(")")
        elif token.kind == "word" or (token.kind == "keyword" and token.text in ("self", "this")):
            inner = Declarator(self._scoped_name(token), lambda kind: kind, token.line)
        elif abstract:
            self.lexer.push_back(token)
            inner = Declarator("", lambda kind: kind, token.line)
        else:
            self.unexpected(token)
        return self._suffixes(inner)

    def _scoped_name(self, token: Token) -> str:
        if token.kind == "keyword":
            self.expect("->")
            fail(
                "D_DECL_SCOPE",
                token.line,
                f"illegal use of scoping operator in variable name: {token.text}->",
            )
        return token.text

    def _is_nested(self, *, abstract: bool) -> bool:
        """After `(`: whether a declarator in parentheses begins, and not the parameters of a function."""
        token = self.peek()
        return not abstract or token.kind in ("*", "(", "[")

    def _pointer(self, *, abstract: bool) -> Declarator:
        qualifiers = []
        while self.peek().text in _QUALIFIERS and self.peek().kind == "keyword":
            qualifiers.append(self.take().text)
        inner = self.declarator(abstract=abstract)

        def wrap(kind: Type) -> Type:
            pointer: Type = self.types.pointer(kind)
            for qualifier in qualifiers:
                pointer = Qualified(qualifier, pointer)
            return inner.wrap(pointer)

        return Declarator(inner.name, wrap, inner.line)

    def _suffixes(self, inner: Declarator) -> Declarator:
        """Dimensions and parameters: the first binds tightest to the name, so the last is applied first."""
        suffixes: list[Wrap] = []
        while True:
            if self.accept("["):
                suffixes.append(self._dimension())
            elif self.accept("("):
                suffixes.append(self._function())
            else:
                break

        def wrap(kind: Type) -> Type:
            for suffix in reversed(suffixes):
                kind = suffix(kind)
            return inner.wrap(kind)

        return Declarator(inner.name, wrap, inner.line) if suffixes else inner

    def _dimension(self) -> Wrap:
        line = self.line
        if self.accept("]"):
            return lambda kind: Array(kind, None)
        token = self.peek()
        if self.begins_declaration(token) or token.kind == "...":
            keys, variadic = self._parameters("]")
            if variadic:
                fail(
                    "D_DECL_PROTO_VARARGS",
                    line,
                    "array prototype may not use a variable-length argument list",
                )
            declare.check_parameters(keys, "array", line)
            return lambda kind: Tuple(keys, kind)
        size = self.constant(self.conditional())
        self.expect("]")
        count = declare.dimension(size, line)
        return lambda kind: Array(kind, declare.checked_count(kind, count, line))

    def _function(self) -> Wrap:
        line = self.line
        if self.accept(")"):
            return lambda kind: Function(kind, [])
        parameters, variadic = self._parameters(")")
        declare.check_parameters(parameters, "function", line)
        return lambda kind: Function(kind, parameters, variadic=variadic)

    def _parameters(self, closer: str) -> tuple[list[Parameter], bool]:
        found: list[Parameter] = []
        while True:
            if self.accept("..."):
                self.expect(closer)
                return found, True
            specifiers = self.specifiers()
            if specifiers.storage not in ("", "register"):
                fail(
                    "D_DECL_PARMCLASS",
                    self.line,
                    "inappropriate storage class for function or associative array parameter",
                )
            if specifiers.is_empty:
                self.unexpected(self.peek())
            base = specifiers.type(self.types)
            declarator = self.declarator(abstract=True)
            found.append(Parameter(declarator.wrap(base), declarator.name))
            if not self.accept(","):
                self.expect(closer)
                return found, False

    def type_name(self) -> Type:
        """A type as casts and sizeof write it."""
        specifiers = self.specifiers()
        if specifiers.is_empty:
            self.unexpected(self.take())
        base = specifiers.type(self.types)
        return self.declarator(abstract=True).wrap(base)
