"""Stacks behind calls (``-k``, ``-kk``): the functions of the program that have led to a call, one a line."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from ring3.trace.unwind import Frame, Unwinder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ring3.linux.model.task import LinuxTask


class Stacks:
    """Writes stacks."""

    def __init__(self, limit: int, *, sources: bool) -> None:
        """Begins.

        Args:
            limit: How many frames are shown at most.
            sources: Whether lines in sources are shown (``-kk``).
        """
        self._unwinder = Unwinder()
        self._limit = limit
        self._sources = sources

    def lines(self, task: LinuxTask) -> Iterator[str]:
        """The stack of a task that is in the kernel, from the innermost function on."""
        for frame in islice(self._unwinder.frames(task, sources=self._sources), self._limit):
            yield f" > {_text(frame)}"


def _text(frame: Frame) -> str:
    if not frame.file:
        return f"unexpected_backtracing_error [{frame.address:#x}]"
    function = f"{frame.symbol}+{frame.distance:#x}" if frame.symbol else ""
    source = f" {frame.source}" if frame.source else ""
    return f"{frame.file}({function}) [{frame.offset:#x}]{source}"
