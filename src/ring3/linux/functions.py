"""The functions of the Linux kernel that have a name here, those of the system calls' own files included."""

from __future__ import annotations

from importlib import import_module

from ring3.kernel.functions import LINUX, FunctionTable, KernelFunction
from ring3.linux.table import FAMILIES


def load() -> FunctionTable[KernelFunction]:
    """All of them: imports whatever defines some and was not needed yet."""
    for module in FAMILIES:
        import_module(f"ring3.linux.calls.{module}")
    return LINUX
