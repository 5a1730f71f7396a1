"""The end of threads: exit(2), exit_group(2), and what they leave for others to see (set_tid_address(2))."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from ring3.abi.c_types import Int, Pointer
from ring3.kernel.wait import Rest
from ring3.linux.definition import syscall
from ring3.linux.model.trace import Option
from ring3.linux.signals.send import kill_threads
from ring3.linux.tasks.exit import do_exit, do_group_exit, end_with_event
from ring3.linux.tracing import stops as tracing

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask


async def _exit_with_event(task: LinuxTask, code: int) -> int:
    """Lets a tracer look once more (PTRACE_EVENT_EXIT), then ends the thread."""
    with Rest(task, partial(_exit_with_event, task, code)):
        await tracing.ptrace_event(task, tracing.EVENT_EXIT, code)
    return do_exit(task, code)


@syscall("full")
def sys_exit(task: LinuxTask, error_code: Int) -> Coroutine[Any, Any, int]:
    """Ends the thread."""
    code = (error_code & 0xFF) << 8
    if tracing.wants(task, Option.TRACEEXIT):
        return _exit_with_event(task, code)
    return do_exit(task, code)


@syscall("full")
def sys_exit_group(task: LinuxTask, error_code: Int) -> Coroutine[Any, Any, int]:
    """Ends the program."""
    code = (error_code & 0xFF) << 8
    if tracing.wants(task, Option.TRACEEXIT):
        kill_threads(task.process, code, but=task)
        return end_with_event(task)
    return do_group_exit(task, code)


@syscall("full")
def sys_set_tid_address(task: LinuxTask, tidptr: Pointer) -> int:
    """Sets the address that is cleared when the thread ends; returns the thread's number."""
    task.clear_child_tid = tidptr
    return task.vtid
