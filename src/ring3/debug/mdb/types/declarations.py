"""C declarations, as headers and ``::typedef`` have them: structs, unions, pointers, arrays, functions, bit-fields.

A small part of C, without expressions: what describes the memory of a kernel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from ring3.debug.mdb.errors import MdbError
from ring3.trace.dtrace.types import Array, Enum, Function, Member, Pointer, Struct, Type, Typedef, resolve

Find = Callable[[str], "Type | None"]

_TOKEN: Final = re.compile(r"/\*.*?\*/|//[^\n]*|0[xX][0-9a-fA-F]+|\w+|[{}()\[\];,*:=]", re.DOTALL)
_QUALIFIERS: Final = frozenset(("const", "volatile"))
_WORDS: Final = frozenset(
    ("unsigned", "signed", "long", "short", "int", "char", "double", "float", "complex", "imaginary")
)


def canonical(words: list[str]) -> str:
    """The name of an arithmetic type whose words may stand in any order: ``int long unsigned`` is ``unsigned long``."""
    kinds = [word for word in words if word not in ("unsigned", "signed")]
    if "int" in kinds and len(kinds) > 1:
        kinds.remove("int")
    name = " ".join(sorted(kinds, key=("short", "long", "char", "int", "float", "double").index)) or "int"
    if "unsigned" in words:
        return f"unsigned {name}"
    return "signed char" if "signed" in words and name == "char" else name


class DeclarationParser:
    """Reads declarations and gives each name with its type."""

    def __init__(
        self,
        text: str,
        find: Find,
        define: Callable[[str, Type], None],
        pointer_size: int = 8,
        declare: Callable[[str, Type], None] = lambda _name, _kind: None,
    ) -> None:
        """Makes a parser.

        Args:
            text: The declarations.
            find: Gives the type of a name.
            define: Is told of each type that has a name.
            pointer_size: Bytes.
            declare: Is told of each variable.
        """
        self._tokens = [t for t in _TOKEN.findall(text) if not t.startswith(("/*", "//"))]
        self._find = find
        self._define = define
        self._pointer_size = pointer_size
        self._declare = declare
        self._place = 0

    def parse(self) -> None:
        """Reads the whole text."""
        while self._peek():
            is_typedef = self._accept("typedef")
            base = self._specifier()
            if self._accept(";"):
                continue
            for name, kind, _bits in self._declarators(base):
                if is_typedef:
                    self._define(name, Typedef(name, kind))
                else:
                    self._declare(name, kind)

    def type_name(self) -> Type:
        """A type alone, as in a cast.

        Raises:
            MdbError: It is none.
        """
        name, kind, _bits = self._declarator(self._specifier())
        if name or self._peek():
            raise MdbError(f"unexpected {name or self._peek()}")
        return kind

    # -- pieces ----------------------------------------------------------------------------------------------------

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._place += 1
        return token

    def _accept(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._place += 1
        return True

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise MdbError(f"expected {token}, not {self._peek() or 'the end'}")

    def _specifier(self) -> Type:
        while self._peek() in _QUALIFIERS:
            self._take()
        if self._peek() in ("struct", "union"):
            return self._struct(self._take())
        if self._accept("enum"):
            return self._enum()
        words = []
        while self._peek() in _WORDS:
            words.append(self._take())
        name = canonical(words) if words else self._take()
        found = self._find(name)
        while self._peek() in _QUALIFIERS:
            self._take()
        if found is None:
            raise MdbError(f"type {name} does not exist")
        return found

    def _struct(self, keyword: str) -> Type:
        tag = self._take() if self._peek() != "{" else ""
        found = self._find(f"{keyword} {tag}") if tag else None
        if found is None:
            found = Struct(keyword, tag)
            if tag:
                self._define(f"{keyword} {tag}", found)
        if not self._accept("{"):
            return found
        made = resolve(found)
        assert isinstance(made, Struct)
        layout = Layout(made)
        while not self._accept("}"):
            base = self._specifier()
            if self._accept(";"):
                layout.add("", base)
                continue
            for name, kind, bits in self._declarators(base):
                layout.add(name, kind, bits)
        layout.finish()
        return found

    def _enum(self) -> Type:
        tag = self._take() if self._peek() != "{" else ""
        found = self._find(f"enum {tag}") if tag else None
        made = found if isinstance(found, Enum) else Enum(tag)
        if tag:
            self._define(f"enum {tag}", made)
        if self._accept("{"):
            value = 0
            while not self._accept("}"):
                name = self._take()
                if self._accept("="):
                    value = int(self._take(), 0)
                made.values[name] = value
                value += 1
                self._accept(",")
            made.complete = True
        return made

    def _declarators(self, base: Type) -> Iterator[tuple[str, Type, int | None]]:
        while True:
            yield self._declarator(base)
            if self._accept(";"):
                return
            self._expect(",")

    def _declarator(self, base: Type) -> tuple[str, Type, int | None]:
        while self._accept("*"):
            base = Pointer(base, self._pointer_size)
            while self._peek() in _QUALIFIERS:
                self._take()
        name = ""
        if self._accept("("):  # a pointer to a function
            self._expect("*")
            name = self._take() if self._peek() != ")" else ""
            self._expect(")")
            self._parameters()
            return name, Pointer(Function(base, []), self._pointer_size), None
        if self._peek() and self._peek() not in ";,:[)":
            name = self._take()
        counts = []
        while self._accept("["):
            counts.append(int(self._take(), 0) if self._peek() != "]" else 0)
            self._expect("]")
        for count in reversed(counts):
            base = Array(base, count)
        bits = int(self._take(), 0) if self._accept(":") else None
        return name, base, bits

    def _parameters(self) -> None:
        self._expect("(")
        while not self._accept(")"):
            self._take()


class Layout:
    """Places the members of a struct or union as the System V ABI does."""

    def __init__(self, made: Struct) -> None:
        self._made = made
        self._bit = 0

    def add(self, name: str, kind: Type, bits: int | None = None) -> None:
        """Appends a member."""
        made = self._made
        align = 8 * kind.align
        at = 0 if made.keyword == "union" else self._bit
        if bits is None:
            at = -(-at // align) * align
            self._put(name, Member(name, kind, at // 8))
            end = at + 8 * kind.size
        else:
            unit = 8 * kind.size
            if at // unit != (at + max(bits, 1) - 1) // unit or not bits:
                at = -(-at // unit) * unit
            if name:
                self._put(name, Member(name, kind, at // unit * kind.size, at % unit, bits))
            end = at + bits
        self._bit = max(self._bit, end)
        made.align = max(made.align, kind.align)

    def _put(self, name: str, member: Member) -> None:
        inner = resolve(member.type)
        if name:
            self._made.members[name] = member
        elif isinstance(inner, Struct):
            for each in inner.members.values():
                self._made.members[each.name] = each._replace(offset=each.offset + member.offset)

    def finish(self) -> None:
        """All members are there."""
        align = 8 * self._made.align
        self._made.size = -(-self._bit // align) * align // 8
        self._made.complete = True
