"""Declarations with meanings: the notation of the rows of calls and of the fields of structs.

A declaration is written as in C, and behind a colon stands what it means::

    unsigned int fd: fd
    int whence: enum whence
    void *buf: out bytes[result]
    void *upeer_sockaddr: out struct sockaddr[*upeer_addrlen]

The meaning is one word of `Meaning`, or ``enum SET`` or ``flags SET`` for a set of values; a C type before it
says that no more of the value counts than that has. What points begins with when to look at what it points
to, ``in``, ``out`` or ``inout``; then its C type may stand, where that is not what the pointer says.
``[LENGTH]`` is how many there are (bytes of ``bytes``): a number, a name beside it, ``*NAME`` for a length
that is pointed to, or ``result``. ``path``, ``string`` and ``strings`` alone are read on entry. ``by NAME``
means that the value of another argument says what it is; `` if FLAGS&A|B`` behind a meaning that the call
looks at it only with one of these flags in another argument (``!&``: with none of them, ``&&``: with all),
`` unless FLAGS&A|B`` that it does not follow it with one of them, `` where NAME=A|B`` that it is bits without
names if another argument is none of these values (``!=``: if it is one). A call's argument is compared with names
of its set or decimal numbers.
Without a meaning it is a number.
"""

from __future__ import annotations

import re
from typing import Final

from ring3.abi import c_types
from ring3.abi.c_types import CType
from ring3.abi.kinds import NamedTuple
from ring3.abi.meaning import Arg, Condition, Meaning, Otherwise, Parameter, When

_CHAR: Final = CType("char", 8, True)
_U8: Final = CType("u8", 8, False)
_U16: Final = CType("u16", 16, False)
_S32: Final = CType("s32", 32, True)
_U32: Final = CType("u32", 32, False)
_S64: Final = CType("s64", 64, True)
_U64: Final = CType("u64", 64, False)

TYPES: Final = {
    "char": _CHAR,
    "unsigned char": CType("unsigned char", 8, False),
    "short": c_types.SHORT,
    "unsigned short": c_types.UNSIGNED_SHORT,
    "int": c_types.INT,
    "unsigned int": c_types.UNSIGNED_INT,
    "long": c_types.LONG,
    "unsigned long": c_types.UNSIGNED_LONG,
    "size_t": c_types.SIZE_T,
    "ssize_t": CType("ssize_t", 64, True),
    "off_t": c_types.OFF_T,
    "umode_t": c_types.MODE_T,
    "pid_t": CType("pid_t", 32, True),
    "uid_t": CType("uid_t", 32, False),
    "gid_t": CType("gid_t", 32, False),
    "dev_t": CType("dev_t", 32, False),
    "old_uid_t": CType("old_uid_t", 16, False),
    "old_gid_t": CType("old_gid_t", 16, False),
    "clock_t": CType("clock_t", 64, True),
    "time_t": CType("time_t", 64, True),
    "compat_long_t": c_types.COMPAT_LONG,
    "compat_ulong_t": c_types.COMPAT_ULONG,
    "compat_off_t": c_types.COMPAT_OFF_T,
    "s8": CType("s8", 8, True),
    "u8": _U8,
    "s16": CType("s16", 16, True),
    "u16": _U16,
    "s32": _S32,
    "u32": _U32,
    "s64": _S64,
    "u64": _U64,
    "be16": CType("be16", 16, False),
    "be32": CType("be32", 32, False),
    "be64": CType("be64", 64, False),
    "void": CType("void", 0, False),
}
"""The scalar types that rows may use, by name."""

NARROW: Final = {
    **{kind.name: narrow for kind, narrow in c_types.COMPAT.items()},
    "ssize_t": CType("compat_ssize_t", 32, True),
    "clock_t": CType("compat_clock_t", 32, True),
    "time_t": CType("old_time32_t", 32, True),
}
"""What those are in the compatibility entry points of 32-bit programs that have another width there."""

_TYPES_BY_LENGTH: Final = sorted(TYPES, key=len, reverse=True)
_DECLARATION: Final = re.compile(r"((?:struct )?[\w ]+?)( ?\*+ ?| )(\w+)(?:\[(\w*)\])?(?:: (.*))?")
_LENGTH: Final = re.compile(r"(.*)\[(\*?)(\w+)\]")
_CONDITION: Final = re.compile(r"(.*) (if|unless|where) (\w+)(&&|!?[&=])(\S+)")
_STRINGS: Final = {Meaning.PATH, Meaning.STRING, Meaning.STRINGS}


class Declaration(NamedTuple):
    """A declaration taken apart.

    Attributes:
        name: The name.
        type: The type, without the pointer.
        pointer: Whether it is a pointer.
        meaning: What stands behind the colon.
    """

    name: str
    type: str
    pointer: bool
    meaning: str


def declaration(text: str) -> Declaration:
    """Takes a declaration apart.

    Raises:
        ValueError: It is malformed.
    """
    match = _DECLARATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a declaration")
    kind, star, name, _, meaning = match.groups()
    return Declaration(name, kind.strip(), "*" in star, meaning or "")


def parameter(text: str, bits: int = 64) -> Parameter:
    """The argument that a declaration stands for, in an entry point of a width.

    Raises:
        ValueError: It is malformed, or a type or meaning is unknown.
    """
    found = declaration(text)
    target = scalar(found.type, bits)
    kind = c_types.POINTER if found.pointer else target
    return Parameter(
        found.name, meaning(found.meaning or "number", kind, bits, target if found.pointer else None)
    )


def scalar(name: str, bits: int) -> CType:
    """A scalar type by name, in an entry point of a width.

    Raises:
        ValueError: There is no such type.
    """
    if name not in TYPES:
        raise ValueError(f"{name!r} is not a type")
    return NARROW.get(name, TYPES[name]) if bits == 32 else TYPES[name]


def meaning(text: str, kind: CType, bits: int, target: CType | None = None) -> Arg:
    """What a meaning says of a value of a C type.

    Raises:
        ValueError: It is malformed.
    """
    match = _CONDITION.fullmatch(text)
    if match is not None:
        text, word, argument, operator, values = match.groups()
        condition = Condition(Otherwise(word), argument, operator, tuple(values.split("|")))
        return meaning(text, kind, bits, target)._replace(condition=condition)
    words = text.split(" ")
    when = When(words[0]) if words[0] in {"in", "out", "inout"} else None
    if words[0] == "by" and len(words) == 2:
        return Arg(kind, Meaning.HEX, command=words[1])
    if when is None:
        own, text = _typed(text, bits)
        plain = _of(text, own or kind, None, bits)
        return plain._replace(when=When.ENTRY, target=target) if plain.meaning in _STRINGS else plain
    given, rest = _typed(" ".join(words[1:]), bits)
    return _of(rest, kind, when, bits)._replace(target=given or target or c_types.INT)


def _typed(text: str, bits: int) -> tuple[CType | None, str]:
    """The C type that a meaning begins with, if any, and the rest."""
    for name in _TYPES_BY_LENGTH:
        if text.startswith(name + " "):
            return scalar(name, bits), text.removeprefix(name + " ")
    return None, text


def _of(text: str, kind: CType, when: When | None, bits: int) -> Arg:
    """The argument whose meaning, without when and without type, is `text`."""
    match = _LENGTH.fullmatch(text)
    length = ""
    indirect = False
    if match is not None:
        text, star, length = match.groups()
        indirect = bool(star)
    word, _, of = text.partition(" ")
    if word in {"enum", "flags"}:
        return Arg(kind, Meaning.VALUES, of, length, when, indirect=indirect)
    if word == "pointer" and of:
        of = of.removeprefix("struct ")
    elif word not in {"struct", "pointer"} and of:
        raise ValueError(f"{text!r} is not a meaning")
    return Arg(kind, Meaning(word), of, length, when, indirect=indirect)
