"""What a word that somebody types can become."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ring3.trace.dtrace.types import Struct, resolve

if TYPE_CHECKING:
    from ring3.debug.mdb.session import Session

_OF_A_TYPE: Final = re.compile(
    r"::(?:print|offsetof|printf|list)\s+(?:-\w+\s+)*(?:\"[^\"]*\"\s+)?((?:(?:struct|union)\s+)?\w+)\s+(?:[\w.\[\]]+\s+)*$"
)
"""What is typed before a member: a dcmd and the type."""
_KEYWORD: Final = re.compile(r"\b(struct|union|enum)\s+$")


def completions(session: Session, before: str, text: str) -> list[str]:
    """What a word can become: dcmds behind ``::``, members behind a type, else symbols, types and walkers.

    Args:
        session: The debugger.
        before: What stands before the word on its line.
        text: The word, as far as it is typed.
    """
    typed = _OF_A_TYPE.search(before)
    if typed:
        kind = session.catalog.find(typed[1])
        kind = None if kind is None else resolve(kind)
        if isinstance(kind, Struct):
            return sorted(name for name in kind.members if name.startswith(text))
    keyword = _KEYWORD.search(before)
    if keyword:
        start = f"{keyword[1]} {text}"
        return sorted(
            name.partition(" ")[2] for name in session.target.type_names() if name.startswith(start)
        )
    if text.startswith("::"):
        return sorted(
            f"::{name}" for name in session.dcmds if name.startswith(text[2:]) and name[0].isalpha()
        )
    names = {symbol.name for symbol in session.target.symbols() if symbol.name.startswith(text)}
    names.update(name for name in session.target.type_names() if name.startswith(text))
    names.update(name for name in session.walkers if name.startswith(text))
    return sorted(names)
