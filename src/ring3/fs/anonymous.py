"""Open files without an inode of their own: events, epoll instances and what else a descriptor can lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.fs.file import File, Stat

if TYPE_CHECKING:
    from ring3.fs.inode import Inode
    from ring3.fs.vfs import Vfs


class AnonymousFile(File):
    """Something that only descriptors lead to (anon_inode_getfd in fs/anon_inodes.c).

    Attributes:
        vfs: The machine's files.
        kind: What /proc/PID/fd calls it.
    """

    kind = b"[unknown]"

    def __init__(self, vfs: Vfs, flags: int) -> None:
        super().__init__(flags)
        self.vfs = vfs

    def seek(self, offset: int, whence: int) -> int:
        """Goes nowhere (noop_llseek)."""
        return self.position

    def stat(self) -> Stat:
        """All of them share one inode, with no file type."""
        return Stat(self.vfs.anonymous_dev, 1, 0o600, 1, 0, 0, 0, 0, 4096, 0, 0, 0, 0)

    @property
    def attributes(self) -> Inode:
        """Those of the inode that all of them share."""
        from ring3.fs.unnamed import SharedInode  # noqa: PLC0415 - hardly a program asks for them

        return SharedInode("anon_inodefs", self.stat(), self.vfs.now)

    def path(self) -> bytes:
        """``anon_inode:`` and the kind."""
        return b"anon_inode:" + self.kind
