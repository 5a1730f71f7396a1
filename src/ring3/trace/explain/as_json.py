"""An explanation as JSON; ``docs/explain.md`` describes the keys.

Addresses and values of registers and memory are strings in hexadecimal, because they need 64 bits and not every reader
of JSON keeps them; counts, sizes and results are numbers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from ring3.trace.explain.bits import Unfolded
from ring3.trace.explain.events import (
    Access,
    Delivery,
    Event,
    FrameFilled,
    Instruction,
    LayerCall,
    PythonCall,
    TableSlot,
)
from ring3.trace.explain.facts import Change, Code, Value
from ring3.trace.explain.model import Asked, Explanation, Return
from ring3.trace.explain.registers import flag_names
from ring3.trace.explain.walks import PageWalk

FORMAT: Final = 1
"""Rises when a key changes its meaning or goes; new keys do not raise it."""

Json = dict[str, object]


def render(told: Explanation) -> str:
    """The whole as JSON, indented, ending with a newline."""
    whole = {
        "format": FORMAT,
        "program": told.program,
        "task": told.task,
        "nth": told.nth,
        "asked": _asked(told.asked),
        "entry": list(told.entry_names),
        "events": [_event(event) for event in told.events],
        "back": _back(told.back) if told.back is not None else None,
        "ended": told.ended or None,
        "walks": [_walk(walk) for walk in told.walks],
    }
    return json.dumps(whole, indent=2) + "\n"


def _asked(asked: Asked) -> Json:
    return {
        "door": asked.door,
        "mode": "64-bit" if asked.long_mode else "compatibility",
        "instruction": _code(asked.code),
        "abi": asked.abi,
        "number": asked.number,
        "name": asked.name or None,
        "entry_point": asked.entry or None,
        "defined": asked.defined,
        "arguments": [
            {
                "place": argument.place,
                "name": argument.name or None,
                "type": argument.type or None,
                "value": None if argument.value is None else hex(argument.value),
            }
            for argument in asked.arguments
        ],
        "registers": _values(asked.registers),
    }


def _event(event: Event) -> Json:
    if isinstance(event, Instruction):
        return {"kind": "instruction", **_instruction(event)}
    if isinstance(event, Delivery):
        return {"kind": "delivery", **_delivery(event)}
    if isinstance(event, FrameFilled):
        return {"kind": "pt_regs", "address": hex(event.address), "fields": _values(event.fields)}
    if isinstance(event, TableSlot):
        return {
            "kind": "table",
            "table": event.table,
            "number": event.number,
            "address": hex(event.address),
            "physical": hex(event.physical),
            "content": hex(event.content),
            "symbol": event.symbol or None,
        }
    return {"kind": "python", **_python(event)}


def _instruction(told: Instruction) -> Json:
    return {
        **_code(told.code),
        "depth": told.depth,
        "changes": _changes(told.changes),
        "flags": {
            "before": hex(told.flags.before),
            "after": hex(told.flags.after),
            "names": flag_names(told.flags.after),
        },
        "memory": [_access(access) for access in told.accesses],
        "next": hex(told.next),
        "next_where": told.next_where or None,
        "taken": told.taken,
        "faulted": told.faulted,
        "note": told.note or None,
    }


def _access(access: Access) -> Json:
    return {
        "access": "write" if access.write else "read",
        "address": hex(access.address),
        "size": access.size,
        "name": access.name or None,
        "value": None if access.value is None else hex(access.value),
        "symbol": access.symbol or None,
    }


def _delivery(told: Delivery) -> Json:
    return {
        "cause": told.cause,
        "vector": told.vector,
        "error": hex(told.error),
        "fault_address": hex(told.address),
        "depth": told.depth,
        "steps": [
            {
                "what": step.what,
                "subject": step.subject,
                "value": step.value,
                "address": None if step.address is None else hex(step.address),
                "where": step.where or None,
                "raw": None if step.raw is None else hex(step.raw),
                "bits": None if step.bits is None else _bits(step.bits),
            }
            for step in told.steps
        ],
    }


def _bits(told: Unfolded) -> Json:
    return {
        "what": told.what,
        "raw": hex(told.raw),
        "width": told.width,
        "fields": [
            {
                "name": field.name or None,
                "high": field.high,
                "low": field.low,
                "value": hex(field.value),
                "meaning": field.meaning or None,
            }
            for field in told.fields
        ],
    }


def _walk(told: PageWalk) -> Json:
    return {
        "page": hex(told.page),
        "root": hex(told.root),
        "entries": [
            {"level": entry.level, "address": hex(entry.address), "value": hex(entry.value)}
            for entry in told.entries
        ],
        "physical": None if told.physical is None else hex(told.physical),
    }


def _python(told: PythonCall) -> Json:
    return {
        "symbol": told.symbol,
        "regs": hex(told.regs),
        "argument": hex(told.argument),
        "depth": told.depth,
        "handler": told.is_handler,
        "source": told.source or None,
        "pt_regs_changed_before": _changes(told.frame),
        "layers": [_layer(layer) for layer in told.layers],
        "waited": told.waited,
        "result": told.result,
        "errno": told.errno or None,
        "pt_regs_changed": _changes(told.frame_changes),
    }


def _layer(layer: LayerCall) -> Json:
    arguments = [
        {
            "name": argument.name,
            "type": argument.type,
            "value": hex(argument.value),
            "data": None if argument.data is None else argument.data.hex(),
        }
        for argument in layer.arguments
    ]
    return {"function": layer.function, "arguments": arguments}


def _back(back: Return) -> Json:
    return {
        "by": back.by,
        "instruction": _code(back.code),
        "changes": _changes(back.changes),
        "registers": _values(back.registers),
    }


def _code(code: Code) -> Json:
    return {
        "address": hex(code.address),
        "where": code.where or None,
        "bytes": code.raw.hex(),
        "text": code.text,
    }


def _values(values: Sequence[Value]) -> Json:
    return {value.name: hex(value.value) for value in values}


def _changes(changes: Sequence[Change]) -> list[Json]:
    return [
        {"name": change.name, "before": hex(change.before), "after": hex(change.after)} for change in changes
    ]
