"""A descriptor to take signals from (fs/signalfd.c of Linux 6.x)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.abi.linux.structs.signals import SIGNALFD_SIGINFO
from ring3.fs.anonymous import AnonymousFile
from ring3.fs.file import O_RDWR, WouldBlock
from ring3.fs.readiness import POLLIN, READABLE
from ring3.linux.model.siginfo import Layout
from ring3.linux.model.signal_state import take_first
from ring3.linux.signals.send import recalc_sigpending

if TYPE_CHECKING:
    from ring3.kernel.wait import Listening
    from ring3.linux.model.siginfo import SigInfo
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask


INFO: Final = SIGNALFD_SIGINFO.size(64)
"""Bytes of what is read for each signal."""


class SignalFile(AnonymousFile):
    """A way to take signals.

    Attributes:
        mask: Which signals.
    """

    kind = b"[signalfd]"

    def __init__(self, kernel: LinuxSystem, mask: int, flags: int) -> None:
        super().__init__(kernel.vfs, O_RDWR | flags)
        self.mask = mask
        self._kernel = kernel

    def read(self, size: int) -> bytes:
        """The reader's pending signals, as many ``struct signalfd_siginfo`` as there is room for.

        Raises:
            Errno: EINVAL, there is no room for one.
            WouldBlock: None is pending.
        """
        reader = self._reader()
        if size < INFO or reader is None:
            raise Errno(E.EINVAL)
        found: list[bytes] = []
        while (
            len(found) < size // INFO
            and (info := take_first(reader.signals, reader.process.pending, self.mask)) is not None
        ):
            found.append(pack_info(info))
        if not found:
            raise WouldBlock(self, READABLE)
        recalc_sigpending(reader)
        return b"".join(found)

    def poll(self) -> int:
        """Readable if the caller has such a signal pending."""
        reader = self._reader()
        return POLLIN if reader is not None and _pending(reader) & self.mask else 0

    def details(self) -> str:
        """Which signals."""
        return f"sigmask:\t{self.mask:016x}\n"

    def listen(self, callback: Callable[[], object], events: int = -1) -> Listening:
        """Calls back when the process that listens gets a signal."""
        reader = self._reader()
        assert reader is not None, "somebody listens"
        return reader.process.signal_arrived.listen(callback, events)

    def _reader(self) -> LinuxTask | None:
        return self._kernel.current


def _pending(task: LinuxTask) -> int:
    return task.signals.set | task.process.pending.set


def pack_info(info: SigInfo) -> bytes:
    """``struct signalfd_siginfo`` (signalfd_copyinfo)."""
    kind = info.layout
    sender = kind in (Layout.KILL, Layout.QUEUE, Layout.CHILD)
    timer, child, poll = kind is Layout.TIMER, kind is Layout.CHILD, kind is Layout.POLL
    value = info.value if kind in (Layout.QUEUE, Layout.TIMER) else 0
    system = kind is Layout.SYS
    return SIGNALFD_SIGINFO.pack(
        64,
        info.signo,
        info.errno,
        info.code,
        info.pid if sender else 0,
        info.uid if sender else 0,
        info.value if poll else 0,
        info.pid if timer else 0,
        info.address if poll else 0,
        info.uid if timer else 0,
        0,
        info.status if child else 0,
        (value & 0xFFFF_FFFF) - ((value & 0x8000_0000) << 1),
        value,
        info.utime if child else 0,
        info.stime if child else 0,
        info.address if kind is Layout.FAULT else 0,
        0,
        0,
        info.value & 0x7FFF_FFFF if system else 0,
        info.address if system else 0,
        info.value >> 32 if system else 0,
        bytes(28),
    )
