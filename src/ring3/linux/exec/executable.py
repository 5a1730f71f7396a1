"""Opening files to be run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.abi.errno import E, Errno
from ring3.fs.namei import Walk
from ring3.fs.permission import MAY_EXEC, permits
from ring3.fs.regular import RegularInode
from ring3.kernel.functions import function
from ring3.linux.files.lookup import walk
from ring3.linux.model.program import ExecFile
from ring3.loader.program import ExecError

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.linux.model.task import LinuxTask


@function("struct file *open_exec(const char *name)")
def open_exec(how: Walk, start: Dentry, path: bytes) -> ExecFile:
    """Finds a file and checks that it may be run.

    Args:
        how: Who looks, and from which root.
        start: Where a relative path starts.
        path: The path.

    Raises:
        ExecError: As execve(2): ENOENT, EACCES, ETXTBSY and what else a walk can fail with.
    """
    try:
        place = how.find(start, path)
    except Errno as error:
        number = E(error.number)
        raise ExecError(number, number.text) from None
    inode = place.inode
    if inode.is_directory:
        raise ExecError(E.EACCES, "is a directory")
    if not isinstance(inode, RegularInode):
        raise ExecError(E.EACCES, "not a regular file")
    if not permits(inode, how.who, MAY_EXEC):
        raise ExecError(E.EACCES, E.EACCES.text)
    if inode.writers > 0:
        raise ExecError(E.ETXTBSY, "open for writing")
    return ExecFile(place, inode)


def open_for(task: LinuxTask, path: bytes) -> ExecFile:
    """The same for a task that names a file.

    Raises:
        ExecError: As `open_exec`.
    """
    return open_exec(walk(task), task.fs.cwd, path)
