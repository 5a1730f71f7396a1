"""Letting threads go on (``vCont``, ``c``, ``s`` and their like): GDB's manual, E.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ring3.debug.gdb.packets import Malformed, number, pair
from ring3.debug.gdb.signals import from_gdb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ring3.debug.gdb.naming import Naming
    from ring3.debug.target import Target
    from ring3.debug.thread import Thread


class Action(NamedTuple):
    """What some threads are to do.

    Attributes:
        kind: ``c`` to run, ``s`` to step, ``t`` to stop.
        signal: What is delivered meanwhile, 0 for nothing.
        inside: For a step, the addresses among which it goes on.
        threads: Whose it is, None for all that no earlier action has named.
        pc: Where they go on, None for where they are.
    """

    kind: str
    signal: int = 0
    inside: range = range(0)
    threads: Sequence[Thread] | None = None
    pc: int | None = None


def parse_resume(word: str, naming: Naming, chosen: Thread | None) -> list[Action]:
    """The actions of a request.

    Args:
        word: What follows ``vCont;``, or a request of the older kind.
        naming: How threads are called.
        chosen: Whom a request of the older kind means, None for all.

    Raises:
        Malformed: It makes no sense.
    """
    if ";" not in word and ":" not in word and (len(word) > 1 and word[0] in "cs" and word[1:].isalnum()):
        return _older(word, chosen)
    actions = []
    for part in word.split(";"):
        what, colon, whom = part.partition(":")
        threads = naming.meant(whom) if colon else None
        actions.append(_action(what, threads))
    if len(actions) == 1 and actions[0].threads is None and actions[0].kind == "s" and chosen is not None:
        return [actions[0]._replace(threads=[chosen]), Action("c")]
    return actions


def _older(word: str, chosen: Thread | None) -> list[Action]:
    """``c`` or ``s`` with an address."""
    whom = None if chosen is None else [chosen]
    return [Action(word[0], threads=whom, pc=number(word[1:])), Action("c")]


def _action(what: str, threads: Sequence[Thread] | None) -> Action:
    kind, rest = what[:1], what[1:]
    if kind in ("c", "s", "t") and not rest:
        return Action(kind, threads=threads)
    if kind in ("C", "S"):
        return Action(kind.lower(), from_gdb(number(rest)), threads=threads)
    if kind == "r":
        first, after = pair(rest)
        return Action("s", inside=range(first, max(first, after)), threads=threads)
    raise Malformed(f"no action: {what!r}")


def resume(target: Target, actions: Sequence[Action]) -> bool:
    """Does for each thread what the first action says that is for it; who has none stands still.

    Returns:
        Whether an action was for any thread.
    """
    is_for_any = False
    for thread in reversed(target.threads):  # who is let go last runs first
        action = next((one for one in actions if one.threads is None or thread in one.threads), None)
        if action is None:
            continue
        is_for_any = True
        if action.pc is not None and thread.stop is not None:
            thread.registers.pc = action.pc
        if action.kind == "t":
            target.interrupt(thread)
        elif action.kind == "s":
            target.step(thread, action.signal, action.inside)
        else:
            target.resume(thread, action.signal)
    return is_for_any
