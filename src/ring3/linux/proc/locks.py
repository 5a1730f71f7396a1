"""/proc/locks: the advisory locks of files that somebody has open (lock_get_status in fs/locks.c of Linux 6.x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.fs.locks import END

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ring3.fs.inode import Inode
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.proc.texts import Text


def _locked(kernel: LinuxSystem) -> list[Inode]:
    """The files that have locks, each once."""
    found: dict[int, Inode] = {}
    for thread in kernel.threads():
        for fd in thread.files:
            file = thread.files[fd]
            inode = file.lockable if file.locks is not None else None
            if inode is not None:
                found[id(inode)] = inode
    return list(found.values())


def _rows(kernel: LinuxSystem) -> Iterator[str]:
    """A lock each, without its number."""
    shown = kernel.running_task().pid_ns.shown
    for inode in _locked(kernel):
        if inode.locks is None:
            continue
        dev = inode.fs.dev
        place = f"{dev >> 8 & 0xFFF:02x}:{dev & 0xFF:02x}:{inode.ino}"
        for lock in inode.locks.ranges:
            kind, pid = ("OFDLCK", -1) if lock.pid < 0 else ("POSIX ", shown(lock.pid))
            end = "EOF" if lock.end == END else lock.end
            yield f"{kind} ADVISORY  {'WRITE' if lock.exclusive else 'READ'} {pid} {place} {lock.start} {end}"
        for held in inode.locks.flocks.values():
            word = "WRITE" if held.exclusive else "READ"
            yield f"FLOCK  ADVISORY  {word} {shown(held.pid)} {place} 0 EOF"


def locks(kernel: LinuxSystem) -> str:
    """All of them."""
    return "".join(f"{number}: {row}\n" for number, row in enumerate(_rows(kernel), 1))


TEXTS: Final[dict[bytes, Text]] = {b"locks": locks}
