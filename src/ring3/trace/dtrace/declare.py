"""What declarations may say: combinations of specifiers, members, dimensions, parameters."""

from __future__ import annotations

from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import (
    Enum,
    Float,
    Integer,
    Parameter,
    Qualified,
    Struct,
    Tuple,
    Type,
    Void,
    is_integer,
    resolve,
)

INT_MAX = (1 << 31) - 1
UINT_MAX = (1 << 32) - 1


class Specifiers:
    """The words before a declarator."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.storage = ""
        self.qualifiers: list[str] = []
        self.attributes: list[str] = []
        self.base: Type | None = None
        self.base_word = ""

    @property
    def is_empty(self) -> bool:
        """No word was there."""
        return not (self.storage or self.qualifiers or self.attributes or self.base)

    def set_storage(self, word: str) -> None:
        """Take a storage class.

        Raises:
            CompileError: D_DECL_CLASS if there is one already.
        """
        if self.storage:
            fail("D_DECL_CLASS", self.line, "only one storage class allowed in a declaration")
        self.storage = word

    def set_base(self, base: Type, word: str) -> None:
        """Take the base type.

        Raises:
            CompileError: D_DECL_COMBO if there is one already.
        """
        if self.base is not None:
            fail("D_DECL_COMBO", self.line, "invalid type combination")
        self.base = base
        self.base_word = word

    def add_attribute(self, word: str) -> None:
        """Take `signed`, `unsigned`, `short` or `long`, which may come twice.

        Raises:
            CompileError: D_DECL_COMBO.
        """
        most = 2 if word == "long" else 1
        if self.attributes.count(word) == most:
            times = "twice" if most == 2 else "once"
            message = f"the attribute '{word}' may only be used at most {times} in a declaration"
            fail("D_DECL_COMBO", self.line, message)
        self.attributes.append(word)
        if {"signed", "unsigned"} <= set(self.attributes):
            fail("D_DECL_COMBO", self.line, "invalid type combination")

    def type(self, types: TypeSpace) -> Type:
        """The type they name.

        Raises:
            CompileError: D_DECL_* for combinations C forbids, D_UNKNOWN for a type there is not.
        """
        kind = self._base(types)
        for qualifier in self.qualifiers:
            kind = Qualified(qualifier, kind)
        return kind

    def _base(self, types: TypeSpace) -> Type:
        attributes = [word for word in self.attributes if word != "userland"]
        if not attributes:
            return types.int if self.base is None else self.base
        base = self.base
        plain = base is not None and self.base_word in ("int", "char", "double")
        if base is not None and not plain:
            self._refuse(resolve(base))
        if self.base_word == "char" and {"short", "long"} & set(attributes):
            fail(
                "D_DECL_CHARATTR",
                self.line,
                "invalid type declaration: short and long may not be used with char type",
            )
        if self.base_word == "double" and {"signed", "unsigned"} & set(attributes):
            fail(
                "D_DECL_SIGNINT",
                self.line,
                "invalid type declaration: signed and unsigned may only be used with integer type",
            )
        name = self._full_name(attributes)
        found = types.find(name)
        if found is None:
            fail("D_UNKNOWN", self.line, f"failed to resolve type {name}: Unknown type name")
        return found

    def _full_name(self, attributes: list[str]) -> str:
        sign = "unsigned " if "unsigned" in attributes else ""
        short = "short " if "short" in attributes else ""
        sizes = short + "long " * attributes.count("long")
        if self.base_word in ("char", "double"):
            signed = "signed " if "signed" in attributes and self.base_word == "char" else ""
            return sign + signed + sizes + self.base_word
        if short and "long" in attributes:
            return sign + sizes
        return (sign + (sizes or "int")).rstrip()

    def _refuse(self, base: Type) -> None:
        """Say why attributes do not go with a base type that is neither int nor char nor double."""
        if isinstance(base, Void):
            fail(
                "D_DECL_VOIDATTR",
                self.line,
                "invalid type declaration: attributes may not be used with void type",
            )
        signs = {"signed", "unsigned"} & set(self.attributes)
        if signs and not isinstance(base, Integer):
            fail(
                "D_DECL_SIGNINT",
                self.line,
                "invalid type declaration: signed and unsigned may only be used with integer type",
            )
        if "long" in self.attributes and not isinstance(base, Integer | Float):
            fail(
                "D_DECL_LONGINT",
                self.line,
                "invalid type declaration: long and long long may only be used with integer or floating-point type",
            )
        fail("D_DECL_COMBO", self.line, "invalid type combination")


def add_anonymous(struct: Struct, kind: Type, line: int) -> None:
    """Add a struct or union without a name, whose members are the outer one's."""
    if not isinstance(resolve(kind), Struct | Enum):
        fail("D_DECL_MNAME", line, "member declaration requires a name")
    inner = resolve(kind)
    if isinstance(inner, Struct) and inner.complete and not inner.tag:
        struct.add("", inner)


def add_member(struct: Struct, name: str, kind: Type, bits: tuple[int | None] | None, line: int) -> None:
    """Add a member to a struct or union that is being declared.

    Args:
        struct: The struct.
        name: The member's name; empty for a bit-field that only pads.
        kind: Its type.
        bits: None, or the width of a bit-field, itself None if it is no constant.
        line: Where it stands.

    Raises:
        CompileError: D_DECL_MNAME, D_DECL_INCOMPLETE, D_DECL_VOIDOBJ, D_DECL_DYNOBJ, D_DECL_BF*, D_UNKNOWN.
    """
    check_name(name, "a member", line)
    base = resolve(kind)
    width = None if bits is None else _bit_width(bits[0], name, kind, line)
    if not name and width is None:
        fail("D_DECL_MNAME", line, "member declaration requires a name")
    if isinstance(base, Struct | Enum) and not base.complete:
        fail("D_DECL_INCOMPLETE", line, f"incomplete struct/union/enum {kind}: {name}")
    if isinstance(base, Void):
        fail("D_DECL_VOIDOBJ", line, f"cannot have void member: {name}")
    if isinstance(base, Tuple):
        fail("D_DECL_DYNOBJ", line, f"cannot have dynamic member: {name}")
    if name and name in struct.members:
        fail("D_UNKNOWN", line, f"failed to define member '{name}': Duplicate member or variable name")
    struct.add(name, kind, width)


def _bit_width(bits: int | None, name: str, kind: Type, line: int) -> int:
    if bits is None or bits < 0 or (bits == 0 and name):
        fail("D_DECL_BFCONST", line, "positive integral constant expression expected as bit-field size")
    if not is_integer(kind):
        fail("D_DECL_BFTYPE", line, f"invalid type for bit-field: {name}")
    if bits > kind.size * 8:
        fail("D_DECL_BFSIZE", line, f"bit-field too big for type: {name}")
    return bits


def enumerator_value(enum: Enum, name: str, value: int | None, line: int) -> int:
    """The value of an enumerator, checked.

    Raises:
        CompileError: D_DECL_ENCONST, D_DECL_ENOFLOW, D_UNKNOWN for a name that is there twice.
    """
    check_name(name, "an enumerator", line)
    if name in enum.values:
        fail("D_UNKNOWN", line, f"failed to define enumerator '{name}': Duplicate member or variable name")
    if value is None:
        fail(
            "D_DECL_ENCONST", line, f"enumerator '{name}' must be assigned to an integral constant expression"
        )
    if not -INT_MAX - 1 <= value <= INT_MAX:
        fail("D_DECL_ENOFLOW", line, f"enumerator '{name}' value overflows INT_MAX ({INT_MAX})")
    return value


def dimension(size: int | None, line: int) -> int:
    """The dimension of an array, checked.

    Raises:
        CompileError: D_DECL_ARRSUB, D_DECL_ARRBIG.
    """
    if size is None or size < 0:
        fail(
            "D_DECL_ARRSUB",
            line,
            "positive integral constant expression or tuple signature expected as array declaration subscript",
        )
    if size > UINT_MAX:
        fail("D_DECL_ARRBIG", line, "array dimension too big")
    return size


def checked_count(element: Type, count: int, line: int) -> int:
    """The dimension, if an array may have so many of these elements.

    Raises:
        CompileError: D_DECL_VOIDOBJ, D_DECL_DYNOBJ, D_DECL_ARRBIG.
    """
    if isinstance(resolve(element), Void):
        fail("D_DECL_VOIDOBJ", line, "cannot declare array of void")
    if isinstance(resolve(element), Tuple):
        fail("D_DECL_DYNOBJ", line, "cannot declare array of associative arrays")
    if element.size * count > INT_MAX:
        fail("D_DECL_ARRBIG", line, "array dimension too big")
    return count


def check_name(name: str, what: str, line: int) -> None:
    """Check a name that a declaration gives.

    Raises:
        CompileError: D_DECL_SCOPE for one of a module.
    """
    if "`" in name:
        fail("D_DECL_SCOPE", line, f"D scoping operator may not be used in {what} name ({name})")


def check_native(parameters: list[Parameter], line: int) -> None:
    """Check the parameters that a probe has.

    Raises:
        CompileError: D_DECL_PROTO_FORM for a name that is there twice.
    """
    names = [parameter.name for parameter in parameters]
    for number, name in enumerate(names, 1):
        if name and name in names[: number - 1]:
            message = f"parameter is already declared in probe input prototype: {name}, parameter #{number}"
            fail("D_DECL_PROTO_FORM", line, message)


def check_translated(parameters: list[Parameter], native: list[Parameter], line: int) -> None:
    """Check the parameters that scripts see of a probe, which have to be among those it has.

    Raises:
        CompileError: D_DECL_PROTO_FORM, D_DECL_PROTO_NAME.
    """
    names = {parameter.name for parameter in native if parameter.name}
    for number, parameter in enumerate(parameters, 1):
        if not parameter.name:
            message = f"parameter declaration requires a name: parameter #{number}"
            fail("D_DECL_PROTO_NAME", line, message)
        if parameter.name not in names:
            message = (
                f"parameter is not declared in probe output prototype: {parameter.name}, parameter #{number}"
            )
            fail("D_DECL_PROTO_FORM", line, message)


def check_parameters(parameters: list[Parameter], what: str, line: int) -> None:
    """Check the parameters of a function or the keys of an array; a lone void means none, and is removed.

    Raises:
        CompileError: D_DECL_PROTO_NAME, D_DECL_PROTO_TYPE, D_DECL_PROTO_VOID.
    """
    for number, parameter in enumerate(parameters, 1):
        if not isinstance(resolve(parameter.type), Void):
            continue
        if parameter.name:
            fail("D_DECL_PROTO_NAME", line, f"void parameter may not have a name: {parameter.name}")
        if what == "array":
            fail(
                "D_DECL_PROTO_TYPE",
                line,
                f"array prototype may not use parameter of type void: (anonymous), parameter #{number}",
            )
        if len(parameters) > 1:
            fail("D_DECL_PROTO_VOID", line, "void must be sole parameter")
        parameters.clear()
