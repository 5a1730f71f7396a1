"""Clauses as Python functions: the predicate, the statements, and a list of what they record.

A function takes a `Firing` and returns what it recorded, or None if the predicate did not hold or if nothing is ever
recorded. Which line belongs to which statement is kept, for the message of a fault.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import NamedTuple

from ring3.trace.dtrace import builtins, nodes, records
from ring3.trace.dtrace.aggregations import Aggregation
from ring3.trace.dtrace.check_actions import format_of
from ring3.trace.dtrace.errors import CompileError
from ring3.trace.dtrace.firing import Firing, Records
from ring3.trace.dtrace.generate_expressions import ExpressionWriter
from ring3.trace.dtrace.generate_places import assigned_value
from ring3.trace.dtrace.namespace import Namespace
from ring3.trace.dtrace.nodes import Clause, Node, Statement
from ring3.trace.dtrace.records import Handler
from ring3.trace.dtrace.symbols import Kind, Symbol
from ring3.trace.dtrace.types import Array, Struct, Type, is_integer, resolve

_PROBE_ACTIONS = {
    "breakpoint": "0",
    "chill": "f.chill({0})",
    "commit": "f.commit({0})",
    "discard": "f.discard({0})",
    "panic": "0",
    "raise": "f.raise_signal({0})",
    "stop": "f.stop()",
}
"""Actions that are done at the probe."""


class CompiledClause(NamedTuple):
    """A clause that can run: its function, and what the session has to know of it."""

    function: Callable[[Firing], Records | None]
    code: CodeType
    lines: list[int]
    """For each line of the function, the number of the statement (0: the predicate)."""
    size: int
    """How many bytes of a buffer its records take."""
    destructive: bool
    actions: int


class ClauseWriter:
    """Writes the functions of a program's clauses over one namespace."""

    def __init__(
        self,
        namespace: Namespace,
        expressions: ExpressionWriter,
        aggregation: Callable[[Symbol], Aggregation],
        *,
        traces_signs: bool = False,
        shows_destruction: bool = False,
    ) -> None:
        """Write over a namespace.

        Args:
            namespace: The globals of the functions.
            expressions: Writes the expressions.
            aggregation: Gives the aggregation of a symbol.
            traces_signs: Whether trace() shows integers by the sign of their types.
            shows_destruction: Whether destructive actions are shown where a clause records nothing.
        """
        self._traces_signs = traces_signs
        self._shows_destruction = shows_destruction
        self._namespace = namespace
        self._expressions = expressions
        self._aggregation = aggregation
        self._lines: list[str] = []
        self._statement_of: list[int] = []
        self._statement = 0
        self._size = 4
        self._destructive = False
        self._records = False
        self._size_name = ""
        self._indent = 1

    def compile(self, clause: Clause, name: str) -> CompiledClause:
        """The function of a clause that was checked.

        Raises:
            CompileError: for an expression too deep for Python.
        """
        self._lines, self._statement_of, self._statement = [], [], 0
        self._size, self._destructive, self._records = 4, False, False
        self._namespace.assigned = set()
        self._size_name = f"size_of_{name}"
        if clause.predicate is not None:
            self._line(f"if not {self._expressions.condition(clause.predicate)}: return None")
        self._line("r = []")
        if clause.statements is None or not clause.statements:
            self._records = True
        self._statements(clause.statements or [])
        self._line("return r" if self._records else "return None")
        head = [f"def {name}(f):"]
        if self._namespace.assigned:
            head.append(f" global {', '.join(sorted(self._namespace.assigned))}")
        source = "\n".join([*head, *self._lines])
        lines = [0] * (len(head) + 1) + self._statement_of
        code = _compile(source, name, clause.line)
        exec(code, self._namespace.globals)
        function = self._namespace.globals.pop(name)
        size = self._namespace.globals[self._size_name] = -(-self._size // 8) * 8
        return CompiledClause(function, function.__code__, lines, size, self._destructive, self._statement)

    def _line(self, text: str) -> None:
        self._lines.append(" " * self._indent + text)
        self._statement_of.append(self._statement)

    def _statements(self, statements: list[Statement]) -> None:
        for statement in statements:
            self._statement += 1
            if isinstance(statement, nodes.If):
                self._if(statement)
            else:
                assert isinstance(statement, nodes.ExpressionStatement)
                self._expression(statement.expression)

    def _if(self, statement: nodes.If) -> None:
        self._line(f"if {self._expressions.condition(statement.condition)}:")
        for branch in (statement.yes, statement.no):
            if branch is statement.no:
                if not branch:
                    break
                self._line("else:")
            self._indent += 1
            self._line("pass")
            self._statements(branch)
            self._indent -= 1
        self._line("if f.ended: return r")

    def _expression(self, node: Node) -> None:
        if isinstance(node, nodes.Assign):
            self._assign(node)
        elif isinstance(node, nodes.Call) and node.name in builtins.ACTIONS:
            self._action(node)
        elif isinstance(node, nodes.Call):
            self._destructive = self._destructive or node.name in builtins.DESTRUCTIVE
            self._line(self._expressions.value(node))
        else:
            self._line(self._expressions.value(node))

    def _assign(self, node: nodes.Assign) -> None:
        target = node.target
        if isinstance(target, nodes.Aggregation):
            self._aggregate(target, node.value)
            return
        if isinstance(resolve(target.type), Struct):
            self._line(self._expressions.value(node))
            return
        place = self._expressions.place(target)
        symbol = target.symbol if isinstance(target, nodes.Name) else None
        is_global = symbol is not None and symbol.scope != "self" and symbol.kind is Kind.VARIABLE
        if is_global:
            self._line(f"{place.load} = {assigned_value(self._expressions, node, place)}")
        else:
            self._line(place.store(place.bind, assigned_value(self._expressions, node, place)))

    def _aggregate(self, target: nodes.Aggregation, call: Node) -> None:
        assert isinstance(call, nodes.Call)
        assert target.symbol
        aggregation = self._aggregation(target.symbol)
        name = self._namespace.bind(aggregation)
        arguments = [self._aggregation_key(target)]
        if call.arguments:
            arguments.append(self._as_integer(call.arguments[0]))
        increment = {"quantize": 1, "lquantize": 4, "llquantize": 5}.get(call.name)
        if increment is not None and len(call.arguments) > increment:
            arguments.append(self._as_integer(call.arguments[increment]))
        self._line(f"{name}.update({', '.join(arguments)})")

    def _aggregation_key(self, target: nodes.Aggregation) -> str:
        """The text of the keys; an integer of another size than at the first use remembers its own."""
        assert target.symbol
        parts = []
        for key, first in zip(target.keys, target.symbol.keys or [], strict=False):
            size = resolve(key.type).size
            if is_integer(key.type) and size != resolve(first).size:
                parts.append(f"sized({self._expressions.one_key(key, key.type)}, {size})")
            else:
                parts.append(self._expressions.one_key(key, first))
        return f"({', '.join(parts)},)" if parts else "()"

    def _as_integer(self, node: Node) -> str:
        """The text of a scalar as a signed 64-bit integer."""
        return self._expressions.converted(node, _INT64)

    def _record(self, handler: Handler, values: list[str]) -> None:
        self._records = True
        self._size += handler.size
        name = self._namespace.bind(handler)
        comma = "," if len(values) == 1 else ""
        self._line(f"r.append(({name}, ({', '.join(values)}{comma})))")

    def _action(self, node: nodes.Call) -> None:
        name = node.name
        if name in builtins.DESTRUCTIVE:
            self._destructive = True
            self._records = self._records or self._shows_destruction
        if name in _PROBE_ACTIONS:
            arguments = [self._as_integer(argument) for argument in node.arguments]
            self._line(_PROBE_ACTIONS[name].format(*arguments))
            return
        if name == "speculate":
            self._line(f"r = f.speculate({self._as_integer(node.arguments[0])}, {self._size_name})")
            self._line("if r is None: return None")
            self._size += 8
            self._records = True
            return
        if name == "exit":
            value = self._expressions.converted(node.arguments[0], _INT32)
            self._record(records.Exit(), [f"f.exit({value})"])
            return
        if name in builtins.STACKS or name in builtins.SYMBOL_ADDRESSES:
            self._record(
                records.traced(node.type, self._namespace.string_size), [self._expressions.value(node)]
            )
            return
        _ACTIONS[name](self, node)

    def value_of(self, node: Node) -> str:
        """The text of a value as a record keeps it: integers, bytes of strings and structs."""
        kind = resolve(node.type)
        if isinstance(kind, Struct | Array):
            return f"read({self._expressions.value(node)}, {kind.size})"
        text = self._expressions.value(node)
        return f"text({text})" if str(kind) == "string" else text

    def trace(self, node: nodes.Call) -> None:
        """trace(): an integer, a string, bytes, a stack or a symbol."""
        argument = node.arguments[0]
        handler = records.traced(argument.type, self._namespace.string_size, signs=self._traces_signs)
        self._record(handler, [self.value_of(argument)])

    def print(self, node: nodes.Call) -> None:
        """print(): a value with its type."""
        argument = node.arguments[0]
        kind = resolve(argument.type)
        data = self.value_of(argument)
        self._record(records.Print(argument.type, max(kind.size, 1)), [data])

    def tracemem(self, node: nodes.Call) -> None:
        """tracemem(): bytes at an address."""
        address, size = node.arguments[0], node.arguments[1]
        assert isinstance(size, nodes.Constant)
        shown = self._expressions.value(node.arguments[2]) if len(node.arguments) > 2 else str(size.value)
        where = self._expressions.pointer(address)
        self._record(records.Tracemem(size.value), [f"read({where}, {size.value})", shown])

    def formatted(self, node: nodes.Call) -> None:
        """printf(), system() and freopen()."""
        values = [self._formatted_value(argument) for argument in node.arguments[1:]]
        types = [argument.type for argument in node.arguments[1:]]
        first = node.arguments[0]
        empty = isinstance(first, nodes.StringConstant) and not first.value
        conversions = [] if empty else format_of(node)
        size = sum(
            self._namespace.string_size if str(resolve(kind)) == "string" else max(kind.size, 1)
            for kind in types
        )
        handler = {"printf": records.Printf, "system": records.System, "freopen": records.Freopen}[node.name]
        self._record(handler(conversions, types, size), values)

    def _formatted_value(self, node: Node) -> str:
        kind = resolve(node.type)
        if isinstance(kind, Array):
            return f"text({self._expressions.string(node)})"
        return self.value_of(node)

    def printa(self, node: nodes.Call) -> None:
        """printa(): aggregations, with or without a format."""
        arguments = node.arguments
        has_format = isinstance(arguments[0], nodes.StringConstant)
        conversions = format_of(node) if has_format else None
        found = [self._named_aggregation(argument) for argument in arguments[has_format:]]
        self._record(records.Printa(conversions, found), [])

    def _named_aggregation(self, node: Node) -> Aggregation:
        assert isinstance(node, nodes.Aggregation)
        assert node.symbol
        return self._aggregation(node.symbol)

    def on_aggregation(self, node: nodes.Call) -> None:
        """clear(), trunc(), normalize(), denormalize()."""
        found = self._named_aggregation(node.arguments[0])
        values = [self._as_integer(argument) for argument in node.arguments[1:]]
        self._record(records.AggregationChange(node.name, found), values)

    def setopt(self, node: nodes.Call) -> None:
        """setopt()."""
        values = [f"text({self._expressions.string(argument)})" for argument in node.arguments]
        self._record(records.Setopt(), values)

    def nothing(self, node: nodes.Call) -> None:
        """ftruncate() and pcap(), which have nothing to act on here but the output."""
        self._record(records.Ftruncate(), [])
        del node


_INT64: Type = records.INT64
_INT32: Type = records.INT32
_ACTIONS: dict[str, Callable[[ClauseWriter, nodes.Call], None]] = {
    "clear": ClauseWriter.on_aggregation,
    "denormalize": ClauseWriter.on_aggregation,
    "freopen": ClauseWriter.formatted,
    "ftruncate": ClauseWriter.nothing,
    "normalize": ClauseWriter.on_aggregation,
    "print": ClauseWriter.print,
    "printa": ClauseWriter.printa,
    "printf": ClauseWriter.formatted,
    "setopt": ClauseWriter.setopt,
    "system": ClauseWriter.formatted,
    "trace": ClauseWriter.trace,
    "tracemem": ClauseWriter.tracemem,
    "trunc": ClauseWriter.on_aggregation,
}


def _compile(source: str, name: str, line: int) -> CodeType:
    try:
        return compile(source, f"<{name}>", "exec", dont_inherit=True, optimize=1)
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise CompileError("D_UNKNOWN", line, f"expression is nested too deeply: {error}") from error
