"""A profile for https://www.speedscope.app: JSON by its schema (https://www.speedscope.app/file-format-schema.json)."""

from __future__ import annotations

import json
from typing import Final

from ring3.trace.pictures.stacks import Frame, Profile

_SCHEMA: Final = "https://www.speedscope.app/file-format-schema.json"
_UNITS: Final = frozenset(("nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"))
"""The units that it knows; everything else has none."""


def render(profile: Profile) -> str:
    """One sampled profile, each stack a sample, as JSON; frames of the kernel are of the file [kernel]."""
    numbers: dict[Frame, int] = {}
    samples, weights = [], []
    for stack, weight in profile.stacks.items():
        if weight > 0:
            samples.append([numbers.setdefault(frame, len(numbers)) for frame in stack])
            weights.append(weight)
    frames = [{"name": f.name, "file": "[kernel]"} if f.is_kernel else {"name": f.name} for f in numbers]
    whole = {
        "$schema": _SCHEMA,
        "exporter": "ring3",
        "name": profile.title,
        "activeProfileIndex": 0,
        "shared": {"frames": frames},
        "profiles": [
            {
                "type": "sampled",
                "name": profile.title,
                "unit": profile.unit if profile.unit in _UNITS else "none",
                "startValue": 0,
                "endValue": sum(weights),
                "samples": samples,
                "weights": weights,
            }
        ],
    }
    return json.dumps(whole) + "\n"
