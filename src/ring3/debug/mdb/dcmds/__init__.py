"""The commands mdb has from the start, by what they are about."""

from __future__ import annotations

from importlib import import_module
from typing import Final

MODULES: Final = (
    "verbs", "language", "listing", "variables", "types", "enums", "typedefs", "members", "code", "symbols", "memory",
    "target", "control", "fpregs", "events", "registers", "system", "modules", "kernel_files", "processor",
    "kernel_calls", "older",
)  # fmt: skip


def load() -> None:
    """Has all of them registered."""
    for name in MODULES:
        import_module(f"{__name__}.{name}")
