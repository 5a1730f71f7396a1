"""Values in a kernel's or a program's memory, read as C would: ``prog["sysent"][152].sy_callc``, in the manner of drgn.

A value is a type and an address; what lies there is read when it is asked for, so that a value of a machine that runs
on is always what is there now. Its text is C, as drgn writes it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ring3.debug.memory import NoMemory
from ring3.trace.dtrace.types import (
    Array,
    Enum,
    Float,
    Function,
    Integer,
    Member,
    Pointer,
    Struct,
    Type,
    resolve,
)

if TYPE_CHECKING:
    from ring3.debug.program import Program

_MOST_ELEMENTS: Final = 32
_MOST_TEXT: Final = 256
_FLOATS: Final = {4: "<f", 8: "<d"}


class Value:
    """A value: its members are attributes, the elements of an array or behind a pointer are indexed.

    Names that end in ``_`` are the value's own, as a member of the same name would hide them otherwise.

    Attributes:
        prog_: Where it lies.
        type_: Its type.
        address_: Its address, None for what was computed.
    """

    __slots__ = ("_bit", "_bits", "_known", "address_", "prog_", "type_")

    def __init__(
        self,
        prog: Program,
        kind: Type,
        address: int | None,
        *,
        bit: int = 0,
        bits: int = 0,
        known: int | None = None,
    ) -> None:
        """One value.

        Args:
            prog: Where it lies.
            kind: Its type.
            address: Its address, None with ``known``.
            bit: The first bit of a bit-field.
            bits: The bits of one, 0 for none.
            known: The number, for a value that lies nowhere.
        """
        self.prog_ = prog
        self.type_ = kind
        self.address_ = address
        self._bit = bit
        self._bits = bits
        self._known = known

    # -- parts -----------------------------------------------------------------------------------------------------

    def member_(self, name: str) -> Value:
        """A member of a struct or union, or of that which a pointer leads to.

        Raises:
            AttributeError: There is none.
        """
        kind = resolve(self.type_)
        if isinstance(kind, Pointer):
            return self[0].member_(name)
        found: Member | None = kind.members.get(name) if isinstance(kind, Struct) else None
        if found is None or self.address_ is None:
            raise AttributeError(f"{self.type_} has no member {name}")
        return Value(self.prog_, found.type, self.address_ + found.offset, bit=found.bit, bits=found.bits)

    def __getattr__(self, name: str) -> Value:
        if name.startswith("__") or name.endswith("_"):
            raise AttributeError(name)
        return self.member_(name)

    def __getitem__(self, index: int) -> Value:
        """An element of an array, or behind a pointer.

        Raises:
            IndexError: The array has none of that number.
            TypeError: It is neither.
        """
        kind = resolve(self.type_)
        number = int(index)
        if isinstance(kind, Array) and self.address_ is not None:
            count = kind.count
            if count is not None and not -count <= number < count:
                raise IndexError(f"{self.type_} has no element {number}")
            number %= count or number + 1
            return Value(self.prog_, kind.element, self.address_ + number * kind.element.size)
        if isinstance(kind, Pointer):
            if not kind.target.size:
                raise TypeError(f"{self.type_} leads to nothing that has a size")
            return Value(self.prog_, kind.target, int(self) + number * kind.target.size)
        raise TypeError(f"{self.type_} has no elements")

    def __len__(self) -> int:
        kind = resolve(self.type_)
        if not isinstance(kind, Array) or kind.count is None:
            raise TypeError(f"{self.type_} has no length")
        return kind.count

    def __iter__(self) -> Iterator[Value]:
        return (self[index] for index in range(len(self)))

    def __dir__(self) -> list[str]:
        kind = resolve(self.type_)
        if isinstance(kind, Pointer):
            kind = resolve(kind.target)
        return [*super().__dir__(), *(kind.members if isinstance(kind, Struct) else ())]

    def address_of_(self) -> Value:
        """A pointer to it.

        Raises:
            ValueError: It lies nowhere.
        """
        if self.address_ is None or self._bits:
            raise ValueError("it has no address")
        return Value(self.prog_, Pointer(self.type_, self.prog_.word), None, known=self.address_)

    def cast_(self, kind: str) -> Value:
        """The same as another type.

        Raises:
            LookupError: There is no such type.
        """
        wanted = self.prog_.type(kind)
        if self._known is None:
            return Value(self.prog_, wanted, self.address_)
        return Value(self.prog_, wanted, None, known=self._known)

    # -- what is there ---------------------------------------------------------------------------------------------

    def bytes_(self) -> bytes:
        """The bytes of it.

        Raises:
            NoMemory: Nothing is mapped there.
        """
        if self.address_ is None:
            return (self._known or 0).to_bytes(self.type_.size, "little")
        return self.prog_.read(self.address_, self.type_.size)

    def value_(self) -> Any:  # noqa: ANN401 - whatever Python has for the type
        """It as Python has it: a number, a list, or a dict by members.

        Raises:
            NoMemory: Nothing is mapped there.
        """
        kind = resolve(self.type_)
        if isinstance(kind, Struct):
            return {name: self.member_(name).value_() for name in kind.members}
        if isinstance(kind, Array):
            return [each.value_() for each in self]
        return self._number()

    def _number(self) -> int | float:
        kind = resolve(self.type_)
        if self._known is not None:
            return self._known
        if isinstance(kind, Function):
            return self.address_ or 0
        if isinstance(kind, Float) and kind.size in _FLOATS:
            return float(struct.unpack(_FLOATS[kind.size], self.bytes_())[0])
        if not isinstance(kind, Integer | Pointer | Enum):
            raise TypeError(f"{self.type_} is no number")
        raw = int.from_bytes(self.bytes_(), "little")
        width = self._bits or 8 * kind.size
        raw = raw >> self._bit & ((1 << width) - 1)
        is_signed = isinstance(kind, Enum) or (isinstance(kind, Integer) and kind.signed)
        return raw - (1 << width) if is_signed and raw >> (width - 1) else raw

    def string_(self, limit: int = _MOST_TEXT) -> bytes:
        """The bytes up to the first NUL: of an array of characters, or of that which a pointer leads to.

        Raises:
            NoMemory: Nothing is mapped there.
        """
        kind = resolve(self.type_)
        if isinstance(kind, Array):
            return self.bytes_()[:limit].partition(b"\0")[0]
        return self.prog_.string(int(self), limit)

    def write_(self, value: int) -> None:
        """Puts a number there.

        Raises:
            NoMemory: Nothing is mapped there.
            TypeError: It is no number, or lies nowhere.
        """
        kind = resolve(self.type_)
        if not isinstance(kind, Integer | Pointer | Enum) or self.address_ is None or self._bits:
            raise TypeError(f"{self.type_} cannot be written")
        self.prog_.write(self.address_, (value & (1 << 8 * kind.size) - 1).to_bytes(kind.size, "little"))

    def __int__(self) -> int:
        return int(self._number())

    def __index__(self) -> int:
        return int(self)

    def __bool__(self) -> bool:
        return bool(self._number())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Value):
            other = other.value_()
        return bool(self.value_() == other)

    def __lt__(self, other: int | Value) -> bool:
        return int(self) < int(other)

    def __add__(self, other: int | Value) -> int:
        return int(self) + int(other)

    def __sub__(self, other: int | Value) -> int:
        return int(self) - int(other)

    def __and__(self, other: int | Value) -> int:
        return int(self) & int(other)

    def __hash__(self) -> int:
        return hash((self.type_.__class__, self.address_, self._known))

    # -- text ------------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        where = f"value={self._known:#x}" if self._known is not None else f"address={self.address_:#x}"
        return f"Value({str(self.type_)!r}, {where})"

    def __str__(self) -> str:
        return f"({self.type_}){_text(self, '')}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ANN401 - IPython's
        """What Jupyter shows."""
        printer.text("..." if cycle else str(self))


def _text(value: Value, indent: str) -> str:
    """A value in C, without its type."""
    kind = resolve(value.type_)
    inner = f"{indent}\t"
    if isinstance(kind, Struct):
        members = ((name, value.member_(name)) for name in kind.members)
        parts = [f".{name} = ({each.type_}){_text(each, inner)}" for name, each in members]
    elif not isinstance(kind, Array):
        return _scalar(value, kind)
    elif isinstance(resolve(kind.element), Integer) and kind.element.size == 1:
        return _quoted(value.string_())
    else:
        count = kind.count or 0
        parts = [_text(value[index], inner) for index in range(min(count, _MOST_ELEMENTS))]
        parts += ["..."] * (count > _MOST_ELEMENTS)
    lines = "".join(f"{inner}{part},\n" for part in parts)
    return f"{{\n{lines}{indent}}}"


def _scalar(value: Value, kind: Type) -> str:
    number = value.value_()
    if isinstance(kind, Enum):
        return next((name for name, each in kind.values.items() if each == number), str(number))
    if not isinstance(kind, Pointer | Function):
        return str(number)
    symbol = value.prog_.describe(number)
    target = resolve(kind.target) if isinstance(kind, Pointer) else None
    text = ""
    if isinstance(target, Integer) and target.char_like and number:
        with suppress(NoMemory):
            text = f" = {_quoted(value.string_())}"
    return f"{number:#x}{f' <{symbol}>' if symbol else ''}{text}"


def _quoted(raw: bytes) -> str:
    return '"' + raw.decode("utf-8", "backslashreplace").replace('"', '\\"') + '"'
