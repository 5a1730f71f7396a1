"""The provider io: requests that leave the machine, which are reads and writes of the host's files.

A file's pages are kept once they were read, so a read of the host is what a request to a disk is elsewhere: a page was
missing. `start` fires before it, `done` behind it. Source: the Dynamic Tracing Guide's chapter on io.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.trace.dtrace.machine import described_rows as rows
from ring3.trace.dtrace.machine.described import Descriptions, Fields, packed
from ring3.trace.dtrace.machine.events import typed
from ring3.trace.dtrace.machine.providers import padded
from ring3.trace.dtrace.machine.target import TaskContext
from ring3.trace.dtrace.providers.base import Description, Fire, Probe, select

if TYPE_CHECKING:
    from ring3.kernel.core import Kernel

_B_READ, _B_WRITE, _B_DONE = 0x40, 0x100, 0x2
_BLOCK: Final = 512
_TYPES: Final = typed(("bufinfo_t *", "devinfo_t *", "fileinfo_t *"))
_NAMES: Final = ("start", "done", "wait-start", "wait-done")
"""Whoever makes a request waits for it, from when it begins to when it is done."""
_OF_FILES: Final = frozenset(("pread", "preadv", "pwrite"))


class IoProvider:
    """Requests for files of the host."""

    name = "io"

    def __init__(self, kernel: Kernel[Any], descriptions: Descriptions, module: str) -> None:
        """Watch a kernel's requests, by probes in a module; what they tell lies in `descriptions`."""
        self._kernel = kernel
        self._descriptions = descriptions
        self._probes = [Probe("io", module, "", name, types=_TYPES) for name in _NAMES]

    def find(self, description: Description) -> Iterable[Probe]:
        """The probes a description matches."""
        return select(description, self._probes)

    def enable(self, probe: Probe, fire: Fire) -> Callable[[], None]:
        """Fire at requests."""
        observer = _Requests(probe.name.endswith("done"), fire, self._descriptions)
        return self._kernel.probes.attach(points.HostData(), observer).detach


class _Requests(CallObserver):
    """Tells of reads and writes at offsets; streams are no disks."""

    def __init__(self, done: bool, fire: Fire, descriptions: Descriptions) -> None:
        self._done = done
        self._fire = fire
        self._descriptions = descriptions

    def entry(self, call: Call) -> None:
        """A request begins."""
        if not self._done:
            self._tell(call, 0)

    def returned(self, call: Call) -> None:
        """It is done."""
        if self._done:
            self._tell(call, _B_DONE)

    def _tell(self, call: Call, flags: int) -> None:
        what = call.what.name
        if what not in _OF_FILES:
            return
        subject, data, offset = call.arguments[:3]
        size = data if isinstance(data, int) else sum(map(len, data)) if isinstance(data, list) else len(data)
        flags |= _B_WRITE if what == "pwrite" else _B_READ
        request: Fields = {"b_flags": flags, "b_bcount": size, "b_bufsize": size, "b_blkno": offset // _BLOCK}
        if call.begun_before:
            return
        path, device = _behind(subject if isinstance(subject, int) else subject.fd)
        name = b"host%d" % os.minor(device)
        disk: Fields = {"dev_major": os.major(device), "dev_minor": os.minor(device), "dev_name": b"host"}
        disk |= {"dev_statname": name, "dev_pathname": b"<unknown>"}
        folder, _, base = path.rpartition(b"/")
        file: Fields = {"fi_name": base, "fi_dirname": folder or b"/", "fi_pathname": path}
        file |= {"fi_offset": offset, "fi_fs": b"host", "fi_mount": b"/"}
        addresses = self._descriptions.place(
            packed(rows.BUFINFO, request | {"b_edev": device & 0xFFFF_FFFF}),
            packed(rows.DEVINFO, disk),
            packed(rows.FILEINFO, file),
        )
        self._fire(TaskContext(padded(addresses), call.task))


def _behind(fd: int) -> tuple[bytes, int]:
    """The path and the device of a file of the host that is open."""
    try:
        return os.fsencode(os.readlink(f"/proc/self/fd/{fd}")), os.fstat(fd).st_dev
    except OSError:
        return b"<unknown>", 0
