"""The target as a whole: ::status, ::showrev."""

from __future__ import annotations

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.registry import dcmd


@dcmd("status", "", "print summary of current target")
def status(call: Call) -> None:
    """Says what is debugged and how it is with it."""
    for line in call.session.target.status():
        call.write(f"{line}\n")
