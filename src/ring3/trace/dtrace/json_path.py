"""What json() finds: an element of a JSON text by a path of names and indices, as it is written there.

Only what leads to the element is read; the text may be broken behind it. Strings come without their quotes, their
escapes as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_STEP = re.compile(rb"\[([0-9]+)\]|\.?([^.\[]+)")
_BLANK = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"((?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*)"')
_SCALAR = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![0-9A-Za-z.])|true|false|null")
_NEXT = re.compile(rb'["\[\]{}]')


def find(text: bytes, path: bytes) -> bytes | None:
    """The element a path names: a string's text, a number's digits, an object or array with all that is in it.

    Args:
        text: The JSON text.
        path: Names with dots between them, and indices, in brackets or as names.
    """
    position = _blank(text, 0)
    for step in _STEP.finditer(path):
        found = _member(text, position, step[1] or step[2], by_index=step[1] is not None)
        if found is None:
            return None
        position = found
    end = _end(text, position)
    if end is None:
        return None
    return text[position + 1 : end - 1] if text[position : position + 1] == b'"' else text[position:end]


def _blank(text: bytes, position: int) -> int:
    blanks = _BLANK.match(text, position)
    assert blanks
    return blanks.end()


def _member(text: bytes, position: int, step: bytes, *, by_index: bool) -> int | None:
    """Where the element of a container begins that a step names."""
    opener = text[position : position + 1]
    if opener == b"[" and step.isdigit():
        elements = _elements(text, position)
        return next((start for number, start in enumerate(elements) if number == int(step)), None)
    if opener == b"{" and not by_index:
        return next((start for name, start in _members(text, position) if name == step), None)
    return None


def _elements(text: bytes, position: int) -> Iterator[int]:
    """Where the elements of an array begin, as far as it is whole."""
    position = _blank(text, position + 1)
    while position < len(text) and text[position : position + 1] != b"]":
        yield position
        end = _end(text, position)
        position = -1 if end is None else _comma(text, end)
        if position < 0:
            return


def _members(text: bytes, position: int) -> Iterator[tuple[bytes, int]]:
    """The names of an object's members and where their values begin, as far as it is whole."""
    position = _blank(text, position + 1)
    while True:
        name = _STRING.match(text, position)
        if not name:
            return
        colon = _blank(text, name.end())
        if text[colon : colon + 1] != b":":
            return
        start = _blank(text, colon + 1)
        yield name[1], start
        end = _end(text, start)
        position = -1 if end is None else _comma(text, end)
        if position < 0:
            return


def _comma(text: bytes, position: int) -> int:
    """Where what follows a comma begins; -1 if there is none."""
    position = _blank(text, position)
    return _blank(text, position + 1) if text[position : position + 1] == b"," else -1


def _end(text: bytes, position: int) -> int | None:
    """Where a value ends; None for one that is broken."""
    first = text[position : position + 1]
    if first == b'"':
        string = _STRING.match(text, position)
        return string.end() if string else None
    if first not in (b"{", b"["):
        scalar = _SCALAR.match(text, position)
        return scalar.end() if scalar else None
    depth = 0
    while match := _NEXT.search(text, position):
        if match[0] == b'"':
            string = _STRING.match(text, match.start())
            if not string:
                return None
            position = string.end()
            continue
        position = match.end()
        depth += 1 if match[0] in b"{[" else -1
        if not depth:
            return position
    return None
