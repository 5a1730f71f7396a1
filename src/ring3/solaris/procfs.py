"""/proc as Solaris has it: a directory for each process, with binary files (proc(5), usr/src/uts/common/fs/proc).

A file tells its reader what a program of the reader's width expects. All may read psinfo, usage and their like; the
rest is the owner's. ``self`` is who looks. Here are the folders; what is in the files is in `procfs_status`,
`procfs_maps`, `procfs_memory` and `procfs_control`. Left out: watched areas, page data, ``object`` and ``template``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.fs.inode import Inode
from ring3.fs.pseudo import PseudoDirectory, PseudoFile, PseudoFileSystem, PseudoLink
from ring3.solaris import procfs_maps, procfs_status
from ring3.solaris.procfs_control import ControlInode
from ring3.solaris.procfs_memory import MemoryInode
from ring3.solaris.structures import pids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

_EVERYBODY: Final = 0o444
_OWNER: Final = 0o400


def procfs(kernel: SolarisKernel) -> PseudoFileSystem:
    """The file system for /proc."""

    def top(fs: PseudoFileSystem) -> PseudoDirectory:
        def find(name: bytes) -> Inode | None:
            if name == b"self":
                return PseudoLink(fs, b"self", lambda: b"%d" % kernel.running_process().pid)
            if not name.isdigit():
                return None
            process = kernel.processes.get(int(name))
            return None if process is None else _Folder(kernel, fs, process).directory()

        return PseudoDirectory(fs, b"", find, lambda: [b"%d" % pid for pid in sorted(pids(kernel))])

    return PseudoFileSystem(kernel.vfs, "proc", top)


class _Folder:
    """What is below the directory of one process."""

    def __init__(self, kernel: SolarisKernel, fs: PseudoFileSystem, process: Process) -> None:
        self._kernel = kernel
        self._fs = fs
        self._process = process
        self._key = b"%d" % process.pid
        self._owner = (process.cred.uid, process.cred.gid)

    def directory(self) -> PseudoDirectory:
        """The directory of the process; of a dead one there is psinfo alone."""
        entries = self._always() if self._process.exited else self._always() | self._alive()
        return self._of(b"", entries)

    def _bits(self) -> int:
        return 64 if self._kernel.current is None else self._kernel.current.bits

    def _file(self, name: bytes, text: Callable[[int], bytes], mode: int = _OWNER) -> Callable[[], Inode]:
        def make() -> Inode:
            key = self._key + b"/" + name
            return PseudoFile(self._fs, key, lambda: text(self._bits()), mode=mode, owner=self._owner)

        return make

    def _of(
        self, name: bytes, entries: Mapping[bytes, Callable[[], Inode]], mode: int = 0o555
    ) -> PseudoDirectory:
        def find(wanted: bytes) -> Inode | None:
            made = entries.get(wanted)
            return None if made is None else made()

        return self._listing(name, find, lambda: list(entries), mode)

    def _listing(
        self,
        name: bytes,
        find: Callable[[bytes], Inode | None],
        names: Callable[[], Iterable[bytes]],
        mode: int,
    ) -> PseudoDirectory:
        key = self._key + b"/" + name if name else self._key
        return PseudoDirectory(self._fs, key, find, names, mode=mode, owner=self._owner)

    def _always(self) -> dict[bytes, Callable[[], Inode]]:
        return {
            b"psinfo": self._file(
                b"psinfo", lambda bits: procfs_status.psinfo(self._process, bits), _EVERYBODY
            )
        }

    def _alive(self) -> dict[bytes, Callable[[], Inode]]:
        process, status, maps = self._process, procfs_status, procfs_maps

        def each(made: Callable[[SolarisTask, int], bytes]) -> Callable[[int], bytes]:
            return lambda bits: status.listed(process, lambda lwp: made(lwp, bits), bits)

        def usage(lwp: SolarisTask, bits: int) -> bytes:
            return status.prusage(process, lwp, bits)

        return {
            b"status": self._file(b"status", lambda bits: status.pstatus(process, bits)),
            b"lstatus": self._file(b"lstatus", each(status.lwpstatus)),
            b"lpsinfo": self._file(b"lpsinfo", each(status.lwpsinfo), _EVERYBODY),
            b"usage": self._file(b"usage", lambda bits: status.prusage(process, None, bits), _EVERYBODY),
            b"lusage": self._file(b"lusage", each(usage), _EVERYBODY),
            b"cred": self._file(b"cred", lambda bits: status.prcred(process, bits), _EVERYBODY),
            b"sigact": self._file(b"sigact", lambda bits: status.sigact(process, bits)),
            b"auxv": self._file(b"auxv", lambda _: b"" if process.start is None else process.start.auxv),
            b"map": self._file(b"map", lambda bits: maps.prmap(process, bits)),
            b"rmap": self._file(b"rmap", lambda bits: maps.prmap(process, bits)),
            b"xmap": self._file(b"xmap", lambda bits: maps.prxmap(process, bits)),
            b"as": lambda: MemoryInode(self._fs, self._key + b"/as", process, self._owner),
            b"ctl": lambda: ControlInode(self._fs, self._key + b"/ctl", process, self._owner),
            b"cmdline": self._file(
                b"cmdline", lambda _: process.args.replace(b" ", b"\0") + b"\0", _EVERYBODY
            ),
            b"execname": self._file(b"execname", lambda _: self._exe(), _EVERYBODY),
            b"cwd": lambda: PseudoLink(
                self._fs, self._key + b"/cwd", process.fs.cwd.path, lambda: process.fs.cwd
            ),
            b"root": lambda: PseudoLink(
                self._fs, self._key + b"/root", process.fs.root.path, lambda: process.fs.root
            ),
            b"fd": self._descriptors,
            b"path": self._paths,
            b"lwp": self._lwps,
        }

    def _exe(self) -> bytes:
        return self._process.exe.encode("utf-8", "surrogateescape")

    # -- descriptors and names -----------------------------------------------------------------------------------

    def _descriptors(self) -> Inode:
        files = self._process.files

        def find(name: bytes) -> Inode | None:
            file = files.get(int(name)) if name.isdigit() else None
            if file is None:
                return None
            place = file.dentry
            return PseudoLink(self._fs, self._key + b"/fd/" + name, self._path_of(int(name)), lambda: place)

        return self._listing(b"fd", find, lambda: [b"%d" % fd for fd in files], 0o500)

    def _path_of(self, fd: int) -> Callable[[], bytes]:
        def path() -> bytes:
            file = self._process.files.get(fd)
            if file is None or file.dentry is None:
                return b""
            return file.dentry.path(self._process.fs.root)

        return path

    def _paths(self) -> Inode:
        process = self._process

        def known() -> dict[bytes, Callable[[], bytes]]:
            found: dict[bytes, Callable[[], bytes]] = {
                b"a.out": self._exe,
                b"cwd": process.fs.cwd.path,
                b"root": process.fs.root.path,
            }
            for name, text in procfs_maps.object_paths(process).items():
                found.setdefault(name, lambda text=text: text)  # type: ignore[misc]
            for fd in process.files:
                file = process.files.get(fd)
                if file is not None and file.dentry is not None:
                    found[b"%d" % fd] = self._path_of(fd)
            return found

        def find(name: bytes) -> Inode | None:
            text = known().get(name)
            return None if text is None else PseudoLink(self._fs, self._key + b"/path/" + name, text)

        return self._listing(b"path", find, known, 0o500)

    # -- lwps ----------------------------------------------------------------------------------------------------

    def _lwps(self) -> Inode:
        lwps = self._process.lwps

        def find(name: bytes) -> Inode | None:
            lwp = lwps.get(int(name)) if name.isdigit() else None
            return None if lwp is None else self._lwp(name, lwp)

        return self._listing(b"lwp", find, lambda: [b"%d" % number for number in sorted(lwps)], 0o555)

    def _lwp(self, name: bytes, lwp: SolarisTask) -> Inode:
        at, status = b"lwp/" + name, procfs_status
        entries: dict[bytes, Callable[[], Inode]] = {
            b"lwpctl": lambda: ControlInode(
                self._fs, self._key + b"/" + at + b"/lwpctl", lwp.process, self._owner, lwp
            ),
            b"lwpstatus": self._file(at + b"/lwpstatus", lambda bits: status.lwpstatus(lwp, bits)),
            b"lwpsinfo": self._file(at + b"/lwpsinfo", lambda bits: status.lwpsinfo(lwp, bits), _EVERYBODY),
            b"lwpusage": self._file(
                at + b"/lwpusage", lambda bits: status.prusage(lwp.process, lwp, bits), _EVERYBODY
            ),
        }
        return self._of(at, entries)
