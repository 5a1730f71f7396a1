"""What mount(2) is told of an overlay (fs/overlayfs/params.c and super.c of Linux 6.x)."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E, Errno
from ring3.fs.layered import LayeredFileSystem
from ring3.fs.mounts import Mount, mount_of
from ring3.fs.permission import KERNEL
from ring3.linux.files.lookup import walk

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.linux.calls.files.filesystems import Options
    from ring3.linux.model.task import LinuxTask

SWITCHES: Final = {
    "redirect_dir": {"off", "nofollow"},
    "index": {"off"},
    "metacopy": {"off"},
    "nfs_export": {"off"},
    "xino": {"on", "off", "auto"},
    "uuid": {"on", "off", "auto", "null"},
    "volatile": {""},
    "userxattr": {""},
    "default_permissions": {""},
}
"""What can be said of how it works, as far as it does."""
OPTIONS: Final = frozenset({"lowerdir", "upperdir", "workdir", *SWITCHES})
MOST_LAYERS: Final = 500


def overlay(task: LinuxTask, options: Options) -> Mount:
    """An overlay of directories that are named by paths.

    Raises:
        Errno: EINVAL, something is missing, or cannot be so; ELOOP, layers overlap; as `Walk.find`.
    """
    words = options.words
    for name, values in SWITCHES.items():
        if name in words and words[name] not in values:
            raise Errno(E.EINVAL)
    paths = [path for path in re.split(r"(?<!\\):", words.get("lowerdir", "")) if path]
    if not 0 < len(paths) <= MOST_LAYERS or ("upperdir" not in words and len(paths) < 2):
        raise Errno(E.EINVAL)
    lowers = [_directory(task, path) for path in paths]
    upper = None
    if "upperdir" in words:
        upper = _directory(task, words["upperdir"])
        _prepare(upper, _directory(task, words.get("workdir", "")), lowers)
    shown = ",".join(f"{name}={word}" if word else name for name, word in words.items() if name in OPTIONS)
    made = LayeredFileSystem(
        task.kernel.vfs,
        None if upper is None else upper.inode,
        [place.inode for place in lowers],
        shown,
        by_user="userxattr" in words,
    )
    return Mount(made, None)


def _directory(task: LinuxTask, path: str) -> Dentry:
    """The directory of a path, in which backslashes may stand before what else would separate.

    Raises:
        Errno: EINVAL, no path, or that of no directory; as `Walk.find`.
    """
    if not path:
        raise Errno(E.EINVAL)
    place = walk(task).find(task.fs.cwd, os.fsencode(re.sub(r"\\(.)", r"\1", path)))
    if not place.inode.is_directory:
        raise Errno(E.EINVAL)
    return place


def _prepare(upper: Dentry, work: Dentry, lowers: list[Dentry]) -> None:
    """Checks the directory that takes the changes, and the one beside it that Linux prepares them in.

    Raises:
        Errno: EINVAL, they are not side by side, or read-only; ELOOP, a lower layer is in one of them.
    """
    apart = mount_of(upper) is mount_of(work) and not _is_in(upper, work) and not _is_in(work, upper)
    if not apart or upper.readonly:
        raise Errno(E.EINVAL)
    if any(_is_in(lower, upper) or _is_in(lower, work) for lower in lowers):
        raise Errno(E.ELOOP)
    if all(entry.name != b"work" for entry in work.inode.entries()):
        work.inode.create(b"work", stat.S_IFDIR, KERNEL)


def _is_in(place: Dentry, other: Dentry) -> bool:
    """Whether a directory is another one, or in it, in one file system."""
    at: Dentry | None = place
    while at is not None:
        if at.inode is other.inode:
            return True
        at = at.parent
    return False
