"""recv(2), recvmsg(2) and recvmmsg(2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.c_types import Int, Pointer, SizeT, UnsignedInt
from ring3.abi.errno import E, Errno
from ring3.abi.linux.sockets import (
    MSG_CMSG_CLOEXEC,
    MSG_DONTWAIT,
    MSG_ERRQUEUE,
    MSG_OOB,
    MSG_PEEK,
    MSG_TRUNC,
    MSG_WAITALL,
    MSG_WAITFORONE,
)
from ring3.fs.file import O_NONBLOCK, WouldBlock
from ring3.fs.readiness import READABLE
from ring3.fs.waiting import Waiting, deadline_of, retry_until
from ring3.kernel.task import GivenUp
from ring3.linux.calls.files.read_write import import_ubuf
from ring3.linux.calls.sockets.arguments import (
    Buffers,
    refuse_compat,
    socket_of,
    write_address,
)
from ring3.linux.calls.sockets.msghdr import ControlWriter, MessageHeader, Width, width_of
from ring3.linux.definition import syscall
from ring3.linux.files.vectors import UIO_MAXIOV
from ring3.linux.timers.timeouts import Timeout
from ring3.net.socket import Received

if TYPE_CHECKING:
    from ring3.linux.model.task import LinuxTask
    from ring3.net.socket import Socket

NOT_STREAMED: Final = MSG_OOB | MSG_ERRQUEUE
"""What is received whole, whatever the socket."""
Finish = Callable[["Receiving"], int]
"""What a call does when its buffers are filled; its result."""


class Receiving:
    """One message, or a stretch of a stream, that is to be received.

    Attributes:
        done: Bytes stored so far.
        first: What came first: its address and control messages count.
    """

    __slots__ = ("_buffers", "_flags", "_socket", "_target", "_task", "done", "first")

    def __init__(self, task: LinuxTask, socket: Socket, buffers: Buffers, flags: int) -> None:
        self._task = task
        self._socket = socket
        self._buffers = buffers
        self._flags = flags
        self.done = 0 if task.progress is None else task.progress.done
        self.first = Received(b"", self.done) if self.done else None
        least = 1
        if socket.is_stream and not flags & NOT_STREAMED:
            least = buffers.size if flags & MSG_WAITALL else min(socket.low_water, buffers.size)
        self._target = max(1, least)

    def _step(self) -> bool:
        """Receives what is there; whether that is enough.

        Raises:
            Errno: As recv(2).
            WouldBlock: There is nothing.
        """
        start = 0 if self._flags & MSG_PEEK else self.done
        received = self._socket.recv(self._buffers.size - start, self._flags)
        if self.first is None or start != self.done:
            self._forget()
            self.first = received
        else:
            self.first = self.first._replace(rights=self.first.rights + received.rights)
        self._store(start, received.data)
        self.done = start + len(received.data)
        stays = self._flags & MSG_PEEK and not self._socket.waits_to_peek
        ends = not received.data or received.rights or stays or not self._socket.is_stream
        return bool(ends) or self.done >= self._target

    def _store(self, start: int, data: bytes) -> None:
        if not data or (self._flags & MSG_TRUNC and self._socket.discards_truncated):
            return
        try:
            self._buffers.write(start, data)
        except Errno:
            if self._socket.is_stream and not self._flags & (MSG_PEEK | NOT_STREAMED):
                self._socket.unread(data)
            self._forget()
            raise

    def _forget(self) -> None:
        """Files that were received and will not be passed on are closed."""
        if self.first is not None:
            for file in self.first.rights:
                file.drop()
            self.first = None

    def run(self, end: Finish) -> int | Waiting:
        """Receives now, or by a coroutine; ``end`` stores what does not go into the buffers."""
        immediate = self._flags & MSG_DONTWAIT or self._socket.flags & O_NONBLOCK
        try:
            self._look()
        except WouldBlock as blocked:
            if not immediate:
                return self._wait(blocked, end)
            if self.first is None:
                raise Errno(E.EAGAIN) from None
        except Errno:
            if self.first is None:
                raise
        return end(self)

    def _look(self) -> None:
        """Receives until there is enough.

        Raises:
            Errno: As recv(2).
            WouldBlock: There is not.
        """
        while not self._step():
            if self._flags & MSG_PEEK:
                raise self._socket.would_block(READABLE)

    async def _wait(self, blocked: WouldBlock, end: Finish) -> int:
        deadline = deadline_of(self._task, self._socket, blocked)
        try:
            await retry_until(self._task, self._socket, blocked, self._look, deadline)
        except Errno:
            if self.first is None:
                raise
        except GivenUp:
            if self._task.progress is not None:
                self._task.progress.done = self.done
            raise
        return end(self)

    def received(self) -> Received:
        """What was received in all."""
        assert self.first is not None
        return self.first

    def count(self) -> int:
        """What the call answers: bytes stored, or with MSG_TRUNC how long the message was."""
        received = self.received()
        if self._flags & MSG_TRUNC and not self._socket.is_stream:
            return received.size
        return self.done


@syscall("full", compat_sys_recvfrom=32)
def sys_recvfrom(
    task: LinuxTask,
    fd: Int,
    ubuf: Pointer,
    size: SizeT,
    flags: UnsignedInt,
    addr: Pointer,
    addr_len: Pointer,
    *,
    bits: int = 64,
) -> int | Waiting:
    """Receives bytes or a message, and whom it is from."""
    count = import_ubuf(ubuf, size)
    socket = socket_of(task, fd)

    def end(receiving: Receiving) -> int:
        received = receiving.received()
        for file in received.rights:
            file.drop()
        if addr:
            write_address(task, received.address or b"", addr, addr_len)
        return receiving.count()

    return Receiving(task, socket, Buffers(task, [(ubuf, count)]), flags).run(end)


def _recvmsg(task: LinuxTask, socket: Socket, address: int, flags: int, width: Width) -> int | Waiting:
    header = MessageHeader(task, address, width)

    def end(receiving: Receiving) -> int:
        received = receiving.received()
        control = ControlWriter(header)
        for message in received.control:
            control.put(message)
        if received.rights:
            control.put_files(received.rights, bool(flags & MSG_CMSG_CLOEXEC))
        header.write_result(received.address, control, received.flags | flags & MSG_CMSG_CLOEXEC)
        return receiving.count()

    return Receiving(task, socket, header.buffers, flags).run(end)


@syscall("full", compat_sys_recvmsg=32)
def sys_recvmsg(
    task: LinuxTask, fd: Int, msg: Pointer, flags: UnsignedInt, *, bits: int = 64
) -> int | Waiting:
    """Receives a message into several buffers, with control messages."""
    refuse_compat(flags, bits)
    return _recvmsg(task, socket_of(task, fd), msg, flags, width_of(task))


async def _recvmmsg(
    task: LinuxTask, socket: Socket, address: int, count: int, flags: int, until: Timeout
) -> int:
    """Receives messages until one fails or the time has come; a failure after others is left for the next call."""
    width, done = width_of(task), 0
    socket.hold()
    try:
        while done < count:
            at = address + done * width.entry
            result = _recvmsg(task, socket, at, flags & ~MSG_WAITFORONE, width)
            size = result if isinstance(result, int) else await result
            task.memory.write_u32(at + width.header.size, size)
            done += 1
            if flags & MSG_WAITFORONE:
                flags |= MSG_DONTWAIT
            if until.deadline is not None and task.kernel.clocks.monotonic() >= until.deadline:
                break
            if task.memory.read_u32(at + width.flags_at) & MSG_OOB:
                break
    except Errno as error:
        if not done:
            raise
        if error.number not in (E.EAGAIN, E.ERESTARTSYS, E.EINTR):
            socket.error = E(error.number)
    finally:
        socket.drop()
    if done:
        until.store_rest()
    return done


@syscall("full", compat_sys_recvmmsg_time64=64, compat_sys_recvmmsg_time32=32)
def sys_recvmmsg(
    task: LinuxTask,
    fd: Int,
    mmsg: Pointer,
    vlen: UnsignedInt,
    flags: UnsignedInt,
    timeout: Pointer,
    *,
    bits: int = 64,
) -> int | Waiting:
    """Receives several messages; ``bits`` is the width of the timeout."""
    refuse_compat(flags, 32 if task.in_ia32_syscall else 64)
    until = Timeout(task, timeout, bits)
    socket = socket_of(task, fd)
    if not flags & MSG_ERRQUEUE:
        socket.raise_error()
    return _recvmmsg(task, socket, mmsg, min(vlen, UIO_MAXIOV), flags, until)
