"""The compiler: items of a program are read, checked and remembered; clauses come out with their probes.

One compiler serves a session: programs given one after the other see each other's variables and types.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from ring3.trace.dtrace import (
    check_declarations,
    check_definitions,
    check_names,
    check_statements,
    clause_stability,
    nodes,
    pragmas,
    stability,
)
from ring3.trace.dtrace.checker import Checker
from ring3.trace.dtrace.errors import CompileError, fail
from ring3.trace.dtrace.lexer import Lexer
from ring3.trace.dtrace.macros import Macros
from ring3.trace.dtrace.nodes import Clause, Item, Node
from ring3.trace.dtrace.options import Options
from ring3.trace.dtrace.parser import ProgramParser, Surroundings
from ring3.trace.dtrace.providers.base import Description, Probe
from ring3.trace.dtrace.symbols import Kind, Symbol, Symbols
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Enum

UINT_MAX = (1 << 32) - 1
FIELDS = {"provider": 1, "module": 2, "function": 3, "name": 4}
"""How many parts of a description a word without colons ends, by the option it was given with."""


class MatchedClause(NamedTuple):
    """A clause and the probes it is for, each once for every description that matches it; how stable these are."""

    clause: Clause
    probes: list[Probe]
    descriptions: list[Description]
    attributes: list[stability.Attributes]


class Program(NamedTuple):
    """A program that was compiled."""

    clauses: list[MatchedClause]
    providers: list[nodes.ProviderDefinition]

    @property
    def matches(self) -> int:
        """How many probes its clauses matched, counted once for each clause."""
        return sum(len(each.probes) for each in self.clauses)


class Source(NamedTuple):
    """The text of a program: from a file or the command line, and which part a description without colons means."""

    text: str
    is_file: bool = True
    field: str = "name"
    is_library: bool = False


class Compiler(Surroundings):
    """Compiles programs against types, names and probes."""

    def __init__(
        self, options: Options, types: TypeSpace, find_probes: Callable[[Description], list[Probe]]
    ) -> None:
        """Compile for a session.

        Args:
            options: Its options, which pragmas may set.
            types: The types there are.
            find_probes: Gives the probes a description matches.
        """
        self.options = options
        self.symbols = Symbols()
        self.checker = Checker(types, self.symbols)
        self._find_probes = find_probes
        self._types = types
        self._in_library = False
        self.stock_translators: Callable[[], str] = lambda: ""
        """The translators that come with D, as it is written."""
        self.checker.define_stock_translators = self._define_stock_translators

    def compile(self, source: Source, macros: Macros) -> Program:
        """Compile a program.

        Raises:
            CompileError: if something is wrong with it.
        """
        self._in_library = source.is_library
        self.checker.dialect = self.options.dialect
        lexer = Lexer(source.text, macros, self._pragma)
        try:
            return self._compile(lexer, source, macros)
        except RecursionError:
            raise CompileError("D_SYNTAX", lexer.line, "program is nested too deeply") from None
        except CompileError as error:
            error.file = error.file or (lexer.file if lexer.file != "/dev/stdin" else "")
            error.line = error.line if source.is_file else 0
            raise

    def _define_stock_translators(self) -> None:
        """Compile them, in the middle of another program."""
        at_hand, self._in_library, self.checker.probes = (self._in_library, self.checker.probes), True, None
        macros = Macros([""], {})
        source = Source(self.stock_translators(), is_library=True)
        self._compile(Lexer(source.text, macros, self._pragma), source, macros)
        self._in_library, self.checker.probes = at_hand

    def _compile(self, lexer: Lexer, source: Source, macros: Macros) -> Program:
        parser = ProgramParser(
            lexer,
            self._types,
            self,
            probes_first=lambda: self.options.is_set("pspec"),
            is_file=source.is_file,
            pads_structs=source.is_library or self.options.dialect.pads_structs,
            spoken=self.options.dialect,
        )
        clauses = []
        providers = []
        empty = True
        for item in parser.items():
            empty = False
            if isinstance(item, Clause):
                clauses.append(self._clause(item, source, macros))
                continue
            if isinstance(item, nodes.ProviderDefinition):
                providers.append(item)
            self._define(item, in_header=lexer.file not in ("", "/dev/stdin"))
        if empty and not source.is_library and not self.options.is_set("empty"):
            fail("D_EMPTY", lexer.line, "empty D program translation unit")
        self._check_arguments(macros, lexer.line)
        return Program(clauses, providers)

    def _check_arguments(self, macros: Macros, line: int) -> None:
        """Every argument has to be used, but with -xargref and -xdefaultargs."""
        unused = macros.unused()
        if unused is None or self.options.is_set("argref") or self.options.is_set("defaultargs"):
            return
        message = f"extraneous argument '{macros.arguments[unused]}' (${unused} is not referenced)"
        fail("D_MACRO_UNUSED", line, message)

    def _pragma(self, directive: pragmas.Directive) -> None:
        pragmas.apply(
            directive,
            pragmas.PragmaTargets(self._set_option, self._set_attributes, self._depends, self._bind_version),
        )

    def _set_option(self, name: str, value: str | None) -> None:
        self.options.set(name, value, in_program=True)
        if name == "strsize":
            self._types.string.size = self.options.number("strsize")

    def _set_attributes(self, attributes: stability.Attributes, name: str, line: int) -> None:
        words = name.split()
        if words[0] == "provider":
            return
        symbol = self.symbols.find(words[-1])
        if symbol is None:
            self._refuse_pragma("attributes", words[-1], line)
        symbol.attributes = attributes

    def _depends(self, kind: str, name: str, line: int) -> None:
        if kind == "library" and not self._in_library:
            fail("D_PRAGMA_DEPEND", line, "main program may not explicitly depend on a library")
        known = {"provider": Description(provider=name), "module": Description(module=name)}.get(kind)
        if known is not None and not self._in_library and not self._find_probes(known):
            fail("D_PRAGMA_DEPEND", line, f"program requires {kind} {name}")

    def _bind_version(self, version: str, name: str, line: int) -> None:
        if not re.fullmatch(r"[0-9]+\.[0-9]+(\.[0-9]+)?", version):
            fail("D_PRAGMA_INVAL", line, "invalid version string specified by #pragma binding")
        if self.symbols.find(name) is None:
            self._refuse_pragma("binding", name, line)

    def _refuse_pragma(self, kind: str, name: str, line: int) -> NoReturn:
        """Complain of a pragma for what the program does not define: what D brings, or nothing at all."""
        if check_names.find(self.checker, nodes.Name(line, name)):
            message = f"#pragma {kind} cannot modify entity defined outside program scope"
            fail("D_PRAGMA_SCOPE", line, message)
        fail("D_PRAGMA_UNUSED", line, f"unused #pragma {kind}")

    def is_variable(self, name: str) -> bool:
        """Whether a word is a variable or constant of the program."""
        return self.symbols.find(name) is not None

    def constant(self, expression: Node) -> int | None:
        """The value of an integral constant expression; None if it is none."""
        return self.checker.constant(expression)

    def define_enumerator(self, name: str, value: int, enum: Enum, line: int) -> None:
        """Make an enumerator a constant."""
        if self.checker.find(nodes.Name(line, name)):
            fail("D_DECL_IDRED", line, f"identifier redeclared: {name}")
        self.symbols.add(Symbol(name, Kind.ENUMERATOR, enum, value=value))

    def _define(self, item: Item, *, in_header: bool) -> None:
        if isinstance(item, nodes.Declared):
            check_declarations.declare(self.checker, item, in_header=in_header)
        elif isinstance(item, nodes.Inline):
            check_declarations.define_inline(self.checker, item)
        elif isinstance(item, nodes.TranslatorDefinition):
            check_definitions.translator(self.checker, item)
        elif isinstance(item, nodes.ProviderDefinition):
            check_definitions.provider(self.checker, item)

    def _clause(self, clause: Clause, source: Source, macros: Macros) -> MatchedClause:
        probes: list[Probe] = []
        descriptions, attributes = [], []
        for text, line in clause.descriptions:
            description = parse_description(text, line, source.field, macros)
            descriptions.append(description)
            found = self._found(description, line)
            if not found and description.number is not None:
                fail(
                    "D_PDESC_INVAL",
                    line,
                    f"invalid probe identifier {description.number}: Unknown probe identifier",
                )
            if not found and not self.options.is_set("zdefs"):
                message = f"probe description {description} does not match any probes"
                fail("D_PDESC_ZERO", line, message)
            attributes.append(clause_stability.of_description(description, found))
            self._check_stability(description, attributes[-1], line)
            probes += found
        self.checker.probes = probes
        self.checker.described = str(descriptions[0])
        check_statements.clause(self.checker, clause)
        self.checker.probes = None
        return MatchedClause(clause, probes, descriptions, attributes)

    def _found(self, description: Description, line: int) -> list[Probe]:
        """The probes a description matches; what a provider complains of is at its line."""
        try:
            return self._find_probes(description)
        except CompileError as error:
            if self.options.is_set("zdefs"):
                return []
            error.line = line
            raise

    def _check_stability(self, description: Description, attributes: stability.Attributes, line: int) -> None:
        """-xamin: a description may not be weaker than that."""
        wanted = stability.parse(self.options.word("amin")) if self.options.was_set("amin") else None
        if wanted is not None and attributes.least(wanted) != wanted:
            what = f"attributes for probe description {description} ({attributes})"
            fail("D_ATTR_MIN", line, f"{what} are less than predefined minimum")


_MACRO = re.compile(r"\$[0-9]+|\$[A-Za-z]+")


def parse_description(text: str, line: int, field: str, macros: Macros) -> Description:
    """The description a word is: parts from the right, `provider:module:function:name`.

    Args:
        text: The word, in which macro variables may stand.
        line: Where.
        field: What the last of its parts is.
        macros: Their values.

    Raises:
        CompileError: D_PDESC_INVAL.
    """
    given = text
    try:
        text = _MACRO.sub(lambda match: macros.value(match[0], line), text)
    except CompileError:
        what = f'invalid probe description "{given}": Undefined macro variable in probe description'
        raise CompileError("D_PDESC_INVAL", line, what) from None
    if text.isdigit():
        if int(text) > UINT_MAX:
            fail("D_PDESC_INVAL", line, f"identifier {text} exceeds maximum probe id")
        return Description(number=int(text))
    parts = text.split(":")
    last = FIELDS[field]
    if len(parts) > last and not parts[0]:
        del parts[0]
    if len(parts) > last:
        message = f'invalid probe description "{given}": Overspecified probe description'
        fail("D_PDESC_INVAL", line, message)
    first = max(last - len(parts), 0)
    provider, module, function, name = [*[""] * first, *parts, *[""] * (4 - first - len(parts))]
    return Description(provider, module, function, name)
