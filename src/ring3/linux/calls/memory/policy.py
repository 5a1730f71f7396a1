"""On which nodes memory is to lie: set_mempolicy(2), mbind(2) and their relatives (mm/mempolicy.c of Linux 6.x).

The machine has one node, 0, so that any policy puts memory there: what is asked for is checked and remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from ring3.abi.c_types import INT, POINTER, Address, Int, SizeT, UnsignedInt, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum, IntFlag
from ring3.abi.linux.capabilities import Cap
from ring3.linux.definition import syscall
from ring3.linux.model.memory_policy import MemoryPolicy
from ring3.machine.paging import PTE_P
from ring3.machine.ram import PAGE_MASK, PAGE_SIZE

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

Pointer = Annotated[int, POINTER]

NODES: Final = 0b1
"""The nodes that there are."""
MAX_NODES: Final = 64
"""So many bits a kernel like this has for them (nr_node_ids, rounded up to a word)."""
_MOST_BITS: Final = 8 * PAGE_SIZE


class Mode(IntEnum):
    """The policies (include/uapi/linux/mempolicy.h)."""

    DEFAULT = 0
    PREFERRED = 1
    BIND = 2
    INTERLEAVE = 3
    LOCAL = 4
    PREFERRED_MANY = 5
    WEIGHTED_INTERLEAVE = 6


class ModeFlag(IntFlag):
    """What can be said with them."""

    NUMA_BALANCING = 1 << 13
    RELATIVE_NODES = 1 << 14
    STATIC_NODES = 1 << 15


class Get(IntFlag):
    """What get_mempolicy(2) is asked."""

    NODE = 1
    ADDR = 2
    MEMS_ALLOWED = 4


class Move(IntFlag):
    """What mbind(2) and move_pages(2) are to do with pages that are there."""

    STRICT = 1
    MOVE = 2
    MOVE_ALL = 4


_ASKED: Final = Get.NODE | Get.ADDR | Get.MEMS_ALLOWED
_FLAGS: Final = int(ModeFlag.NUMA_BALANCING | ModeFlag.RELATIVE_NODES | ModeFlag.STATIC_NODES)
_KEPT: Final = int(ModeFlag.RELATIVE_NODES | ModeFlag.STATIC_NODES)
_DEFAULT: Final = MemoryPolicy(Mode.DEFAULT, 0)


def _read_nodes(task: LinuxTask, address: int, bits: int) -> int:
    """A set of nodes (get_nodes).

    Raises:
        Errno: EINVAL, it is too large or names nodes that cannot be; EFAULT.
    """
    bits = (bits - 1) & (1 << 64) - 1
    if not bits or not address:
        return 0
    if bits > _MOST_BITS:
        raise Errno(E.EINVAL)
    raw = task.memory.read(address, -(-bits // 64) * 8)
    found = int.from_bytes(raw, "little") & (1 << bits) - 1
    if found >> MAX_NODES:
        raise Errno(E.EINVAL)
    return found


def _write_nodes(task: LinuxTask, address: int, bits: int, nodes: int) -> None:
    """Stores a set of nodes, with zeros behind it (copy_nodes_to_user)."""
    size = -(-((bits - 1) & (1 << 64) - 1) // 64) * 8
    if size > PAGE_SIZE:
        raise Errno(E.EINVAL)
    task.memory.write(address, nodes.to_bytes(8, "little")[:size].ljust(size, b"\0"))


def _check_mode(mode: int) -> None:
    """Refuses a policy that there is not, and flags that do not go together (sanitize_mpol_flags).

    Raises:
        Errno: EINVAL.
    """
    flags, mode = mode & _FLAGS, mode & ~_FLAGS
    if not Mode.DEFAULT <= mode <= Mode.WEIGHTED_INTERLEAVE or flags & _KEPT == _KEPT:
        raise Errno(E.EINVAL)
    if flags & ModeFlag.NUMA_BALANCING and mode not in (Mode.BIND, Mode.PREFERRED_MANY):
        raise Errno(E.EINVAL)


def _policy(mode: int, nodes: int) -> MemoryPolicy:
    """A policy that somebody asks for (mpol_new).

    Raises:
        Errno: EINVAL.
    """
    flags, mode = mode & _FLAGS, mode & ~_FLAGS
    if mode == Mode.DEFAULT:
        if nodes:
            raise Errno(E.EINVAL)
        return _DEFAULT
    if mode == Mode.LOCAL or (mode == Mode.PREFERRED and not nodes):
        if nodes or flags & _KEPT:
            raise Errno(E.EINVAL)
        return MemoryPolicy(Mode.LOCAL, 0)
    usable = nodes if flags & ModeFlag.RELATIVE_NODES else nodes & NODES
    if not usable:
        raise Errno(E.EINVAL)
    return MemoryPolicy(mode | flags, NODES)


@syscall("full")
def sys_set_mempolicy(task: LinuxTask, mode: Int, nmask: Pointer, maxnode: UnsignedLong) -> int:
    """Says where the thread's memory is to lie."""
    _check_mode(mode)
    task.memory_policy = _policy(mode, _read_nodes(task, nmask, maxnode))
    return 0


@syscall("partial", "what mbind said of an address is not remembered: the default")
def sys_get_mempolicy(
    task: LinuxTask,
    policy: Pointer,
    nmask: Pointer,
    maxnode: UnsignedLong,
    addr: Address,
    flags: UnsignedLong,
) -> int:
    """Tells where memory is to lie, or lies."""
    if (nmask and maxnode < 1) or flags & ~_ASKED:
        raise Errno(E.EINVAL)
    if flags & Get.ADDR and not flags & Get.MEMS_ALLOWED:
        answer, nodes = _of_address(task, addr, node=bool(flags & Get.NODE)), 0
    else:
        answer, nodes = _of_thread(task, flags, has_address=bool(addr))
    if policy:
        task.memory.write_u32(policy, answer)
    if nmask:
        _write_nodes(task, nmask, maxnode, nodes)
    return 0


def _of_address(task: LinuxTask, address: int, *, node: bool) -> int:
    """The policy of an address, or the node on which its page lies, which is made for that: both are 0.

    Raises:
        Errno: EFAULT, nothing is mapped there.
    """
    if task.memory.vma_at(address) is None:
        raise Errno(E.EFAULT)
    if node:
        task.memory.read(address, 1)
    return 0


def _of_thread(task: LinuxTask, flags: int, *, has_address: bool) -> tuple[int, int]:
    """The thread's policy and its nodes, the next node that it would take, or the nodes that it may have.

    Raises:
        Errno: EINVAL, that does not go together.
    """
    found = task.memory_policy or _DEFAULT
    if flags & Get.MEMS_ALLOWED:
        if flags & (Get.NODE | Get.ADDR):
            raise Errno(E.EINVAL)
        return 0, NODES
    if has_address or (flags & Get.NODE and found.mode & ~_FLAGS != Mode.INTERLEAVE):
        raise Errno(E.EINVAL)
    return 0 if flags & Get.NODE else found.mode, found.nodes


def _check_move(task: LinuxTask, flags: int, known: int) -> None:
    if flags & ~known:
        raise Errno(E.EINVAL)
    if flags & Move.MOVE_ALL and not task.credentials.capable(Cap.SYS_NICE):
        raise Errno(E.EPERM)


@syscall("partial", "checked, but not remembered: there is one node")
def sys_mbind(
    task: LinuxTask,
    start: Address,
    length: SizeT,
    mode: UnsignedLong,
    nmask: Pointer,
    maxnode: UnsignedLong,
    flags: UnsignedInt,
) -> int:
    """Says where a range of memory is to lie."""
    _check_mode(mode)
    nodes = _read_nodes(task, nmask, maxnode)
    _check_move(task, flags, Move.STRICT | Move.MOVE | Move.MOVE_ALL)
    if start & ~PAGE_MASK:
        raise Errno(E.EINVAL)
    end = start + length + PAGE_SIZE - 1 & PAGE_MASK
    if end >> 64:
        raise Errno(E.EINVAL)
    if end == start:
        return 0
    _policy(mode, nodes)
    _require_mapped(task, start, end)
    return 0


def _require_mapped(task: LinuxTask, start: int, end: int) -> None:
    """Refuses a range with holes.

    Raises:
        Errno: EFAULT.
    """
    at = start
    while at < end:
        vma = task.memory.vma_at(at)
        if vma is None:
            raise Errno(E.EFAULT)
        at = vma.end


@syscall("full")
def sys_set_mempolicy_home_node(
    task: LinuxTask, start: Address, length: SizeT, home_node: UnsignedLong, flags: UnsignedLong
) -> int:
    """Says which node is the first of a policy: nothing here has one that could take it."""
    if start & ~PAGE_MASK or flags or home_node >= MAX_NODES or not NODES >> home_node & 1:
        raise Errno(E.EINVAL)
    end = start + length + PAGE_SIZE - 1 & PAGE_MASK
    if end >> 64:
        raise Errno(E.EINVAL)
    return 0


def _process(task: LinuxTask, pid: int) -> LinuxTask:
    """The thread of a number, whose memory the caller may move.

    Raises:
        Errno: ESRCH, EPERM.
    """
    from ring3.linux.tasks.access import may_look_into  # noqa: PLC0415 -- few programs do this

    found = task if not pid else task.kernel.unreaped(task.pid_ns.found(pid))
    if found is None:
        raise Errno(E.ESRCH)
    if found is not task and not may_look_into(task, found, by_fsids=False):
        raise Errno(E.EPERM)
    if found.mm is None:
        raise Errno(E.EINVAL)
    return found


@syscall("full")
def sys_migrate_pages(
    task: LinuxTask, pid: Int, maxnode: UnsignedLong, old_nodes: Pointer, new_nodes: Pointer
) -> int:
    """Moves a process's pages from nodes to others: with one node, none."""
    _read_nodes(task, old_nodes, maxnode)
    new = _read_nodes(task, new_nodes, maxnode)
    _process(task, pid)
    if not new & NODES:
        raise Errno(E.EINVAL)
    return 0


@syscall("full")
def sys_move_pages(
    task: LinuxTask,
    pid: Int,
    nr_pages: UnsignedLong,
    pages: Pointer,
    nodes: Pointer,
    status: Pointer,
    flags: Int,
) -> int:
    """Moves single pages, or tells where each lies."""
    _check_move(task, flags, Move.MOVE | Move.MOVE_ALL)
    memory, word = task.memory, 4 if task.in_ia32_syscall else 8
    target = _process(task, pid).memory
    for index in range(nr_pages):
        if nodes:
            node = INT.cast(memory.read_u32(nodes + 4 * index))
            if not 0 <= node < MAX_NODES or not NODES >> node & 1:
                raise Errno(E.ENODEV)
        address = int.from_bytes(memory.read(pages + word * index, word), "little")
        answer = -E.EFAULT
        if target.vma_at(address) is not None:
            answer = 0 if target.pmap.lookup(address & PAGE_MASK) & PTE_P else -E.ENOENT
        memory.write_u32(status + 4 * index, answer & 0xFFFF_FFFF)
    return 0
