"""A D program: clauses, declarations, inlines, translators and providers, one after the other.

Items are handed out as they are read, so that what a declaration defines is known to the words behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ring3.trace.dtrace import declare, nodes
from ring3.trace.dtrace.dialect import SUN, Dialect
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.lexer import Lexer, Token
from ring3.trace.dtrace.nodes import Clause, Declared, Inline, Item, Node, Statement
from ring3.trace.dtrace.parse_declarations import DeclarationParser
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Enum, Parameter


class Surroundings:
    """What the parser needs to know of the program around its words, and tells it."""

    def is_variable(self, name: str) -> bool:
        """Whether a word is a variable or constant of the program."""
        raise NotImplementedError

    def constant(self, expression: Node) -> int | None:
        """The value of an integral constant expression; None if it is none."""
        raise NotImplementedError

    def define_enumerator(self, name: str, value: int, enum: Enum, line: int) -> None:
        """Make an enumerator a constant."""
        raise NotImplementedError


class ProgramParser(DeclarationParser):
    """Reads the items of a program."""

    def __init__(
        self,
        lexer: Lexer,
        types: TypeSpace,
        around: Surroundings,
        *,
        probes_first: Callable[[], bool],
        is_file: bool = True,
        pads_structs: bool = True,
        spoken: Dialect = SUN,
    ) -> None:
        """Read from `lexer`.

        Args:
            lexer: The words.
            types: Where types are found and defined.
            around: The program.
            probes_first: -xpspec: what may be a probe description is one.
            is_file: A probe description alone means something on a command line only.
            pads_structs: Structs have padding behind the last member.
            spoken: The dialect of messages.
        """
        super().__init__(lexer, self._is_type)
        self.types = types
        self.pads_structs = pads_structs
        self.end_of_program = spoken.end_of_program
        self._around = around
        self._probes_first = probes_first
        self._is_file = is_file

    def _is_type(self, word: str) -> bool:
        module, _, name = word.rpartition("`")
        return self.types.find(name, module) is not None and not self._around.is_variable(word)

    def constant(self, expression: Node) -> int | None:
        """The value of an integral constant expression; None if it is none."""
        return self._around.constant(expression)

    def define_enumerator(self, name: str, value: int, enum: Enum, line: int) -> None:
        """Make an enumerator a constant."""
        self._around.define_enumerator(name, value, enum, line)

    def items(self) -> Iterator[Item]:
        """The items of the program, in order."""
        while True:
            token = self._at_program_level()
            if token.kind == "end":
                return
            if token.kind == "description":
                yield self._clause(token)
            elif token.kind == "keyword" and token.text in _DEFINITIONS:
                yield from _DEFINITIONS[token.text](self, token)
            elif token.kind == ";":
                continue
            else:
                self.lexer.push_back(token)
                if not self.begins_declaration(token):
                    self.unexpected(token)
                yield from self._declaration()

    def _at_program_level(self) -> Token:
        return self.lexer.next_at_program_level(self.is_type, probes_first=self._probes_first)

    def _clause(self, first: Token) -> Clause:
        descriptions = [(first.text, first.line)]
        token = self._after_description()
        while token.kind == ",":
            token = self._at_program_level()
            if token.kind != "description":
                self.unexpected(token)
            descriptions.append((token.text, token.line))
            token = self._after_description()
        predicate: Node | None = None
        if token.kind == "/":
            predicate = self.expression()
            self.expect("end of predicate")
            token = self.lexer.next_at_program_level(self.is_type, probes_first=_always)
        elif token.kind == "end of predicate":
            self.unexpected(token)
        elif token.kind != "{" and self._is_file:
            message = "expected predicate and/or actions following probe description"
            fail("D_SYNTAX", first.line, message)
        if token.kind != "{":
            if predicate is not None and self._is_file:
                message = "expected actions { } following probe description and predicate"
                fail("D_SYNTAX", first.line, message)
            self.lexer.push_back(token)
            return Clause(first.line, descriptions, predicate, None)
        statements = self._statements()
        return Clause(self.line, descriptions, predicate, statements)

    def _after_description(self) -> Token:
        return self.lexer.next_at_program_level(self.is_type, probes_first=_always)

    def _statements(self) -> list[Statement]:
        """Statements up to the closing brace."""
        found: list[Statement] = []
        while True:
            token = self.take()
            if token.kind == "}":
                return found
            if token.kind == ";":
                continue
            if token.kind == "keyword" and token.text == "if":
                found.append(self._if(token.line))
                continue
            self.lexer.push_back(token)
            expression = self.expression()
            found.append(nodes.ExpressionStatement(self.line, expression))
            if self.peek().kind != "}":
                self.expect(";")

    def _if(self, line: int) -> Statement:
        self.expect("(")
        condition = self.expression()
        self.expect(")")
        yes = self._branch()
        no: list[Statement] = []
        token = self.take()
        if token.kind == "keyword" and token.text == "else":
            no = self._branch()
        else:
            self.lexer.push_back(token)
        return nodes.If(line, condition, yes, no)

    def _branch(self) -> list[Statement]:
        """What depends on a condition: a block, or one statement."""
        token = self.take()
        if token.kind == "{":
            return self._statements()
        if token.kind == "keyword" and token.text == "if":
            return [self._if(token.line)]
        if token.kind == ";":
            return []
        self.lexer.push_back(token)
        expression = self.expression()
        self.accept(";")
        return [nodes.ExpressionStatement(self.line, expression)]

    def _declaration(self) -> Iterator[Declared]:
        specifiers = self.specifiers()
        base = specifiers.type(self.types)
        if self.accept(";"):
            if specifiers.base_word not in ("struct", "union", "enum"):
                fail("D_DECL_USELESS", self.line, "useless declaration")
            return
        while True:
            declarator = self.declarator()
            declare.check_name(declarator.name, "a declaration", declarator.line)
            yield Declared(declarator.line, declarator.name, declarator.wrap(base), specifiers.storage)
            if not self.accept(","):
                break
        self.expect(";")

    def _inline(self, token: Token) -> Iterator[Item]:
        specifiers = self.specifiers()
        base = specifiers.type(self.types)
        declarator = self.declarator(abstract=True)
        kind = declarator.wrap(base)
        declared = Declared(declarator.line, declarator.name, kind, specifiers.storage)
        self.expect("=")
        expression = self.assignment()
        self.expect(";")
        declared.line = token.line
        yield Inline(declared, expression)

    def _translator(self, _token: Token) -> Iterator[Item]:
        output = self.type_name()
        self.expect("<")
        specifiers = self.specifiers()
        base = specifiers.type(self.types)
        declarator = self.declarator()
        self.expect(">")
        self.expect("{")
        members = []
        while not self.accept("}"):
            name = self.take()
            if name.kind not in ("word", "keyword"):
                self.unexpected(name)
            self.expect("=")
            expression = self.assignment()
            self.expect(";")
            members.append((name.text, expression, self.line))
        self.expect(";")
        kind = declarator.wrap(base)
        yield nodes.TranslatorDefinition(self.line, output, kind, declarator.name, members)

    def _provider(self, token: Token) -> Iterator[Item]:
        name = self.expect("word")
        self.expect("{")
        probes = []
        while not self.accept("}"):
            word = self.take()
            if (word.kind, word.text) != ("keyword", "probe"):
                self.unexpected(word)
            probes.append(self._provider_probe())
        self.expect(";")
        yield nodes.ProviderDefinition(token.line, name.text, probes)

    def _provider_probe(self) -> nodes.ProbeDefinition:
        name = self.expect("word")
        native = self._probe_parameters()
        declare.check_native(native, name.line)
        translated = native
        if self.accept(":"):
            translated = self._probe_parameters()
            declare.check_translated(translated, native, name.line)
        self.expect(";")
        places = {parameter.name: place for place, parameter in enumerate(native) if parameter.name}
        mapping = [places.get(parameter.name, place) for place, parameter in enumerate(translated)]
        types = [[parameter.type for parameter in each] for each in (native, translated)]
        return nodes.ProbeDefinition(name.text, types[0], types[1], mapping, name.line)

    def _probe_parameters(self) -> list[Parameter]:
        self.expect("(")
        return [] if self.accept(")") else self._parameters(")")[0]


def _always() -> bool:
    """Behind a description or predicate only a description can follow."""
    return True


_DEFINITIONS: dict[str, Callable[[ProgramParser, Token], Iterator[Item]]] = {
    "inline": ProgramParser._inline,  # noqa: SLF001
    "translator": ProgramParser._translator,  # noqa: SLF001
    "provider": ProgramParser._provider,  # noqa: SLF001
}
