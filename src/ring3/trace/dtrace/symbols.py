"""Names of a program: variables, arrays, aggregations, inlines, enumerators, and what D itself brings."""

from __future__ import annotations

from enum import Enum as PythonEnum
from typing import TYPE_CHECKING

from ring3.trace.dtrace import builtins, stability
from ring3.trace.dtrace.stability import Attributes
from ring3.trace.dtrace.types import Type

if TYPE_CHECKING:
    from ring3.trace.dtrace.nodes import Call, Node


class Kind(PythonEnum):
    """What a name is, with the words of messages."""

    VARIABLE = "scalar"
    ARRAY = "associative array"
    AGGREGATION = "aggregation"
    BUILT_IN = "built-in"
    FUNCTION = "function"
    INLINE = "inline"
    ENUMERATOR = "enumerator"
    SYMBOL = "external symbol reference"


class Symbol:
    """One name: its kind, scope (`` for global, self, this), type (None: not known yet) and keys if it is an array.

    `value` is an enumerator's or an address; `expression` an inline's; `call` the first call of an aggregation, which
    fixes its function and parameters; `index` the place of an aggregation among the others; `scratch` says whether the
    pointers in a variable are to what alloca() gave, None as long as it has none.
    """

    __slots__ = (
        "attributes",
        "call",
        "constants",
        "expression",
        "function",
        "index",
        "keys",
        "kind",
        "name",
        "parameters",
        "scope",
        "scratch",
        "type",
        "value",
        "writable",
    )

    def __init__(
        self, name: str, kind: Kind, type_: Type | None = None, *, scope: str = "", value: int = 0
    ) -> None:
        self.name = name
        self.kind = kind
        self.type = type_
        self.scope = scope
        self.value = value
        self.keys: list[Type] | None = None
        self.expression: Node | None = None
        self.parameters: list[str] = []
        self.call: Call | None = None
        self.function = ""
        self.constants: tuple[int, ...] = ()
        self.index = 0
        self.scratch: bool | None = None
        self.writable = kind in (Kind.VARIABLE, Kind.ARRAY)
        self.attributes: Attributes = stability.STABLE

    @property
    def full_name(self) -> str:
        """The name as a program writes it."""
        if self.kind is Kind.AGGREGATION:
            return f"@{self.name}"
        return f"{self.scope}->{self.name}" if self.scope else self.name

    @property
    def described(self) -> str:
        """What messages call a name of its kind."""
        if self.kind is Kind.FUNCTION:
            if self.name in builtins.ACTIONS:
                return "tracing function"
            return "aggregating function" if self.name in builtins.AGGREGATES else "function"
        if self.keys is not None or (self.kind is Kind.BUILT_IN and self.type is None):
            return "associative array"
        return "scalar" if self.kind in (Kind.BUILT_IN, Kind.INLINE) else self.kind.value


class Symbols:
    """All names of a program, by scope; a clause adds to them."""

    def __init__(self) -> None:
        self.scopes: dict[str, dict[str, Symbol]] = {"": {}, "self": {}, "this": {}, "@": {}}

    def find(self, name: str, scope: str = "") -> Symbol | None:
        """The symbol of a name, None if there is none."""
        return self.scopes[scope].get(name)

    def add(self, symbol: Symbol) -> Symbol:
        """Add a symbol to its scope; aggregations have one of their own."""
        scope = self.scopes["@" if symbol.kind is Kind.AGGREGATION else symbol.scope]
        symbol.index = len(scope)
        scope[symbol.name] = symbol
        return symbol
