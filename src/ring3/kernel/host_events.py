"""The host's file descriptors: who waits for them, and the place where the kernel sleeps when no task can run."""

from __future__ import annotations

import functools
import operator
import select
import time
from collections.abc import Callable
from typing import Final

_POLLIN: Final = 0x1
_LONGEST: Final = 86_400.0
_ENDS: Final = 0x38
"""POLLERR, POLLHUP and POLLNVAL, of which the host tells unasked."""


class HostWatch:
    """One callback for one host descriptor, until it was made or is cancelled."""

    __slots__ = ("_host", "callback", "events", "fd")

    def __init__(self, host: HostEvents, fd: int, events: int, callback: Callable[[], object]) -> None:
        self._host = host
        self.fd = fd
        self.events = events
        self.callback = callback

    def cancel(self) -> None:
        """Ends it."""
        self._host.forget(self)


class HostEvents:
    """Waits for the host's file descriptors.

    Attributes:
        expects_alarm: `wake_by` can bring something that lets a task go on, though nothing else is watched.
    """

    not_state = "_alarm", "_poll", "expects_alarm"

    def __init__(self) -> None:
        self._poll = select.poll() if hasattr(select, "poll") else None
        self._watches: dict[int, dict[int, dict[HostWatch, None]]] = {}
        self._alarm: int | None = None
        self.expects_alarm = False

    @property
    def watched(self) -> bool:
        """Whether somebody waits for a descriptor."""
        return bool(self._watches)

    def watch(self, fd: int, events: int, callback: Callable[[], object]) -> HostWatch:
        """Calls back once when the descriptor is ready for one of these events of poll(2), or has hung up."""
        watch = HostWatch(self, fd, events, callback)
        watches = self._watches.setdefault(fd, {})
        if events not in watches:
            watches[events] = {}
            self._register(fd)
        watches[events][watch] = None
        return watch

    def wake_by(self, fd: int | None) -> None:
        """Ends every sleep when this descriptor, and no other than the last one named, can be read."""
        if self._poll is not None and self._alarm is not None:
            self._poll.unregister(self._alarm)
        self._alarm = fd
        if self._poll is not None and fd is not None:
            self._poll.register(fd, _POLLIN)

    def forget(self, watch: HostWatch) -> None:
        """Takes a watch out, if it is there."""
        watches = self._watches.get(watch.fd, {})
        alike = watches.get(watch.events, {})
        if watch in alike:
            del alike[watch]
            if not alike:
                del watches[watch.events]
                self._register(watch.fd)

    def _register(self, fd: int) -> None:
        """Tells the host what is watched of a descriptor now."""
        watches = self._watches.get(fd)
        if not watches:
            self._watches.pop(fd, None)
            if self._poll is not None:
                self._poll.unregister(fd)
        elif self._poll is not None:
            self._poll.register(fd, functools.reduce(operator.or_, watches))

    def outside(self) -> None:
        """What the host has been told; `put_outside` tells it anew."""

    def check_outside(self, then: None) -> None:
        """It can always be told."""

    def put_outside(self, then: None) -> None:
        """Tells the host what is watched now."""
        if self._poll is not None:
            self._poll = select.poll()
            for fd in tuple(self._watches):
                self._register(fd)
            if self._alarm is not None:
                self._poll.register(self._alarm, _POLLIN)

    def sleep(self, timeout: float | None) -> bool:
        """Sleeps until a watched descriptor is ready.

        Args:
            timeout: Seconds to wait at most, None for any time; who asks for very many is woken before.

        Returns:
            False, at once, if nothing is watched and there is no timeout, so that nothing can come.
        """
        if not self._watches and timeout is None and not self.expects_alarm:
            return False
        timeout = timeout if timeout is None else min(timeout, _LONGEST)
        if not self._watches and self._alarm is None:
            time.sleep(timeout or 0)
            return True
        if self._poll is None:
            ready = [(fd, -1) for fd in self._watches]
        else:
            ready = self._poll.poll(None if timeout is None else timeout * 1000)
        for fd, events in ready:
            for watch in [watch for alike in self._watches.get(fd, {}).values() for watch in alike]:
                if events & (watch.events | _ENDS):
                    watch.cancel()
                    watch.callback()
        return True
