"""The page as one file: the template with its style, its scripts and what the calls are."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from ring3 import resources
from ring3.machine.registers import Flags
from ring3.trace.explain.registers import GENERAL, SPECIAL
from ring3.trace.explain_page import sources
from ring3.trace.explain_page.page import LANES, Call

_FOLDER: Final = "trace/explain_page"
_SCRIPTS: Final = ("model", "cards", "page")
_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")
"""Where the template has something put in."""


def render(calls: Sequence[Call]) -> str:
    """The page of some calls, at least one, side by side."""
    texts = {}
    for call in calls:
        used = {step.code.file for step in call.steps if step.code is not None}
        texts.update(sources.texts(call.system, used))
    shown = {
        "calls": [asdict(call) for call in calls],
        "lanes": LANES,
        "registers": [*GENERAL, *SPECIAL],
        "flags": [[flag.name, int(flag)] for flag in Flags if flag not in (Flags.FIXED, Flags.IOPL)],
        "sources": texts,
        "macros": sources.macros(texts),
    }
    # a script element ends at the first "</", which no number or name needs
    data = json.dumps(shown, separators=(",", ":")).replace("<", "\\u003c")
    title = calls[0].title if len(calls) == 1 else _compared(calls)
    parts = {
        "title": html.escape(title.encode("utf-8", "replace").decode()),
        "style": resources.read_text(f"{_FOLDER}/page.css"),
        "script": "\n".join(resources.read_text(f"{_FOLDER}/{name}.js") for name in _SCRIPTS),
        "data": data,
    }
    page = resources.read_text(f"{_FOLDER}/page.html")
    return _PLACE.sub(lambda found: parts[found[1]], page)


def _compared(calls: Sequence[Call]) -> str:
    doors = [call.door for call in calls]
    return f"{calls[0].name} by {', '.join(doors[:-1])} and {doors[-1]}"
