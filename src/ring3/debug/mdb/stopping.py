"""What is printed when a target has stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.debug.mdb.errors import MdbError
from ring3.debug.mdb.formats import disassembled, label

if TYPE_CHECKING:
    from ring3.debug.mdb.session import Session


def report(session: Session, address: int, events: list[str]) -> None:
    """Prints the events that were met, and the instruction that is next."""
    out = session.out
    for text in events:
        out.text(f"{session.name}: {text}\n")
    try:
        text, _after = disassembled(session, address, session.target.read)
    except MdbError:
        out.text(f"{session.name}: target stopped at {session.symbolic(address)}:\n")
        return
    out.text(f"{session.name}: target stopped at:\n")
    label(session, address)
    if len(session.symbolic(address)) % 16 == 15:  # the label has filled its columns
        out.text(" ")
    out.text(f"{text}\n")
