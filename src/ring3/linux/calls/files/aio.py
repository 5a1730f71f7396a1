"""Asynchronous input and output: io_setup(2), io_submit(2), io_getevents(2) and their like (fs/aio.c of Linux 6.x).

Reading and writing are done when they are submitted, as Linux does them for every file that is buffered; what waits for
a file to become ready (IOCB_CMD_POLL) goes on by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Long, Pointer, UnsignedInt, UnsignedLong
from ring3.abi.errno import E, Errno
from ring3.abi.kinds import IntEnum, NamedTuple
from ring3.abi.linux.structs.aio import AIO_SIGSET, IOCB
from ring3.fs.eventfd import EventFile
from ring3.fs.file import File
from ring3.fs.readiness import POLLERR, POLLHUP, READABLE, WRITABLE
from ring3.fs.waiting import Waiting
from ring3.kernel.mm.mapping import round_up
from ring3.kernel.mm.vma import READ, WRITE
from ring3.kernel.wait import deadline_after, wait_event
from ring3.linux.calls.files.read_write import ksys_pread64, ksys_pwrite64, ksys_read, ksys_write
from ring3.linux.calls.files.vectors import do_readv, do_writev
from ring3.linux.definition import syscall
from ring3.linux.model.aio import EVENT, HEADER, AioContext
from ring3.linux.timers.timeouts import restore_mask, set_mask
from ring3.linux.timers.timespec import read_timespec

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask

AIO_MAX_NR: Final = 65536
_MOST: Final = 0x1000_0000 // EVENT
KIOCB_KEY: Final = 0
RWF_NOWAIT: Final = 8
RWF_KNOWN: Final = 0x1F
IOCB_FLAG_RESFD: Final = 1
IOCB_FLAG_IOPRIO: Final = 2


class Opcode(IntEnum):
    """What a request asks for (include/uapi/linux/aio_abi.h)."""

    PREAD = 0
    PWRITE = 1
    FSYNC = 2
    FDSYNC = 3
    POLL = 5
    NOOP = 6
    PREADV = 7
    PWRITEV = 8


class Request(NamedTuple):
    """A ``struct iocb``."""

    data: int
    key: int
    rw_flags: int
    opcode: int
    priority: int
    fd: int
    buf: int
    nbytes: int
    offset: int
    reserved: int
    flags: int
    resfd: int


# -- contexts ----------------------------------------------------------------------------------------------------


def _setup(task: LinuxTask, nr_events: int, ctxp: int, bits: int) -> int:
    size = bits // 8
    if int.from_bytes(task.memory.read(ctxp, size), "little") or not nr_events:
        raise Errno(E.EINVAL)
    contexts = task.mm_context.aio
    if nr_events > _MOST:
        raise Errno(E.EINVAL)
    if nr_events > AIO_MAX_NR or sum(context.room for context in contexts.values()) + nr_events > AIO_MAX_NR:
        raise Errno(E.EAGAIN)
    length = round_up(HEADER + (nr_events + 2) * EVENT)
    room = (length - HEADER) // EVENT
    address = task.memory.mmap(
        0, length, READ | WRITE, shared=True, compat=bits == 32, name="/[aio] (deleted)"
    )
    contexts[address] = AioContext(task.memory, address, room)
    try:
        task.memory.write(ctxp, address.to_bytes(size, "little"))
    except Errno:
        _destroy(task, address)
        raise
    return 0


def _destroy(task: LinuxTask, address: int) -> None:
    context = _context(task, address)
    del task.mm_context.aio[address]
    context.close()
    length = round_up(HEADER + context.room * EVENT)
    task.memory.munmap(address, length)


def _context(task: LinuxTask, address: int) -> AioContext:
    context = task.mm_context.aio.get(address)
    if context is None:
        raise Errno(E.EINVAL)
    return context


@syscall("full")
def sys_io_setup(task: LinuxTask, nr_reqs: UnsignedInt, ctxp: Pointer) -> int:
    """Makes a context for asynchronous requests."""
    return _setup(task, nr_reqs, ctxp, 64)


@syscall("full")
def compat_sys_io_setup(task: LinuxTask, nr_reqs: UnsignedInt, ctx32p: Pointer) -> int:
    """The same for a 32-bit program."""
    return _setup(task, nr_reqs, ctx32p, 32)


@syscall("full")
def sys_io_destroy(task: LinuxTask, ctx: UnsignedLong) -> int:
    """Ends a context, and what it waits for."""
    _destroy(task, ctx)
    return 0


# -- requests ----------------------------------------------------------------------------------------------------


async def _submit(task: LinuxTask, context: AioContext, addresses: list[int]) -> int:
    """Submits one request after another; the first error ends it."""
    for done, address in enumerate(addresses):
        try:
            await _submit_one(task, context, address)
        except Errno:
            if done:
                return done
            raise
    return len(addresses)


async def _submit_one(task: LinuxTask, context: AioContext, address: int) -> None:
    request = Request(*IOCB.integers(task.memory, address, 64))
    if request.reserved or request.nbytes >> 63:
        raise Errno(E.EINVAL)
    if context.free <= 0:
        raise Errno(E.EAGAIN)
    file = task.files[request.fd]
    bell = None
    if request.flags & IOCB_FLAG_RESFD:
        found = task.files[request.resfd]
        if not isinstance(found, EventFile):
            raise Errno(E.EINVAL)
        bell = found
    if request.flags & ~(IOCB_FLAG_RESFD | IOCB_FLAG_IOPRIO):
        raise Errno(E.EINVAL)
    task.memory.write_u32(address + IOCB.offset("aio_key", 64), KIOCB_KEY)
    finish = partial(_finish, context, request, address, bell)
    if request.opcode == Opcode.POLL:
        _poll(context, request, file, address, finish)
        return
    operation = _OPERATIONS.get(request.opcode)
    if operation is None:
        raise Errno(E.EINVAL)
    try:
        result = operation(task, file, request)
        finish(result if isinstance(result, int) else await result)
    except Errno as error:
        if error.number in (E.EBADF, E.EINVAL):
            raise  # told at once: what the file cannot do at all
        finish(-error.number)


def _finish(context: AioContext, request: Request, address: int, bell: EventFile | None, result: int) -> None:
    context.polls.pop(address, None)
    context.complete(request.data, address, result)
    if bell is not None:
        bell.write((1).to_bytes(8, "little"))


def _transfer(
    events: int,
    streamed: Callable[..., int | Waiting],
    placed: Callable[..., int | Waiting],
    task: LinuxTask,
    file: File,
    request: Request,
) -> int | Waiting:
    """Reads or writes: at the offset, or where the file has none, whatever is next."""
    if request.rw_flags & ~RWF_KNOWN:
        raise Errno(E.EOPNOTSUPP)
    if request.rw_flags & RWF_NOWAIT and file.pollable and not file.poll() & events:
        raise Errno(E.EAGAIN)
    if file.without_offsets:
        return streamed(task, request.fd, request.buf, request.nbytes)
    return placed(task, request.fd, request.buf, request.nbytes, request.offset)


def _fsync(task: LinuxTask, file: File, request: Request) -> int | Waiting:
    if request.buf or request.offset or request.nbytes or request.rw_flags:
        raise Errno(E.EINVAL)
    file.sync()
    return 0


_OPERATIONS: Final[dict[int, Callable[[LinuxTask, File, Request], int | Waiting]]] = {
    Opcode.PREAD: partial(_transfer, READABLE, ksys_read, ksys_pread64),
    Opcode.PWRITE: partial(_transfer, WRITABLE, ksys_write, ksys_pwrite64),
    Opcode.FSYNC: _fsync,
    Opcode.FDSYNC: _fsync,
    Opcode.PREADV: partial(_transfer, READABLE, do_readv, do_readv),
    Opcode.PWRITEV: partial(_transfer, WRITABLE, do_writev, do_writev),
}


def _poll(
    context: AioContext, request: Request, file: File, address: int, finish: Callable[[int], None]
) -> None:
    """Waits for a file to become ready; who submitted it does not."""
    if request.buf >> 16 or request.offset or request.nbytes or request.rw_flags:
        raise Errno(E.EINVAL)
    wanted = request.buf | POLLERR | POLLHUP
    now = file.poll() & wanted
    if now:
        finish(now)
        return

    def look() -> None:
        now = file.poll()  # all that has happened is told, as aio_poll_wake tells it
        listening = context.polls.get(address)
        if now & wanted and listening is not None:
            listening.cancel()
            finish(now)

    context.polls[address] = file.listen(look)


@syscall("full", compat_sys_io_submit=32)
def sys_io_submit(
    task: LinuxTask, ctx_id: UnsignedLong, nr: Long, iocbpp: Pointer, *, bits: int = 64
) -> int | Waiting:
    """Submits requests; returns how many."""
    return _submit_all(task, ctx_id, nr, iocbpp, bits // 8)


def _submit_all(task: LinuxTask, ctx_id: int, count: int, pointers: int, word: int) -> int | Waiting:
    if count < 0:
        raise Errno(E.EINVAL)
    context = _context(task, ctx_id)
    count = min(count, context.room)
    raw = task.memory.read(pointers, count * word)
    addresses = [int.from_bytes(raw[at : at + word], "little") for at in range(0, len(raw), word)]
    return _submit(task, context, addresses) if addresses else 0


@syscall("full")
def sys_io_cancel(task: LinuxTask, ctx_id: UnsignedLong, iocb: Pointer, result: Pointer) -> int:
    """Ends a request that waits for a file; its event comes all the same."""
    if task.memory.read_u32(iocb + IOCB.offset("aio_key", 64)) != KIOCB_KEY:
        raise Errno(E.EINVAL)
    context = _context(task, ctx_id)
    listening = context.polls.pop(iocb, None)
    if listening is None:
        raise Errno(E.EINVAL)
    listening.cancel()
    context.complete(Request(*IOCB.integers(task.memory, iocb, 64)).data, iocb, 0)
    raise Errno(E.EINPROGRESS)


# -- events ------------------------------------------------------------------------------------------------------


async def _wait(task: LinuxTask, context: AioContext, least: int, deadline: int | None) -> None:
    try:
        await wait_event(
            task, context.changed, lambda: not _is_there(task, context) or context.waiting >= least, deadline
        )
    except Errno as error:
        if error.number != E.ERESTARTSYS:
            raise
        if not context.waiting:
            raise Errno(E.EINTR) from None


def _is_there(task: LinuxTask, context: AioContext) -> bool:
    return task.mm_context.aio.get(context.address) is context


async def _events(
    task: LinuxTask, ctx_id: int, least: int, most: int, events: int, deadline: int | None
) -> int:
    context = _context(task, ctx_id)
    if not 0 <= least <= most:
        raise Errno(E.EINVAL)
    if context.waiting < least and (deadline is None or deadline > task.kernel.clocks.monotonic()):
        await _wait(task, context, least, deadline)
    if not _is_there(task, context):
        raise Errno(E.EINVAL)
    found = context.take(most)
    task.memory.write(events, found)
    return len(found) // EVENT


def _deadline(task: LinuxTask, timeout: int, bits: int) -> int | None:
    return deadline_after(task, read_timespec(task, timeout, bits)) if timeout else None


@syscall("full")
def sys_io_getevents(
    task: LinuxTask, ctx_id: UnsignedLong, min_nr: Long, nr: Long, events: Pointer, timeout: Pointer
) -> Waiting:
    """Takes events, waiting until there are so many."""
    return _events(task, ctx_id, min_nr, nr, events, _deadline(task, timeout, 64))


@syscall("full")
def sys_io_getevents_time32(
    task: LinuxTask, ctx_id: UnsignedInt, min_nr: Int, nr: Int, events: Pointer, timeout: Pointer
) -> Waiting:
    """The same with times of 32 bits."""
    return _events(task, ctx_id, min_nr, nr, events, _deadline(task, timeout, 32))


@syscall("full", compat_sys_io_pgetevents=32, compat_sys_io_pgetevents_time64=64)
async def sys_io_pgetevents(
    task: LinuxTask,
    ctx_id: UnsignedLong,
    min_nr: Long,
    nr: Long,
    events: Pointer,
    timeout: Pointer,
    usig: Pointer,
    *,
    bits: int = 64,
) -> int:
    """The same, with another signal mask meanwhile."""
    deadline = _deadline(task, timeout, bits)
    if usig:
        mask, size = AIO_SIGSET.integers(task.memory, usig, 32 if task.in_ia32_syscall else 64)
        set_mask(task, mask, size)
    try:
        result = await _events(task, ctx_id, min_nr, nr, events, deadline)
    except Errno as error:
        if error.number != E.EINTR:
            restore_mask(task)
        raise
    restore_mask(task)
    return result
