"""The files that a call is about, as the kernel finds them: absolute, without ``..`` and symbolic links.

Of a path whose last part is not there, the folder is found; a last part that is a link is followed unless the call
does not follow it. So a policy cannot be deceived by another way to write a path. There is one CPU, and who is asked
stands between the call and its work: nothing changes in between.
"""

from __future__ import annotations

import posixpath
from contextlib import suppress

from ring3.abi.errno import Errno
from ring3.abi.linux import values
from ring3.abi.meaning import Meaning
from ring3.kernel.watched_stubs import StubCall
from ring3.linux.files.lookup import AT_FDCWD, getname, start_of, walk
from ring3.linux.model.task import LinuxTask
from ring3.trace.called import name_of, row_of

_NOT_FOLLOWED = frozenset(
    {
        "lstat", "lstat64", "oldlstat", "readlink", "readlinkat", "unlink", "unlinkat", "rmdir", "rename", "renameat",
        "renameat2", "symlink", "symlinkat", "link", "linkat", "lchown", "lchown32", "lgetxattr", "lsetxattr",
        "llistxattr", "lremovexattr", "mkdir", "mkdirat", "mknod", "mknodat",
    }
)  # fmt: skip
"""Calls that are about a link itself where a path ends in one."""


def real_paths(call: StubCall) -> list[str]:
    """The files that a call is about; none if it has no paths, or they cannot be read."""
    task = call.task
    row = row_of(call.what.symbol, name_of(call))
    if row is None or not isinstance(task, LinuxTask):
        return []
    found, dirfd = [], AT_FDCWD
    for parameter, value in zip(row.arguments(call.arguments, values.every()), call.arguments, strict=False):
        arg = parameter.arg
        if arg.meaning is Meaning.DIRFD:
            dirfd = (value & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
        elif arg.meaning is Meaning.PATH and arg.when is not None and not arg.length:
            try:
                path = getname(task, value)
            except Errno:
                continue
            found.append(_real(task, dirfd, path, follow=name_of(call) not in _NOT_FOLLOWED))
            dirfd = AT_FDCWD
    return found


def _real(task: LinuxTask, dirfd: int, path: bytes, *, follow: bool) -> str:
    try:
        start = start_of(task, dirfd, path)
    except Errno:
        return path.decode("utf-8", "surrogateescape")
    try:
        place = walk(task).find(start, path, follow=follow) if path else start
        return place.path().decode("utf-8", "surrogateescape")
    except Errno:
        folder, _, last = path.rstrip(b"/").rpartition(b"/")
        whole = start.path() + b"/" + path if path[:1] != b"/" else path
        with suppress(Errno):
            base = walk(task).find(start, folder or (b"/" if path[:1] == b"/" else b".")).path()
            whole = base.rstrip(b"/") + b"/" + last
        return posixpath.normpath("/" + whole.decode("utf-8", "surrogateescape").lstrip("/"))
