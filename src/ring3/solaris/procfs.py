"""/proc as Solaris has it: a directory for each process, with binary files (proc(5), sys/procfs.h).

Here are ``psinfo``, ``cmdline`` as programs of other systems read it, and the links ``path/a.out``, ``cwd`` and
``root``; ``self`` is who looks.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ring3.fs.inode import Inode
from ring3.fs.pseudo import PseudoDirectory, PseudoFile, PseudoFileSystem, PseudoLink
from ring3.solaris.structures import pids

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.process import Process

PSINFO_SIZE: Final = 416
_PSINFO: Final = struct.Struct("<iiiiiiIIIIQQQQQHH4xqqqqqq16s80s")
_NANOSECONDS: Final = 10**9


def psinfo(kernel: SolarisKernel, process: Process) -> bytes:
    """``psinfo_t`` of a process: sizes in kilobytes."""
    cred = process.cred
    first = next(iter(process.lwps.values()), None)
    mm = None if first is None else first.mm
    size = 0 if mm is None else sum(vma.end - vma.start for vma in mm.vmas) >> 10
    resident = 0 if mm is None else mm.rss().total << 2
    used = process.cpu_time + sum(kernel.cpu_time(lwp) for lwp in process.lwps.values())
    times = [
        part for when in (process.started, used, process.children_time) for part in divmod(when, _NANOSECONDS)
    ]
    name = process.exe.rpartition("/")[2].encode("utf-8", "surrogateescape")
    head = _PSINFO.pack(
        0, len(process.lwps), process.pid, process.ppid, process.pgid, process.sid,
        cred.ruid, cred.uid, cred.rgid, cred.gid, 0 if first is None else first.thread_pointer,
        size, resident, 0, (1 << 64) - 1, 0, 0, *times, name[:15], process.args[:79],
    )  # fmt: skip
    return head.ljust(PSINFO_SIZE, b"\0")


def procfs(kernel: SolarisKernel) -> PseudoFileSystem:
    """The file system for /proc."""

    def top(fs: PseudoFileSystem) -> PseudoDirectory:
        def find(name: bytes) -> Inode | None:
            if name == b"self":
                return PseudoLink(fs, b"self", lambda: b"%d" % kernel.running_process().pid)
            if not name.isdigit():
                return None
            process = kernel.processes.get(int(name))
            return None if process is None else _directory(kernel, fs, process)

        return PseudoDirectory(fs, b"", find, lambda: [b"%d" % pid for pid in sorted(pids(kernel))])

    return PseudoFileSystem(kernel.vfs, "proc", top)


def _directory(kernel: SolarisKernel, fs: PseudoFileSystem, process: Process) -> PseudoDirectory:
    key, owner = b"%d" % process.pid, (process.cred.uid, process.cred.gid)

    def file(name: bytes, text: Callable[[], bytes]) -> PseudoFile:
        return PseudoFile(fs, key + b"/" + name, text, owner=owner)

    def executable() -> PseudoLink:
        return PseudoLink(fs, key + b"/path/a.out", lambda: process.exe.encode("utf-8", "surrogateescape"))

    entries: dict[bytes, Callable[[], Inode]] = {
        b"psinfo": lambda: file(b"psinfo", lambda: psinfo(kernel, process)),
        b"cmdline": lambda: file(b"cmdline", lambda: process.args.replace(b" ", b"\0") + b"\0"),
        b"cwd": lambda: PseudoLink(fs, key + b"/cwd", process.fs.cwd.path, lambda: process.fs.cwd),
        b"root": lambda: PseudoLink(fs, key + b"/root", process.fs.root.path, lambda: process.fs.root),
        b"path": lambda: PseudoDirectory(
            fs, key + b"/path", lambda name: executable() if name == b"a.out" else None, lambda: [b"a.out"]
        ),
    }

    def find(name: bytes) -> Inode | None:
        made = entries.get(name)
        return None if made is None else made()

    return PseudoDirectory(fs, key, find, lambda: list(entries), owner=owner)
