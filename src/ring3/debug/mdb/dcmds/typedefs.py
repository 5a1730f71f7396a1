"""::typedef: types that the user makes.

Source: ::help typedef and the tests of illumos.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.errors import MdbError, UsageError
from ring3.debug.mdb.registry import dcmd
from ring3.debug.mdb.types.declarations import Layout
from ring3.debug.mdb.types.files import FileTypes
from ring3.debug.object_file import ObjectFile
from ring3.errors import UserError
from ring3.trace.dtrace.types import Array, Pointer, Struct, Type, Typedef

_MODELS: Final = {"lp64": 64, "lp32": 32, "ilp32": 32}
_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEAD: Final = re.compile(r"\s*(struct|union)\s+([^{]*?)\s*\{(.*)\}\s*$", re.DOTALL)
_MEMBER: Final = re.compile(r"\s*(.*?)\s*(\**)\s*([^\s*\[]+)\s*(\[([^\]]*)\])?\s*$", re.DOTALL)

HELP: Final = """\
  ::typedef works like the C typedef keyword and makes a type of its own that is used like those of the target.

  -c model   make the intrinsic types of a data model: LP64, LP32 or ILP32
  -d         delete all types that ::typedef made
  -l         list them
  -r file    take the types that an ELF file describes

  ::typedef -c LP64
  ::typedef uint64_t bender_t
  ::typedef "struct { uintptr_t stone[7]; void **white; }" gift_t
"""


@dcmd("typedef", "[-c model | -d | -l | -r file] [type] [name]", "create synthetic types", help=HELP)
def typedef(call: Call) -> None:
    """Makes, lists or forgets types."""
    if call.given:
        raise UsageError
    options = call.options("dlc:r:")
    chosen = len(options.flags) + len(options.values)
    if chosen > 1 or (chosen and options.rest):
        raise UsageError
    catalog = call.session.catalog
    if "d" in options:
        catalog.reset()
    elif "l" in options:
        for name in catalog.synthetic:
            call.write(f"{name}\n")
    elif "c" in options:
        _create(call, str(options.values["c"]))
    elif "r" in options:
        _read(call, str(options.values["r"]))
    else:
        _define(call, [str(word) for word in options.rest])


def _create(call: Call, model: str) -> None:
    bits = _MODELS.get(model.lower())
    if bits is None:
        call.write(f"invalid data model: {model}\n")
        raise UsageError
    if not call.session.catalog.create_base(bits):
        call.write("failed to create intrinsic types, maybe they already exist\n")
        raise MdbError("")


def _read(call: Call, path: str) -> None:
    try:
        types = FileTypes(ObjectFile(path, Path(path).read_bytes()))
    except (OSError, UserError) as error:
        raise MdbError(f"failed to create synthetics from file {path}: {error}") from None
    for name in types.names():
        found = types.find(name)
        if found is not None:
            call.session.catalog.synthetic[name] = found


def _define(call: Call, words: list[str]) -> None:
    if len(words) < 2:
        raise UsageError
    *source, name = words
    text = " ".join(source)
    catalog = call.session.catalog
    if not _IDENTIFIER.fullmatch(name):
        raise _refused(call, f"The name {name} is not a valid C identifier.")
    if "{" in text and len(source) == 1:
        _define_struct(call, text, name)
        return
    if catalog.find(name) is not None:
        raise _refused(call, f"{name} already exists")
    found = catalog.find(text)
    if found is None:
        raise _refused(call, f"{text} does not exist")
    catalog.synthetic[name] = Typedef(name, found)


def _refused(call: Call, text: str) -> MdbError:
    """What is wrong stands in the output, as mdb has it."""
    call.write(f"{text}\n")
    return MdbError("")


def _define_struct(call: Call, text: str, name: str) -> None:
    catalog = call.session.catalog
    head = _HEAD.match(text)
    if head is None:
        raise _refused(call, f"Invalid structure definition: '{text}'")
    keyword, tag, body = head.groups()
    if tag and not _IDENTIFIER.fullmatch(tag):
        raise _refused(call, f"The name {tag} is not a valid C identifier.")
    full = f"{keyword} {tag}"
    if tag and full in catalog.synthetic:
        raise _refused(call, f"type name {full} already in use")
    if catalog.find(name) is not None:
        raise _refused(call, f"typedef name {name} already exists")
    made = Struct(keyword, tag)
    if tag:
        catalog.synthetic[full] = made
    try:
        _fill(call, made, body)
    except MdbError:
        catalog.synthetic.pop(full, None)
        raise
    catalog.synthetic[name] = Typedef(name, made)


def _fill(call: Call, made: Struct, body: str) -> None:
    *members, rest = body.split(";")
    if rest.strip() or not members:
        raise _refused(call, "Cannot find semi-colon to delineate the end of a member.")
    layout = Layout(made)
    for number, member in enumerate(members):
        name, kind, flexible = _member(call, member)
        if name in made.members:
            raise _refused(call, f"duplicate name detected: {name}")
        if flexible:
            _check_flexible(call, made, last=number + 1 == len(members))
        layout.add(name, kind)
    layout.finish()


def _member(call: Call, text: str) -> tuple[str, Type, bool]:
    found = _MEMBER.match(text)
    if found is None or not found[1]:
        raise _refused(
            call, f"Missing both a name and a type declaration for a member. Instead, found '{text}'"
        )
    base, stars, name, brackets, count = found.groups()
    if not _IDENTIFIER.fullmatch(name):
        raise _refused(call, f"The name {name} is not a valid C identifier.")
    catalog = call.session.catalog
    kind = catalog.find(base)
    if kind is None:
        raise _refused(call, f"failed to add member {name}: type {base} does not exist")
    for _ in stars:
        kind = Pointer(kind, catalog.pointer_size)
    if not brackets:
        return name, kind, False
    try:
        elements = int(count.strip() or "0", 0)
    except ValueError:
        raise _refused(call, f"{count} is not a number") from None
    if elements < 0:
        raise _refused(call, "Array lengths cannot be negative")
    return name, Array(kind, elements), elements == 0


def _check_flexible(call: Call, made: Struct, *, last: bool) -> None:
    if made.keyword != "struct":
        raise _refused(call, "Flexible array members are only valid in structs.")
    if not last:
        raise _refused(call, "Flexible array entries are only allowed to be the last entry in a struct")
    if not made.members:
        raise _refused(call, "Structs must have members aside from a flexible member")
