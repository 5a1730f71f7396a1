"""Doors: procedures of a process that others call through a descriptor (door_create(3C), door_call(3C)).

A thread that serves waits in DOOR_RETURN. The call that it takes is on its stack when it is back in ring 3, and its
stack pointer leads to the ``struct door_results`` from which libc calls the procedure. Left out: the cancelling of a
server's thread whose caller has gone (it works on, and what it returns is dropped).

Sources: usr/src/uts/common/fs/doorfs/door_sys.c; usr/src/lib/libc/port/threads/door_calls.c of illumos-gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ring3.abi.errno import Errno
from ring3.abi.solaris.doors import (
    ARG,
    DOOR_CREATE_MASK,
    DOOR_QUERY,
    DOOR_UNREF,
    DOOR_UNREF_MULTI,
    RETURN_DESC,
    DoorOp,
    DoorParam,
)
from ring3.abi.solaris.errno import SolarisE
from ring3.kernel.wait import Bound, wait_event
from ring3.solaris import door_transfer
from ring3.solaris.definition import as_int
from ring3.solaris.door_files import Door, Invocation, Passed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ring3.fs.waiting import Waiting
    from ring3.solaris.task import SolarisTask


def _door(task: SolarisTask, fd: int) -> Door:
    file = task.files[as_int(fd)]
    if not isinstance(file, Door):
        raise Errno(SolarisE.EBADF)
    return file


def _own_door(task: SolarisTask, fd: int) -> Door:
    door = _door(task, fd)
    if door.server is not task.process:
        raise Errno(SolarisE.EPERM)
    return door


def _create(task: SolarisTask, procedure: int, cookie: int, attributes: int) -> int:
    both = DOOR_UNREF | DOOR_UNREF_MULTI
    attributes &= 0xFFFF_FFFF
    if attributes & ~DOOR_CREATE_MASK or attributes & both == both:
        raise Errno(SolarisE.EINVAL)
    return task.files.install(task.kernel.doors.create(task, procedure, cookie, attributes), cloexec=True)


def _revoke(task: SolarisTask, fd: int) -> int:
    door = _own_door(task, fd)
    if door.revoked:
        raise Errno(SolarisE.EBADF)
    door.revoke()
    task.files.close(as_int(fd))
    return 0


def _info(task: SolarisTask, fd: int, address: int) -> int:
    door = task.bound_door if as_int(fd) == DOOR_QUERY else _door(task, fd)
    if door is None:
        raise Errno(SolarisE.EBADF)
    task.memory.write(address, door_transfer.about(task, door))
    return 0


async def _call(task: SolarisTask, fd: int, params: int) -> int:
    door = _door(task, fd)
    data = size = desc = count = 0
    if params:
        form = ARG[task.bits]
        data, size, desc, count, _, _ = form.unpack(task.memory.read(params, form.size))
    if door.revoked:
        raise Errno(SolarisE.EBADF)
    door.require_passable(size, count)
    given = door_transfer.take(task, data, size, desc, count)
    invocation = Invocation(door, task.process, given, bool(params))
    door.hold()
    try:
        door.pool.put(invocation)
        with Bound(task):
            await wait_event(task, invocation.done, lambda: invocation.finished)
    except Errno:
        if invocation in door.pool.pending:
            door.pool.pending.remove(invocation)
            given.drop()
        invocation.abandoned = True
        raise
    finally:
        door.drop()
    if invocation.error is not None:
        raise Errno(invocation.error)
    assert invocation.results is not None
    if params:
        door_transfer.store_results(task, params, invocation.results)
    return 0


def _finish(task: SolarisTask, invocation: Invocation, data: int, size: int, desc: int) -> None:
    """Gives a caller what its call has come to.

    Raises:
        Errno: E2BIG, it wants no results; as `door_transfer.take`.
    """
    descriptors = count = 0
    if desc:
        form = RETURN_DESC[task.bits]
        descriptors, count = form.unpack(task.memory.read(desc, form.size))
    if not invocation.wants_results and (size or count):
        raise Errno(SolarisE.E2BIG)
    results = door_transfer.take(task, data, size, descriptors, count)
    task.serving = None
    door_transfer.unmap(task, invocation.mapped)
    invocation.finish(results)


async def _return(task: SolarisTask, data: int, size: int, desc: int, top: int, room: int) -> int:
    if task.serving is not None:
        _finish(task, task.serving, data, size, desc)
    while True:
        bound = task.bound_door
        pool = task.kernel.doors.pool(task.process) if bound is None else bound.pool
        pool.idle += 1
        try:
            await wait_event(task, pool.calls, lambda: bool(pool.pending))  # noqa: B023 -- awaited in the same turn
        finally:
            pool.idle -= 1
        invocation = pool.take()
        try:
            door_transfer.begin(task, invocation, top, room, pool.idle)
        except Errno as error:
            invocation.door.active -= 1
            invocation.fail(error.number)
            continue
        task.serving = invocation
        task.set_post_sys()
        return 0


def _bind(task: SolarisTask, fd: int) -> int:
    door = _door(task, fd)
    if door.own_pool is None or door.server is not task.process:
        raise Errno(SolarisE.EINVAL)
    if door.revoked:
        raise Errno(SolarisE.EBADF)
    task.bound_door = door
    return 0


def _unbind(task: SolarisTask) -> int:
    if task.bound_door is None:
        raise Errno(SolarisE.EBADF)
    task.bound_door = None
    return 0


async def _unrefsys(task: SolarisTask) -> int:
    """What a thread of libc lives in: it calls the doors of its process that nobody else has."""
    doors, process = task.kernel.doors, task.process
    while True:
        await wait_event(task, doors.unref_waiters, lambda: bool(doors.unrefs.get(process)))
        door = doors.unrefs[process].popleft()
        invocation = Invocation(door, process, Passed(None), wants_results=False)
        door.pool.put(invocation)
        with Bound(task):
            await wait_event(task, invocation.done, lambda: invocation.finished)  # noqa: B023 -- see _return


def _ucred(task: SolarisTask, address: int) -> int:
    if task.serving is None:
        raise Errno(SolarisE.EINVAL)
    task.memory.write(address, task.serving.caller)
    return 0


def _param(number: int) -> DoorParam:
    try:
        return DoorParam(as_int(number))
    except ValueError:
        raise Errno(SolarisE.EINVAL) from None


def _getparam(task: SolarisTask, fd: int, param: int, address: int) -> int:
    value = _door(task, fd).limits[_param(param)]
    most = (1 << task.bits) - 1
    if value > most:
        if _param(param) is not DoorParam.DOOR_PARAM_DATA_MAX:
            raise Errno(SolarisE.EOVERFLOW)
        value = most  # no limit
    task.memory.write(address, value.to_bytes(task.bits // 8, "little"))
    return 0


def _setparam(task: SolarisTask, fd: int, param: int, value: int) -> int:
    door = _own_door(task, fd)
    if door.revoked:
        raise Errno(SolarisE.EBADF)
    door.set_limit(_param(param), value)
    return 0


_OPERATIONS: Final[dict[int, tuple[Callable[..., int | Waiting], int]]] = {
    DoorOp.DOOR_CREATE: (_create, 3),
    DoorOp.DOOR_REVOKE: (_revoke, 1),
    DoorOp.DOOR_INFO: (_info, 2),
    DoorOp.DOOR_CALL: (_call, 2),
    DoorOp.DOOR_BIND: (_bind, 1),
    DoorOp.DOOR_UNBIND: (_unbind, 0),
    DoorOp.DOOR_UNREFSYS: (_unrefsys, 0),
    DoorOp.DOOR_UCRED: (_ucred, 1),
    DoorOp.DOOR_RETURN: (_return, 5),
    DoorOp.DOOR_GETPARAM: (_getparam, 3),
    DoorOp.DOOR_SETPARAM: (_setparam, 3),
}
"""What each subcode asks for, and how many arguments that has."""


def door(task: SolarisTask, arguments: tuple[int, int, int, int, int], subcode: int) -> int | Waiting:
    """Does what a subcode asks for.

    Raises:
        Errno: EINVAL, there is no such subcode; others by it.
    """
    found = _OPERATIONS.get(subcode)
    if found is None:
        raise Errno(SolarisE.EINVAL)
    operation, count = found
    return operation(task, *arguments[:count])
