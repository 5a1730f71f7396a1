"""What goes through a door, from memory and to it: bytes and open files (door_args, door_results)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.solaris.doors import ARG, DESC, DOOR_DESCRIPTOR, DOOR_RELEASE, DOOR_UNREF_DATA, INFO, RESULTS
from ring3.abi.solaris.errno import SolarisE
from ring3.machine.ram import PAGE_SIZE
from ring3.solaris.door_files import Door, Invocation, Passed
from ring3.solaris.layout import choose_addr

if TYPE_CHECKING:
    from ring3.fs.file import File
    from ring3.solaris.task import SolarisTask

_LARGE: Final = 16 << 10
"""Bytes of arguments from which on they get memory of their own, not the server's stack (door_max_arg)."""
_ALIGNED: Final = 16
"""What the server procedure's stack is aligned to."""
_READ_WRITE: Final = 3


def _up(value: int, to: int) -> int:
    return (value + to - 1) // to * to


def take(task: SolarisTask, data: int, size: int, desc: int, count: int) -> Passed:
    """What a program passes on: its bytes, and files that it has open, each held; those to be released are closed.

    Raises:
        Errno: EFAULT; EBADF; EINVAL, something else than a descriptor; ENFILE, too many; ENOMEM, more than there is.
    """
    if size > task.kernel.machine.ram.size:
        raise Errno(SolarisE.ENOMEM)
    if count > task.files.limit:
        raise Errno(SolarisE.ENFILE)
    raw = task.memory.read(data, size) if size else b""
    found: list[File] = []
    released: list[int] = []
    for attributes, fd, _ in DESC.iter_unpack(task.memory.read(desc, DESC.size * count) if count else b""):
        if not attributes & DOOR_DESCRIPTOR:
            raise Errno(SolarisE.EINVAL)
        found.append(task.files[fd])
        if attributes & DOOR_RELEASE:
            released.append(fd)
    for file in found:
        file.hold()
    for fd in released:
        if fd in task.files:
            task.files.close(fd)
    return Passed(raw, tuple(found))


def _give(task: SolarisTask, passed: Passed) -> bytes:
    """Opens the files that came for the calling process; returns their ``door_desc_t``.

    Raises:
        Errno: EMFILE.
    """
    installed: list[int] = []
    made = []
    try:
        for file in passed.files:
            fd = task.files.install(file)
            installed.append(fd)
            attributes, number = 0, 0
            if isinstance(file, Door):
                attributes, number = file.attributes_for(task.process), file.number
            made.append(DESC.pack(DOOR_DESCRIPTOR | attributes, fd, number))
    except Errno:
        for fd in installed:
            task.files.close(fd)
        raise
    finally:
        passed.drop()
    return b"".join(made)


def _map(task: SolarisTask, size: int) -> tuple[int, int]:
    """Fresh memory of the program: its address and bytes."""
    size = _up(size, PAGE_SIZE)
    place = choose_addr(task.memory, 0, size)
    return task.memory.mmap(place, size, _READ_WRITE, fixed=True), size


def unmap(task: SolarisTask, mapped: tuple[int, int]) -> None:
    """Gives it back."""
    if mapped[1]:
        task.memory.munmap(*mapped)


def begin(task: SolarisTask, invocation: Invocation, top: int, room: int, left: int) -> None:
    """Makes a thread return into its door's procedure: the arguments lie on its stack (door_stack_layout).

    Args:
        task: The thread, which is in door_return.
        invocation: The call.
        top: Where its stack begins.
        room: Bytes there.
        left: How many threads of the pool wait now.

    Raises:
        Errno: ENOBUFS, they do not fit there; EMFILE; EFAULT.
    """
    door, given, bits = invocation.door, invocation.given, task.bits
    data = given.data
    size = len(data or b"")
    at = (top - DESC.size * len(given.files)) & -_ALIGNED
    descriptors = at if given.files else 0
    if size > _LARGE:
        invocation.mapped = _map(task, size)
        place = invocation.mapped[0]
    else:
        at = place = (at - size) & -_ALIGNED
    info = 0
    if not left and door.own_pool is not None:
        at = info = (at - INFO.size) & -_ALIGNED
    at = (at - RESULTS[bits].size) & -_ALIGNED
    if top - at > room:
        raise Errno(SolarisE.ENOBUFS)
    if data is None:
        place = DOOR_UNREF_DATA
    elif size:
        task.memory.write(place, data)
    else:
        place = 0
    count = len(given.files)
    results = RESULTS[bits].pack(door.cookie, place, size, descriptors, count, door.procedure, left, info)
    task.memory.write(at, results)
    if info:
        task.memory.write(info, about(task, door))
    if count:
        task.memory.write(descriptors, _give(task, given))
    task.regs.sp = at


def about(task: SolarisTask, door: Door) -> bytes:
    """``door_info_t``."""
    target = -1 if door.revoked else door.server.pid
    return INFO.pack(target, door.procedure, door.cookie, door.attributes_for(task.process), door.number)


def store_results(task: SolarisTask, params: int, results: Passed) -> None:
    """Puts what came back where the caller wants it, or into fresh memory if there is not enough room.

    Raises:
        Errno: EFAULT; EMFILE.
    """
    form = ARG[task.bits]
    *_, rbuf, rsize = form.unpack(task.memory.read(params, form.size))
    data, count = results.data or b"", len(results.files)
    behind = _up(len(data), 8)
    needed = behind + DESC.size * count if count else len(data)
    if needed > rsize:
        rbuf, rsize = _map(task, needed)
    if data:
        task.memory.write(rbuf, data)
    if count:
        task.memory.write(rbuf + behind, _give(task, results))
    values = (rbuf if data else 0, len(data), rbuf + behind if count else 0, count, rbuf, rsize)
    task.memory.write(params, form.pack(*values))
