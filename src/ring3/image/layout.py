"""The numbers that a kernel's machine code and its Python side agree on, read from the assembly's own header."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_DEFINE = re.compile(r"^#define (\w+) (0x[0-9a-fA-F]+|\d+)$", re.MULTILINE)


@cache
def load(kernel: str) -> dict[str, int]:
    """The plain numeric definitions of ``image/<kernel>/layout.h``."""
    text = (files("ring3.image") / kernel / "layout.h").read_text("utf-8")
    return {name: int(number, 0) for name, number in _DEFINE.findall(text)}
