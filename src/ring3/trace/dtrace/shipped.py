"""The scripts that come with `ring3 dtrace`: each is a command, `ring3 dtrace execsnoop`."""

from __future__ import annotations

import os
from functools import cache

from ring3 import resources

_FOLDER = os.path.join(resources.ROOT, "trace", "dtrace", "scripts")


@cache
def names() -> tuple[str, ...]:
    """Their names."""
    return tuple(sorted(name.removesuffix(".d") for name in os.listdir(_FOLDER) if name.endswith(".d")))


def read(name: str) -> bytes:
    """The text of one of them."""
    with open(os.path.join(_FOLDER, f"{name}.d"), "rb") as file:
        return file.read()
