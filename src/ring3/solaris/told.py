"""What the kernel's memory tells of a process beside the lists: lwps, open files, vnodes, the address space.

The lists of `structures` are the kernel's own: it walks them. These structures are made when somebody reads them
(`SolarisKernel.reading`), of what is true then: p_tlist and the kthread_t that follow each other, u_finfo with its
entries, files and vnodes, p_as with its tree of segments, what the program was started with. Which stores into
them change something is in `heard`.

Source: the headers that `abi.solaris.kernel_structs` names; usr/src/common/avl/avl.c for the tree.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

from ring3.abi.solaris.devices import expanded
from ring3.abi.solaris.kernel_structs import (
    AS_LAYOUT,
    CRED_LAYOUT,
    FILE_LAYOUT,
    FILE_SIZE,
    KLWP_LAYOUT,
    KTHREAD_LAYOUT,
    SEG_LAYOUT,
    SEG_SIZE,
    SEG_TREE,
    TS_ONPROC,
    TS_RUN,
    TS_SLEEP,
    TS_STOPPED,
    UF_ENTRY_LAYOUT,
    UF_ENTRY_SIZE,
    VNODE_LAYOUT,
    VNODE_SIZE,
)
from ring3.image.solaris.boot import L
from ring3.kernel.task import TaskState
from ring3.machine.ram import PAGE_SHIFT, PAGE_SIZE
from ring3.solaris.files import solaris_flags
from ring3.solaris.signals import bit, is_ignored
from ring3.solaris.structures import AS_AT, CRED_AT, PID_AT, Struct, proc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ring3.fs.dentry import Dentry
    from ring3.fs.file import File
    from ring3.fs.inode import Inode
    from ring3.kernel.mm.mm import Mm
    from ring3.kernel.mm.vma import Vma
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.process import Process
    from ring3.solaris.task import SolarisTask

_VTYPES: Final = {
    stat.S_IFREG: 1,
    stat.S_IFDIR: 2,
    stat.S_IFBLK: 3,
    stat.S_IFCHR: 4,
    stat.S_IFLNK: 5,
    stat.S_IFIFO: 6,
    stat.S_IFSOCK: 9,
}
"""``v_type`` by the kind of file."""
_LP64: Final = 0x20_0000
_ILP32: Final = 0x10_0000
"""p_model: DATAMODEL_LP64, DATAMODEL_ILP32."""
_FREAD_FWRITE: Final = 3


class _Room:
    """Memory of the kernel from which structures are taken one after the other."""

    def __init__(self, kernel: SolarisKernel, process: Process, size: int) -> None:
        ram = kernel.machine.ram
        count = -(-size // PAGE_SIZE)
        if len(process.told_pages) < count:
            for frame in process.told_pages:
                ram.release(frame)
            first = ram.alloc_contiguous(count)
            process.told_pages = [first + number * PAGE_SIZE for number in range(count)]
        self.at = kernel.machine.direct_map + process.told_pages[0]
        kernel.store(self.at, bytes(len(process.told_pages) * PAGE_SIZE))

    def take(self, size: int) -> int:
        """The address of so many bytes of zeros."""
        found = self.at
        self.at += (size + 15) & ~15
        return found


def told_of(kernel: SolarisKernel, frame: int) -> Process | None:
    """The process whose structures lie in a page frame."""
    for process in kernel.processes.values():
        if frame == process.page or frame in process.told_pages:
            return process
        if any(lwp.stack == frame for lwp in process.lwps.values()):
            return process
    return None


class Telling:
    """One process, as its structures tell of it."""

    def __init__(self, kernel: SolarisKernel, process: Process) -> None:
        self._kernel = kernel
        self._process = process
        self._base = kernel.machine.direct_map + process.page
        self._proc = proc(kernel, self._base)
        self._files: dict[int, int] = {}
        self._vnodes: dict[object, int] = {}
        lwps = list(process.lwps.values())
        self._mm: Mm | None = lwps[0].mm if lwps else None
        paths = self._paths()
        entries = max(process.files, default=-1) + 1
        segments = len(self._mm.vmas) if self._mm is not None else 0
        size = (entries + 8) * (UF_ENTRY_SIZE + FILE_SIZE) + (len(paths) + 4) * VNODE_SIZE
        size += sum(len(path) + 32 for path in paths) + segments * SEG_SIZE + PAGE_SIZE
        self._room = _Room(kernel, process, size)

    def _struct(self, layout: tuple[object, ...], address: int) -> Struct:
        return Struct(self._kernel, layout, address)  # type: ignore[arg-type]

    def tell(self) -> None:
        """Writes all of it."""
        self._started()
        self._lwps(list(self._process.lwps.values()))
        if not self._process.exited:
            self._open_files()
            self._memory()

    # -- how it was started, and what it does on signals -----------------------------------------------------------

    def _text(self, name: str, text: bytes) -> None:
        field = self._proc.field(name)
        self._kernel.store(self._base + field.offset, text[: field.size - 1].ljust(field.size, b"\0"))

    def _started(self) -> None:
        process, made = self._process, self._proc
        seconds, nanoseconds = divmod(process.started, 10**9)
        self._text("u_comm", process.name)
        self._text("u_psargs", process.args)
        made["u_start"] = seconds | nanoseconds << 64
        self._family()
        made["p_stopsig"] = process.stopped
        made["p_sig"] = sum({bit(info.signo) for info in process.sigqueue})
        made["p_ignore"] = sum(bit(number) for number in range(1, 74) if is_ignored(process, number))
        made["u_signal"] = sum(process.action(number).handler << 64 * (number - 1) for number in range(1, 74))
        made["p_stkprot"], made["p_model"] = process.stack_prot, _ILP32 if process.ilp32 else _LP64
        made["u_cmask"] = process.fs.umask
        if process.start is not None:
            made["u_argc"], made["u_argv"], made["u_envp"] = (
                process.start.argc, process.start.argv, process.start.envp,
            )  # fmt: skip
            if not process.ilp32:
                made["u_auxv"] = int.from_bytes(process.start.auxv[:400], "little")

    def _family(self) -> None:
        """Its parent, its group and whom it runs as: what calls have made of them since its birth."""
        kernel, process, made = self._kernel, self._process, self._proc
        direct_map = kernel.machine.direct_map
        parent, leader = kernel.processes.get(process.ppid), kernel.processes.get(process.pgid)
        made["p_ppid"] = process.ppid
        made["p_parent"] = 0 if parent is None else direct_map + parent.page
        if leader is not None:
            made["p_pgidp"] = direct_map + leader.page + PID_AT
        cred = self._struct(CRED_LAYOUT, self._base + CRED_AT)
        cred["cr_uid"], cred["cr_gid"] = process.cred.uid, process.cred.gid
        cred["cr_ruid"], cred["cr_rgid"] = process.cred.ruid, process.cred.rgid
        cred["cr_suid"], cred["cr_sgid"] = process.cred.uid, process.cred.gid

    # -- lwps ------------------------------------------------------------------------------------------------------

    def _lwps(self, lwps: Sequence[SolarisTask]) -> None:
        made = self._proc
        made["p_lwpcnt"], made["p_zombcnt"] = len(lwps), len(self._process.zombies)
        made["p_lwprcnt"] = 0 if self._process.stopped else sum(not lwp.suspended for lwp in lwps)
        made["p_lwpid"] = self._process.next_lwpid - 1
        made["p_tlist"] = lwps[0].thread_pointer if lwps else 0
        for number, lwp in enumerate(lwps):
            thread = self._struct(KTHREAD_LAYOUT, lwp.thread_pointer)
            thread["t_procp"], thread["t_tid"] = self._base, lwp.lwpid
            thread["t_forw"] = lwps[(number + 1) % len(lwps)].thread_pointer
            thread["t_state"] = self._state(lwp)
            of_lwp = self._struct(KLWP_LAYOUT, lwp.thread_pointer + L["LWP_OFFSET"])
            of_lwp["lwp_procp"], of_lwp["lwp_thread"] = self._base, lwp.thread_pointer

    def _state(self, lwp: SolarisTask) -> int:
        if lwp.suspended or self._process.stopped:
            return TS_STOPPED
        if lwp.on_cpu:
            return TS_ONPROC
        return TS_SLEEP if lwp.state is TaskState.WAITING else TS_RUN

    # -- files -----------------------------------------------------------------------------------------------------

    def _paths(self) -> list[bytes]:
        process = self._process
        places = [process.fs.cwd, process.fs.root]
        places += [file.dentry for file in map(process.files.get, process.files) if file and file.dentry]
        return [place.path(process.fs.root) for place in places] + [process.exe.encode(errors="replace")]

    def _open_files(self) -> None:
        process, made = self._process, self._proc
        process.told_files.clear()
        count = max(process.files, default=-1) + 1
        entries = self._room.take(count * UF_ENTRY_SIZE)
        made["fi_nfiles"], made["fi_list"] = count, entries if count else 0
        for fd in process.files:
            file = process.files.get(fd)
            assert file is not None
            entry = self._struct(UF_ENTRY_LAYOUT, entries + fd * UF_ENTRY_SIZE)
            entry["uf_file"], entry["uf_busy"] = self._file(file), 1
            entry["uf_flag"] = int(process.files.cloexec(fd))
        made["u_cdir"], made["u_rdir"] = self._place(process.fs.cwd), self._place(process.fs.root)
        exe = process.exe.encode("utf-8", "surrogateescape")
        made["p_exec"] = self._vnode(exe, stat.S_IFREG, 0, lambda: exe)

    def _file(self, file: File) -> int:
        known = self._files.get(id(file))
        if known is not None:
            told = self._struct(FILE_LAYOUT, known)
            told["f_count"] = told["f_count"] + 1
            return known
        address = self._files[id(file)] = self._room.take(FILE_SIZE)
        self._process.told_files[address] = file
        made = self._struct(FILE_LAYOUT, address)
        flags = solaris_flags(file.flags)
        made["f_flag"] = flags & ~_FREAD_FWRITE | (flags & _FREAD_FWRITE) + 1
        made["f_offset"], made["f_count"], made["f_cred"] = file.position, 1, self._proc["p_cred"]
        place, inode = file.dentry, file.inode
        if place is not None:
            made["f_vnode"] = self._place(place)
        else:
            kind = stat.S_IFSOCK if file.is_socket else stat.S_IFIFO if inode is None else inode.kind
            made["f_vnode"] = self._vnode(id(file), kind, 0, None)
        return address

    def _place(self, place: Dentry) -> int:
        inode: Inode = place.inode
        number = getattr(inode, "rdev", 0)
        root = self._process.fs.root
        return self._vnode(
            inode, inode.kind, number if isinstance(number, int) else 0, lambda: place.path(root)
        )

    def _vnode(self, key: object, kind: int, device: int, path: Callable[[], bytes] | None) -> int:
        address = self._vnodes.get(key)
        if address is not None:
            known = self._struct(VNODE_LAYOUT, address)
            known["v_count"] = known["v_count"] + 1
            return address
        address = self._vnodes[key] = self._room.take(VNODE_SIZE)
        made = self._struct(VNODE_LAYOUT, address)
        made["v_count"], made["v_type"], made["v_rdev"] = 1, _VTYPES.get(kind, 0), expanded(device, 64)
        if path is not None:
            text = path() + b"\0"
            made["v_path"] = self._room.take(len(text))
            self._kernel.store(made["v_path"], text)
        return address

    # -- memory ----------------------------------------------------------------------------------------------------

    def _memory(self) -> None:
        mm = self._mm
        address = self._base + AS_AT
        made = self._struct(AS_LAYOUT, address)
        self._proc["p_as"] = address
        if mm is None:
            return
        vmas = list(mm.vmas)
        self._proc["p_brkbase"], self._proc["p_brksize"] = mm.start_brk, max(0, mm.brk - mm.start_brk)
        self._proc["p_usrstack"] = mm.layout.stack_top
        made["a_userlimit"], made["a_proc"] = mm.layout.task_size, self._base
        made["a_size"] = made["a_resvsize"] = sum(vma.end - vma.start for vma in vmas)
        made["avl_offset"], made["avl_numnodes"], made["avl_size"] = SEG_TREE, len(vmas), SEG_SIZE
        places = [self._room.take(SEG_SIZE) for _ in vmas]
        for place, vma in zip(places, vmas, strict=True):
            self._segment(place, vma, address)
        root, _ = self._tree(places, 0, 0)
        made["avl_root"] = root

    def _segment(self, place: int, vma: Vma, space: int) -> None:
        made = self._struct(SEG_LAYOUT, place)
        made["s_base"], made["s_size"], made["s_as"] = vma.start, vma.end - vma.start, space

    def _tree(self, places: Sequence[int], parent: int, side: int) -> tuple[int, int]:
        """Makes a balanced tree of segments in order.

        Args:
            places: Where they lie.
            parent: The node above, 0 for none.
            side: Which child of it this one is.

        Returns:
            Its topmost node, 0 for none, and its height.
        """
        if not places:
            return 0, 0
        middle = len(places) // 2
        node = places[middle] + SEG_TREE
        left, low = self._tree(places[:middle], node, 0)
        right, high = self._tree(places[middle + 1 :], node, 1)
        made = self._struct(SEG_LAYOUT, places[middle])
        made["avl_left"], made["avl_right"] = left, right
        made["avl_pcb"] = parent | side << 2 | high - low + 1
        return node, 1 + max(low, high)


def tell(kernel: SolarisKernel, address: int, size: int) -> None:
    """Brings the structures up to date that somebody is about to read.

    Args:
        kernel: The kernel.
        address: What is read, in the direct map.
        size: Bytes.
    """
    start = address - kernel.machine.direct_map
    for page in range(start >> PAGE_SHIFT, (start + max(size, 1) - 1 >> PAGE_SHIFT) + 1):
        process = told_of(kernel, page << PAGE_SHIFT)
        if process is not None:
            Telling(kernel, process).tell()
            return
