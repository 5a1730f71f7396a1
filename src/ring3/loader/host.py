"""Programs of the host: what system they are for, whether they may be run, and how a machine sees them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO, Final

from ring3.abi.errno import E, Errno
from ring3.errors import UserError
from ring3.fs.regular import HostRegularFile
from ring3.fs.view import show_program
from ring3.loader.personality import recognise
from ring3.loader.program import ExecError

if TYPE_CHECKING:
    from ring3.fs.vfs import Vfs
    from ring3.kernel.mm.objects import MemoryObject, Objects
    from ring3.loader.personality import System
    from ring3.loader.program import Executable
    from ring3.machine.ram import Ram


BINARIES: Final = frozenset((b"bin", b"sbin"))


def system_of(path: str) -> System | None:
    """The system that a file says it was made for; None if it says nothing, or cannot be read."""
    try:
        with open(path, "rb") as file:
            return recognise(_Peek(file))
    except (OSError, ValueError):
        return None


class _Peek:
    """A file of the host that is looked at and not mapped."""

    inode = place = None

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return os.fstat(self._file.fileno()).st_size

    def pread(self, offset: int, size: int) -> bytes:
        """Bytes at an offset, fewer at the end of the file."""
        self._file.seek(offset)
        return self._file.read(size)

    @property
    def pages(self) -> MemoryObject:
        """None: nobody maps it."""
        raise NotImplementedError


def make_visible(vfs: Vfs, path: str) -> None:
    """Makes a program of the host visible in the tree.

    Raises:
        ExecError: It is a directory or not a regular file, or the host does not let us see it.
    """
    try:
        if os.path.isdir(path):
            raise ExecError(E.EACCES, "is a directory")
        if os.path.exists(path) and not os.path.isfile(path):
            raise ExecError(E.EACCES, "not a regular file")
        name = os.path.abspath(os.fsencode(path))
        show_program(vfs, name)
        if _may_need_more(name):
            from ring3.loader.surroundings import show_surroundings  # noqa: PLC0415 - for scripts and installations

            show_surroundings(vfs, name)
    except ValueError as error:
        raise ExecError(E.ENOENT, str(error)) from None
    except ExecError:
        raise
    except Errno as error:
        if error.number is not E.ENOENT:
            number = E(error.number)
            raise ExecError(number, number.text) from None


def _may_need_more(path: bytes) -> bool:
    """Whether a program is a script, or lies in a directory for programs."""
    if BINARIES.intersection(map(os.path.basename, map(os.path.dirname, (path, os.path.realpath(path))))):
        return True
    try:
        with open(path, "rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def open_program(name: bytes, ram: Ram, objects: Objects) -> Executable:
    """A program of the host, to be mapped.

    Raises:
        ExecError: It is no regular file, may not be run, or the host refuses.
    """
    path = os.fsdecode(name)
    try:
        info = os.stat(path)
        if os.path.isdir(path):
            raise ExecError(E.EACCES, "is a directory")
        if not os.path.isfile(path):
            raise ExecError(E.EACCES, "not a regular file")
        if not info.st_mode & 0o111 or not os.access(path, os.X_OK):
            raise ExecError(E.EACCES, E.EACCES.text)
        return HostRegularFile(path, ram, objects)
    except OSError as error:
        number = E(error.errno or E.EIO)
        raise ExecError(number, number.text) from None
    except ValueError as error:
        raise ExecError(E.ENOENT, str(error)) from None


def find_in_path(name: str, environment: Mapping[str, str]) -> str:
    """The file that a name stands for, as a shell has it: one without a slash is looked for in PATH.

    Args:
        name: The name.
        environment: Whose PATH.

    Raises:
        UserError: It is not there (127).
    """
    if "/" in name or not name:
        return name
    for folder in environment.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder or ".", name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    hint = f"; ./{name} is a file here" if os.path.exists(name) else ""
    raise UserError(f"{name}: not found in PATH{hint}", 127)
