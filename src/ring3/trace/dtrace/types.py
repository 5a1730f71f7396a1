"""C types as D sees them: sizes, members, and names as they are printed.

A type is immutable but for structs and unions, which are completed after they were named. `resolve` looks through
typedefs and qualifiers; everything that asks what a type *is* goes through it.
"""

from __future__ import annotations

from typing import NamedTuple


class Type:
    """Any type: `size` in bytes (0: unknown or none), `align` in bytes."""

    __slots__ = ()
    size: int = 0
    align: int = 1

    def __str__(self) -> str:
        return declare(self)


class Void(Type):
    """No value."""

    __slots__ = ()


class Integer(Type):
    """An integer; `char_like` for those that hold a character, `rank` as ANSI C orders them."""

    __slots__ = ("align", "char_like", "name", "rank", "signed", "size")

    def __init__(self, name: str, size: int, rank: int, *, signed: bool) -> None:
        self.name = name
        self.size = size
        self.align = size
        self.rank = rank
        self.signed = signed
        self.char_like = rank == 1


class Float(Type):
    """A floating-point type, which D can only carry."""

    __slots__ = ("align", "name", "size")

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self.align = size


class String(Type):
    """D's string: up to strsize bytes that end with a NUL, assigned and compared by value."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size


class Dynamic(Type):
    """What has no C type: aggregations, associative arrays, stacks, symbols, functions. `what` says which."""

    __slots__ = ("what",)

    def __init__(self, what: str) -> None:
        self.what = what


class Pointer(Type):
    """A pointer to `target`."""

    __slots__ = ("align", "size", "target")

    def __init__(self, target: Type, size: int = 8) -> None:
        self.target = target
        self.size = size
        self.align = size


class Array(Type):
    """`count` elements; a count of 0 is a flexible array, None an array whose bounds nobody said."""

    __slots__ = ("align", "count", "element", "size")

    def __init__(self, element: Type, count: int | None) -> None:
        self.element = element
        self.count = count
        self.align = element.align
        self.size = element.size * (count or 0)


class Tuple(Type):
    """An associative array: the types of its keys, and of its values."""

    __slots__ = ("keys", "value")

    def __init__(self, keys: list[Parameter], value: Type) -> None:
        self.keys = keys
        self.value = value


class Parameter(NamedTuple):
    """A parameter of a function or a key of an associative array."""

    type: Type
    name: str


class Function(Type):
    """A function, which D can only point at."""

    __slots__ = ("parameters", "returns", "variadic")

    def __init__(self, returns: Type, parameters: list[Parameter], *, variadic: bool = False) -> None:
        self.returns = returns
        self.parameters = parameters
        self.variadic = variadic


class Member(NamedTuple):
    """A member: its offset in bytes; for a bit-field also the first bit from there, and the width in bits."""

    name: str
    type: Type
    offset: int
    bit: int = 0
    bits: int = 0


class Struct(Type):
    """A struct or union. Until `complete` it has a name only.

    Attributes:
        unconverted: Of what a translator of D's gives, the members that it does not define; None for other structs.
    """

    __slots__ = ("_bit", "_packed", "align", "complete", "keyword", "members", "size", "tag", "unconverted")

    def __init__(self, keyword: str, tag: str) -> None:
        self.keyword = keyword
        self.tag = tag
        self.members: dict[str, Member] = {}
        self.size = 0
        self.align = 1
        self.complete = False
        self.unconverted: frozenset[str] | None = None
        self._bit = 0
        self._packed = False

    def add(self, name: str, member: Type, bits: int | None = None) -> None:
        """Append a member as the System V ABI lays it out; `bits` makes it a bit-field (0: pad to the type's size)."""
        if bits is not None:
            self._add_bits(name, member, bits)
            return
        if self.keyword == "union":
            self._put(Member(name, member, 0))
            self._bit = max(self._bit, member.size * 8)
        else:
            offset = -(-self._bit // (8 * member.align)) * member.align
            self._put(Member(name, member, offset))
            self._bit = (offset + member.size) * 8
        self.align = max(self.align, member.align)

    def _add_bits(self, name: str, member: Type, bits: int) -> None:
        """A bit-field as D's own declarations have it: each in bytes of its own, and no padding behind the last."""
        size = -(-bits // 8)
        align = 1 << (size - 1).bit_length() if size else 1
        offset = 0 if self.keyword == "union" else -(-self._bit // (8 * align)) * align
        if name:
            self._put(Member(name, member, offset, 0, bits))
        self._bit = max(self._bit, (offset + size) * 8)
        self._packed = True

    def place(self, name: str, member: Type, offset: int) -> None:
        """Put a member at an offset in bytes that is known."""
        self._put(Member(name, member, offset))
        self._bit = max(self._bit, (offset + member.size) * 8)
        self.align = max(self.align, member.align)

    def place_bits(self, name: str, member: Type, offset: int, bit: int, bits: int) -> None:
        """Put a bit-field in the integer at an offset in bytes, from one of its bits on."""
        self._put(Member(name, member, offset, bit, bits))
        self.align = max(self.align, member.align)

    def _put(self, member: Member) -> None:
        if member.name:
            self.members[member.name] = member
        elif isinstance(member.type, Struct) and not member.bits:
            for inner in member.type.members.values():
                self.members[inner.name] = inner._replace(offset=inner.offset + member.offset)

    @property
    def extent(self) -> int:
        """Bytes up to the end of the last member."""
        return -(-self._bit // 8)

    def finish(self, size: int = 0) -> None:
        """All members are there: round the size up to the alignment, or take the one that is known."""
        align = 1 if self._packed else self.align
        self.size = size or -(-self._bit // (8 * align)) * align
        self.complete = True


class Enum(Type):
    """An enumeration: names and values."""

    __slots__ = ("complete", "tag", "values")
    size = 4
    align = 4

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.values: dict[str, int] = {}
        self.complete = False


class Typedef(Type):
    """Another name for a type."""

    __slots__ = ("name", "target")

    def __init__(self, name: str, target: Type) -> None:
        self.name = name
        self.target = target

    @property
    def size(self) -> int:  # type: ignore[override]
        """The size of what it names."""
        return self.target.size

    @property
    def align(self) -> int:  # type: ignore[override]
        """The alignment of what it names."""
        return self.target.align


class Qualified(Type):
    """A const, volatile or restrict type."""

    __slots__ = ("qualifier", "target")

    def __init__(self, qualifier: str, target: Type) -> None:
        self.qualifier = qualifier
        self.target = target

    @property
    def size(self) -> int:  # type: ignore[override]
        """The size of what it qualifies."""
        return self.target.size

    @property
    def align(self) -> int:  # type: ignore[override]
        """The alignment of what it qualifies."""
        return self.target.align


def resolve(kind: Type) -> Type:
    """The type below typedefs and qualifiers."""
    while isinstance(kind, Typedef | Qualified):
        kind = kind.target
    return kind


def declare(kind: Type, inner: str = "") -> str:
    """The type's name in C, around `inner` (`*`, `[3]`) as declarations are written."""
    match kind:
        case Pointer(target=target):
            return declare(target, f"(*{inner})" if isinstance(target, Array | Function) else f"*{inner}")
        case Array(element=element, count=count):
            return declare(element, f"{inner}[{'' if count is None else count}]")
        case Function(returns=returns):
            return declare(returns, f"{inner}({_parameters(kind)})")
        case Tuple(keys=keys, value=value):
            return declare(value, f"{inner}[{', '.join(str(key.type) for key in keys)}]")
        case Qualified(qualifier=qualifier, target=target):
            return f"{qualifier} {declare(target, inner)}"
    name = _plain_name(kind)
    return f"{name} {inner}" if inner else name


def _parameters(function: Function) -> str:
    names = [str(parameter.type) for parameter in function.parameters]
    return ", ".join([*names, "..."] if function.variadic else names)


def _plain_name(kind: Type) -> str:
    match kind:
        case Struct(keyword=keyword, tag=tag):
            return f"{keyword} {tag or '(anon)'}"
        case Enum(tag=tag):
            return f"enum {tag or '(anon)'}"
        case Integer(name=name) | Float(name=name) | Typedef(name=name):
            return name
        case Dynamic(what=what):
            return what
        case String():
            return "string"
    return "void"


def is_integer(kind: Type) -> bool:
    """An integer or an enumeration."""
    return isinstance(resolve(kind), Integer | Enum)


def is_pointer(kind: Type) -> bool:
    """A pointer, or an array, which acts as one."""
    return isinstance(resolve(kind), Pointer | Array)


def is_scalar(kind: Type) -> bool:
    """What can be tested for truth: an integer or a pointer."""
    return isinstance(resolve(kind), Integer | Enum | Pointer)


def is_arithmetic(kind: Type) -> bool:
    """What can be added and multiplied."""
    return isinstance(resolve(kind), Integer | Enum | Float)


def is_translated(kind: Type) -> bool:
    """A struct that a translator of D's gives."""
    kind = resolve(kind)
    return isinstance(kind, Struct) and kind.unconverted is not None


def is_string(kind: Type) -> bool:
    """D's string."""
    return isinstance(resolve(kind), String)


def is_string_like(kind: Type) -> bool:
    """What may stand where a string is wanted: a string, a char array, a pointer to characters."""
    kind = resolve(kind)
    if isinstance(kind, String):
        return True
    inner = kind.element if isinstance(kind, Array) else kind.target if isinstance(kind, Pointer) else None
    if inner is None:
        return False
    inner = resolve(inner)
    return isinstance(inner, Integer) and inner.size == 1


def is_signed(kind: Type) -> bool:
    """Whether values of it are negative when their highest bit is set."""
    kind = resolve(kind)
    return kind.signed if isinstance(kind, Integer) else isinstance(kind, Enum)


def target_of(kind: Type) -> Type:
    """What a pointer points at, or what an array is made of."""
    kind = resolve(kind)
    if isinstance(kind, Pointer):
        return kind.target
    assert isinstance(kind, Array)
    return kind.element


def compatible(left: Type, right: Type) -> bool:
    """Whether two types are the same to C: names of integers do not matter, sizes and signs do."""
    left, right = resolve(left), resolve(right)
    if left is right:
        return True
    match left, right:
        case Integer(), Integer():
            return (left.size, left.signed) == (right.size, right.signed)
        case Pointer(), Pointer():
            return compatible(left.target, right.target)
        case Array(), Array():
            return left.count == right.count and compatible(left.element, right.element)
        case Struct(), Struct():
            return bool(left.tag) and (left.keyword, left.tag) == (right.keyword, right.tag)
        case Function(), Function():
            return compatible(left.returns, right.returns)
        case Enum(), Enum():
            return bool(left.tag) and left.tag == right.tag
        case Dynamic(), Dynamic():
            return left.what == right.what
    return type(left) is type(right) and isinstance(left, String | Void)
