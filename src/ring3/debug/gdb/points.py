"""The breakpoints and watchpoints of a client (``Z`` and ``z``): GDB's manual, E.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.debug.breakpoints import Breakpoint
from ring3.debug.gdb.agent import Expression
from ring3.debug.gdb.packets import Malformed, hexed, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.debug.gdb.registers import Description
    from ring3.debug.target import Target
    from ring3.debug.thread import Thread
    from ring3.debug.watchpoints import Watchpoint
    from ring3.kernel.mm.mm import Mm

_READ_WRITE = {"2": (False, True), "3": (True, False), "4": (True, True)}
LONGEST_WATCH = 4096
"""Bytes of a watchpoint."""
Key = tuple[str, "Mm | None", int, int]


class Points:
    """What a client has put where."""

    def __init__(self, target: Target, description_of: Callable[[Thread], Description]) -> None:
        self._target = target
        self._description_of = description_of
        self._there: dict[Key, Breakpoint | Watchpoint] = {}

    def change(self, thread: Thread, request: str, *, insert: bool) -> str:
        """Puts one there, or takes it away: the answer, "" for a kind that there is not.

        Args:
            thread: Any of the process that is meant.
            request: ``type,address,kind`` and what follows.
            insert: Whether it is to be there.

        Raises:
            Malformed: It makes no sense.
        """
        what, *conditions = request.split(";")
        words = what.split(",")
        if len(words) != 3:
            raise Malformed("type, address and kind are meant")
        kind, address, size = words[0], number(words[1]), number(words[2])
        if kind not in ("0", "1", *_READ_WRITE):
            return ""
        mm = None if 0 in self._target.rings else thread.task.mm
        key = (kind, mm, address, size)
        self._remove(key)
        if insert and kind in _READ_WRITE:
            if mm is None or not 0 < size <= LONGEST_WATCH:
                raise Malformed("a watchpoint needs a program and a size")
            read, write = _READ_WRITE[kind]
            self._there[key] = self._target.watchpoints.add(mm, address, size, read=read, write=write)
        elif insert:
            self._there[key] = self._target.breakpoints.add(address, mm, self._condition(conditions))
        return "OK"

    def _remove(self, key: Key) -> None:
        there = self._there.pop(key, None)
        if isinstance(there, Breakpoint):
            self._target.breakpoints.remove(there)
        elif there is not None:
            self._target.watchpoints.remove(there)

    def _condition(self, texts: list[str]) -> Callable[[Thread], bool] | None:
        """What ``X length,bytes`` means, any of which may hold; None for no condition."""
        expressions = []
        for text in texts:
            if not text.startswith("X"):
                continue  # commands, which gdb runs itself
            for part in text[1:].split("X"):
                length, _, code = part.partition(",")
                raw = hexed(code)
                if len(raw) != number(length):
                    raise Malformed("an expression of another length than it says")
                expressions.append(Expression(raw))
        if not expressions:
            return None

        def holds(thread: Thread) -> bool:
            description, memory = self._description_of(thread), thread.memory
            return any(
                each.holds(lambda number: description.value(thread, number), memory) for each in expressions
            )

        return holds
