"""A debugger whose output is kept."""

from __future__ import annotations

from ring3.debug.mdb.session import Session
from ring3.debug.mdb.targets.base import Target


class Typed:
    """Somebody at a debugger."""

    def __init__(self, target: Target | None = None) -> None:
        self.parts: list[str] = []
        self.session = Session(target or Target(), self.parts.append, self.parts.append)

    def __call__(self, text: str) -> str:
        """What a command prints, complaints included."""
        self.parts.clear()
        self.session.run(text)
        return "".join(self.parts)
