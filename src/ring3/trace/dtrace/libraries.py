"""Libraries of D (`-L`, -xlibdir): declarations compiled before the program, each file after those it depends on."""

from __future__ import annotations

import os
import re

from ring3.trace.dtrace.errors import DtraceError

_DEPENDS = re.compile(r"^\s*#\s*pragma\s+D\s+depends_on\s+library\s+(\S+)", re.MULTILINE)


def in_order(directories: list[str]) -> list[tuple[str, str]]:
    """The path and the text of each library, in the order to compile them; of one name the first is taken.

    Raises:
        DtraceError: if a directory cannot be read, or libraries depend on each other in a circle.
    """
    texts: dict[str, tuple[str, str]] = {}
    for directory in directories:
        try:
            names = sorted(name for name in os.listdir(directory) if name.endswith(".d"))
        except OSError as error:
            raise DtraceError(f"failed to open directory {directory}: {error.strerror}") from None
        for name in names:
            if name in texts:
                continue
            path = os.path.join(directory, name)
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                texts[name] = (path, file.read())
    ordered: list[str] = []
    for name in texts:
        _visit(name, texts, ordered, [])
    return [texts[name] for name in ordered]


def _visit(name: str, texts: dict[str, tuple[str, str]], ordered: list[str], above: list[str]) -> None:
    if name in above:
        raise DtraceError(f"library dependency cycle: {' -> '.join([*above, name])}")
    if name in ordered or name not in texts:
        return
    for needed in _DEPENDS.findall(texts[name][1]):
        _visit(needed, texts, ordered, [*above, name])
    ordered.append(name)
