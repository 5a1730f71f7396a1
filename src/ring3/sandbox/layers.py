"""Lays an archive of changes, as `ring3.sandbox.changes` writes it, over the files of a machine."""

from __future__ import annotations

import os
import stat
import tarfile
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.errors import UserError
from ring3.fs import names
from ring3.fs.archive import OPAQUE, WHITEOUT
from ring3.fs.namei import Last, Walk
from ring3.fs.permission import KERNEL
from ring3.fs.view import make_directories

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.fs.vfs import Vfs

PIECE: Final = 1 << 20
NODES: Final = {
    tarfile.FIFOTYPE: stat.S_IFIFO,
    tarfile.CHRTYPE: stat.S_IFCHR,
    tarfile.BLKTYPE: stat.S_IFBLK,
}


def apply(vfs: Vfs, path: str) -> None:
    """Makes the changes of an archive.

    Raises:
        UserError: It cannot be read, or they cannot be made.
    """
    where = ""
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                where = f": /{member.name}"
                _member(vfs, archive, member)
    except Errno as error:
        raise UserError(f"{path}{where}: {error.number.text}") from None
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    except (tarfile.TarError, EOFError):
        raise UserError(f"{path}{where}: it is no tar archive, or damaged") from None
    except ValueError as error:
        raise UserError(f"{path}{where}: {error}") from None


def _member(vfs: Vfs, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    parts = [part for part in os.fsencode(member.name).split(b"/") if part not in (b"", b".")]
    if not parts:
        return
    if b".." in parts:
        raise ValueError("it leads out")
    directory, name = make_directories(vfs, b"/".join(parts[:-1])), parts[-1]
    if name == OPAQUE:
        for entry in directory.inode.entries():
            _remove(directory, entry.name)
        return
    if name.startswith(WHITEOUT):
        _remove(directory, name.removeprefix(WHITEOUT))
        return
    there = names.find(directory, name)
    if not (member.isdir() and there is not None and there.inode.is_directory):
        _remove(directory, name)
        there = _make(vfs, Last(directory, name, False, 0), archive, member)
    if there is not None and not there.inode.is_link:
        names.writable(there)
        there.inode.set_owner(member.uid, member.gid)
        there.inode.set_mode(member.mode & 0o7777)
        there.inode.set_times(None, int(member.mtime * 1e9))


def _make(vfs: Vfs, last: Last, archive: tarfile.TarFile, member: tarfile.TarInfo) -> Dentry | None:
    """Makes what a member is; returns where it is if its attributes are to be set."""
    if member.islnk():
        names.link(
            Walk(vfs.root, KERNEL).find(vfs.root, os.fsencode(member.linkname), follow=False), last, KERNEL
        )
        return None
    if member.issym():
        names.symlink(last, os.fsencode(member.linkname), KERNEL)
        return None
    if member.isdir():
        return names.make(last, stat.S_IFDIR | 0o700, KERNEL)
    if member.type in NODES:
        return names.make(
            last, NODES[member.type] | 0o600, KERNEL, os.makedev(member.devmajor, member.devminor)
        )
    contents = archive.extractfile(member)
    if contents is None:
        raise ValueError("it is of a kind that no file here can be")
    made = names.make(last, stat.S_IFREG | 0o600, KERNEL)
    file = made.inode.open(made, os.O_RDWR)
    with contents:
        while piece := contents.read(PIECE):
            while piece:
                piece = piece[file.write(piece) :]
    file.close()
    return made


def _remove(directory: Dentry, name: bytes) -> None:
    """Removes a name and all that is below it, if it is there; nothing is mounted there."""
    found = names.find(directory, name)
    if found is None:
        return
    last = Last(directory, name, False, 0)
    if not found.inode.is_directory:
        names.unlink(last, KERNEL)
        return
    for entry in found.inode.entries():
        _remove(found, entry.name)
    names.rmdir(last, KERNEL)
