"""The functions of the Linux kernel that have a name here, those of the system calls' own files included."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from ring3 import linux
from ring3.kernel.functions import LINUX, FunctionTable, KernelFunction


def load() -> FunctionTable[KernelFunction]:
    """All of them: imports whatever of this room was not needed yet."""
    for module in walk_packages(linux.__path__, f"{linux.__name__}."):
        import_module(module.name)
    return LINUX
