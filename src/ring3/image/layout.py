"""The numbers that a kernel's machine code and its Python side agree on, read from the assembly's own header."""

from __future__ import annotations

from functools import cache

from ring3 import resources


@cache
def load(kernel: str) -> dict[str, int]:
    """The plain numeric definitions of ``image/<kernel>/layout.h``."""
    words = (line.split() for line in resources.read_text(f"image/{kernel}/layout.h").splitlines())
    return {
        word[1]: int(word[2], 0)
        for word in words
        if len(word) == 3 and word[0] == "#define" and word[2][0].isdigit()
    }
