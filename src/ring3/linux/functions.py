"""The functions of the Linux kernel that have a name here, those of the system calls' own files included."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import walk_packages

from ring3 import linux
from ring3.kernel import mm
from ring3.kernel.functions import LINUX, FunctionTable, KernelFunction


@cache
def load() -> FunctionTable[KernelFunction]:
    """All of them: imports whatever of this room and of memory management was not needed yet."""
    for room in (linux, mm):
        for module in walk_packages(room.__path__, f"{room.__name__}."):
            import_module(module.name)
    return LINUX
