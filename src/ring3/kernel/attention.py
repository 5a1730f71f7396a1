"""What happens on the host and cannot wait until no task can run: signals of this process, and what is typed.

A thread sleeps on it. It keeps what has come and stops the program that runs, or wakes the kernel where that sleeps,
and does so again until the kernel has taken it: between the turns of tasks (`Kernel.run`), in the kernel's own thread.
While the program is stopped Python runs handlers of its own that are due, too.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ring3.kernel.host_events import HostEvents

AGAIN: Final = 2
"""Milliseconds after which the program is stopped again, if the kernel has not noticed."""
INTERRUPT_KEY: Final = b"\x03"
INSISTENT: Final = 3
"""So many interrupts, by key or signal, within `A_MOMENT` end this process whatever it does."""
A_MOMENT: Final = 1.0
"""Seconds."""
_READ: Final = 4096


class Attention:
    """Has the kernel attend to the host.

    Attributes:
        called: Something has come, and `attend` is to be called.
        on_signal: What to do with the number of a signal that this process got, in the kernel's thread.
        on_insistence: What to do after some interrupts at once, in a thread of its own: the kernel may hang.
    """

    def __init__(self, events: HostEvents, interrupt: Callable[[], None]) -> None:
        """Makes one; `start` makes it work.

        Args:
            events: Where the kernel sleeps.
            interrupt: Stops the program that runs; it may come too early and is called again then.
        """
        self.called = False
        self.on_signal: Callable[[int], None] = lambda number: None
        self.on_insistence: Callable[[], None] = lambda: None
        self._events = events
        self._interrupt = interrupt
        self._arrived: deque[tuple[int, bytes]] = deque()
        self._inputs: dict[int, Callable[[bytes], None]] = {}
        self._keyboards: set[int] = set()
        self._interrupts: deque[float] = deque(maxlen=INSISTENT)
        self._heard, self._bell = (
            os.pipe()
        )  # Python writes the number of each signal; 0 is for the thread itself
        self._woken, self._alarm = os.pipe()
        self._pipes = (self._heard, self._bell, self._woken, self._alarm)
        for fd in self._pipes:
            os.set_blocking(fd, False)
        self._closed = False
        self._thread = Thread(target=self._run, name="ring3-attention", daemon=True)

    def start(self) -> bool:
        """Begins to listen to signals; False if somebody else does, or this is not the main thread."""
        try:
            before = signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
        except ValueError:
            before = self._bell
        else:
            if before >= 0:
                signal.set_wakeup_fd(before, warn_on_full_buffer=False)
        if before >= 0:
            self._close_pipes()
            return False
        self._events.wake_by(self._woken)
        self._thread.start()
        return True

    def listen(self, fd: int, callback: Callable[[bytes], None], *, is_keyboard: bool = False) -> None:
        """Reads a descriptor and calls back with what was there, in the kernel's thread; nothing is the end.

        Args:
            fd: The descriptor.
            callback: What is called.
            is_keyboard: Somebody types there, and may insist on being heard.
        """
        self._inputs[fd] = callback
        if is_keyboard:
            self._keyboards.add(fd)
        self._ring()

    def ignore(self, fd: int) -> None:
        """Reads a descriptor no more; what was read is not lost."""
        self._keyboards.discard(fd)
        if self._inputs.pop(fd, None) is not None:
            self._ring()

    def attend(self) -> None:
        """Calls back for all that has come, in its order."""
        self.called = False
        with suppress(BlockingIOError):
            os.read(self._woken, _READ)
        while self._arrived:
            fd, data = self._arrived.popleft()
            if fd == self._heard:
                for number in data:
                    self.on_signal(number)
            elif fd in self._inputs:
                self._inputs[fd](data)

    def close(self) -> None:
        """Ends it."""
        with suppress(ValueError):
            signal.set_wakeup_fd(-1)
        self._events.wake_by(None)
        self._closed = True
        self._ring()
        self._thread.join()
        self._close_pipes()

    def _close_pipes(self) -> None:
        for fd in self._pipes:
            os.close(fd)

    def _ring(self) -> None:
        with suppress(BlockingIOError):
            os.write(self._bell, b"\0")

    # -- the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # the kernel's thread takes them
        ended: set[int] = set()
        while not self._closed:
            poll = select.poll()
            for fd in (self._heard, *self._inputs.keys() - ended):
                poll.register(fd, select.POLLIN)
            for fd, _ in poll.poll(AGAIN if self._arrived else None):
                if not self._take(fd):
                    ended.add(fd)
            if self._arrived:
                with suppress(BlockingIOError):
                    os.write(self._alarm, b"\0")
                self.called = True  # after that: who is woken for nothing would not take the alarm
                self._interrupt()

    def _take(self, fd: int) -> bool:
        """Keeps what a descriptor has; False at its end."""
        try:
            data = os.read(fd, _READ)
        except BlockingIOError:
            return True
        except OSError:
            data = b""  # a terminal that is gone gives EIO
        key = INTERRUPT_KEY if fd in self._keyboards else b""
        if fd == self._heard:
            key = bytes([signal.SIGINT])
            data = data.replace(b"\0", b"")
            if not data:
                return True
        self._arrived.append((fd, data))
        if key:
            self._count(data.count(key))
        return bool(data)

    def _count(self, interrupts: int) -> None:
        now = time.monotonic()
        self._interrupts.extend([now] * interrupts)
        if interrupts and len(self._interrupts) == INSISTENT and now - self._interrupts[0] < A_MOMENT:
            self._interrupts.clear()
            self.on_insistence()
