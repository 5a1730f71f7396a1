"""The explanation as JSON; ``docs/explain.md`` describes the keys.

Addresses and values of registers and memory are strings in hexadecimal, because they need 64 bits and not every reader
of JSON keeps them; counts and numbers of calls are numbers.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Final

from ring3.trace.explain_solaris.model import Explanation

FORMAT: Final = 1
"""Rises when a key changes its meaning or goes; new keys do not raise it."""

_PLAIN: Final = frozenset(("task", "nth", "number", "depth", "size", "width", "high", "low"))
"""The numbers that are written as such."""


def render(told: Explanation) -> str:
    """The whole as JSON, indented, ending with a newline."""
    whole = {"format": FORMAT, "os": "solaris", **_object(told)}
    return json.dumps(whole, indent=2) + "\n"


def _object(value: object) -> dict[str, object]:
    assert is_dataclass(value)
    found: dict[str, object] = {}
    kind = type(value).__name__.lower()
    if kind in ("instruction", "python"):
        found["kind"] = kind
    for field in fields(value):
        found[field.name] = _value(field.name, getattr(value, field.name))
    return found


def _value(name: str, value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if name in _PLAIN else f"{value & (1 << 64) - 1:#x}"
    if isinstance(value, tuple):
        return [_value(name, one) for one in value]
    return _object(value)
