"""What a D program is made of, as the parser leaves it and the checker completes it.

Expressions carry a type once they are checked; `lvalue` says that they name a place. The checker may put another node
in the place of one: a constant for what can be computed, an inline's expression for its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ring3.trace.dtrace.types import Type, Void

if TYPE_CHECKING:
    from ring3.trace.dtrace.symbols import Symbol
    from ring3.trace.dtrace.translators import Translator

UNTYPED = Void()
"""The type of a node that was not checked yet, and of calls that return nothing."""


class Node:
    """An expression: its line, and what the checker found."""

    __slots__ = ("line", "lvalue", "type")

    def __init__(self, line: int) -> None:
        self.line = line
        self.type: Type = UNTYPED
        self.lvalue = False


class Constant(Node):
    """An integer constant; `suffix` and an `x` for hexadecimal decide its type."""

    __slots__ = ("suffix", "value")

    def __init__(self, line: int, value: int, suffix: str = "") -> None:
        super().__init__(line)
        self.value = value
        self.suffix = suffix


class StringConstant(Node):
    """A string constant."""

    __slots__ = ("value",)

    def __init__(self, line: int, value: bytes) -> None:
        super().__init__(line)
        self.value = value


class Name(Node):
    """A word that names a variable, constant, or kernel symbol; `scope` is `self` or `this` for `self->x`."""

    __slots__ = ("name", "scope", "symbol")

    def __init__(self, line: int, name: str, scope: str = "") -> None:
        super().__init__(line)
        self.name = name
        self.scope = scope
        self.symbol: Symbol | None = None


class Aggregation(Node):
    """`@name[keys]`."""

    __slots__ = ("keys", "name", "symbol")

    def __init__(self, line: int, name: str, keys: list[Node]) -> None:
        super().__init__(line)
        self.name = name
        self.keys = keys
        self.symbol: Symbol | None = None


class Call(Node):
    """`name(arguments)`."""

    __slots__ = ("arguments", "name", "symbol")

    def __init__(self, line: int, name: str, arguments: list[Node]) -> None:
        super().__init__(line)
        self.name = name
        self.arguments = arguments
        self.symbol: Symbol | None = None


class Index(Node):
    """`base[keys]`: an element of an array, of an associative array, or what a pointer points at."""

    __slots__ = ("base", "keys")

    def __init__(self, line: int, base: Node, keys: list[Node]) -> None:
        super().__init__(line)
        self.base = base
        self.keys = keys


class Access(Node):
    """`base.member` or `base->member`."""

    __slots__ = ("arrow", "base", "member")

    def __init__(self, line: int, base: Node, member: str, *, arrow: bool) -> None:
        super().__init__(line)
        self.base = base
        self.member = member
        self.arrow = arrow


class Unary(Node):
    """An operator before its operand; `sizeof` and `stringof` too."""

    __slots__ = ("operand", "operator")

    def __init__(self, line: int, operator: str, operand: Node) -> None:
        super().__init__(line)
        self.operator = operator
        self.operand = operand


class Step(Node):
    """`++` and `--`, before or after."""

    __slots__ = ("operand", "operator", "postfix")

    def __init__(self, line: int, operator: str, operand: Node, *, postfix: bool) -> None:
        super().__init__(line)
        self.operator = operator
        self.operand = operand
        self.postfix = postfix


class Binary(Node):
    """An operator between its operands; the comma too."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, line: int, operator: str, left: Node, right: Node) -> None:
        super().__init__(line)
        self.operator = operator
        self.left = left
        self.right = right


class Assign(Node):
    """`target = value` and `target += value` ..."""

    __slots__ = ("operator", "target", "value")

    def __init__(self, line: int, operator: str, target: Node, value: Node) -> None:
        super().__init__(line)
        self.operator = operator
        self.target = target
        self.value = value


class Conditional(Node):
    """`condition ? yes : no`."""

    __slots__ = ("condition", "no", "yes")

    def __init__(self, line: int, condition: Node, yes: Node, no: Node) -> None:
        super().__init__(line)
        self.condition = condition
        self.yes = yes
        self.no = no


class Cast(Node):
    """`(type)operand`; the checker makes some itself."""

    __slots__ = ("operand", "to")

    def __init__(self, line: int, to: Type, operand: Node) -> None:
        super().__init__(line)
        self.to = to
        self.operand = operand


class SizeofType(Node):
    """`sizeof (type)`."""

    __slots__ = ("of",)

    def __init__(self, line: int, of: Type) -> None:
        super().__init__(line)
        self.of = of


class Offsetof(Node):
    """`offsetof(type, member)`."""

    __slots__ = ("member", "of")

    def __init__(self, line: int, of: Type, member: str) -> None:
        super().__init__(line)
        self.of = of
        self.member = member


class Xlate(Node):
    """`xlate<type>(operand)`: a struct, or a pointer to one, of which the members are computed."""

    __slots__ = ("operand", "to", "translator")

    def __init__(self, line: int, to: Type, operand: Node) -> None:
        super().__init__(line)
        self.to = to
        self.operand = operand
        self.translator: Translator | None = None


class Evaluated(Node):
    """A value computed before, kept in a variable of the generated code: what a translator translates."""

    __slots__ = ("variable",)

    def __init__(self, line: int, variable: str, kind: Type) -> None:
        super().__init__(line)
        self.variable = variable
        self.type = kind


class With(Node):
    """Compute `value`, keep it as `variable`, then the result is `body`."""

    __slots__ = ("body", "value", "variable")

    def __init__(self, line: int, variable: str, value: Node, body: Node) -> None:
        super().__init__(line)
        self.variable = variable
        self.value = value
        self.body = body
        self.type = body.type


class Statement:
    """A statement of a clause."""

    __slots__ = ("line",)

    def __init__(self, line: int) -> None:
        self.line = line


class ExpressionStatement(Statement):
    """An expression, or an action."""

    __slots__ = ("expression",)

    def __init__(self, line: int, expression: Node) -> None:
        super().__init__(line)
        self.expression = expression


class If(Statement):
    """`if (condition) ... else ...`."""

    __slots__ = ("condition", "no", "yes")

    def __init__(self, line: int, condition: Node, yes: list[Statement], no: list[Statement]) -> None:
        super().__init__(line)
        self.condition = condition
        self.yes = yes
        self.no = no


class Clause:
    """Probe descriptions, a predicate, and statements; None for a clause that has no body."""

    __slots__ = ("descriptions", "line", "predicate", "statements")

    def __init__(
        self,
        line: int,
        descriptions: list[tuple[str, int]],
        predicate: Node | None,
        statements: list[Statement] | None,
    ) -> None:
        self.line = line
        self.descriptions = descriptions
        self.predicate = predicate
        self.statements = statements


class Declared:
    """One name of a declaration at program level: what it is called, what it is, and its storage class."""

    __slots__ = ("line", "name", "storage", "type")

    def __init__(self, line: int, name: str, kind: Type, storage: str) -> None:
        self.line = line
        self.name = name
        self.type = kind
        self.storage = storage


class Inline:
    """`inline type name = expression;`."""

    __slots__ = ("declared", "expression")

    def __init__(self, declared: Declared, expression: Node) -> None:
        self.declared = declared
        self.expression = expression


class TranslatorDefinition:
    """`translator output < input *name > { member = expression; ... };`."""

    __slots__ = ("input", "line", "members", "name", "output")

    def __init__(
        self, line: int, output: Type, translated: Type, name: str, members: list[tuple[str, Node, int]]
    ) -> None:
        self.line = line
        self.output = output
        self.input = translated
        self.name = name
        self.members = members


class ProbeDefinition(NamedTuple):
    """`probe name(native) : (translated);`: which native parameter each of the translated ones is."""

    name: str
    native: list[Type]
    translated: list[Type]
    mapping: list[int]
    line: int

    @property
    def shown_name(self) -> str:
        """The name as descriptions have it."""
        return self.name.replace("__", "-")


class ProviderDefinition:
    """`provider name { probe ... };`."""

    __slots__ = ("line", "name", "probes")

    def __init__(self, line: int, name: str, probes: list[ProbeDefinition]) -> None:
        self.line = line
        self.name = name
        self.probes = probes


Item = Clause | Declared | Inline | TranslatorDefinition | ProviderDefinition
"""What a program is a sequence of."""
