"""Notes which kernel functions are entered and left, as DTrace's fbt with flowindent does, for one call only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ring3.abi.errno import Errno
from ring3.kernel.signature import Handler, Result
from ring3.kernel.task import Task
from ring3.solaris.kernel import SolarisKernel
from ring3.trace.explain_solaris.model import FlowStep


@contextmanager
def recorded(kernel: SolarisKernel, steps: list[FlowStep]) -> Iterator[None]:
    """Records every function of the kernel that is called while the context lasts."""
    kept = dict(kernel.functions)
    depth = 0

    def watched(key: str, function: Handler) -> Callable[..., Result]:
        def call(task: Task, *arguments: int) -> Result:
            nonlocal depth
            steps.append(FlowStep(True, depth, key, arguments, None, ""))
            depth += 1
            try:
                result = function(task, *arguments)
            except Errno as failed:
                depth -= 1
                steps.append(FlowStep(False, depth, key, (), None, failed.number.name))
                raise
            depth -= 1
            steps.append(FlowStep(False, depth, key, (), result if isinstance(result, int) else None, ""))
            return result

        return call

    kernel.functions.update({key: watched(key, function) for key, function in kept.items()})
    try:
        yield
    finally:
        kernel.functions.update(kept)
