"""What is looked at while a program runs: its calls, the files that it writes, and what is left at the end."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.errors import Ring3Error
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.kernel.watched_stubs import StubCall
from ring3.linux.files.lookup import AT_FDCWD, start_of, walk
from ring3.linux.model.task import LinuxTask
from ring3.trace.called import name_of
from ring3.trace.policy.paths import real_paths

if TYPE_CHECKING:
    from ring3.kernel.events import Exited
    from ring3.linux.kernel import LinuxKernel

_OPENS: Final = frozenset({"open", "openat", "creat"})
_EXITS: Final = frozenset({"exit", "exit_group"})
_RENAMES: Final = frozenset({"rename", "renameat", "renameat2"})
_WRITABLE: Final = 3
_CREATED: Final = 0o100
_MOST_BYTES: Final = 1 << 20


class Hung(Ring3Error):
    """The program made too many calls."""


class Witness(CallObserver):
    """Sees calls, files that are opened for writing, and what is left at the end."""

    def __init__(self, kernel: LinuxKernel, first: LinuxTask, most_calls: int) -> None:
        self.calls: list[tuple[str, bool]] = []
        self.files: dict[str, str] = {}
        self.open = 0
        self._first = first
        self._most = most_calls
        self._written: set[int] = set()
        kernel.probes.attach(points.SystemCall(), self)
        kernel.probes.attach(points.TaskExited(), self._exited)

    def entry(self, call: Call) -> None:
        """A call begins."""
        assert isinstance(call, StubCall)
        name = name_of(call)
        self.calls.append((name, bool(call.arguments) and call.arguments[0] in self._written))
        if name == "close" and call.arguments:
            self._written.discard(call.arguments[0])  # its number may be another file's next
        if len(self.calls) > self._most:
            raise Hung
        if name in _EXITS and call.task is self._first and isinstance(call.task, LinuxTask):
            self.open = len(call.task.files)
        if name in _OPENS:
            flags = (
                call.arguments[2]
                if name == "openat"
                else call.arguments[1]
                if name == "open"
                else _CREATED | 1
            )
            if flags & _WRITABLE or flags & _CREATED:
                call.notes[self] = real_paths(call)
        elif name in _RENAMES:
            call.notes[self] = real_paths(call)

    def returned(self, call: Call) -> None:
        """It ends: a file that is open for writing now is kept in mind, and one that was by its new name too."""
        paths = call.notes.get(self)
        if not paths or call.error is not None or not isinstance(call.value, int) or call.value < 0:
            return
        assert isinstance(call, StubCall)
        if name_of(call) not in _RENAMES:
            self._written.add(call.value)
        elif paths[0] not in self.files:
            return
        self.files.update(dict.fromkeys(paths, ""))

    def _exited(self, event: Exited) -> None:
        task = event.task
        if task is self._first and isinstance(task, LinuxTask):
            self.files = {path: _digest_of(task, path) for path in self.files}


def _digest_of(task: LinuxTask, path: str) -> str:
    """What is in a file now; "" if it is not there."""
    raw = os.fsencode(path)
    try:
        place = walk(task).find(start_of(task, AT_FDCWD, raw), raw)
        if not place.inode.is_regular:
            return "special"
        return digest(place.inode.open(place, os.O_RDONLY).pread(_MOST_BYTES, 0))
    except Errno:
        return ""


def digest(raw: bytes) -> str:
    """What stands for some bytes: how many they are, and a hash of them."""
    return f"{len(raw)}:{hashlib.sha256(raw).hexdigest()[:16]}"
