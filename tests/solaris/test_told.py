"""What the kernel's memory tells of processes, read as a debugger reads it; and the types by which that is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ring3.abi.solaris import kernel_structs as rows
from ring3.abi.solaris.layout import Field
from ring3.computer import Solaris
from ring3.debug.mdb.types.system import KernelTypes
from ring3.debug.memory import Memory
from ring3.solaris.structures import Struct
from ring3.solaris.task import SolarisTask
from ring3.trace.dtrace.types import Struct as StructType
from tests.support import guest

USER, FINFO, SEGTREE = 1112, 1112 + 2224, 80


class Reader:
    """Structures of the kernel, through the debugger's memory."""

    def __init__(self, machine: Solaris) -> None:
        self.memory = Memory(machine.kernel, None)

    def __call__(self, layout: tuple[Field, ...], address: int, name: str) -> int:
        field = next(field for field in layout if field.name == name)
        return self.memory.integer(address + field.offset, field.size)

    def string(self, address: int) -> str:
        return self.memory.string(address).decode()


@pytest.fixture
def cat() -> Iterator[tuple[Solaris, Reader, SolarisTask, int]]:
    """A program that has not run yet: the machine, a reader, its thread and where its proc_t is."""
    with guest.boot_solaris() as machine:
        task = machine.load("cat", ["/etc/passwd"])
        yield machine, Reader(machine), task, machine.kernel.machine.direct_map + task.process.page


def test_process_tells_of_its_program_and_lwps(cat: tuple[Solaris, Reader, SolarisTask, int]) -> None:
    _, read, task, proc = cat
    assert read.string(proc + USER + 432) == "cat"
    assert read.string(proc + USER + 449) == "cat /etc/passwd"
    assert (read(rows.PROC_LAYOUT, proc, "p_lwpcnt"), read(rows.PROC_LAYOUT, proc, "p_stat")) == (
        1,
        rows.SRUN,
    )
    thread = read(rows.PROC_LAYOUT, proc, "p_tlist")
    assert thread == task.thread_pointer
    assert read(rows.KTHREAD_LAYOUT, thread, "t_procp") == proc
    assert (read(rows.KTHREAD_LAYOUT, thread, "t_forw"), read(rows.KTHREAD_LAYOUT, thread, "t_tid")) == (
        thread,
        1,
    )
    assert read(rows.KTHREAD_LAYOUT, thread, "t_state") == rows.TS_RUN


def test_files_lead_to_vnodes_with_their_paths(cat: tuple[Solaris, Reader, SolarisTask, int]) -> None:
    machine, read, task, proc = cat
    place = machine.kernel.vfs.root
    fd = task.files.install(place.inode.open(place, 0), 9, cloexec=True)
    assert fd == 9
    count, entries = read(rows.PROC_LAYOUT, proc, "fi_nfiles"), read(rows.PROC_LAYOUT, proc, "fi_list")
    assert count == 10
    entry = entries + 9 * rows.UF_ENTRY_SIZE
    assert read(rows.UF_ENTRY_LAYOUT, entry, "uf_flag") == 1
    assert read(rows.UF_ENTRY_LAYOUT, entries + 8 * rows.UF_ENTRY_SIZE, "uf_file") == 0
    file = read(rows.UF_ENTRY_LAYOUT, entry, "uf_file")
    assert (read(rows.FILE_LAYOUT, file, "f_flag"), read(rows.FILE_LAYOUT, file, "f_count")) == (0x2001, 1)
    vnode = read(rows.FILE_LAYOUT, file, "f_vnode")
    assert (
        read(rows.VNODE_LAYOUT, vnode, "v_type"),
        read.string(read(rows.VNODE_LAYOUT, vnode, "v_path")),
    ) == (2, "/")
    assert read(rows.PROC_LAYOUT, proc, "u_rdir") == vnode
    exe = read(rows.PROC_LAYOUT, proc, "p_exec")
    assert read.string(read(rows.VNODE_LAYOUT, exe, "v_path")) == "/usr/bin/cat"


def test_address_space_is_a_tree_of_segments_in_order(cat: tuple[Solaris, Reader, SolarisTask, int]) -> None:
    _, read, task, proc = cat
    space = read(rows.PROC_LAYOUT, proc, "p_as")
    found: list[tuple[int, int]] = []
    deepest = 0

    def walk(node: int, parent: int, depth: int) -> int:
        nonlocal deepest
        if not node:
            return 0
        deepest = max(deepest, depth)
        seg = node - rows.SEG_TREE
        pcb = read(rows.SEG_LAYOUT, seg, "avl_pcb")
        assert pcb & ~7 == parent
        low = walk(read(rows.SEG_LAYOUT, seg, "avl_left"), node, depth + 1)
        start = read(rows.SEG_LAYOUT, seg, "s_base")
        found.append((start, start + read(rows.SEG_LAYOUT, seg, "s_size")))
        high = walk(read(rows.SEG_LAYOUT, seg, "avl_right"), node, depth + 1)
        assert high - low == (pcb & 3) - 1
        return 1 + max(low, high)

    walk(read(rows.AS_LAYOUT, space, "avl_root"), 0, 1)
    assert found == [(vma.start, vma.end) for vma in task.memory.vmas]
    assert len(found) == read(rows.AS_LAYOUT, space, "avl_numnodes")
    assert 2 ** (deepest - 1) <= len(found)
    assert read(rows.AS_LAYOUT, space, "a_proc") == proc


def test_what_is_told_goes_with_the_process() -> None:
    with guest.boot_solaris() as machine:
        before = machine.kernel.machine.ram.frames_in_use
        assert machine.kernel.cwd is not None
        kept = machine.kernel.machine.ram.frames_in_use
        assert kept >= before
        task = machine.load("echo")
        process = task.process
        Memory(machine.kernel, None).integer(machine.kernel.machine.direct_map + process.page, 8)
        assert process.told_pages
        pages = list(process.told_pages)
        machine.run(task)
        other = machine.kernel.machine.ram.alloc_contiguous(len(pages))
        assert other is not None


LAYOUTS = {
    "struct proc": (rows.PROC_LAYOUT, {"u_": USER, "fi_": FINFO}),
    "struct user": (
        tuple(Field(f.name, f.offset - USER, f.size) for f in rows.PROC_LAYOUT if f.name[:2] == "u_"),
        {},
    ),
    "struct pid": (rows.PID_LAYOUT, {}),
    "struct cred": (rows.CRED_LAYOUT, {}),
    "struct modctl": (rows.MODCTL_LAYOUT, {}),
    "struct file": (rows.FILE_LAYOUT, {}),
    "struct uf_entry": (rows.UF_ENTRY_LAYOUT, {}),
    "struct vnode": (rows.VNODE_LAYOUT, {}),
    "struct as": (rows.AS_LAYOUT, {}),
    "struct seg": (rows.SEG_LAYOUT, {}),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_debuggers_types_have_the_rows_offsets(name: str) -> None:
    kind = KernelTypes("solaris").find(name)
    assert isinstance(kind, StructType)
    offsets = {member.name: member.offset for member in kind.members.values() if member.name}
    for field in LAYOUTS[name][0]:
        if field.name in offsets and field.name != "pid_prslot":
            assert offsets[field.name] == field.offset, field.name
    assert set(offsets) & {field.name for field in LAYOUTS[name][0]}


def test_sizes_are_those_of_the_types() -> None:
    types = KernelTypes("solaris")
    sizes = {name: kind.size for name in LAYOUTS if (kind := types.find(name)) is not None}
    assert sizes["struct file"] == rows.FILE_SIZE
    assert sizes["struct uf_entry"] == rows.UF_ENTRY_SIZE
    assert sizes["struct seg"] == rows.SEG_SIZE
    assert sizes["struct proc"] <= rows.PROC_SIZE
    assert rows.PROC_SIZE <= 0xDD0


def test_a_struct_says_where_its_fields_are() -> None:
    with guest.boot_solaris() as machine:
        made = Struct(machine.kernel, rows.PROC_LAYOUT, machine.symbols["practive"])
        assert made.field("p_next") == Field("p_next", 112, 8)


def store(read: Reader, layout: tuple[Field, ...], address: int, name: str, data: bytes | int) -> None:
    field = next(field for field in layout if field.name == name)
    raw = data.to_bytes(field.size, "little") if isinstance(data, int) else data
    read.memory.write(address + field.offset, raw)


def test_stored_credentials_are_those_of_the_process() -> None:
    with guest.boot_solaris() as machine:
        task, other = machine.load("id", ["-u"]), machine.load("id", ["-u"])
        read = Reader(machine)
        cred = read(rows.PROC_LAYOUT, machine.kernel.machine.direct_map + task.process.page, "p_cred")
        assert read(rows.CRED_LAYOUT, cred, "cr_uid") == task.cred.uid == other.cred.uid
        store(read, rows.CRED_LAYOUT, cred, "cr_uid", 4711)
        store(read, rows.CRED_LAYOUT, cred, "cr_rgid", 12)
        assert (task.cred.uid, task.cred.rgid, task.cred.gid) == (4711, 12, other.cred.gid)
        assert other.cred.uid != 4711
        assert read(rows.CRED_LAYOUT, cred, "cr_suid") == 4711


def test_stored_names_parents_and_positions(cat: tuple[Solaris, Reader, SolarisTask, int]) -> None:
    machine, read, task, proc = cat
    other = machine.load("echo")
    store(read, rows.PROC_LAYOUT, proc, "u_comm", b"dog\0")
    store(read, rows.PROC_LAYOUT, proc, "u_psargs", b"dog and all\0")
    store(read, rows.PROC_LAYOUT, proc, "p_ppid", other.pid)
    store(read, rows.PROC_LAYOUT, proc, "u_cmask", 0o77)
    process = task.process
    assert (process.name, process.args, process.fs.umask) == (b"dog", b"dog and all", 0o77)
    assert (process.ppid, list(other.process.children)) == (other.pid, [task.pid])
    assert read.string(proc + USER + 432) == "dog"
    place = machine.kernel.vfs.root
    file = place.inode.open(place, 0)
    fd = task.files.install(file, 9)
    entry = read(rows.PROC_LAYOUT, proc, "fi_list") + fd * rows.UF_ENTRY_SIZE
    at = read(rows.UF_ENTRY_LAYOUT, entry, "uf_file")
    store(read, rows.FILE_LAYOUT, at, "f_offset", 77)
    assert (file.position, read(rows.FILE_LAYOUT, at, "f_offset")) == (77, 77)


def test_structures_follow_calls(cat: tuple[Solaris, Reader, SolarisTask, int]) -> None:
    """A process that has become another user's, or another's child, says so."""
    _, read, task, proc = cat
    task.process.cred = replace(task.process.cred, uid=5, ruid=6)
    task.process.ppid = 1
    cred = read(rows.PROC_LAYOUT, proc, "p_cred")
    assert (read(rows.CRED_LAYOUT, cred, "cr_uid"), read(rows.CRED_LAYOUT, cred, "cr_ruid")) == (5, 6)
    assert read(rows.PROC_LAYOUT, proc, "p_ppid") == 1
