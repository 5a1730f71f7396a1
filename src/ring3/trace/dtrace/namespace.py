"""The names generated code refers to: the program's variables, functions it calls, readers of built-in variables."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ring3.trace.dtrace import arithmetic, builtins, nodes
from ring3.trace.dtrace.aggregations import sized
from ring3.trace.dtrace.errors import Fault, FaultKind
from ring3.trace.dtrace.memory import Memory
from ring3.trace.dtrace.subroutines import Subroutines
from ring3.trace.dtrace.symbols import Symbol
from ring3.trace.dtrace.types import (
    Array,
    Integer,
    Pointer,
    String,
    Struct,
    Type,
    is_signed,
    resolve,
)

if TYPE_CHECKING:
    from ring3.trace.dtrace.generate_expressions import ExpressionWriter
    from ring3.trace.dtrace.providers.base import Target

_OF_FIRING = {
    **{f"arg{index}": f"f.arguments[{index}]" for index in range(10)},
    "epid": "f.epid",
    "id": "f.probe.id",
    "probeprov": "f.names[0]",
    "probemod": "f.names[1]",
    "probefunc": "f.names[2]",
    "probename": "f.names[3]",
    "timestamp": "f.timestamp()",
    "vtimestamp": "f.vtimestamp()",
    "walltimestamp": "f.walltimestamp()",
}
"""Built-in variables that the firing itself knows."""


class Namespace:
    """The globals of the generated code, made as the code is written."""

    def __init__(
        self,
        target: Target,
        memory: Memory,
        subroutines: Subroutines,
        string_size: int,
        limit: int | None,
        *,
        room: int = 0,
    ) -> None:
        """Make the names every program may need.

        Args:
            target: The traced system.
            memory: D's memory.
            subroutines: The functions D brings.
            string_size: The most bytes a string has.
            limit: dynvarsize in bytes, None for no limit.
            room: How many bytes fewer a string has that a function gives.
        """
        self.target = target
        self.memory = memory
        self.string_size = string_size
        self._given_size = max(string_size - room, 0)
        self.dynamic_drops = 0
        self.subroutines = subroutines
        self._limit = limit
        self._dynamic_used = 0
        self._bound = 0
        self.assigned: set[str] = set()
        """Globals of the generated module that the clause being written names."""
        self.locals: list[str] = []
        """Clause-local variables, which are unset again when a probe fires."""
        self.globals: dict[str, Any] = {
            "Fault": Fault,
            "divide": arithmetic.divide,
            "within": arithmetic.within,
            "remainder": arithmetic.remainder,
            "read": memory.read,
            "copy": memory.copy,
            "cstring": self._c_string,
            "text": text,
            "ordered": lambda value: (value is not None, value),
            "clip": self._clip,
            "given": self._given,
            "character": self._character,
            "not_null": _not_null,
            "string_from": string_from,
            "store_string": self._store_string,
            "with_character": self._with_character,
            "zero": lambda address, size: memory.write(address, bytes(size)),
            "write_string": self._write_string,
            "store_bits": store_bits,
            "storage": self._storage,
            "sized": sized,
            "put": put if limit is None else self._put_limited,
        }

    def bind(self, value: Any) -> str:  # noqa: ANN401 - whatever generated code refers to
        """A name for an object."""
        self._bound += 1
        name = f"o{self._bound}"
        self.globals[name] = value
        return name

    def default(self, kind: Type) -> str:
        """The text of what an unset variable of a type holds."""
        return "b''" if isinstance(resolve(kind), String) else "0"

    def unset(self, kind: Type) -> str:
        """The text of what an element or a thread's variable is that was never set."""
        return "None" if isinstance(resolve(kind), String) else "0"

    def variable(self, symbol: Symbol) -> str:
        """The text that reads a scalar variable; for structs and arrays, of their address."""
        assert symbol.type is not None
        kind = resolve(symbol.type)
        is_storage = isinstance(kind, Struct | Array)
        if symbol.scope == "self":
            table = self.thread_table(symbol)
            if is_storage:
                return f"storage({table}, f.thread, {kind.size})"
            return f"{table}.get(f.thread, {self.unset(kind)})"
        name = f"{'t' if symbol.scope else 'g'}_{symbol.name}"
        if is_storage:
            if name not in self.globals:
                self.globals[name] = self.memory.reserve(kind.size)
            return name
        self.assigned.add(name)
        if name not in self.globals:
            self.globals[name] = b"" if isinstance(kind, String) else 0
            if symbol.scope:
                self.locals.append(name)
        return name

    def thread_table(self, symbol: Symbol) -> str:
        """The name of a thread-local variable's table: values by thread."""
        return self._table(f"s_{symbol.name}")

    def array_table(self, symbol: Symbol) -> str:
        """The name of an associative array's table: values by keys; of a thread's array the thread is the first."""
        return self._table(f"{'sa' if symbol.scope else 'a'}_{symbol.name}")

    def _table(self, name: str) -> str:
        self.globals.setdefault(name, {})
        return name

    def loader(self, size: int, *, signed: bool) -> str:
        """The name of a function that loads an integer."""
        name = f"load_{'i' if signed else 'u'}{size}"
        if name not in self.globals:
            self.globals[name] = self.memory.loader(size, signed=signed)
        return name

    def float_loader(self, size: int) -> str:
        """The name of a function that loads a floating-point number."""
        name = f"load_f{size}"
        if name not in self.globals:
            read = self.memory.read
            layout = {4: "<f", 8: "<d"}.get(size, "<d")
            self.globals[name] = lambda address: struct.unpack(
                layout, read(address, struct.calcsize(layout))
            )[0]
        return name

    def storer(self, size: int) -> str:
        """The name of a function that stores an integer."""
        name = f"store_{size}"
        if name not in self.globals:
            self.globals[name] = self.memory.storer(size)
        return name

    def built_in(self, name: str, kind: Type) -> str:
        """The text that reads a built-in variable."""
        known = _OF_FIRING.get(name)
        if known:
            return known
        bound = f"r_{name}"
        if bound not in self.globals:
            self.globals[bound] = self.target.reader(name)
        del kind
        return f"{bound}(f.context)"

    def built_in_element(self, name: str, key: str, kind: Type) -> str:
        """The text that reads an element of a built-in array."""
        if name == "uregs":
            self.globals.setdefault("register", self.target.register)
            return f"register(f.context, {key})"
        if name == "fds":
            bound = "r_fds"
            self.globals.setdefault(bound, self.target.reader("fds"))
            return f"({bound}(f.context) + {key} * {resolve(kind).size})"
        resolved = resolve(kind)
        text_ = f"f.arguments[{key}]"
        if isinstance(resolved, Integer | Pointer):
            mask = (1 << 8 * resolved.size) - 1
            if is_signed(kind):
                half = 1 << (8 * resolved.size - 1)
                return text_ if resolved.size == 8 else f"(({text_} + {half} & {mask}) - {half})"
            return f"({text_} & {mask})"
        return text_

    def call(self, writer: ExpressionWriter, node: nodes.Call) -> str:
        """The text of a call of a function or of an action that is a value."""
        name = node.name
        if name in builtins.STACKS:
            limit = node.arguments[0] if node.arguments else None
            count = limit.value if isinstance(limit, nodes.Constant) else 0
            return f"f.{'kernel' if name == 'stack' else 'user'}_stack({count})"
        if name in builtins.SYMBOL_ADDRESSES:
            return f"f.symbol({name!r}, {writer.converted(node.arguments[0], _ADDRESS)})"
        prototype = builtins.prototype(builtins.SUBROUTINES.get(name) or builtins.ACTIONS[name])
        function = f"fn_{name}"
        self.globals.setdefault(function, self.subroutines.function(name))
        arguments = [
            self._argument(writer, argument, wanted)
            for argument, wanted in zip(node.arguments, prototype.parameters, strict=False)
        ]
        text_ = (
            f"{function}({', '.join(['f', *arguments] if name in self.subroutines.of_firing else arguments)})"
        )
        return f"given({text_})" if prototype.returns == "string" else text_

    @staticmethod
    def _argument(writer: ExpressionWriter, node: nodes.Node, wanted: str) -> str:
        if wanted == "char *":
            return writer.string(node)
        if wanted.endswith("*"):
            return writer.pointer(node)
        return writer.converted(node, _INTEGERS.get(wanted, _LONG))

    def _c_string(self, address: int, limit: int) -> bytes:
        return self.memory.string(address, min(limit, self.string_size))

    def _clip(self, value: bytes | None) -> bytes | None:
        """A string as a variable keeps it."""
        if value is None:
            return None
        return value if len(value) <= self.string_size else value[: self.string_size]

    def _given(self, value: bytes | None) -> bytes | None:
        """A string as a function gives it."""
        return None if value is None else value[: self._given_size]

    def _character(self, value: bytes | None, index: int) -> int:
        if value is None:
            raise Fault(FaultKind.BADADDR, index)
        if not 0 <= index <= self.string_size:
            raise Fault(FaultKind.BADADDR, index)
        char = value[index] if index < len(value) else 0
        return char - 256 if char > 127 else char

    def _with_character(self, value: bytes | None, index: int, char: int) -> bytes:
        """A string in which one character is another."""
        if value is None or not 0 <= index < self.string_size:
            raise Fault(FaultKind.BADADDR, index)
        buffer = bytearray(value.ljust(index + 1, b"\0"))
        buffer[index] = char & 0xFF
        return bytes(buffer).partition(b"\0")[0]

    def _store_string(self, value: bytes | None) -> int:
        return 0 if value is None else self.memory.store_string(value)

    def _write_string(self, address: int, value: bytes | None) -> bytes | None:
        self.memory.write(address, text(value) + b"\0")
        return value

    def _storage(self, table: dict[Any, int], key: Any, size: int) -> int:  # noqa: ANN401
        address = table.get(key)
        if address is None:
            address = table[key] = self.memory.reserve(size)
        return address

    def _put_limited(self, table: dict[Any, Any], key: Any, value: Any) -> Any:  # noqa: ANN401
        """`put` under -xdynvarsize: what does not fit is dropped and counted."""
        size = self._dynamic_size(key, value)
        if key in table:
            if not value:
                self._dynamic_used -= size
            return put(table, key, value)
        assert self._limit is not None
        if value and self._dynamic_used + size > self._limit:
            self.dynamic_drops += 1
            return value
        self._dynamic_used += size if value else 0
        return put(table, key, value)

    def _dynamic_size(self, key: Any, value: Any) -> int:  # noqa: ANN401
        """The bytes a dynamic variable takes: each string key and value a whole string."""
        parts = [*(key if isinstance(key, tuple) else ()), value]
        return sum(self.string_size if isinstance(part, bytes) else 4 for part in parts)


_ADDRESS = Integer("unsigned long", 8, 4, signed=False)
_LONG = Integer("long", 8, 4, signed=True)
_INTEGERS = {
    "size_t": _ADDRESS,
    "uintptr_t": _ADDRESS,
    "uint64_t": _ADDRESS,
    "dev_t": _ADDRESS,
    "uint32_t": Integer("unsigned int", 4, 3, signed=False),
    "uint16_t": Integer("unsigned short", 2, 2, signed=False),
    "int": Integer("int", 4, 3, signed=True),
    "pid_t": Integer("int", 4, 3, signed=True),
    "char": Integer("char", 1, 1, signed=True),
}


def text(value: bytes | None) -> bytes:
    """A string that has to be there.

    Raises:
        Fault: BADADDR for NULL.
    """
    if value is None:
        raise Fault(FaultKind.BADADDR, 0)
    return value


def string_from(value: bytes | None, offset: int) -> bytes:
    """The string that begins `offset` bytes further."""
    if value is None or offset < 0:
        raise Fault(FaultKind.BADADDR, offset & 0xFFFF_FFFF_FFFF_FFFF)
    return value[offset:]


def put(table: dict[Any, Any], key: Any, value: Any) -> Any:  # noqa: ANN401
    """Set an element, or remove it if the value is zero; returns the value."""
    if value or value == b"":
        table[key] = value
    else:
        table.pop(key, None)
    return value


def store_bits(
    store: Callable[[int, int], int], address: int, kept: int, value: int, mask: int, shift: int
) -> int:
    """Write a bit-field among the bits that are kept; returns the value."""
    store(address, kept | (value & mask) << shift)
    return value


def _not_null(pointer: int) -> int:
    """A pointer that is not NULL.

    Raises:
        Fault: BADADDR.
    """
    if not pointer:
        raise Fault(FaultKind.BADADDR, 0)
    return pointer
