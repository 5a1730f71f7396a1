"""Declarations of kernel functions, as the source has them on one line, as types of D."""

from __future__ import annotations

import re
from typing import Final

from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Type, Typedef

_QUALIFIERS: Final = re.compile(r"\b(?:const|volatile|static|inline|__user|__kernel|__force|restrict)\b")
SCALARS: Final = {
    **dict.fromkeys(("u8", "__u8"), (1, False)),
    "bool": (1, False),
    **dict.fromkeys(("u16", "__u16", "umode_t"), (2, False)),
    **dict.fromkeys(("u32", "__u32", "fmode_t", "gfp_t", "vm_fault_t"), (4, False)),
    **dict.fromkeys(("s32", "__s32", "rwf_t", "clockid_t", "timer_t", "key_t", "qid_t", "mqd_t"), (4, True)),
    **dict.fromkeys(("u64", "__u64", "vm_flags_t", "pgoff_t"), (8, False)),
    **dict.fromkeys(("s64", "__s64", "loff_t", "ktime_t", "time64_t"), (8, True)),
}
"""Sizes and signs of scalar types that are the kernel's own."""
_PLAIN: Final = frozenset(("int", "long", "short", "char", "unsigned", "signed", "void"))


def result_and_parameters(signature: str, space: TypeSpace) -> tuple[Type, list[Type]]:
    """The types of what a function returns and of what it takes."""
    head, _, rest = signature.partition("(")
    result = _type(re.sub(r"\w+$", "", head), space, is_named=False)
    inner = rest[: rest.rindex(")")]
    if inner.strip() in ("", "void"):
        return result, []
    return result, [_type(text, space, is_named=True) for text in _split(inner)]


def _split(text: str) -> list[str]:
    """Parameters; a comma between parentheses is of a function's own."""
    parts, depth = [""], 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _type(text: str, space: TypeSpace, *, is_named: bool) -> Type:
    if "(" in text or "..." in text:
        return space.pointer(space.void)
    words = _QUALIFIERS.sub(" ", text).replace("*", " * ").split()
    stars = words.count("*") + any("[" in word for word in words)
    words = [word for word in words if word != "*"]
    if is_named and len(words) > 1 and words[-1] not in _PLAIN:
        words.pop()
    kind = _named(words, space)
    for _ in range(stars):
        kind = space.pointer(kind)
    return kind


def _named(words: list[str], space: TypeSpace) -> Type:
    if words[0] in ("struct", "union"):
        return space.struct(words[0], words[1])
    if words[0] == "enum":
        return space.enum(words[1])
    name = " ".join(words)
    found = space.find(name)
    if found is None and name in SCALARS:
        size, signed = SCALARS[name]
        found = Typedef(name, space.integer(size, signed=signed))
    return found or Typedef(name, space.long)
