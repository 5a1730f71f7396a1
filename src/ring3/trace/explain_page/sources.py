"""The source of the code that runs: entry code by the tables of lines that ship with the images, Python by its files.

``scripts/build-image`` writes the tables. An instruction that a macro of the assembler makes comes from the line that
names the macro.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from ring3 import resources
from ring3.trace.explain.facts import Code
from ring3.trace.explain_page.page import Written

_IMAGES: Final = {"linux": "image/linux/vmlinux", "solaris": "image/solaris/unix"}
_HEADERS: Final = {"linux": "linux/macros.h", "solaris": "solaris/macros.h"}
_INDENTED: Final = re.compile("^ {8}")
"""What stands before an instruction; a page has less room than a terminal."""
_MACRO: Final = re.compile(r"\.macro\s+(\w+)")


@cache
def _lines(system: str) -> Mapping[str, tuple[str, int]]:
    found = {}
    for row in resources.read_text(f"{_IMAGES[system]}.lines").splitlines():
        where, file, number = row.split()
        found[where] = file, int(number)
    return found


def line_of(system: str, code: Code) -> tuple[str, int]:
    """The file and line that an instruction of ring 0 comes from; ("", 0) where that is not known."""
    lines = _lines(system)
    return lines.get(code.where) or lines.get(f"{code.address:#x}") or ("", 0)


def texts(system: str, files: Iterable[str]) -> dict[str, list[str]]:
    """The lines of files of entry code, and those of the header with the system's macros."""
    wanted = {file for file in files if file}
    if wanted:
        wanted.add(_HEADERS[system])
    return {
        file: [
            _INDENTED.sub("    ", text.expandtabs(8))
            for text in resources.read_text(f"image/{file}").splitlines()
        ]
        for file in sorted(wanted)
    }


def macros(told: Mapping[str, list[str]]) -> dict[str, tuple[str, int, int]]:
    """For each macro of some files: the file, and the numbers of its first and last line."""
    found = {}
    for file, lines in told.items():
        open_at: list[tuple[str, int]] = []
        for number, text in enumerate(lines, 1):
            if begun := _MACRO.match(text):
                open_at.append((begun[1], number))
            elif text.startswith(".endm") and open_at:
                name, first = open_at.pop()
                found[name] = file, first, number
    return found


def function_at(place: str) -> Written | None:
    """A function of the package by its file and first line, such as ``ring3/linux/calls/ids/ids.py:84``.

    None where there is no such file, as for a function of the user's own that was not written in one.
    """
    file, _, number = place.rpartition(":")
    try:
        with open(os.path.join(os.path.dirname(resources.ROOT), file), encoding="utf-8") as stream:
            lines = stream.readlines()
        first = int(number)
    except (OSError, ValueError):
        return None
    return Written(file, first, "".join(inspect.getblock(lines[first - 1 :])).rstrip())
