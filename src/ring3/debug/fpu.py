"""The floating-point registers of a thread, as fxsave64 has them: 512 bytes (SDM 1, table 10-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.linux.model.system import LinuxSystem

if TYPE_CHECKING:
    from ring3.debug.thread import Thread

SIZE: Final = 512


def read(thread: Thread) -> bytes:
    """The state; zeros on a system whose kernel has no code to save it."""
    kernel = thread.task.kernel
    if not isinstance(kernel, LinuxSystem):
        return bytes(SIZE)
    with thread.cpu.loaded():
        return kernel.fpu.save()


def write(thread: Thread, image: bytes) -> None:
    """Sets the state, on a system where it can be read."""
    kernel = thread.task.kernel
    if isinstance(kernel, LinuxSystem):
        with thread.cpu.loaded(keep=True):
            kernel.fpu.restore(image)
