"""What json() finds: an element of a JSON text by a path of names and indices, as text."""

from __future__ import annotations

import json
import re
from typing import Any

_STEP = re.compile(rb"\[([0-9]+)\]|\.?([^.\[]+)")


def find(text: bytes, path: bytes) -> bytes | None:
    """The element a path names: a string's text, a number's digits, an object or array as it is written.

    Args:
        text: The JSON text; what follows the element may be broken.
        path: Names with dots between them, and indices in brackets.
    """
    try:
        value: Any = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
    for step in _STEP.finditer(path):
        value = _step(value, step[1], step[2])
        if value is None:
            return None
    return _text(value)


def _step(value: Any, number: bytes | None, name: bytes | None) -> Any:  # noqa: ANN401 - JSON
    if number is not None:
        if isinstance(value, list) and int(number) < len(value):
            return _Null if value[int(number)] is None else value[int(number)]
        return None
    if not isinstance(value, dict) or name is None:
        return None
    key = name.decode("utf-8", "surrogateescape")
    if key not in value:
        return None
    return _Null if value[key] is None else value[key]


class _Null:
    """JSON's null, which is there."""


def _text(value: Any) -> bytes:  # noqa: ANN401 - JSON
    if value is _Null:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return json.dumps(value, separators=(",", ":")).encode()
