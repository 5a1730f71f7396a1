"""Core files of processes that live on: what gcore(1) writes."""

from __future__ import annotations

from typing import BinaryIO

from ring3.debug.thread import Thread
from ring3.linux.model.siginfo import SigInfo
from ring3.linux.model.task import LinuxTask
from ring3.linux.tasks.core_file import elf_core_dump


class _Sink:
    """A stream to which a core file is written."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def pwrite(self, data: bytes | memoryview, offset: int) -> int:
        """Writes bytes at a place."""
        self._stream.seek(offset)
        return self._stream.write(data)

    def truncate(self, size: int) -> None:
        """Makes it so long."""
        self._stream.truncate(size)


def write_core(thread: Thread, stream: BinaryIO, signal: int = 0) -> None:
    """Writes the core file of a process of Linux that stands still.

    Args:
        thread: One of its threads: the first one in the file, unless the CPU has another one.
        stream: Where to, from its beginning; it can be sought.
        signal: What has stopped the thread, 0 for nothing.
    """
    task = thread.task
    kernel = task.kernel
    current = kernel.current
    if isinstance(current, LinuxTask) and isinstance(task, LinuxTask) and current.process is task.process:
        thread = Thread(current, shows_cpu=False)
    assert isinstance(thread.task, LinuxTask)
    with thread.cpu.loaded() as cpu:
        regs = thread.task.kernel.window if cpu.cpl == 3 else thread.task.frame
        elf_core_dump(thread.task, regs, SigInfo(signal), _Sink(stream), 1 << 62)
