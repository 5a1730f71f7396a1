"""The points at which an observer can be attached, as values; beside each, what it is told there.

An observer of calls is a `CallObserver`.
"""

from __future__ import annotations

from typing import NamedTuple

from ring3.kernel.observed import CallObserver


class Function(NamedTuple):
    """Calls of a kernel function that has a name: a `CallObserver`.

    Attributes:
        name: Its key, such as ``genunix`modctl``, or its name alone where one module only has it.
    """

    name: str


class Layer(NamedTuple):
    """Calls of one layer of a Linux system call, however it is reached: a `CallObserver`.

    Attributes:
        name: Its name in the source that SYSCALL_DEFINE makes: ``__se_sys_write``, ``__do_sys_write``.
    """

    name: str


Point = Function | Layer
Observer = CallObserver
