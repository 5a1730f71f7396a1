"""Why a run ended as it did, in words that runs with the same cause have in common.

Addresses differ with each seed, so functions are named by symbol, or by file and offset where there are no symbols; of
the last calls the names and errors count, not the values.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ring3.abi.signals import Sig
from ring3.fleet.outcome import Ending, Outcome

if TYPE_CHECKING:
    from ring3.python.crash import Crash

_FRAMES: Final = 3
_CALLS: Final = 3
_ENDS: Final = frozenset({"exit", "exit_group"})


def explain(outcome: Outcome, crash: Crash | None) -> None:
    """Fills in stack, cause and detail.

    Args:
        outcome: What came of a run, as far as it is known.
        crash: How a signal has ended its process, if one has.
    """
    what = _what(outcome)
    if crash is not None:
        outcome.stack = [_place(crash, address, symbol) for address, symbol in crash.frames]
        outcome.detail = f"at {crash.registers['rip']:#x}, address {crash.address:#x}"
    words = [what]
    if outcome.stack:
        words.append("in " + " < ".join(outcome.stack[:_FRAMES]))
    calls = [call for call in map(_without_value, outcome.last) if call not in _ENDS][-_CALLS:]
    if calls and not (outcome.ending is Ending.EXIT and outcome.status == 0):
        words.append("after " + ", ".join(calls))
    outcome.cause = " ".join(words)


def _what(outcome: Outcome) -> str:
    if outcome.ending is Ending.EXIT:
        return f"status {outcome.status}"
    if outcome.ending is Ending.SIGNAL:
        number = outcome.status - 128
        return Sig(number).name if number in list(Sig) else f"signal {number}"
    return outcome.ending.value


def _without_value(call: str) -> str:
    name, _, result = call.partition(" = ")
    return f"{name} = {result}" if result[:1] == "E" else name


def _place(crash: Crash, address: int, symbol: str) -> str:
    """An address in words that do not depend on where things are mapped."""
    if symbol:
        return symbol
    for mapping in crash.mappings:
        if mapping.start <= address < mapping.end and mapping.name.startswith("/"):
            return f"{os.path.basename(mapping.name)}+{address - mapping.start + mapping.offset:#x}"
    return "?"
