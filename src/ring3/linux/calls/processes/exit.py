"""exit(2), exit_group(2) and death by a signal; what becomes of the family (kernel/exit.c)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NoReturn

from ring3.abi.c_types import Int
from ring3.linux.definition import syscall
from ring3.linux.model.trace import Option
from ring3.linux.tasks.exit import do_exit, do_group_exit
from ring3.linux.tracing import stops as tracing

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


async def _after_stop(task: LinuxTask, code: int, end: Callable[[LinuxTask, int], NoReturn]) -> int:
    """Lets a tracer look once more (PTRACE_EVENT_EXIT), then ends."""
    await tracing.ptrace_event(task, tracing.EVENT_EXIT, code)
    return end(task, code)


@syscall("full")
def sys_exit(task: LinuxTask, error_code: Int) -> Coroutine[Any, Any, int]:
    """Ends the thread."""
    code = (error_code & 0xFF) << 8
    if tracing.wants(task, Option.TRACEEXIT):
        return _after_stop(task, code, do_exit)
    return do_exit(task, code)


@syscall("full")
def sys_exit_group(task: LinuxTask, error_code: Int) -> Coroutine[Any, Any, int]:
    """Ends the program."""
    code = (error_code & 0xFF) << 8
    if tracing.wants(task, Option.TRACEEXIT):
        return _after_stop(task, code, do_group_exit)
    return do_group_exit(task, code)
